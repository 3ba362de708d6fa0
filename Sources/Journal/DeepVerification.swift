import Crypto
import Foundation
import GRDB
import GRDBSQLite
import Registry

/// Derives everything that is no evidence from the bodies and the migrations again: typed columns,
/// projections, the state in snapshots, the schema and its names. It reads the log in one
/// transaction, because projections only know the present.
struct DeepVerification {
    /// Of each projection, the columns that are its key.
    private static let projections = [
        ("process", "number"), ("socket", "number"), ("handoff", "number"),
        ("descriptor", "process, socket, handoff"), ("chunk", "number"),
        ("chunk_key", "chunk, key"),
    ]
    /// Rows of projections that are gathered before they are written, as the coordinator does.
    private static let batchEvents: UInt64 = 1_024

    private let db: Database
    private let log: String
    private var registry = Registry()
    /// Where the snapshots of the present format are.
    private var snapshots: Set<Int64> = []

    /// What differs first, in each respect. The events are those that were signed, or at least have
    /// the form of events.
    static func run(_ db: Database, log: String) throws -> [Finding] {
        guard try Int.fetchOne(db, sql: "PRAGMA user_version") == Schema.version else {
            throw JournalError.failed(
                code: SQLITE_ERROR,
                message: "an older program wrote this log; it can be verified without --deep")
        }
        var deep = DeepVerification(db: db, log: log)
        let memory = try DatabaseQueue()
        return try memory.inDatabase { memory in
            try Schema.migrate(memory, program: "", now: 0)
            if let finding = try deep.compareSchema(memory) ?? deep.checkSnapshots() {
                return [finding]
            }
            let names = try ["kind", "outcome"].compactMap { table in
                try deep.differing(table, key: "number", memory).map {
                    Finding("the names in \(table) are not those of the events, near \($0)")
                }
            }
            guard names.isEmpty else { return names }
            var finding: Finding?
            try memory.inTransaction {
                finding = try deep.fold(into: memory)
                return .commit
            }
            if let finding { return [finding] }
            return try projections.compactMap { table, key in
                try deep.differing(table, key: key, memory).map {
                    Finding("the projection \(table) differs from the events, near \($0)")
                }
            }
        }
    }

    private init(db: Database, log: String) {
        self.db = db
        self.log = log
    }

    private mutating func fold(into memory: Database) throws -> Finding? {
        let connection = unsafe memory.sqliteConnection
        guard let connection = unsafe connection else {
            throw DatabaseError(message: "the database is closed")
        }
        var projections = try unsafe Projections(connection)
        var chunks = try unsafe ChunkWriter(connection)
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT seq, time_us, mono_us, kind, outcome, CAST(reason AS BLOB), handoff, actor,
                    target, socket, body FROM event ORDER BY seq
                """)
        while let row = try rows.next() {
            let number = row.integer("seq") ?? -1
            guard let event = event(of: row), UInt64(exactly: number) == event.sequence,
                event.sequence == registry.nextSequence
            else { return finding(number, "is none, or out of place") }
            guard columns(of: event) == columns(of: row) else {
                return finding(number, "has typed columns that its body does not say")
            }
            try chunks.note(event, EventColumns(event))
            let applied = registry.apply(event)
            try projections.note(event, applied, boot: registry.boot?.id ?? "")
            if event.sequence % Self.batchEvents == 0 { try projections.flush() }
            if let text = try compareSnapshot(after: number + 1) { return Finding(text) }
        }
        try projections.flush()
        return nil
    }

    private func finding(_ number: Int64, _ text: String) -> Finding {
        let event = UInt64(clamping: number)
        return Finding("event \(number) \(text)", events: event...event)
    }

    private func event(of row: Row) -> Event? {
        do throws(BodyError) {
            let decoded = try DecodedEvent(row.bytes("body") ?? [])
            return decoded.log == log ? decoded.event : nil
        } catch {
            return nil
        }
    }

    private func columns(of event: Event) -> [DatabaseValue] {
        let columns = EventColumns(event)
        let numbers: [UInt64?] = [
            columns.handoff, columns.actor, columns.target, columns.socket,
        ]
        return [
            event.time.wallMicroseconds.databaseValue, event.time.bootMicroseconds.databaseValue,
            Int64(columns.kind.rawValue).databaseValue,
            Int64(columns.kind.outcome.rawValue).databaseValue,
            columns.reason.map { Data($0.utf8).databaseValue } ?? .null,
        ] + numbers.map { $0.map { Int64(clamping: $0).databaseValue } ?? .null }
    }

    private func columns(of row: Row) -> [DatabaseValue] {
        row.databaseValues.dropFirst().dropLast()
    }

    // MARK: - Snapshots

    /// Any of them can be the one from which the next start goes on.
    private mutating func checkSnapshots() throws -> Finding? {
        let end = Int64(try LogReader.eventCount(db))
        let rows = try Row.fetchCursor(
            db, sql: "SELECT seq, format, sha256, state FROM snapshot ORDER BY seq")
        while let row = try rows.next() {
            let number = row.integer("seq") ?? -1
            guard 0...end ~= number else {
                return Finding("there is a snapshot of event \(number), and \(end) events")
            }
            let hash = SHA256.hash(data: row.bytes("state") ?? [])
            guard row.bytes("sha256") == Array(hash) else {
                return Finding("the snapshot of event \(number) differs from its hash")
            }
            if row.integer("format") == Int64(Registry.snapshotFormat) { snapshots.insert(number) }
        }
        return nil
    }

    private func compareSnapshot(after end: Int64) throws -> String? {
        guard snapshots.contains(end) else { return nil }
        let state = try Data.fetchOne(
            db, sql: "SELECT state FROM snapshot WHERE seq = ?", arguments: [end])
        return state.map { Array($0) } == registry.snapshot()
            ? nil : "the snapshot of event \(end) differs from the state then"
    }

    // MARK: - Tables

    /// A text that ends at a NUL for one reader does not for another, so texts are compared as
    /// bytes.
    private static func select(_ table: String, key: String, _ memory: Database) throws -> String {
        let columns = try memory.columns(in: table).map { column in
            column.type == "TEXT" ? "CAST(\(column.name) AS BLOB) AS \(column.name)" : column.name
        }
        return "SELECT \(columns.joined(separator: ", ")) FROM \(table) ORDER BY \(key)"
    }

    /// The first thing of the schema that the migrations do not make so. Their own table is
    /// compared whenever the log is opened.
    private func compareSchema(_ memory: Database) throws -> Finding? {
        let stored = try Self.schema(db)
        let derived = try Self.schema(memory)
        let name = Set(stored.keys).union(derived.keys).sorted().first { stored[$0] != derived[$0] }
        return name.map { Finding("the schema's \($0) is not as the migrations make it") }
    }

    private static func schema(_ db: Database) throws -> [String: [UInt8]] {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT CAST(type || ' ' || name AS BLOB) AS name, CAST(sql AS BLOB) AS sql
                FROM sqlite_schema WHERE name NOT GLOB 'sqlite_*' AND name <> 'migration'
                """)
        return Dictionary(
            rows.map { ($0.text("name") ?? "", $0.bytes("sql") ?? []) },
            uniquingKeysWith: { first, _ in first })
    }

    /// The key of the first row of a table that differs from the one in memory.
    private func differing(_ table: String, key: String, _ memory: Database) throws -> String? {
        try differing(try Self.select(table, key: key, memory), memory)
    }

    private func differing(_ sql: String, _ memory: Database) throws -> String? {
        let stored = try Row.fetchCursor(db, sql: sql)
        let derived = try Row.fetchCursor(memory, sql: sql)
        while true {
            let (left, right) = (try stored.next(), try derived.next())
            guard left != nil || right != nil else { return nil }
            guard left == right else {
                return (left ?? right)?.databaseValues.first.map { "\($0)" } ?? ""
            }
        }
    }
}
