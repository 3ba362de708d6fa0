import GRDB
import Registry
import Testing

@testable import Journal

/// What a batch that cannot be written leaves behind: nothing.
struct FailureTests {
    /// Everything that a batch can change.
    private func contents(_ log: Log) throws -> [String] {
        try ["event", "snapshot", "process", "socket", "handoff", "descriptor"].flatMap { table in
            try File.rows(log.path, "SELECT '\(table)', * FROM \(table)")
        }
    }

    private func error(_ body: () throws(JournalError) -> Void) -> JournalError? {
        do throws(JournalError) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    private func expectNotWritten(
        _ error: JournalError?, code: Int32, location: SourceLocation = #_sourceLocation
    ) {
        guard case .notWritten(let found, _)? = error else {
            Issue.record("\(String(describing: error))", sourceLocation: location)
            return
        }
        #expect(found & 0xff == code, sourceLocation: location)
    }

    /// A log with a handoff in each state, so that the failing batch has rows to change.
    private func log() throws -> (log: Log, source: UInt64, target: UInt64, socket: UInt64) {
        let log = try Log()
        let (source, target, socket) = (log.process(), log.process(), log.socket())
        log.handOver(from: source, to: target, socket)
        let reserved = log.issue(from: source, to: target, socket: socket)
        log.redeem(reserved, by: target)
        try log.append()
        log.confirm(reserved, by: target)
        log.handOver(from: source, to: target, socket)
        return (log, source, target, socket)
    }

    private func expectGoesOn(_ log: Log, _ source: UInt64, _ target: UInt64, _ socket: UInt64)
        throws
    {
        try log.discard()
        #expect(log.registry.snapshot() == log.folded().snapshot())
        let next = log.registry.nextSequence
        log.handOver(from: source, to: target, socket)
        try log.append()
        #expect(try log.reader().eventCount() == next + 4)
        #expect(try log.reader().state().snapshot() == log.registry.snapshot())
        try Projection.expect(in: log)
    }

    @Test(arguments: ["event", "handoff", "descriptor"], [false, true])
    func `a row that fails takes the whole batch with it`(_ table: String, isStaged: Bool) throws {
        let (log, source, target, socket) = try log()
        let before = try contents(log)
        // A handoff's row is changed at the end of the batch, the others as it grows.
        let verb = table == "handoff" ? "UPDATE" : "INSERT"
        try log.journal.queue.inDatabase { db in
            try db.execute(
                sql: """
                    CREATE TEMP TRIGGER failing BEFORE \(verb) ON \(table)
                    WHEN (SELECT max(seq) FROM event) > 15
                    BEGIN SELECT RAISE(ABORT, 'as the test wants'); END
                    """)
        }
        if isStaged { _ = error { () throws(JournalError) in try log.stage() } }
        log.handOver(from: source, to: target, socket)
        let failure = error { () throws(JournalError) in try log.append() }
        expectNotWritten(failure, code: 19)
        #expect("\(String(describing: failure))".contains("as the test wants"))
        #expect(try contents(log) == before)
        try log.journal.queue.inDatabase { try $0.execute(sql: "DROP TRIGGER failing") }
        try expectGoesOn(log, source, target, socket)
    }

    @Test(arguments: [false, true])
    func `a full disk is told before anything is written`(isStaged: Bool) throws {
        let (log, source, target, socket) = try log()
        let before = try contents(log)
        try log.journal.queue.inDatabase { db in
            let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            try db.execute(sql: "PRAGMA max_page_count = \(pages + 1)")
        }
        for _ in 0..<100 { log.handOver(from: source, to: target, socket) }
        // 13 is SQLITE_FULL, which ends the transaction by itself.
        let failure = error { () throws(JournalError) in
            if isStaged { try log.stage() } else { try log.append() }
        }
        expectNotWritten(failure, code: 13)
        #expect(try contents(log) == before)
        try log.journal.queue.inDatabase { db in
            try db.execute(sql: "PRAGMA max_page_count = 1000000")
        }
        try expectGoesOn(log, source, target, socket)
    }

    @Test func `another writer is a reason to write nothing, not to wait for ever`() throws {
        let (log, source, target, socket) = try log()
        let before = try contents(log)
        try log.journal.queue.inDatabase { try $0.execute(sql: "PRAGMA busy_timeout = 1") }
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: log.path, configuration: configuration)
        try other.inDatabase { try $0.execute(sql: "BEGIN IMMEDIATE") }
        let failure = error { () throws(JournalError) in try log.append() }
        expectNotWritten(failure, code: 5)
        #expect(failure?.advice.contains("has the database locked") == true)
        #expect(try contents(log) == before)
        try other.inDatabase { try $0.execute(sql: "ROLLBACK") }
        try other.close()
        try expectGoesOn(log, source, target, socket)
    }

    /// A COMMIT that fails: a deferred constraint is looked at there and nowhere before.
    @Test func `a commit that fails has an unknown outcome`() throws {
        let (log, _, _, _) = try log()
        try log.journal.queue.inDatabase { db in
            try db.execute(
                sql: """
                    CREATE TABLE parent (number INTEGER PRIMARY KEY);
                    CREATE TABLE child (
                        number INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
                    CREATE TRIGGER failing AFTER INSERT ON event
                    BEGIN INSERT INTO child VALUES (1); END;
                    """)
        }
        let failure = error { () throws(JournalError) in try log.append() }
        guard case .outcomeUnknown(let code, _)? = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(code & 0xff == 19)
    }

    @Test func `a snapshot that fails loses no events, and nothing of it stays`() throws {
        let (log, _, _, _) = try log()
        try log.append()
        let before = try contents(log)
        try log.journal.queue.inDatabase { db in
            try db.execute(
                sql: """
                    CREATE TEMP TRIGGER failing BEFORE INSERT ON snapshot
                    BEGIN SELECT RAISE(ABORT, 'as the test wants'); END
                    """)
        }
        #expect(throws: JournalError.self) { try log.journal.takeSnapshot(of: log.registry) }
        #expect(try contents(log) == before)
    }
}
