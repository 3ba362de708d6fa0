import GRDB
import Registry
import Testing

@testable import Journal

struct RestoreTests {
    /// Both ways to the state: that of the coordinator, and that of a reader.
    private func error(of log: Log) -> [JournalError?] {
        func error(_ body: () throws(JournalError) -> Void) -> JournalError? {
            do throws(JournalError) {
                try body()
                return nil
            } catch {
                return error
            }
        }
        return [
            error { () throws(JournalError) in _ = try Log.open(log.path).restore() },
            error { () throws(JournalError) in _ = try log.reader().state() },
        ]
    }

    /// Events 0…15, and a snapshot after the first 8 of them when asked.
    private func log(hasSnapshot: Bool) throws -> Log {
        let log = try Log()
        let (source, target, socket) = (log.process(), log.process(), log.socket())
        let handoff = log.issue(from: source, to: target, socket: socket)
        try log.append()
        if hasSnapshot { try log.journal.takeSnapshot(of: log.registry) }
        log.redeem(handoff, by: target)
        log.confirm(handoff, by: target)
        log.close(socket, by: target)
        log.handOver(from: source, to: target, socket)
        log.revoke(handoff, by: source)
        try log.append()
        #expect(log.events.count == 16)
        try log.journal.close()
        return log
    }

    @Test func `snapshot and tail give the state that folding all events gives`() throws {
        for hasSnapshot in [false, true] {
            let log = try log(hasSnapshot: hasSnapshot)
            #expect(
                try File.number(log.path, "SELECT count(*) FROM snapshot") == (hasSnapshot ? 1 : 0))
            let reader = try log.reader()
            for end in 0...16 {
                #expect(
                    try reader.state(after: UInt64(end)).snapshot()
                        == log.folded(end).snapshot())
            }
            #expect(try reader.state().snapshot() == log.folded().snapshot())
            #expect(try reader.state(after: .max).snapshot() == log.folded().snapshot())
            try log.reopen()
            #expect(log.registry.snapshot() == log.folded().snapshot())
        }
    }

    @Test func `a snapshot is taken each 32,768 events, and by a start that decoded many`() throws {
        let log = try Log()
        let (source, target, socket) = (log.process(), log.process(), log.socket())
        func write(upTo count: Int) throws {
            while log.events.count < count {
                for _ in 0..<250 { log.handOver(from: source, to: target, socket) }
                try log.append()
            }
        }
        func places() throws -> [Int] {
            try File.rows(log.path, "SELECT seq FROM snapshot ORDER BY seq").compactMap { Int($0) }
        }
        // Too few for a start to take one.
        try write(upTo: 2000)
        try log.reopen()
        try write(upTo: Journal.snapshotInterval - 1000)
        #expect(try places().isEmpty)
        let slack = 3000
        try write(upTo: Journal.snapshotInterval + Journal.foldedMaximum + slack)
        let number = try #require(try places().first)
        #expect((Journal.snapshotInterval...Journal.snapshotInterval + 1000).contains(number))
        #expect(try places().count == 1)
        let end = log.events.count
        try log.reopen()
        try write(upTo: end + 1)
        #expect(try places().count == 2)
        #expect(try places().last == log.events.count)
        let folded = log.folded().snapshot()
        #expect(log.registry.snapshot() == folded)
        #expect(try log.reader().state().snapshot() == folded)
        let state = try log.reader().state(after: UInt64(number))
        #expect(state.nextSequence == UInt64(number))
        try log.reopen()
        #expect(log.registry.snapshot() == folded)
    }

    /// An event's own damage, which no snapshot may hide when the event comes after it.
    @Test(
        arguments: [
            (
                "UPDATE event SET body = x'7b7d' WHERE seq = 12",
                "event 12 cannot be read: its key v is missing"
            ),
            (
                "UPDATE event SET body = substr(body, 1, length(body) - 1) WHERE seq = 12",
                "event 12 cannot be read"
            ),
            ("DELETE FROM event WHERE seq = 12", "event 12 is missing or misplaced"),
            (
                "UPDATE event SET body = (SELECT body FROM event WHERE seq = 11) WHERE seq = 12",
                "event 12 is missing or misplaced"
            ),
            ("UPDATE event SET seq = 99 WHERE seq = 15", "event 15 is missing or misplaced"),
        ], [false, true])
    func `a damaged or missing event is named`(
        _ damage: (sql: String, detail: String), hasSnapshot: Bool
    ) throws {
        let log = try log(hasSnapshot: hasSnapshot)
        try File.change(
            log.path,
            "DROP TRIGGER event_no_update; DROP TRIGGER event_no_delete; \(damage.sql)")
        for error in error(of: log) {
            guard case .damaged(let path, let detail)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(path == log.path)
            #expect(detail.hasPrefix(damage.detail))
            #expect(error?.isDamage == true)
        }
        // What was before the damage can still be looked at.
        #expect(try log.reader().state(after: 11).snapshot() == log.folded(11).snapshot())
    }

    @Test(arguments: [
        ("state = zeroblob(length(state))", "a snapshot differs from its hash"),
        ("sha256 = zeroblob(32)", "a snapshot differs from its hash"),
        (
            // The hash of nothing.
            """
            state = x'', sha256 =
                x'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
            """,
            "a snapshot cannot be read at byte 0"
        ),
        ("seq = 9", "the snapshot of event 9 is of another"),
    ])
    func `a damaged snapshot is named`(_ change: String, _ expected: String) throws {
        let log = try log(hasSnapshot: true)
        try File.change(log.path, "UPDATE snapshot SET \(change)")
        for error in error(of: log) {
            #expect(error == .damaged(path: log.path, detail: expected))
        }
    }

    @Test func `a log that ends before its snapshot has lost events`() throws {
        let log = try log(hasSnapshot: true)
        try File.change(log.path, "DROP TRIGGER event_no_delete; DELETE FROM event WHERE seq > 5")
        for error in error(of: log) {
            #expect(
                error == .damaged(path: log.path, detail: "event 7 is missing or misplaced"))
        }
    }

    @Test func `a snapshot of the first format is read, and the log goes on from it`() throws {
        let log = try Log()
        let (source, target, socket) = (log.process(), log.process(), log.socket())
        _ = log.issue(from: source, to: target, socket: socket)
        try log.append()
        let end = log.registry.nextSequence
        // What later formats added are counts of what there is none of: registrations, listening
        // sockets, handoffs that a policy allowed, and groups of processes and sources.
        let early = Array(log.registry.snapshot().dropLast(5))
        try log.journal.queue.inDatabase { db in
            let writer = try BatchWriter(#require(db.sqliteConnection), log: Golden.log)
            try writer.insertSnapshot(early, end: end)
        }
        log.select(socket, by: target, mask: 3)
        try log.append()
        try log.journal.close()
        // Damage before it shows that it was used.
        try File.change(
            log.path,
            """
            UPDATE snapshot SET format = 1;
            DROP TRIGGER event_no_update; UPDATE event SET body = x'7b7d' WHERE seq = 5
            """)
        #expect(error(of: log) == [nil, nil])
        try log.reopen()
        #expect(log.registry.snapshot() == log.folded().snapshot())
        #expect(log.registry.registrations[socket]?.mask == 3)
        try log.journal.takeSnapshot(of: log.registry)
        #expect(
            try File.rows(log.path, "SELECT format FROM snapshot ORDER BY seq") == ["1", "4"])
        try log.reopen()
        #expect(log.registry.registrations[socket]?.process == target)
    }

    @Test func `a snapshot of an unknown format is passed over`() throws {
        let log = try log(hasSnapshot: true)
        try File.change(log.path, "UPDATE snapshot SET format = 99, state = x'00'")
        #expect(error(of: log) == [nil, nil])
        try log.reopen()
        #expect(log.registry.snapshot() == log.folded().snapshot())
    }
}
