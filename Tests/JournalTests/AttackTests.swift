import Evidence
import Foundation
import GRDB
import Registry
import Testing

@testable import Journal

/// What somebody who knows the format does to a log, so that it still agrees with itself.
struct AttackTests {
    /// A log of several runs and checkpoints. Each run ends in order, and its last event's
    /// checkpoint covers all until then.
    private func log(runs: Int = 2) throws -> Log {
        let log = try Log()
        try log.keepEvidence()
        for run in 1...runs {
            if run > 1 { log.perform(.start(pid: 1, epoch: UInt64(run))) }
            for _ in 0..<3 {
                log.fill(400)
                log.now += 2_000_000
                try log.append()
            }
            log.perform(.stop(pid: 1, epoch: UInt64(run)))
            try log.append()
        }
        try log.journal.close()
        return log
    }

    private func verify(
        _ copy: Damaged, deep: Bool = false, older: StoredCheckpoint? = nil
    ) throws -> VerificationReport {
        var options = Verification.Options()
        options.isDeep = deep
        options.older = older
        return try Verification.run(try LogReader(path: copy.path), options)
    }

    private func stops(_ log: Log) -> [UInt64] {
        log.events.filter { $0.isEndOfRun }.map(\.sequence)
    }

    private static func edit(_ event: UInt64) -> String {
        """
        UPDATE event SET body = CAST(replace(body, '"mono":', '"mono":1') AS BLOB)
        WHERE seq = \(event);
        """
    }

    @Test func `a stop without its checkpoint is not gone on from, whatever the column says`()
        throws
    {
        let log = try log(runs: 1)
        let stop = try #require(stops(log).last)
        let copy = try Damaged(log)
        try copy.run("DELETE FROM checkpoint WHERE size >= \(stop)")
        try copy.run(Self.edit(stop - 1))
        try copy.run("UPDATE event SET kind = 5 WHERE seq = \(stop)")
        let text = "event \(stop) is an orderly stop, and its checkpoint is missing"
        #expect(try verify(copy).findings.map(\.text) == [text])
        let journal = try Log.open(copy.path)
        #expect(throws: JournalError.damaged(path: copy.path, detail: text)) {
            try journal.keepEvidence(signedBy: try Log.key())
        }
    }

    @Test func `a stop that was signed over is found later`() throws {
        let log = try log()
        let first = try #require(stops(log).first)
        let copy = try Damaged(log)
        try copy.run(
            """
            CREATE TEMP TABLE gone AS SELECT number FROM checkpoint WHERE size = \(first + 1);
            DELETE FROM checkpoint WHERE number = (SELECT number FROM gone);
            UPDATE checkpoint SET number = number - 1 WHERE number > (SELECT number FROM gone);
            """)
        #expect(
            try verify(copy).findings.map(\.text)
                == ["event \(first) is an orderly stop, and its checkpoint is missing"])
    }

    @Test func `where the tiles were made anew too, the event is among those that are named`()
        throws
    {
        let log = try log()
        for event: UInt64 in [100, 300, 700] {
            let copy = try Damaged(log)
            try copy.run(Self.edit(event))
            try copy.makeTilesAnew()
            let finding = try #require(try verify(copy).findings.first)
            let events = try #require(finding.events)
            #expect(events.contains(event), "\(finding)")
        }
    }

    @Test func `a tile that was damaged as well does not lead to another event`() throws {
        let log = try log()
        let copy = try Damaged(log)
        try copy.run(Self.edit(100))
        try copy.makeTilesAnew()
        // Event 50 is as it was, and its hash in the tile is not.
        try copy.run(
            """
            UPDATE tile SET hashes = CAST(substr(hashes, 1, 1600) || zeroblob(32)
                || substr(hashes, 1633) AS BLOB) WHERE level = 0 AND number = 0
            """)
        let finding = try #require(try verify(copy).findings.first)
        #expect(finding.events?.contains(100) == true, "\(finding)")
    }

    @Test func `a log's own checkpoint that was kept elsewhere is not taken for another history`()
        throws
    {
        let log = try log()
        let older = try #require(try log.reader().checkpoint())
        let event = older.checkpoint.size - 1
        let copy = try Damaged(log)
        try copy.run(Self.edit(event))
        let findings = try verify(copy, older: older).findings
        #expect(findings == (try verify(copy).findings))
        #expect(findings.count == 1 && findings.first?.kind == .tampered)
        #expect(findings.first?.events?.contains(event) == true)
    }

    @Test func `a key that the one before it has not let take over is no key of the log`() throws {
        let log = try Log()
        let key = try log.keepEvidence()
        let thief = try Log.key(2)
        log.fill(20)
        try log.append()
        try log.journal.close()
        // Anybody can add a signature to a note that the key has signed.
        let signed = try #require(try log.reader().checkpoint())
        let both = try signed.checkpoint.signed(by: [key, thief])
        #expect(both.isSigned(by: key.verifier) && both.isSigned(by: thief.verifier))
        let copy = try Damaged(log)
        try copy.write { db in
            try db.execute(
                sql: "UPDATE checkpoint SET note = ? WHERE size = ?",
                arguments: [both.description, Int64(signed.checkpoint.size)])
            try db.execute(
                sql: "INSERT INTO signing_key VALUES (1, ?)",
                arguments: [thief.verifier.description])
        }
        #expect(
            try verify(copy).findings.map(\.text)
                == ["signing key 1 has taken over, and no event before it says so"])
    }

    @Test(arguments: [
        (
            """
            DROP TABLE checkpoint;
            CREATE TABLE checkpoint (number INTEGER PRIMARY KEY, size INTEGER, note TEXT);
            INSERT INTO checkpoint VALUES (0, 9, NULL)
            """, "checkpoint 0 cannot be read"
        ),
        (
            """
            DROP TABLE signing_key; CREATE TABLE signing_key (number, key);
            INSERT INTO signing_key VALUES (NULL, x'ff')
            """, "signing key 0 is not one of this log"
        ),
        (
            "UPDATE checkpoint SET note = note || char(0) || 'more'",
            "checkpoint 0 cannot be read"
        ),
        (
            "UPDATE signing_key SET key = key || char(0) || 'more'",
            "signing key 0 is not one of this log"
        ),
        ("UPDATE log SET id = 'fedcba9876543210'", "the log is named fedcba9876543210"),
        ("UPDATE log SET id = id || char(0) || 'more'", "the log is named"),
    ])
    func `a table that holds what no coordinator writes is a finding`(
        _ sql: String, _ text: String
    ) throws {
        let copy = try Damaged(try log(runs: 1))
        try copy.run(sql)
        let report = try verify(copy)
        #expect(report.findings.first?.text.contains(text) == true, "\(report.findings)")
    }

    @Test(arguments: [
        (
            """
            UPDATE event SET reason = reason || char(0) || 'x'
            WHERE seq = (SELECT min(seq) FROM event WHERE reason IS NOT NULL)
            """, "typed columns"
        ),
        ("UPDATE process SET exe = exe || char(0) || 'x'", "the projection process differs"),
        ("UPDATE snapshot SET sha256 = zeroblob(32)", "differs from its hash"),
        ("INSERT INTO snapshot SELECT 999999, format, sha256, state FROM snapshot", "999999"),
        (
            """
            INSERT INTO snapshot SELECT seq - 1, format - 1, zeroblob(32), state FROM snapshot
            """, "differs from its hash"
        ),
        (
            """
            UPDATE kind SET name = 'x' WHERE number = 13;
            UPDATE kind SET name = 'handoff.issued' WHERE number = 14;
            UPDATE kind SET name = 'handoff.refused' WHERE number = 13
            """, "the names in kind"
        ),
        ("UPDATE outcome SET name = name || char(0) || 'x'", "the names in outcome"),
        ("DROP VIEW v_open; CREATE VIEW v_open AS SELECT 1", "v_open"),
        ("CREATE TABLE more (x)", "more"),
    ])
    func `what would change queries and starts is found by a deep look`(
        _ sql: String, _ text: String
    ) throws {
        let copy = try Damaged(try logWithSnapshot())
        #expect(try verify(copy, deep: true).findings == [])
        try copy.run(sql)
        #expect(try verify(copy).findings == [], "it is no evidence")
        let report = try verify(copy, deep: true)
        #expect(report.findings.first?.text.contains(text) == true, "\(report.findings)")
    }

    @Test func `a trigger that is gone is found by a deep look`() throws {
        let copy = try Damaged(try logWithSnapshot())
        try File.change(copy.path, "DROP TRIGGER event_no_delete")
        let report = try verify(copy, deep: true)
        #expect(report.findings.first?.text.contains("event_no_delete") == true)
    }

    private func logWithSnapshot() throws -> Log {
        let log = try Log()
        try log.keepEvidence()
        log.fill(40)
        let stranger = log.process()
        log.revoke(1_000_000, by: stranger)
        try log.append()
        try log.journal.takeSnapshot(of: log.registry)
        try log.journal.close()
        return log
    }
}
