import GRDB
import Registry

/// What a query needs of a chunk, so that an event of it can match: one key of each list.
struct ChunkFilter {
    /// More keys cost more than to look at every chunk.
    static let keysMaximum = 64

    private(set) var lists: [[Int64]] = []
    private(set) var since: Int64?
    private(set) var until: Int64?
    /// The chunk that is not complete. All events from its first on count as in it, and are always
    /// looked at, so that no number that an event cannot have makes the search walk as far.
    let open: UInt64

    /// Nil when no filter narrows the search, or when the log has no chunks. `processes` has the
    /// numbers that each of the filters by process means.
    init?(_ query: HistoryQuery, _ processes: [[Int64]], _ db: Database) throws {
        guard try db.tableExists("chunk_key") else { return nil }
        open = UInt64(clamping: try Self.open(db))
        func add(_ keys: [Int64]) {
            if keys.count <= Self.keysMaximum { lists.append(keys) }
        }
        for numbers in processes { add(numbers) }
        if !query.sockets.isEmpty { add(query.sockets.map { Int64(clamping: $0) }) }
        if !query.handoffs.isEmpty { add(query.handoffs.map { Int64(clamping: $0) }) }
        let everyHandoffs: Set<EventKind> = [
            .handoffIssued, .handoffReserved, .handoffDelivered, .descriptorClosed,
        ]
        let kinds = query.possibleKinds
        if everyHandoffs.isDisjoint(with: kinds) {
            add(kinds.map { -Int64($0.rawValue) }.sorted())
        }
        since = query.since?.microseconds
        until = query.until?.microseconds
        if lists.isEmpty, since == nil, until == nil { return nil }
    }

    /// One more than the newest complete chunk, or than the events reach when that row is damaged.
    static func open(_ db: Database) throws -> Int64 {
        let newest = try Int64.fetchOne(db, sql: "SELECT max(number) FROM chunk") ?? -1
        let end = try LogReader.eventCount(db) >> ChunkWriter.shift
        return min(newest, Int64(clamping: end)) + 1
    }

    func chunk(of event: UInt64) -> UInt64 { min(event >> ChunkWriter.shift, open) }

    func events(of chunk: UInt64) -> Range<UInt64> {
        let events = ChunkWriter.events(of: chunk)
        return chunk < open ? events : events.lowerBound..<UInt64.max
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
                SELECT number FROM walk WHERE number = ? OR (\(sql)) LIMIT \(chunksPerLook)
                """,
            arguments: [
                Int64(clamping: start), Int64(clamping: end), Int64(clamping: filter.open),
            ] + arguments)
        return rows.compactMap { UInt64(exactly: $0) }
    }

    /// Rows, oldest first, looked for in the chunks alone that can have one. `rows` gives those of
    /// a range that match, and at most so many. `next` is where to go on, when more events than
    /// `budget` would have to be looked at.
    static func search(
        _ db: Database, _ filter: ChunkFilter?, in whole: Range<UInt64>, limit: Int,
        budget: inout UInt64, _ rows: (Range<UInt64>, Int) throws -> [Row]
    ) throws -> (rows: [Row], next: UInt64?) {
        guard let filter else {
            let part = whole.leading(budget)
            budget -= min(budget, part.upperBound - part.lowerBound)
            guard part.upperBound < whole.upperBound else { return (try rows(part, limit), nil) }
            let next = try number(db, "SELECT min(seq) FROM event WHERE seq >= ?", part.upperBound)
            return (try rows(part, limit), next.flatMap { $0 < whole.upperBound ? $0 : nil })
        }
        var found: [Row] = []
        let last = filter.chunk(of: whole.upperBound - 1)
        var start: UInt64? = filter.chunk(of: whole.lowerBound)
        while let first = start, first <= last {
            let chunks = try chunks(db, filter, from: first, to: last)
            for chunk in chunks {
                let range = whole.clamped(to: filter.events(of: chunk))
                guard budget > 0 else { return (found, range.lowerBound) }
                budget -= min(budget, ChunkWriter.eventCount)
                found += try rows(range, limit - found.count)
                if found.count == limit { return (found, nil) }
            }
            start = chunks.count == chunksPerLook ? chunks.last.map { $0 + 1 } : nil
        }
        return (found, nil)
    }

    /// The event with which a search goes on, however far away it is; nil without one.
    private static func number(
        _ db: Database, _ sql: String, _ bound: UInt64
    ) throws -> UInt64? {
        try Int64.fetchOne(
            db.cachedStatement(sql: sql), arguments: [Int64(clamping: bound)]
        ).flatMap { UInt64(exactly: $0) }
    }

    /// The same, newest first; `end` is where to go on.
    static func searchBackwards(
        _ db: Database, _ filter: ChunkFilter?, in whole: Range<UInt64>, limit: Int,
        budget: inout UInt64, _ rows: (Range<UInt64>, Int) throws -> [Row]
    ) throws -> (rows: [Row], end: UInt64?) {
        guard let filter else {
            let part = whole.trailing(budget)
            budget -= min(budget, part.upperBound - part.lowerBound)
            guard part.lowerBound > whole.lowerBound else { return (try rows(part, limit), nil) }
            let last = try number(db, "SELECT max(seq) FROM event WHERE seq < ?", part.lowerBound)
            return (try rows(part, limit), last.flatMap { $0 >= whole.lowerBound ? $0 + 1 : nil })
        }
        var found: [Row] = []
        let last = filter.chunk(of: whole.lowerBound)
        var start: UInt64? = filter.chunk(of: whole.upperBound - 1)
        while let first = start, first >= last {
            let chunks = try chunksDownwards(db, filter, from: first, to: last)
            for chunk in chunks {
                let range = whole.clamped(to: filter.events(of: chunk))
                guard budget > 0 else { return (found, range.upperBound) }
                budget -= min(budget, ChunkWriter.eventCount)
                found += try rows(range, limit - found.count)
                if found.count == limit { return (found, nil) }
            }
            guard chunks.count == chunksPerLook, let last = chunks.last, last > 0 else { break }
            start = last - 1
        }
        return (found, nil)
    }

    private static func chunksDownwards(
        _ db: Database, _ filter: ChunkFilter, from start: UInt64, to end: UInt64
    ) throws -> [UInt64] {
        // From one to the same there is no direction.
        try chunks(db, filter, from: start, to: end)
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
        let open = try ChunkFilter.open(db)
        if let found = try last(in: open << shift..<Int64.max) { return found }
        let chunk = try Int64.fetchOne(
            db,
            sql: """
                SELECT number FROM chunk WHERE first_us <= ? AND number < ?
                ORDER BY number DESC LIMIT 1
                """,
            arguments: [time, open])
        return try chunk.flatMap { try last(in: $0 << shift..<($0 + 1) << shift) }
    }
}

extension Range<UInt64> {
    /// The first of these numbers, at most so many.
    fileprivate func leading(_ count: UInt64) -> Range {
        lowerBound..<lowerBound + Swift.min(count, upperBound - lowerBound)
    }

    /// The last of these numbers, at most so many.
    fileprivate func trailing(_ count: UInt64) -> Range {
        upperBound - Swift.min(count, upperBound - lowerBound)..<upperBound
    }
}
