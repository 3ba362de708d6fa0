import GRDB
import Registry

/// A query made ready for one look at the database: its condition in SQL, and where to look.
struct EventSearch {
    let chunks: ChunkFilter?
    private let condition: String
    private let arguments: StatementArguments

    init(_ query: HistoryQuery, _ db: Database) throws {
        let wanted = try ProcessSet.all(query.wanted, db)
        let unwanted = try ProcessSet.all(query.unwanted, db)
        chunks = try ChunkFilter(query, wanted.compactMap(\.keys), db)
        var conditions = EventConditions()
        for part in EventConditions.each(query.wanted, wanted) {
            conditions.add(part.sql, part.values)
        }
        // Nothing known of an event is no reason to leave it out.
        for part in EventConditions.each(query.unwanted, unwanted) {
            conditions.add("(\(part.sql)) IS NOT TRUE", part.values)
        }
        if let since = query.since { conditions.add("time_us >= ?", [since.microseconds]) }
        if let until = query.until { conditions.add("time_us < ?", [until.microseconds]) }
        condition = conditions.sql
        arguments = conditions.arguments
    }

    /// The rows with these numbers that match.
    func rows(
        _ db: Database, _ range: Range<UInt64>, limit: Int, isReversed: Bool
    ) throws -> [Row] {
        // Below 0 there is nothing, unless the database is damaged: that is to be noticed.
        let low = range.lowerBound == 0 ? Int64.min : Int64(clamping: range.lowerBound)
        return try Row.fetchAll(
            db,
            sql: """
                SELECT * FROM event WHERE seq >= ? AND seq < ? AND \(condition)
                ORDER BY seq \(isReversed ? "DESC" : "") LIMIT ?
                """,
            arguments: [low, Int64(clamping: range.upperBound)] + arguments + [limit])
    }
}

/// The processes that one filter means.
private struct ProcessSet {
    private let condition: ProcessCondition
    /// Nil when there are too many to name.
    private let numbers: [Int64]?

    static func all(_ fields: EventFields, _ db: Database) throws -> [ProcessSet] {
        try fields.processConditions.map { condition in
            let maximum = ChunkFilter.keysMaximum
            let numbers = try Int64.fetchAll(
                db,
                sql: "SELECT number FROM process WHERE \(condition.sql) LIMIT \(maximum + 1)",
                arguments: StatementArguments(condition.values))
            return ProcessSet(
                condition: condition, numbers: numbers.count <= maximum ? numbers : nil)
        }
    }

    /// What the chunks with a match are noted for; nil when that is too much.
    var keys: [Int64]? {
        let kinds = condition.named?.kinds.map { -Int64($0.rawValue) } ?? []
        return numbers.map { $0 + kinds }
    }

    /// That an event is about one of them, or names one.
    var match: (sql: String, values: [any DatabaseValueConvertible]) {
        let (list, values) = list
        var sql = """
            actor IN \(list) OR target IN \(list) OR EXISTS (
                SELECT 1 FROM handoff h WHERE h.number = event.handoff
                    AND (h.source IN \(list) OR h.target IN \(list)))
            """
        var all = values + values + values + values
        if let (key, kinds) = condition.named {
            let numbers = kinds.map { "\($0.rawValue)" }.joined(separator: ", ")
            let value = "json_extract(CAST(body AS TEXT), '$.\(key.name)')"
            sql += """
                 OR kind IN (\(numbers)) AND CAST(\(value) AS INTEGER)
                    IN (\(Marks.list(condition.values.count)))
                """
            all += condition.values
        }
        return ("(\(sql))", all)
    }

    /// What stands behind IN. Names that are known need not be looked for in each chunk again.
    private var list: (sql: String, values: [any DatabaseValueConvertible]) {
        guard let numbers else {
            return ("(SELECT number FROM process WHERE \(condition.sql))", condition.values)
        }
        return ("(\(Marks.list(numbers.count)))", numbers)
    }
}

/// Conditions that all hold, with their arguments.
private struct EventConditions {
    private var parts: [String] = []
    private(set) var arguments = StatementArguments()

    var sql: String { parts.isEmpty ? "1" : parts.joined(separator: " AND ") }

    mutating func add(_ sql: String, _ values: [any DatabaseValueConvertible]) {
        parts.append(sql)
        arguments += StatementArguments(values)
    }

    /// That an event has one of the values, for each field that has any.
    static func each(
        _ fields: EventFields, _ processes: [ProcessSet]
    ) -> [(sql: String, values: [any DatabaseValueConvertible])] {
        var found = processes.map(\.match)
        func add(_ column: String, _ values: [any DatabaseValueConvertible]) {
            if !values.isEmpty {
                found.append(("\(column) IN (\(Marks.list(values.count)))", values))
            }
        }
        add("handoff", fields.handoffs.map { Int64(clamping: $0) })
        if !fields.sockets.isEmpty {
            let list = "(\(Marks.list(fields.sockets.count)))"
            let numbers = fields.sockets.map { Int64(clamping: $0) }
            found.append(
                (
                    """
                    (socket IN \(list) OR EXISTS (
                        SELECT 1 FROM handoff h WHERE h.number = event.handoff
                            AND h.socket IN \(list)))
                    """, numbers + numbers
                ))
        }
        add("kind", fields.kinds.map(\.rawValue))
        add("outcome", fields.outcomes.map(\.rawValue))
        add("reason", fields.reasons)
        return found
    }
}
