import Evidence
import GRDB
import Journal
import Registry
import TestSupport
import Testing

@testable import Transport

/// What a coordinator signs, who can verify it, and what it does when its log is not that.
@Suite struct EvidenceTests {
    /// Hands a socket over a few times.
    private func handOver(_ coordinator: RunningCoordinator, times: Int = 3) throws {
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        for _ in 0..<times {
            let record = try source.perform("duplicate s \(target.pid)")
            try target.perform("open t \(record)")
            try target.perform("close t")
        }
    }

    /// Waits until every event is covered, without a stop.
    private func waitForCheckpoint(_ coordinator: RunningCoordinator) throws {
        try Waiting.until("all is covered") {
            let status = try coordinator.status()
            return status["covered"] == status["events"]
        }
    }

    private func text(of file: String) throws -> String {
        String(decoding: try SystemFiles.readFile(file, limit: 65_536), as: UTF8.self)
    }

    private func change(_ path: String, _ sql: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { db in try db.execute(sql: sql) }
        try queue.close()
    }

    private func copy(_ from: String, to: String) throws {
        try SystemFiles.replaceFile(
            to, with: try SystemFiles.readFile(from, limit: 100 << 20), mode: 0o600)
    }

    @Test func `a running coordinator signs what happened, and stops with all of it covered`()
        throws
    {
        let coordinator = try RunningCoordinator()
        try handOver(coordinator)
        try waitForCheckpoint(coordinator)
        #expect(try coordinator.baton("verify", "--deep").status == .code(0))
        _ = try coordinator.finish()
        let key = try coordinator.baton("key", "show").output.split(separator: "\n").joined()
        let result = try coordinator.baton("verify", "--deep", "--key", key)
        #expect(result.status == .code(0))
        #expect(!result.output.contains("covered by no checkpoint"))
        #expect(!result.output.contains("without --key"))
        #expect(try coordinator.baton("verify").output.contains("prove nothing about its origin"))
        let warning = "a missing end cannot be seen without --since-checkpoint: the newest "
        #expect(result.output.contains(warning))
        let note = coordinator.databasePath + ".note"
        let checkpoint = try coordinator.baton("checkpoint").output
        try SystemFiles.writeFileExclusively(note, Array(checkpoint.utf8), mode: 0o600)
        let since = try coordinator.baton("verify", "--since-checkpoint", note)
        #expect(since.status == .code(0), "\(since.error)")
        #expect(!since.output.contains("a missing end"))
        let facts = try SystemFiles.facts(of: coordinator.databasePath + ".signing-key")
        #expect(facts?.mode == 0o600)
    }

    @Test func `a killed coordinator's log goes on under the same tree`() throws {
        let coordinator = try RunningCoordinator()
        try handOver(coordinator)
        try coordinator.kill()
        try coordinator.start()
        try waitForCheckpoint(coordinator)
        #expect(try coordinator.baton("verify", "--deep").status == .code(0))
        try coordinator.stop()
        #expect(try coordinator.baton("verify", "--deep").status == .code(0))
    }

    @Test func `evidence that was not kept is made at the next start`() throws {
        let coordinator = try RunningCoordinator(["--no-evidence"])
        try handOver(coordinator, times: 80)
        try coordinator.stop()
        #expect(try coordinator.baton("checkpoint").status == .code(6))
        try coordinator.start(["--evidence"])
        try coordinator.stop()
        let result = try coordinator.baton("verify", "--deep")
        #expect(result.status == .code(0))
        #expect(result.output.contains("1 tiles"))
    }

    @Test func `what was signed is not changed without being seen`() throws {
        let coordinator = try RunningCoordinator()
        try handOver(coordinator)
        _ = try coordinator.finish()
        try change(
            coordinator.databasePath,
            """
            DROP TRIGGER event_no_update;
            UPDATE event SET body = CAST(replace(body, '"coordinator.started"', \
            '"coordinator.startet"') AS BLOB);
            """)
        let result = try coordinator.baton("verify")
        #expect(result.status == .code(4))
        #expect(result.error.contains("is not the one that was signed"))
        let refused = try Refused.serve(
            socket: coordinator.socketPath, database: coordinator.databasePath)
        #expect(refused.status == .code(4))
        #expect(refused.text.contains("not those that it has signed"))
    }

    @Test func `a log that was rolled back is not served, until a new one may cite it`() throws {
        let elsewhere = try Scratch()
        let file = elsewhere["checkpoint.latest"]
        let coordinator = try RunningCoordinator(["--checkpoint-file", file])
        try handOver(coordinator)
        try coordinator.stop()
        let old = elsewhere["old.db"]
        #expect(try coordinator.baton("backup", old).status == .code(0))
        try coordinator.start()
        try coordinator.stop()
        let newest = try coordinator.baton("checkpoint").output
        #expect(try text(of: file) == newest)
        // An old copy is put back, in good order.
        for suffix in ["-wal", "-shm"] { try SystemFiles.remove(coordinator.databasePath + suffix) }
        try copy(old, to: coordinator.databasePath)
        #expect(try coordinator.baton("verify").status == .code(0))
        #expect(try coordinator.baton("verify", "--since-checkpoint", file).status == .code(5))
        let refused = try Refused.serve(
            socket: coordinator.socketPath, database: coordinator.databasePath,
            ["--checkpoint-file", file])
        #expect(refused.status == .code(5))
        #expect(refused.text.contains("rolled back"))
        #expect(refused.text.contains("--accept-fork"))
        try coordinator.start(["--accept-fork"])
        try coordinator.stop()
        guard case .logOpened(let identity)? = try coordinator.events().first?.content else {
            Issue.record("a log begins with its opening")
            return
        }
        let lines = newest.split(separator: "\n")
        #expect(identity.previousOrigin == String(lines[0]))
        #expect(identity.previousSize == UInt64(lines[1]))
        #expect(identity.previousRoot == String(lines[2]))
        #expect(try coordinator.baton("verify").status == .code(0))
        #expect(try text(of: file) == coordinator.baton("checkpoint").output)
        // And it goes on like any other.
        try coordinator.start()
        try coordinator.stop()
    }

    @Test func `a database that is gone is not silently begun anew`() throws {
        let elsewhere = try Scratch()
        let file = elsewhere["checkpoint.latest"]
        let coordinator = try RunningCoordinator(["--checkpoint-file", file])
        try coordinator.stop()
        for suffix in ["", "-wal", "-shm"] {
            try SystemFiles.remove(coordinator.databasePath + suffix)
        }
        for _ in 0..<2 {
            let refused = try Refused.serve(
                socket: coordinator.socketPath, database: coordinator.databasePath,
                ["--checkpoint-file", file])
            #expect(refused.status == .code(5))
        }
    }

    @Test func `a new key takes over while the coordinator runs, or when it starts`() throws {
        let coordinator = try RunningCoordinator()
        let first = try coordinator.baton("key", "show").output
        let rotated = try coordinator.baton("key", "rotate")
        #expect(rotated.status == .code(0), "\(rotated.error)")
        #expect(try coordinator.baton("key", "show").output == rotated.output)
        try coordinator.stop()
        let waiting = try coordinator.baton("key", "rotate")
        #expect(waiting.status == .code(6))
        #expect(try coordinator.baton("key", "rotate").status == .code(1))
        try coordinator.start()
        try Waiting.until("the third key signs") {
            try coordinator.baton("key", "show").output == waiting.output
        }
        try coordinator.stop()
        let keys = first + rotated.output + waiting.output
        #expect(try coordinator.baton("key", "show", "--all").output == keys)
        for key in keys.split(separator: "\n") {
            #expect(
                try coordinator.baton("verify", "--deep", "--key", String(key)).status == .code(0))
        }
        try coordinator.start()
        try coordinator.stop()
    }

    @Test func `a source and a target get a receipt of their handoff, and nobody else does`() throws
    {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        let stranger = try coordinator.peer("stranger")
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        let issued = try coordinator.events().first {
            if case .handoffIssued = $0.content { true } else { false }
        }
        let handoff = try #require(issued?.sequence)
        let receipt = try source.perform("receipt \(handoff)")
        #expect(try target.perform("receipt \(handoff)") == receipt)
        try stranger.expect("unknown handoff, 10022", "receipt \(handoff)")
        try source.expect("unknown handoff, 10022", "receipt \(UInt64.max >> 1)")
        try target.perform("open t \(record)")
        #expect(try source.perform("receipt \(handoff)") == receipt)
        let bodies = try coordinator.reader().bodies(from: handoff, below: handoff + 1)
        let leaf = Hexadecimal.text(TreeHash.leaf(try #require(bodies.first)).bytes)
        let log = try coordinator.reader().logID
        #expect(receipt.hasPrefix("log=\(log) "))
        #expect(receipt.hasSuffix(" seq=\(handoff) leaf=\(leaf)"))
        _ = try coordinator.finish()
        try verify(receipt, of: handoff, coordinator)
    }

    /// What the client kept, by the command line.
    private func verify(
        _ receipt: String, of handoff: UInt64, _ coordinator: RunningCoordinator
    ) throws {
        let file = coordinator.databasePath + ".receipt"
        func verify(_ text: String) throws -> Tool {
            try SystemFiles.replaceFile(file, with: Array(text.utf8), mode: 0o600)
            return try coordinator.baton("verify", "--receipt", file)
        }
        let good = try verify(receipt)
        #expect(good.status == .code(0))
        #expect(
            good.output.contains("event \(handoff) is the one that the receipt is of, and signed"))
        #expect(
            try verify(receipt.replacing("seq=\(handoff)", with: "seq=\(handoff + 1)")).status
                == .code(5))
        #expect(
            try verify(receipt.replacing("seq=\(handoff)", with: "seq=1000000")).status == .code(5))
        #expect(try verify(receipt.replacing("log=", with: "log=0")).status == .code(5))
        #expect(try verify("seq=1").status == .code(2))
    }

    @Test func `a signing key that others may read is refused`() throws {
        let coordinator = try RunningCoordinator()
        try coordinator.stop()
        let key = coordinator.databasePath + ".signing-key"
        try SystemFiles.replaceFile(
            key, with: try SystemFiles.readFile(key, limit: 100), mode: 0o644)
        let refused = try Refused.serve(
            socket: coordinator.socketPath, database: coordinator.databasePath)
        #expect(refused.status == .code(3))
        #expect(refused.text.contains("chmod 600"))
    }

    @Test func `another key than the log's is refused`() throws {
        let coordinator = try RunningCoordinator()
        try coordinator.stop()
        try SystemFiles.replaceFile(
            coordinator.databasePath + ".signing-key", with: [UInt8](repeating: 7, count: 32),
            mode: 0o600)
        let refused = try Refused.serve(
            socket: coordinator.socketPath, database: coordinator.databasePath)
        #expect(refused.status == .code(3))
        #expect(refused.text.contains("another key"))
    }
}
