import Evidence
import GRDB
import Journal
import Testing

@testable import Transport

/// What the coordinator and its verbs do with a log, a key or a checkpoint that is not as they left
/// it.
@Suite struct EvidenceRefusalTests {
    private func change(_ path: String, _ sql: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { db in try db.execute(sql: sql) }
        try queue.close()
    }

    private func handOver(_ coordinator: RunningCoordinator, times: Int) throws {
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        for _ in 0..<times {
            let record = try source.perform("duplicate s \(target.pid)")
            try target.perform("open t \(record)")
            try target.perform("close t")
        }
    }

    private func key(of coordinator: RunningCoordinator) throws -> String {
        try coordinator.baton("key", "show").output.split(separator: "\n").joined()
    }

    @Test func `a tail that was changed after an orderly stop is not signed`() throws {
        let coordinator = try RunningCoordinator()
        try handOver(coordinator, times: 3)
        _ = try coordinator.finish()
        try change(
            coordinator.databasePath,
            """
            DROP TRIGGER event_no_update;
            DELETE FROM checkpoint WHERE number > 0;
            UPDATE event SET body = CAST(replace(body, '"flags":1', '"flags":0') AS BLOB)
            WHERE seq >= (SELECT max(size) FROM checkpoint);
            UPDATE event SET kind = 5 WHERE kind = 6;
            """)
        let verified = try coordinator.baton("verify", "--key", try key(of: coordinator))
        #expect(verified.status == .code(4))
        #expect(verified.error.contains("orderly stop"))
        let refused = try Refused.serve(
            socket: coordinator.socketPath, database: coordinator.databasePath)
        #expect(refused.status == .code(4))
        #expect(refused.text.contains("orderly stop"))
    }

    @Test func `what was written without evidence is uncovered, and not called changed`() throws {
        let coordinator = try RunningCoordinator()
        try handOver(coordinator, times: 3)
        try coordinator.stop()
        let covered = try coordinator.reader().eventCount()
        for _ in 0..<2 {
            try coordinator.start(["--no-evidence"])
            try handOver(coordinator, times: 80)
            try coordinator.stop()
        }
        let key = try key(of: coordinator)
        let without = try coordinator.baton("verify", "--deep", "--key", key)
        #expect(without.status == .code(0), "\(without.error)")
        let uncovered = try coordinator.reader().eventCount() - covered
        #expect(without.output.contains("\(uncovered) events are covered by no checkpoint yet"))
        #expect(without.output.contains(" 0 tiles"))
        try coordinator.start(["--evidence"])
        try coordinator.stop()
        let with = try coordinator.baton("verify", "--deep", "--key", key)
        #expect(with.status == .code(0), "\(with.error)")
        #expect(!with.output.contains("covered by no checkpoint"))
        // From here on a stop is signed again, and missed where it is not.
        try change(
            coordinator.databasePath,
            "DELETE FROM checkpoint WHERE number = (SELECT max(number) FROM checkpoint)")
        #expect(try coordinator.baton("verify").status == .code(4))
    }

    @Test func `an event that was changed is neither proved nor half exported`() throws {
        let coordinator = try RunningCoordinator()
        try coordinator.stop()
        let scratch = try Scratch()
        #expect(try coordinator.baton("prove", "2").status == .code(0))
        try change(
            coordinator.databasePath,
            "DROP TRIGGER event_no_update; UPDATE event SET body = zeroblob(70000) WHERE seq = 2")
        let proof = try coordinator.baton("prove", "2", "--file", scratch["proof"])
        #expect(proof.status == .code(4))
        #expect(try SystemFiles.facts(of: scratch["proof"]) == nil)
        let export = try coordinator.baton("tiles", scratch["export"])
        #expect(export.status == .code(4))
        #expect(export.error.contains("event 2"))
        #expect(try SystemFiles.facts(of: scratch["export"]) == nil)
    }

    @Test func `without the checkpoint elsewhere a log that has some is not served`() throws {
        let elsewhere = try Scratch()
        let file = elsewhere["checkpoint.latest"]
        let coordinator = try RunningCoordinator(["--checkpoint-file", file])
        try coordinator.stop()
        try SystemFiles.remove(file)
        let refused = try Refused.serve(
            socket: coordinator.socketPath, database: coordinator.databasePath,
            ["--checkpoint-file", file, "--accept-fork"])
        #expect(refused.status == .code(3))
        #expect(refused.text.contains("there is no checkpoint \(file)"))
        #expect(refused.text.contains("baton checkpoint >\(file)"))
        let note = try coordinator.baton("checkpoint").output
        try SystemFiles.writeFileExclusively(file, Array(note.utf8), mode: 0o644)
        try coordinator.start()
        try coordinator.stop()
        #expect(try SystemFiles.readFile(file, limit: 4096) != Array(note.utf8))
    }

    @Test(.enabled(if: HostFacts.effectiveUID() == 0, "other users need root"))
    func `root makes the next key for the coordinator's user`() throws {
        let coordinator = try RunningCoordinator(
            launcher: Programs.asUser(PermissionTests.otherUID), mode: 0o777)
        let rotated = try coordinator.baton("key", "rotate")
        #expect(rotated.status == .code(0), "\(rotated.error)")
        let facts = try SystemFiles.facts(of: coordinator.databasePath + ".signing-key")
        #expect(facts?.uid == PermissionTests.otherUID)
        #expect(facts?.mode == 0o600)
        // One that it cannot read, as an earlier program made it, does not keep it from serving.
        let next = coordinator.databasePath + ".signing-key.next"
        try SystemFiles.writeFileExclusively(next, SigningKey.random(), mode: 0o600)
        try coordinator.stop()
        try coordinator.start()
        try coordinator.stop()
        #expect(try coordinator.baton("verify", "--deep").status == .code(0))
    }
}
