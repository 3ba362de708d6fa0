import Evidence
import Journal
import Testing

@testable import Transport

/// How an auditor who has one key of a log comes to the others, without Baton.
@Suite struct AuditorKeyTests {
    private func key(of coordinator: RunningCoordinator) throws -> String {
        try coordinator.baton("key", "show").output.split(separator: "\n").joined()
    }

    private func verify(_ arguments: String...) throws -> Tool {
        try Tool.run("python3", [AuditorTests.script] + arguments)
    }

    @Test func `plain Python follows a key to those that took over, and back`() throws {
        let scratch = try Scratch()
        let coordinator = try RunningCoordinator()
        var keys = [try key(of: coordinator)]
        let older = try coordinator.baton("checkpoint").output
        try SystemFiles.writeFileExclusively(scratch["older"], Array(older.utf8), mode: 0o600)
        #expect(try coordinator.baton("checkpoint", "--number", "0").output == older)
        #expect(try coordinator.baton("checkpoint", "--number", "99").status == .code(1))
        for _ in 0..<2 {
            let rotated = try coordinator.baton("key", "rotate")
            #expect(rotated.status == .code(0), "\(rotated.error)")
            keys.append(try key(of: coordinator))
        }
        try coordinator.stop()
        #expect(try coordinator.baton("tiles", scratch["export"]).status == .code(0))
        for key in keys {
            let good = try verify(scratch["export"], key, scratch["older"])
            #expect(good.status == .code(0), "\(good.error)")
        }
        let stranger = try #require(
            SigningKey([UInt8](repeating: 9, count: 32), name: coordinator.reader().logID))
        #expect(try verify(scratch["export"], stranger.verifier.description).status == .code(4))
        let rotation = scratch["export/rotations/1"]
        let other = try SystemFiles.readFile(scratch["export/rotations/2"], limit: 4096)
        try SystemFiles.replaceFile(rotation, with: other, mode: 0o644)
        #expect(try verify(scratch["export"], keys[0]).status == .code(4))
        try SystemFiles.remove(rotation)
        #expect(try verify(scratch["export"], keys[0]).status == .code(4))
    }

    /// Anybody can add a signature to a note, and sign what they like with the key that it is of.
    @Test func `a key that only its own signature lets take over is followed by nobody`() throws {
        let scratch = try Scratch()
        let coordinator = try RunningCoordinator()
        let key = try key(of: coordinator)
        try coordinator.stop()
        #expect(try coordinator.baton("tiles", scratch["export"]).status == .code(0))
        let text = String(
            decoding: try SystemFiles.readFile(scratch["export/checkpoint"], limit: 4096),
            as: UTF8.self)
        let stored = try #require(StoredCheckpoint(text))
        let origin = stored.checkpoint.origin
        let own = try #require(
            SigningKey(
                try SystemFiles.readFile(coordinator.databasePath + ".signing-key", limit: 32),
                name: origin))
        let thief = try #require(SigningKey([UInt8](repeating: 9, count: 32), name: origin))
        try SystemFiles.makeDirectories(scratch["export/rotations"], mode: 0o755)
        for (file, note) in [
            ("keys", "\(key)\n\(thief.verifier)\n"),
            ("rotations/1", try stored.checkpoint.signed(by: [own, thief]).description),
            ("checkpoint", try stored.checkpoint.signed(by: [thief]).description),
        ] {
            try SystemFiles.replaceFile(
                scratch["export/\(file)"], with: Array(note.utf8), mode: 0o644)
        }
        let result = try verify(scratch["export"], key)
        #expect(result.status == .code(4))
        #expect(result.error.contains("did not say so"))
    }
}
