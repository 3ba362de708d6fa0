import GRDB
import Registry

/// What a query needs of a chunk, so that an event of it can match: one key of each list.
struct ChunkFilter {
    /// More keys cost more than to look at every chunk.
    static let keysMaximum = 64

    private(set) var lists: [[Int64]] = []
    private(set) var since: Int64?
    private(set) var until: Int64?

    /// Nil when no filter narrows the search, or when the log has no chunks.
    init?(_ query: HistoryQuery, _ db: Database) throws {
        guard try db.tableExists("chunk_key") else { return nil }
        func add(_ keys: [Int64]) {
            if keys.count <= Self.keysMaximum { lists.append(keys) }
        }
        for processes in try query.processes(db) { add(processes) }
        if !query.sockets.isEmpty { add(query.sockets.map { Int64(clamping: $0) }) }
        if !query.handoffs.isEmpty { add(query.handoffs.map { Int64(clamping: $0) }) }
        let everyHandoffs: Set<EventKind> = [
            .handoffIssued, .handoffReserved, .handoffDelivered, .descriptorClosed,
        ]
        if !query.kinds.isEmpty, everyHandoffs.isDisjoint(with: query.kinds) {
            add(query.kinds.map { -Int64($0.rawValue) })
        }
        since = query.since?.microseconds
        until = query.until?.microseconds
        if lists.isEmpty, since == nil, until == nil { return nil }
    }

    /// The condition on the chunk `walk.number`, with its arguments.
    var condition: (sql: String, arguments: StatementArguments) {
        var parts: [String] = []
        var arguments = StatementArguments()
        for keys in lists {
            guard !keys.isEmpty else {
                parts.append("0")
                continue
            }
            let marks = keys.map { _ in "?" }.joined(separator: ", ")
            let own = Set(keys.filter { $0 >= 0 }.map { $0 >> Int64(ChunkWriter.shift) }).sorted()
            let ownMarks = own.map { _ in "?" }.joined(separator: ", ")
            parts.append(
                """
                (walk.number IN (\(ownMarks)) OR EXISTS (SELECT 1 FROM chunk_key k
                    WHERE k.chunk = walk.number AND k.key IN (\(marks))))
                """)
            arguments += StatementArguments(own)
            arguments += StatementArguments(keys)
        }
        // The newest chunk has no row yet.
        func add(_ sql: String, _ time: Int64?) {
            guard let time else { return }
            parts.append(
                """
                NOT EXISTS (SELECT 1 FROM chunk c WHERE c.number = walk.number AND \(sql))
                """)
            arguments += [time]
        }
        add("c.last_us < ?", since)
        add("c.first_us >= ?", until)
        return (parts.joined(separator: " AND "), arguments)
    }
}

extension LogReader {
    /// Chunks that are looked up in one go; most searches end with the first.
    private static let chunksPerLook = 64

    /// Up to `chunksPerLook` chunks that can have a match, from `start` on towards `end`, which is
    /// included; downwards when `end` is less.
    static func chunks(
        _ db: Database, _ filter: ChunkFilter, from start: UInt64, to end: UInt64
    ) throws -> [UInt64] {
        let (sql, arguments) = filter.condition
        let isUpwards = start <= end
        let step = isUpwards ? "+ 1" : "- 1"
        let limit = isUpwards ? "number < ?" : "number > ?"
        let rows = try Int64.fetchAll(
            db,
            sql: """
                WITH RECURSIVE walk(number) AS (
                    SELECT ? UNION ALL SELECT number \(step) FROM walk WHERE \(limit))
                SELECT number FROM walk WHERE \(sql) LIMIT \(chunksPerLook)
                """,
            arguments: [Int64(start), Int64(end)] + arguments)
        return rows.compactMap { UInt64(exactly: $0) }
    }

    /// Rows, oldest first, looked for in the chunks alone that can have one. `rows` gives those of
    /// a range that match, and at most so many.
    static func search(
        _ db: Database, _ filter: ChunkFilter?, from next: UInt64, below end: UInt64, limit: Int,
        _ rows: (Range<UInt64>, Int) throws -> [Row]
    ) throws -> [Row] {
        guard next < end else { return [] }
        guard let filter else { return try rows(next..<end, limit) }
        var found: [Row] = []
        let last = (end - 1) >> ChunkWriter.shift
        var start: UInt64? = next >> ChunkWriter.shift
        while let first = start, first <= last {
            let chunks = try chunks(db, filter, from: first, to: last)
            for chunk in chunks {
                let low = chunk << ChunkWriter.shift
                let range = max(next, low)..<min(end, low + ChunkWriter.eventCount)
                found += try rows(range, limit - found.count)
                if found.count == limit { return found }
            }
            start = chunks.count == chunksPerLook ? chunks.last.map { $0 + 1 } : nil
        }
        return found
    }

    /// The same, newest first.
    static func searchBackwards(
        _ db: Database, _ filter: ChunkFilter?, below end: UInt64, limit: Int,
        _ rows: (Range<UInt64>, Int) throws -> [Row]
    ) throws -> [Row] {
        guard end > 0 else { return [] }
        guard let filter else { return try rows(0..<end, limit) }
        var found: [Row] = []
        var start: UInt64? = (end - 1) >> ChunkWriter.shift
        while let first = start {
            let chunks = try chunksDownwards(db, filter, from: first)
            for chunk in chunks {
                let low = chunk << ChunkWriter.shift
                found += try rows(
                    low..<min(end, low + ChunkWriter.eventCount), limit - found.count)
                if found.count == limit { return found }
            }
            guard chunks.count == chunksPerLook, let last = chunks.last, last > 0 else { break }
            start = last - 1
        }
        return found
    }

    private static func chunksDownwards(
        _ db: Database, _ filter: ChunkFilter, from start: UInt64
    ) throws -> [UInt64] {
        // From 0 to 0 there is no direction.
        try chunks(db, filter, from: start, to: 0)
    }

    /// The last event not after a time, by the times of the chunks.
    static func lastSequence(_ db: Database, notAfter time: Int64) throws -> Int64? {
        func last(in range: Range<Int64>) throws -> Int64? {
            try Int64.fetchOne(
                db,
                sql: """
                    SELECT seq FROM event WHERE seq >= ? AND seq < ? AND time_us <= ?
                    ORDER BY seq DESC LIMIT 1
                    """,
                arguments: [range.lowerBound, range.upperBound, time])
        }
        guard try db.tableExists("chunk") else { return try last(in: 0..<Int64.max) }
        let shift = Int64(ChunkWriter.shift)
        let open = try Int64.fetchOne(db, sql: "SELECT max(number) + 1 FROM chunk") ?? 0
        if let found = try last(in: open << shift..<Int64.max) { return found }
        let chunk = try Int64.fetchOne(
            db, sql: "SELECT number FROM chunk WHERE first_us <= ? ORDER BY number DESC LIMIT 1",
            arguments: [time])
        return try chunk.flatMap { try last(in: $0 << shift..<($0 + 1) << shift) }
    }
}
