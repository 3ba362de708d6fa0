import GRDB
package import Registry

/// Which events to read. Values of one filter mean "or", different filters mean "and".
///
/// The filters by process and by socket find an event also by the source, target and socket of the
/// handoff that it belongs to: a delivery names only its handoff.
package struct HistoryQuery: Sendable, Equatable {
    /// Of the actor, the target, or the process that an event is about.
    package var pids: [Int32] = []
    package var uids: [UInt32] = []
    /// A path, or the last part of one.
    package var executables: [String] = []
    package var handoffs: [UInt64] = []
    package var sockets: [UInt64] = []
    package var kinds: [EventKind] = []
    package var outcomes: [Outcome] = []
    package var reasons: [String] = []
    package var since: Timestamp?
    /// Exclusive.
    package var until: Timestamp?
    package var sequences: [Range<UInt64>] = []

    package init() {}

    /// The condition in SQL, with its arguments.
    fileprivate var condition: (sql: String, arguments: StatementArguments) {
        var parts: [String] = []
        var arguments = StatementArguments()
        func add(_ sql: String, _ values: [any DatabaseValueConvertible]) {
            parts.append(sql)
            arguments += StatementArguments(values)
        }
        func marks(_ count: Int) -> String {
            Array(repeating: "?", count: count).joined(separator: ", ")
        }
        func addProcesses(_ filter: String, _ values: [any DatabaseValueConvertible]) {
            let matching = "(SELECT number FROM process WHERE \(filter))"
            add(
                """
                (actor IN \(matching) OR target IN \(matching) OR EXISTS (
                    SELECT 1 FROM handoff h WHERE h.number = event.handoff
                        AND (h.source IN \(matching) OR h.target IN \(matching))))
                """, values + values + values + values)
        }
        for (sql, values) in processConditions { addProcesses(sql, values) }
        if !handoffs.isEmpty {
            add("handoff IN (\(marks(handoffs.count)))", handoffs.map { Int64(clamping: $0) })
        }
        if !sockets.isEmpty {
            let matching = "(\(marks(sockets.count)))"
            let numbers = sockets.map { Int64(clamping: $0) }
            add(
                """
                (socket IN \(matching) OR EXISTS (
                    SELECT 1 FROM handoff h WHERE h.number = event.handoff
                        AND h.socket IN \(matching)))
                """, numbers + numbers)
        }
        if !kinds.isEmpty { add("kind IN (\(marks(kinds.count)))", kinds.map(\.rawValue)) }
        if !outcomes.isEmpty {
            add("outcome IN (\(marks(outcomes.count)))", outcomes.map(\.rawValue))
        }
        if !reasons.isEmpty { add("reason IN (\(marks(reasons.count)))", reasons) }
        if let since { add("time_us >= ?", [since.microseconds]) }
        if let until { add("time_us < ?", [until.microseconds]) }
        if !sequences.isEmpty {
            let each = sequences.map { _ in "(seq >= ? AND seq < ?)" }
            add(
                "(\(each.joined(separator: " OR ")))",
                sequences.flatMap {
                    [Int64(clamping: $0.lowerBound), Int64(clamping: $0.upperBound)]
                })
        }
        return (parts.isEmpty ? "1" : parts.joined(separator: " AND "), arguments)
    }
}

extension HistoryQuery {
    /// The rows with these numbers that match.
    func rows(
        _ db: Database, _ range: Range<UInt64>, limit: Int, isReversed: Bool
    ) throws -> [Row] {
        let (sql, arguments) = condition
        // Below 0 there is nothing, unless the database is damaged: that is to be noticed.
        let low = range.lowerBound == 0 ? Int64.min : Int64(clamping: range.lowerBound)
        return try Row.fetchAll(
            db,
            sql: """
                SELECT * FROM event WHERE seq >= ? AND seq < ? AND \(sql)
                ORDER BY seq \(isReversed ? "DESC" : "") LIMIT ?
                """,
            arguments: [low, Int64(clamping: range.upperBound)] + arguments + [limit])
    }

    /// The numbers of the processes that each of the filters by process names.
    func processes(_ db: Database) throws -> [[Int64]] {
        try processConditions.map { sql, values in
            try Int64.fetchAll(
                db,
                sql: "SELECT number FROM process WHERE \(sql) LIMIT \(ChunkFilter.keysMaximum + 1)",
                arguments: StatementArguments(values))
        }
    }

    private var processConditions: [(sql: String, values: [any DatabaseValueConvertible])] {
        func marks(_ count: Int) -> String {
            Array(repeating: "?", count: count).joined(separator: ", ")
        }
        var found: [(String, [any DatabaseValueConvertible])] = []
        if !pids.isEmpty { found.append(("pid IN (\(marks(pids.count)))", pids)) }
        if !uids.isEmpty {
            found.append(("uid IN (\(marks(uids.count)))", uids.map { Int64($0) }))
        }
        if !executables.isEmpty {
            let each = executables.map { _ in "(exe = ? OR substr(exe, -length(?)) = ?)" }
            found.append(
                (
                    each.joined(separator: " OR "),
                    executables.flatMap { [$0, "/" + $0, "/" + $0] }
                ))
        }
        return found
    }
}

extension LogReader {
    /// One page of events that match, oldest first, from `next` on and below `end`; and where the
    /// next page begins, nil after the last one. Between two pages no lock is held.
    package func page(
        _ query: HistoryQuery, from next: UInt64, below end: UInt64 = .max, limit: Int = pageRows
    ) throws(JournalError) -> (events: [StoredEvent], next: UInt64?) {
        let events = try read { db in
            let end = min(end, try Self.eventCount(db))
            let rows = try Self.search(
                db, try ChunkFilter(query, db), from: next, below: end, limit: limit
            ) { range, limit in
                try query.rows(db, range, limit: limit, isReversed: false)
            }
            return try rows.map { try StoredEvent($0) }
        }
        guard events.count == limit, let last = events.last else { return (events, nil) }
        return (events, last.sequence + 1)
    }

    /// One page of events that match, newest first, below `end`.
    package func pageBackwards(
        _ query: HistoryQuery, below end: UInt64, limit: Int = pageRows
    ) throws(JournalError) -> (events: [StoredEvent], end: UInt64?) {
        let events = try read { db in
            let end = min(end, try Self.eventCount(db))
            let rows = try Self.searchBackwards(
                db, try ChunkFilter(query, db), below: end, limit: limit
            ) { range, limit in
                try query.rows(db, range, limit: limit, isReversed: true)
            }
            return try rows.map { try StoredEvent($0) }
        }
        guard events.count == limit, let last = events.last else { return (events, nil) }
        return (events, last.sequence)
    }
}
