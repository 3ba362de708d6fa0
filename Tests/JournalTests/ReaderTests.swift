import GRDB
import Registry
import Testing

@testable import Journal

/// What the command line's tests do not see of the readers.
struct ReaderTests {
    /// A log with four whole handoffs from seq 7 on, an open one, and one revoked.
    private func log() throws -> Log {
        let log = try Log()
        let (source, target, socket) = (log.process(), log.process(), log.socket())
        for _ in 0..<4 { log.handOver(from: source, to: target, socket) }
        _ = log.issue(from: source, to: target, socket: socket)
        let revoked = log.issue(from: source, to: target, socket: socket)
        log.revoke(revoked, by: source)
        try log.append()
        return log
    }

    @Test func `pages meet without gap or overlap, in both directions`() throws {
        let log = try log()
        let reader = try log.reader()
        let count = UInt64(log.events.count)
        for limit in [1, 3, 7, Int(count), 1000] {
            var forward: [UInt64] = []
            var next: UInt64? = 0
            while let from = next {
                let page = try reader.page(HistoryQuery(), from: from, limit: limit)
                #expect(page.events.count <= limit)
                forward += page.events.map(\.sequence)
                next = page.next
            }
            #expect(forward == Array(0..<count))
            var backward: [UInt64] = []
            var end: UInt64? = .max
            while let below = end {
                let page = try reader.pageBackwards(HistoryQuery(), below: below, limit: limit)
                backward += page.events.map(\.sequence)
                end = page.end
            }
            #expect(backward == Array((0..<count).reversed()))
        }
        #expect(
            try reader.page(HistoryQuery(), from: 3, below: 6).events.map(\.sequence) == [3, 4, 5])
        #expect(try reader.page(HistoryQuery(), from: .max).events == [])
    }

    @Test func `the words of a filter are values, never SQL`() throws {
        let reader = try log().reader()
        var query = HistoryQuery()
        let hostile = [
            "'", "' OR 1 --", "\"", "%", "_", "\u{0}", "*", "x' UNION SELECT * FROM event",
        ]
        query.executables = hostile
        #expect(try reader.page(query, from: 0).events == [])
        query = HistoryQuery()
        query.reasons = hostile
        #expect(try reader.page(query, from: 0).events == [])
        #expect(try reader.handoffs(states: hostile, pids: [], from: 0) == [])
    }

    @Test func `a filter by program takes a whole path or its last part`() throws {
        let reader = try log().reader()
        func count(_ name: String) throws -> Int {
            var query = HistoryQuery()
            query.executables = [name]
            query.kinds = [.processSeen]
            return try reader.page(query, from: 0).events.count
        }
        #expect(try ["cat", "bin/cat", "/bin/cat"].map { try count($0) } == [2, 2, 2])
        #expect(try ["at", "/cat", "in/cat", "", "/", "cat/"].map { try count($0) }.max() == 0)
    }

    @Test func `handoffs are counted and listed by their state`() throws {
        let reader = try log().reader()
        #expect(try reader.handoffCount(from: 0, isClosed: false) == 6)
        #expect(try reader.handoffCount(from: 0, isClosed: true) == 4)
        #expect(try reader.handoffCount(from: 11, isClosed: true) == 3)
        func numbers(_ states: [String], pids: [Int32] = [], from: UInt64 = 0) throws -> [UInt64] {
            try reader.handoffs(states: states, pids: pids, from: from).map(\.number)
        }
        #expect(try numbers([]) == [7, 11, 15, 19, 23, 24])
        #expect(try numbers(["delivered"]) == [7, 11, 15, 19])
        #expect(try numbers(["issued", "reserved"]) == [23])
        #expect(try numbers(["ended"]) == [24])
        #expect(try numbers(["issued", "ended"], from: 24) == [24])
        #expect(try numbers([], pids: [2]).count == 6)
        #expect(try numbers([], pids: [1]) == [])
        #expect(
            try reader.handoffs(states: [], pids: [], from: 8, limit: 2).map(\.number) == [11, 15])
        #expect(try reader.handoff(.max) == nil)
        #expect(try reader.process(6) == nil)
        #expect(try reader.socket(6)?.local == "127.0.0.1:80")
    }

    @Test func `the life of a handoff is its own events and its own close`() throws {
        let log = try log()
        let reader = try log.reader()
        let handoff = try #require(try reader.handoff(11))
        #expect(
            try reader.life(of: handoff, from: 0, limit: 4).events.map(\.sequence) == [
                11, 12, 13, 14,
            ])
    }

    @Test func `numbers that no event can have are damage, not a trap`() throws {
        for change in ["kind = 300", "kind = -1", "outcome = 9", "handoff = -1", "actor = -5"] {
            let log = try log()
            try log.journal.close()
            try File.change(
                log.path, "DROP TRIGGER event_no_update; UPDATE event SET \(change) WHERE seq = 9")
            let reader = try log.reader()
            let before = try reader.page(HistoryQuery(), from: 0)
            #expect(before.events.map(\.sequence) == Array(0..<9))
            #expect(before.next == 9)
            let error = #expect(throws: JournalError.self) {
                try reader.page(HistoryQuery(), from: 9)
            }
            #expect(error?.isDamage == true)
            #expect(error?.description.hasPrefix("event 9 is damaged: ") == true)
        }
        let log = try log()
        try log.journal.close()
        try File.change(
            log.path, "DROP TRIGGER event_no_update; UPDATE event SET seq = -1 WHERE seq = 9")
        let error = #expect(throws: JournalError.self) {
            try log.reader().pageBackwards(HistoryQuery(), below: .max)
        }
        #expect(error?.isDamage == true)
    }

    private static let outOfRange = [
        "handoff SET source = -1", "handoff SET target = -1", "handoff SET socket = -1",
        "handoff SET last_seq = -1", "handoff SET source_flags = -1",
        "handoff SET source_flags = 1 << 62", "handoff SET target_flags = -1",
        "handoff SET target_flags = 1 << 62", "handoff SET expires_mono_us = 1 << 63",
        "handoff SET number = -1 WHERE ended_us IS NULL", "process SET pid = 1 << 62",
        "process SET status = 1 << 62", "process SET uid = -1", "process SET uid = 1 << 62",
        "process SET instance = 'x'", "socket SET family = 1 << 62", "socket SET type = 1 << 62",
        "socket SET protocol = 1 << 62", "socket SET cookie = '-1'", "socket SET inode = ''",
        "descriptor SET handoff = -1",
    ]

    @Test(arguments: outOfRange)
    func `a projection with what no event says is damage, not a trap`(_ change: String) throws {
        let log = try log()
        try log.journal.close()
        try File.change(log.path, "UPDATE \(change)")
        let reader = try log.reader()
        let error = #expect(throws: JournalError.self) {
            _ = try reader.handoffs(states: [], pids: [], from: 0)
            _ = try reader.recordedSocket(6)
        }
        #expect(error?.isDamage == true)
    }

    @Test func `a reader writes nothing`() throws {
        let log = try log()
        let reader = try log.reader()
        #expect(throws: DatabaseError.self) {
            try reader.queue.inDatabase { try $0.execute(sql: "CREATE TABLE t (a)") }
        }
        #expect(throws: DatabaseError.self) {
            try reader.queue.inDatabase { try $0.execute(sql: "DELETE FROM snapshot") }
        }
    }

    @Test func `a backup of a log in use is a log of its own, up to the last commit`() throws {
        let log = try log()
        let count = log.events.count
        let (source, target, socket) = (UInt64(4), UInt64(5), UInt64(6))
        log.handOver(from: source, to: target, socket)
        try log.stage()
        let path = log.directory["copy.db"]
        try log.reader().backup(to: path)
        try log.append()
        let copy = try LogReader(path: path)
        #expect(copy.logID == Golden.log)
        #expect(try copy.eventCount() == UInt64(count))
        #expect(try copy.state().snapshot() == log.folded(count).snapshot())
        #expect(try File.rows(path, "PRAGMA integrity_check") == ["ok"])
        // A coordinator goes on from a copy as from the original.
        let journal = try Log.open(path)
        #expect(journal.origin == "host.example/baton")
        #expect(try journal.restore().nextSequence == UInt64(count))
        #expect(throws: JournalError.self) {
            try log.reader().backup(to: log.directory["none/copy.db"])
        }
    }
}
