import Foundation
import GRDB
package import Registry

/// Reads a log, also while the coordinator writes it, and while it is down. Never writes.
package final class LogReader {
    package let path: String
    let queue: DatabaseQueue
    package let logID: String

    /// A page of rows is read in one short transaction, so that a slow reader does not keep the WAL
    /// from being written back.
    package static let pageRows = 1_000

    /// Opens the database read-only. Anything that is not ours, or newer, is an error.
    package init(path: String) throws(JournalError) {
        self.path = path
        var configuration = Configuration()
        configuration.readonly = true
        configuration.label = "baton.reader"
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA query_only = 1") }
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
            logID = try queue.read { db in
                try Schema.check(db, path: path)
                let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
                guard version > 0 else {
                    throw JournalError.notOurs(path: path, found: "it is empty")
                }
                return try String.fetchOne(db, sql: "SELECT id FROM log") ?? ""
            }
        } catch {
            throw Self.readError(error, path: path)
        }
    }

    func read<T>(_ body: (Database) throws -> T) throws(JournalError) -> T {
        do {
            return try queue.read(body)
        } catch {
            throw Self.readError(error, path: path)
        }
    }

    /// A reader writes nothing, so input that fails is a file that cannot be opened as it should.
    private static func readError(_ error: any Error, path: String) -> JournalError {
        let error = JournalError(error, path: path)
        guard case .notWritten(let code, let message) = error else { return error }
        return .cannotOpen(path: path, code: code, message: message)
    }

    /// The state after the first `end` events; after all of them when nil.
    package func state(after end: UInt64? = nil) throws(JournalError) -> Registry {
        try read { db in try Journal.restore(db, path: path, end: end, form: .readable).registry }
    }

    /// How many events there are.
    package func eventCount() throws(JournalError) -> UInt64 {
        try read { db in try Self.eventCount(db) }
    }

    static func eventCount(_ db: Database) throws -> UInt64 {
        let last = try Int64.fetchOne(db, sql: "SELECT max(seq) FROM event")
        return last.flatMap { UInt64(exactly: $0) }.map { $0 + 1 } ?? 0
    }

    /// Changes whenever another connection has committed; cheap enough to ask often.
    package func dataVersion() throws(JournalError) -> Int64 {
        try read { db in try Int64.fetchOne(db, sql: "PRAGMA data_version") ?? 0 }
    }

    /// How many handoffs were issued from `first` on; those delivered and closed by their target
    /// only, when asked.
    package func handoffCount(
        from first: UInt64, isClosed: Bool
    ) throws(JournalError) -> Int {
        let condition = isClosed ? "AND state = 'delivered' AND closed_us IS NOT NULL" : ""
        return try read { db in
            try Int.fetchOne(
                db, sql: "SELECT count(*) FROM handoff WHERE number >= ? \(condition)",
                arguments: [Int64(clamping: first)]) ?? 0
        }
    }

    /// Copies the whole database, as it is at one instant, into a new file.
    package func backup(to destination: String) throws(JournalError) {
        do {
            let copy = try DatabaseQueue(path: destination)
            // All pages in one step: a step that ends early would start again whenever the
            // coordinator commits.
            try queue.backup(to: copy, pagesPerStep: -1)
            try copy.close()
        } catch {
            throw JournalError(error, path: destination)
        }
    }
}

/// One row of the log, as it is stored.
package struct StoredEvent: Sendable, Equatable {
    package var sequence: UInt64
    package var time: Timestamp
    /// CLOCK_BOOTTIME microseconds.
    package var bootMicroseconds: Int64
    package var kind: EventKind
    package var outcome: Outcome
    package var reason: String?
    package var handoff: UInt64?
    package var actor: UInt64?
    package var target: UInt64?
    package var socket: UInt64?
    package var body: [UInt8]

    init(_ row: Row) throws {
        let number: Int64 = row["seq"]
        func damaged(_ what: String) -> JournalError {
            .damagedEvent(number: number, detail: what)
        }
        func identifier(_ column: String) throws -> UInt64? {
            guard let value = row[column] as Int64? else { return nil }
            guard let identifier = UInt64(exactly: value) else {
                throw damaged("has a negative \(column)")
            }
            return identifier
        }
        let (kindNumber, outcomeNumber): (Int64, Int64) = (row["kind"], row["outcome"])
        guard let kind = UInt8(exactly: kindNumber).flatMap(EventKind.init(rawValue:)) else {
            throw damaged("is of kind \(kindNumber), which is none")
        }
        guard let outcome = UInt8(exactly: outcomeNumber).flatMap(Outcome.init(rawValue:)) else {
            throw damaged("has the outcome \(outcomeNumber), which is none")
        }
        guard let sequence = try identifier("seq") else { throw damaged("has no number") }
        self.sequence = sequence
        time = Timestamp(microseconds: row["time_us"])
        bootMicroseconds = row["mono_us"]
        self.kind = kind
        self.outcome = outcome
        reason = row["reason"]
        handoff = try identifier("handoff")
        actor = try identifier("actor")
        target = try identifier("target")
        socket = try identifier("socket")
        body = Array(row["body"] as Data)
    }
}
