import GRDB
import Migrations
import Registry
import Testing

@testable import Journal

/// Where a search looks, and that nothing is missed there.
struct ChunkTests {
    /// Some chunks of a history with failures and restarts in it.
    private func history(seed: UInt64, eventCount: Int = 4_000) throws -> RandomHistory {
        var history = try RandomHistory(seed: seed)
        while history.log.events.count < eventCount { try history.runBatch() }
        #expect(history.failures > 0 && history.restarts > 0)
        return history
    }

    /// The statements that fill the tables in a database that had events before.
    private var filling: String {
        let sql = Migrations.all[2].sql
        let start = sql.firstRange(of: "INSERT INTO chunk\n")
        return start.map { String(sql[$0.lowerBound...]) } ?? ""
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `what is written along with the events is what can be derived from them`(
        _ seed: UInt64
    ) throws {
        let history = try history(seed: seed)
        let path = history.log.path
        try history.log.journal.close()
        let chunks = "SELECT * FROM chunk ORDER BY number"
        let keys = "SELECT * FROM chunk_key ORDER BY chunk, key"
        let written = (try File.rows(path, chunks), try File.rows(path, keys))
        #expect(written.0.count == history.log.events.count / 1_024)
        #expect(written.1.count > 20)
        try File.change(path, "DELETE FROM chunk; DELETE FROM chunk_key; \(filling)")
        #expect(try File.rows(path, chunks) == written.0)
        #expect(try File.rows(path, keys) == written.1)
    }

    @Test func `a database without them gets them when it is opened for writing`() throws {
        let history = try history(seed: 4)
        let path = history.log.path
        try history.log.journal.close()
        let keys = "SELECT * FROM chunk_key ORDER BY chunk, key"
        let written = try File.rows(path, keys)
        try File.change(
            path,
            """
            DROP TABLE chunk; DROP TABLE chunk_key; DELETE FROM migration WHERE number = 3;
            PRAGMA user_version = 2
            """)
        // Read before that, it answers as well.
        #expect(try LogReader(path: path).lastSequence(of: .bootObserved) == 1)
        try Log.open(path).close()
        #expect(try File.rows(path, keys) == written)
    }

    /// Every filter by itself, and some together.
    private func queries(_ log: Log) -> [HistoryQuery] {
        func query(_ change: (inout HistoryQuery) -> Void) -> HistoryQuery {
            var query = HistoryQuery()
            change(&query)
            return query
        }
        let handoffs = log.events.filter { $0.content.kind == .handoffIssued }.map(\.sequence)
        let sockets = log.events.filter { $0.content.kind == .socketSeen }.map(\.sequence)
        var queries = EventKind.allCases.map { kind in query { $0.kinds = [kind] } }
        for number in stride(from: 0, to: handoffs.count, by: 37) {
            queries.append(query { $0.handoffs = [handoffs[number]] })
        }
        for number in stride(from: 0, to: sockets.count, by: 11) {
            queries.append(query { $0.sockets = [sockets[number]] })
        }
        for pid in stride(from: Int32(1), to: 60, by: 7) {
            queries.append(query { $0.pids = [pid, pid + 1] })
        }
        let middle = 1_700_000_000_000_000 + log.now / 2
        queries += [
            query { $0.uids = [1000] }, query { $0.executables = ["cat"] },
            query { $0.handoffs = [0, .max] }, query { $0.pids = [77_777] },
            query { $0.since = Timestamp(microseconds: middle) },
            query { $0.until = Timestamp(microseconds: middle) },
            query {
                $0.pids = [3]
                $0.kinds = [.handoffRevoked, .handoffVoided]
                $0.since = Timestamp(microseconds: middle)
            },
            query { $0.sequences = [900..<1_100, 2_047..<2_049] },
            query { $0.outcomes = [.refused, .failed] }, query { $0.outcomes = [.accepted] },
            query { $0.reasons = ["target exited", "wrong process"] },
            query {
                $0.unwanted.kinds = [.handoffIssued, .descriptorClosed]
                $0.unwanted.outcomes = [.accepted]
            },
            query {
                $0.unwanted.pids = [1, 2, 3]
                $0.unwanted.sockets = Array(sockets.prefix(5))
            },
            query {
                $0.boots = [100..<1_050, 3_000..<3_001]
                $0.sequences = [2_999..<UInt64.max, 1_000..<2_000, 0..<101]
                $0.unwanted.reasons = ["target exited"]
            },
            query {
                $0.handoffs = Array(handoffs.prefix(ChunkFilter.keysMaximum + 1))
            },
        ]
        return queries
    }

    private func all(
        _ query: HistoryQuery, _ reader: LogReader, limit: Int, lookingAt maximum: UInt64 = .max
    ) throws -> [UInt64] {
        var found: [UInt64] = []
        var next: UInt64? = 0
        while let start = next {
            let page = try reader.page(query, from: start, limit: limit, lookingAt: maximum)
            found += page.events.map(\.sequence)
            next = page.next
        }
        return found
    }

    private func allBackwards(
        _ query: HistoryQuery, _ reader: LogReader, limit: Int, lookingAt maximum: UInt64 = .max
    ) throws -> [UInt64] {
        var found: [UInt64] = []
        var end: UInt64? = try reader.eventCount()
        while let start = end {
            let page = try reader.pageBackwards(
                query, below: start, limit: limit, lookingAt: maximum)
            found += page.events.map(\.sequence)
            end = page.end
        }
        return found
    }

    @Test func `a search finds what a look at every event finds, in pages of any size`() throws {
        let history = try history(seed: 5)
        let log = history.log
        let reader = try log.reader()
        let queries = queries(log)
        let found = try queries.map { try all($0, reader, limit: 700) }
        #expect(found.filter { !$0.isEmpty }.count > queries.count / 2)
        for (query, expected) in zip(queries, found) {
            #expect(try all(query, reader, limit: 10_000) == expected)
            #expect(try allBackwards(query, reader, limit: 300) == expected.reversed())
            for maximum in [77, 1_500] as [UInt64] {
                #expect(try all(query, reader, limit: 700, lookingAt: maximum) == expected)
                #expect(
                    try allBackwards(query, reader, limit: 300, lookingAt: maximum)
                        == expected.reversed())
            }
        }
        try log.journal.close()
        try File.change(log.path, "DROP TABLE chunk; DROP TABLE chunk_key")
        let plain = try log.reader()
        for (query, expected) in zip(queries, found) {
            #expect(try all(query, plain, limit: 10_000) == expected)
        }
    }

    /// The numbers between are too many to be gone through.
    @Test(
        arguments: [
            "event SET seq = 1 << 62 WHERE seq = 2000",
            "chunk SET number = 1 << 62 WHERE number = 1", "chunk SET number = -1 WHERE number = 2",
        ])
    func `a number that cannot be is no way to walk`(_ change: String) throws {
        let history = try history(seed: 7)
        let log = history.log
        let queries = queries(log)
        let before = try log.reader()
        let found = try queries.map { try all($0, before, limit: 700) }
        try log.journal.close()
        try File.change(log.path, "DROP TRIGGER event_no_update; UPDATE \(change)")
        let reader = try log.reader()
        let moved = try reader.eventCount() > 1 << 62
        func known(_ numbers: [UInt64]) -> [UInt64] { numbers.filter { $0 < 1 << 62 } }
        for (query, found) in zip(queries, found) {
            let expected = moved ? found.filter { $0 != 2_000 } : found
            #expect(known(try all(query, reader, limit: 700, lookingAt: 1_500)) == expected)
            #expect(
                known(try allBackwards(query, reader, limit: 300, lookingAt: 1_500))
                    == expected.reversed())
        }
    }

    @Test func `a search looks only where something can be`() throws {
        let log = try Log()
        let (source, target, socket) = (log.process(), log.process(), log.socket())
        let early = log.issue(from: source, to: target, socket: socket)
        let other = log.process()
        let busy = log.socket()
        for _ in 0..<1_500 { log.handOver(from: other, to: other, busy) }
        log.redeem(early, by: target)
        try log.append()
        let reader = try log.reader()
        var query = HistoryQuery()
        query.handoffs = [early]
        try reader.read { db in
            let filter = try #require(try EventSearch(query, db).chunks)
            #expect(try LogReader.chunks(db, filter, from: 0, to: 5) == [0, 5])
            #expect(try LogReader.chunks(db, filter, from: 5, to: 0) == [5, 0])
        }
        #expect(try all(query, reader, limit: 10) == [early, log.registry.nextSequence - 1])
        // A handoff's events are found by its processes, though they do not name them.
        query.handoffs = []
        query.sockets = [socket]
        #expect(
            try all(query, reader, limit: 10) == [socket, early, log.registry.nextSequence - 1])
    }

    @Test func `an excluded value is in no event that is found, and in every other`() throws {
        let history = try history(seed: 6, eventCount: 2_000)
        let reader = try history.log.reader()
        let whole = try all(HistoryQuery(), reader, limit: 10_000)
        let fields = queries(history.log).filter { query in
            query.since == nil && query.until == nil && query.sequences.isEmpty
                && query.unwanted == EventFields() && query.wanted != EventFields()
        }
        #expect(fields.count > 30)
        for query in fields {
            let found = Set(try all(query, reader, limit: 10_000))
            var opposite = HistoryQuery()
            opposite.unwanted = query.wanted
            let left = try all(opposite, reader, limit: 10_000)
            #expect(left == whole.filter { !found.contains($0) })
        }
    }

    @Test func `a search for a seldom outcome or reason looks only where it can be`() throws {
        let log = try Log()
        let (source, target, socket) = (log.process(), log.process(), log.socket())
        for _ in 0..<1_500 { log.handOver(from: source, to: target, socket) }
        let voided = log.issue(from: source, to: target, socket: socket)
        log.perform(.exit(process: target, status: 0))
        log.perform(.drain)
        try log.append()
        let reader = try log.reader()
        let last = (log.registry.nextSequence - 1) >> ChunkWriter.shift
        for change in [
            { $0.outcomes = [.failed] }, { $0.reasons = ["target exited"] },
        ] as [(inout HistoryQuery) -> Void] {
            var query = HistoryQuery()
            change(&query)
            try reader.read { db in
                let filter = try #require(try EventSearch(query, db).chunks)
                #expect(try LogReader.chunks(db, filter, from: 0, to: last).last == last)
                #expect(try LogReader.chunks(db, filter, from: 0, to: last - 1).isEmpty)
            }
            #expect(try all(query, reader, limit: 10).count == 1)
        }
        #expect(voided >> ChunkWriter.shift == last)
    }

    @Test func `times that step back are found too`() throws {
        let log = try Log()
        log.now = 1_000_000
        let process = log.process()
        for step in 0..<2_000 {
            // Each thousand events the clock is set back to where it began.
            log.now = 1_000_000 + Int64(step % 1_000) * 1_000
            log.perform(.stepClock(by: Int64(step)))
        }
        try log.append()
        let reader = try log.reader()
        #expect(log.events.count > 2_000 && process > 0)
        for moment in stride(from: Int64(900_000), to: 2_100_000, by: 90_001) {
            let time = 1_700_000_000_000_000 + moment
            let expected = log.events.last { $0.time.wallMicroseconds <= time }?.sequence
            #expect(
                try reader.lastSequence(notAfter: Timestamp(microseconds: time)) == expected)
        }
    }
}
