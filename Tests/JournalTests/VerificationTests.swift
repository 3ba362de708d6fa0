import Evidence
import GRDB
import Registry
import Testing
import Transport

@testable import Journal

struct VerificationTests {
    /// A log with several checkpoints and tiles, closed in an orderly way.
    private func log() throws -> Log {
        let log = try Log()
        try log.keepEvidence()
        for _ in 0..<4 {
            log.fill(150)
            log.now += 2_000_000
            try log.append()
        }
        log.perform(.stop(pid: 1, epoch: 1))
        try log.append()
        try log.journal.close()
        return log
    }

    private func verify(
        _ log: Log, deep: Bool = true, key: VerifierKey? = nil, older: StoredCheckpoint? = nil
    ) throws -> VerificationReport {
        var options = Verification.Options()
        options.isDeep = deep
        options.key = key
        options.older = older
        return try Verification.run(try log.reader(), options)
    }

    @Test func `an untouched log is what was signed, in every respect`() throws {
        let log = try log()
        let report = try verify(log, key: try Log.key().verifier)
        #expect(report.findings == [])
        #expect(report.eventCount == UInt64(log.events.count))
        #expect(report.covered == report.eventCount && report.uncovered == 0)
        #expect(report.checkpointCount == 5)
        #expect(report.tileCount == UInt64(log.events.count / 256))
        #expect(report.isDeep)
        #expect(try report.root == log.treeOfBodies().root)
        #expect(report.keys == [try Log.key().verifier])
    }

    @Test func `events that no checkpoint covers are counted, and not called verified`() throws {
        let log = try Log()
        try log.keepEvidence()
        log.fill(20)
        try log.append()
        let covered = UInt64(log.events.count)
        log.fill(30)
        try log.append()
        let report = try verify(log)
        #expect(report.findings == [])
        #expect(report.covered == covered)
        #expect(report.uncovered == UInt64(log.events.count) - covered)
    }

    @Test func `the first bad event is named`() throws {
        let log = try log()
        // In a full tile, and in what is in none.
        for event in [300, log.events.count - 2] {
            let copy = try Damaged(log)
            try copy.run(
                """
                UPDATE event SET body = CAST(replace(body, 'mono":', 'mono":1') AS BLOB)
                WHERE seq = \(event)
                """)
            let report = try Verification.run(
                try LogReader(path: copy.path), Verification.Options())
            let finding = try #require(report.findings.first)
            #expect(finding.kind == .tampered)
            #expect(finding.events?.contains(UInt64(event)) == true)
            if event == 300 { #expect(finding.events == 300...300) }
        }
    }

    @Test(arguments: [
        ("DELETE FROM event WHERE seq = 77", "event 77 is missing"),
        ("DELETE FROM event WHERE seq > 500", "the end of the log is missing"),
        ("DELETE FROM tile WHERE number = 1", "tile 0/1 is missing"),
        ("UPDATE tile SET hashes = zeroblob(8192) WHERE number = 0", "tile 0/0 differs"),
        ("DELETE FROM checkpoint WHERE number = 2", "checkpoint 2 is missing"),
        ("DELETE FROM checkpoint WHERE number = 4", "its checkpoint is missing"),
        ("UPDATE checkpoint SET size = size + 1 WHERE number = 1", "checkpoint 1 cannot be read"),
        ("UPDATE checkpoint SET note = note || ' '", "checkpoint 0 cannot be read"),
        ("INSERT INTO tile SELECT 1, 0, hashes FROM tile WHERE number = 0", "there are 3 tiles"),
        ("DELETE FROM signing_key", "wrong signature"),
        ("UPDATE event SET time_us = time_us + 1 WHERE seq = 9", "event 9 has typed columns"),
        ("UPDATE event SET reason = 'x' WHERE seq = 9", "event 9 has typed columns"),
        (
            "UPDATE handoff SET state = 'issued' WHERE number = (SELECT max(number) FROM handoff)",
            "the projection handoff differs"
        ),
        (
            "DELETE FROM process WHERE number = (SELECT min(number) FROM process)",
            "the projection process differs"
        ),
        ("UPDATE socket SET local = '::1'", "the projection socket differs"),
        ("INSERT INTO descriptor VALUES (1, 2, 3, 4)", "the projection descriptor differs"),
    ])
    func `what was done to the file is told`(_ sql: String, _ text: String) throws {
        let copy = try Damaged(try log())
        try copy.run(sql)
        var options = Verification.Options()
        options.isDeep = true
        let report = try Verification.run(try LogReader(path: copy.path), options)
        #expect(report.findings.contains { $0.text.contains(text) }, "\(report.findings)")
        #expect(report.findings.allSatisfy { $0.kind == .tampered })
    }

    @Test
    func
        `a history written anew is a fork of an older checkpoint, and an old copy is rolled back`()
        throws
    {
        let log = try log()
        let older = try #require(try log.reader().checkpoint())
        #expect(try verify(log, older: older).findings == [])

        let other = try Log()
        try other.keepEvidence()
        other.now += 5
        other.fill(1000)
        try other.append()
        #expect(try verify(other, deep: false).findings == [])
        #expect(try verify(other, older: older).findings.map(\.kind) == [.forked])

        let short = try Log()
        try short.keepEvidence()
        short.fill(20)
        try short.append()
        let report = try verify(short, older: older)
        #expect(report.findings.map(\.kind) == [.forked])
        #expect(report.findings.first?.text.contains("rolled back") == true)
    }

    @Test func `another key than the log's is not the log's`() throws {
        let log = try log()
        let report = try verify(log, key: try Log.key(9).verifier)
        #expect(
            report.findings.map(\.text) == ["the log is not signed by the given key, but by others"]
        )
    }

    @Test func `a key that took over under both signatures is trusted, before and after`() throws {
        let log = try Log()
        let old = try log.keepEvidence()
        let new = try Log.key(2)
        log.fill(20)
        try log.append()
        log.journal.rotate(to: new)
        log.perform(.rotateKey(key: new.verifier.description))
        try log.append()
        let both = try #require(log.journal.latestCheckpoint)
        #expect(both.note.signatures.count == 2)
        log.now += 2_000_000
        log.fill(20)
        try log.append()
        let latest = try #require(log.journal.latestCheckpoint)
        #expect(latest.note.isSigned(by: new.verifier) && !latest.note.isSigned(by: old.verifier))
        for key in [old, new] {
            let report = try verify(log, key: key.verifier)
            #expect(report.findings == [])
            #expect(report.keys == [old.verifier, new.verifier])
        }
        try log.reopen()
        #expect(throws: JournalError.otherKey(path: log.path, known: new.verifier.description)) {
            try log.journal.keepEvidence(signedBy: old)
        }
        try log.reopen()
        // Interrupted between the commit and the change of the file.
        try log.journal.keepEvidence(signedBy: old, next: new)
        #expect(log.journal.verifierKey == new.verifier)
    }

    /// Anybody can sign below a checkpoint; only the old key can sign a tree that names another.
    @Test func `a key that no event names has not taken over`() throws {
        let log = try log()
        let latest = try #require(try log.reader().checkpoint())
        let stranger = try Log.key(9)
        let own = try SignedNote(latest.note.text, keys: [stranger])
        let line = try #require(own.description.split(separator: "\n").last)
        let damaged = try Damaged(log)
        try damaged.run(
            """
            UPDATE checkpoint SET note = note || '\(line)' || char(10)
            WHERE number = (SELECT max(number) FROM checkpoint);
            INSERT INTO signing_key VALUES (1, '\(stranger.verifier)')
            """)
        var options = Verification.Options()
        options.key = try Log.key(1).verifier
        let report = try Verification.run(try LogReader(path: damaged.path), options)
        #expect(report.findings.count == 1)
        #expect(report.findings.first?.text.contains("and no event before it says so") == true)
    }
}
