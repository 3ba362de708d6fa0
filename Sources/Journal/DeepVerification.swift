import Foundation
import GRDB
import Migrations
import Registry

/// Derives everything that is no evidence from the bodies again: typed columns, projections, the
/// state in snapshots. It reads the log in one transaction, because projections only know the
/// present.
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
    private var snapshots: [Int64: Row] = [:]

    /// What differs first, in each respect. The events are those that were signed, or at least have
    /// the form of events.
    static func run(_ db: Database, log: String, end: UInt64) throws -> [Finding] {
        var deep = DeepVerification(db: db, log: log)
        let memory = try DatabaseQueue()
        return try memory.inDatabase { memory in
            for migration in Migrations.all { try memory.execute(sql: migration.sql) }
            var finding: Finding?
            try memory.inTransaction {
                finding = try deep.fold(into: memory)
                return .commit
            }
            if let finding { return [finding] }
            return try projections.compactMap { table, key in
                try deep.compare(table, key: key, memory)
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
        for row in try Row.fetchAll(
            db, sql: "SELECT seq, format, sha256, state FROM snapshot WHERE format = ?",
            arguments: [Registry.snapshotFormat])
        {
            snapshots[row["seq"]] = row
        }
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT seq, time_us, mono_us, kind, outcome, reason, handoff, actor, target, socket,
                    body FROM event ORDER BY seq
                """)
        while let row = try rows.next() {
            let number: Int64 = row["seq"]
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
            if let text = compareSnapshot(after: number + 1) { return Finding(text) }
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
            let decoded = try DecodedEvent(Array(row["body"] as Data))
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
            columns.reason?.databaseValue ?? .null,
        ] + numbers.map { $0.map { Int64(clamping: $0).databaseValue } ?? .null }
    }

    private func columns(of row: Row) -> [DatabaseValue] {
        row.databaseValues.dropFirst().dropLast()
    }

    private func compareSnapshot(after end: Int64) -> String? {
        guard let row = snapshots[end] else { return nil }
        return Array(row["state"] as Data) == registry.snapshot()
            ? nil : "the snapshot of event \(end) differs from the state then"
    }

    /// The first row of a projection that the events do not give.
    private func compare(
        _ table: String, key: String, _ memory: Database
    ) throws -> Finding? {
        let sql = "SELECT * FROM \(table) ORDER BY \(key)"
        let stored = try Row.fetchCursor(db, sql: sql)
        let derived = try Row.fetchCursor(memory, sql: sql)
        while true {
            let (left, right) = (try stored.next(), try derived.next())
            guard left != nil || right != nil else { return nil }
            guard left == right else {
                let row = (left ?? right)?.databaseValues.first.map { "\($0)" } ?? ""
                return Finding("the projection \(table) differs from the events, near \(row)")
            }
        }
    }
}
