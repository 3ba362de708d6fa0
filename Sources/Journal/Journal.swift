import CSQLite
import Crypto
import Foundation
import GRDB
import GRDBSQLite
package import Registry

/// The log on SQLite: the one read-write connection, and the state that the log holds.
///
/// Everything else opens the file read-only (`LogReader`). The WAL is kept when the last connection
/// closes, so that readers work while the coordinator is down.
package final class Journal {
    package let path: String
    /// The log's random id and the name under which it signs.
    package private(set) var logID = ""
    package private(set) var origin = ""
    let queue: DatabaseQueue
    private var writer: BatchWriter?
    var leaves: Statement?
    var evidence: EvidenceWriter? {
        // The next batch is written by one that knows it.
        didSet { writer = nil }
    }
    private var eventsSinceSnapshot = 0

    /// A snapshot is taken each 32,768 events, so that a start decodes at most as many bodies: some
    /// 0.5 s on a slow machine.
    package static let snapshotInterval = 32_768
    /// Who had to decode so many takes one with its first commit, so that a coordinator which ends
    /// again and again does not decode the same events each time.
    package static let foldedMaximum = 4_096
    /// 16 MiB of pages: what a busy coordinator touches, within its budget of 64 MiB.
    private static let cacheKibibytes = 16_384
    /// Pages of the WAL after which a commit writes them back. 4,000 pages are 16 MiB: the cost of
    /// writing back a hot page is shared by more commits than with SQLite's 1,000.
    private static let checkpointPages = 4_000

    private static let pageByteCount = 4096

    /// Opens or creates the database. Nothing is written to a file that is not ours.
    /// - Parameter now: microseconds since 1970, for the record of migrations.
    package init(path: String, program: String, now: Int64) throws(JournalError) {
        self.path = path
        queue = try Self.open(path)
        do {
            try queue.inDatabase { db in
                try Schema.check(db, path: path)
                try Self.prepare(db)
                try Schema.migrate(db, program: program, now: now)
                if let row = try Row.fetchOne(db, sql: "SELECT id, origin FROM log") {
                    logID = row["id"]
                    origin = row["origin"]
                }
            }
        } catch {
            throw JournalError(error, path: path)
        }
    }

    private static func open(_ path: String) throws(JournalError) -> DatabaseQueue {
        var configuration = Configuration()
        configuration.label = "baton.journal"
        configuration.busyMode = .timeout(5)
        // A staged batch stays open between two calls.
        configuration.allowsUnsafeTransactions = true
        do {
            return try DatabaseQueue(path: path, configuration: configuration)
        } catch {
            throw JournalError(error, path: path)
        }
    }

    private static func prepare(_ db: Database) throws {
        try db.execute(sql: "PRAGMA page_size = \(pageByteCount)")
        let mode = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
        guard mode == "wal" else {
            throw DatabaseError(message: "the file system does not support SQLite's WAL")
        }
        try db.execute(
            sql: """
                PRAGMA synchronous = FULL;
                PRAGMA mmap_size = 0;
                PRAGMA temp_store = MEMORY;
                PRAGMA cache_size = -\(cacheKibibytes);
                PRAGMA wal_autocheckpoint = \(checkpointPages);
                PRAGMA journal_size_limit = 67108864;
                """)
        var persist: Int32 = 1
        let connection = unsafe db.sqliteConnection
        _ = unsafe sqlite3_file_control(connection, nil, SQLITE_FCNTL_PERSIST_WAL, &persist)
    }

    package static var schemaVersion: Int { Schema.version }

    /// Lets SQLite count none of its memory, which costs it a lock at each allocation. That holds
    /// for the whole process: it is for a program that has no other use of SQLite, before its first
    /// one and before any thread. A service that embeds a coordinator keeps its own setting.
    package static func keepNoMemoryStatistics() {
        let code = csqlite_keep_no_memory_statistics()
        precondition(code == SQLITE_OK, "SQLite is in use already, and takes no settings any more.")
    }

    /// 64 random bits, for the id of a new log.
    package static func randomID() -> [UInt8] { Array(TicketKey.random().prefix(8)) }

    /// SHA-256 as hexadecimal text.
    package static func digest(of text: String) -> String { Schema.digest(text) }

    /// Whether the log has been opened with its first event.
    package var isNew: Bool { logID.isEmpty }

    /// Names a new log, once; its `log.opened` must follow.
    package func name(id: String, origin: String) throws(JournalError) {
        precondition(isNew, "a log keeps its name")
        do {
            try queue.write { db in
                try db.execute(
                    sql: "INSERT INTO log VALUES (1, ?, ?)", arguments: [id, origin])
            }
        } catch {
            throw JournalError(error, path: path)
        }
        logID = id
        self.origin = origin
    }

    // MARK: - Reading the state back

    /// The state at the end of the log: the newest usable snapshot and the events after it.
    package func restore() throws(JournalError) -> Registry {
        do {
            let (registry, folded) = try queue.read { db in try Self.restore(db, path: path) }
            // A batch that was taken back had leaves in the tree.
            if let evidence, evidence.isStale { try queue.inDatabase { try evidence.load($0) } }
            // Many short runs together must not make the tail longer than one long run may.
            eventsSinceSnapshot = folded < Self.foldedMaximum ? folded : Self.snapshotInterval
            return registry
        } catch {
            throw JournalError(error, path: path)
        }
    }

    // MARK: - Writing

    /// Writes what is new in a growing batch, without making it durable: so that the work is done
    /// while more may arrive. `append` with the whole batch must follow.
    ///
    /// Throws `notWritten` when nothing of the batch was written.
    package func stage(_ batch: [AppliedEvent], boot: String) throws(JournalError) {
        // This connection has no other user. GRDB's queue is needed where a transaction ends, and
        // that ends none.
        if let writer { return try writer.stage(batch, boot: boot) }
        try write { writer throws(JournalError) in try writer.stage(batch, boot: boot) }
    }

    /// Makes a batch durable: one transaction, fsynced. The events are those that followed from the
    /// last batch; `state` is the state after them.
    ///
    /// Throws `notWritten` when nothing of it was written, and `outcomeUnknown` when COMMIT failed:
    /// then the process must end without a word to anyone, and read the log again.
    package func append(
        _ batch: [AppliedEvent], state: borrowing Registry
    ) throws(JournalError) {
        guard !batch.isEmpty else { return }
        eventsSinceSnapshot += batch.count
        // Seldom, and before the closure: the state is only borrowed.
        let snapshot = eventsSinceSnapshot >= Self.snapshotInterval ? state.snapshot() : nil
        let (boot, end) = (state.boot?.id ?? "", state.nextSequence)
        try write { writer throws(JournalError) in
            try writer.stage(batch, boot: boot)
            try writer.commit { () throws(JournalError) in
                if let snapshot { try writer.insertSnapshot(snapshot, end: end) }
                try sign(batch)
            }
        }
        evidence?.settle()
        if snapshot != nil { eventsSinceSnapshot = 0 }
    }

    func write(_ body: (BatchWriter) throws(JournalError) -> Void) throws(JournalError) {
        do {
            try queue.inDatabase { db in try body(try writer(db)) }
        } catch {
            throw JournalError(error, path: path)
        }
    }

    private func writer(_ db: Database) throws(JournalError) -> BatchWriter {
        if let writer { return writer }
        let connection = unsafe db.sqliteConnection
        guard let connection = unsafe connection else {
            throw .failed(code: SQLITE_MISUSE, message: "the database is closed")
        }
        let writer = try unsafe BatchWriter(connection, log: logID, evidence: evidence)
        self.writer = writer
        return writer
    }

    /// Stores the state, so that the next start has little to fold. Of older snapshots every one is
    /// kept: they are the way to any instant of the past.
    package func takeSnapshot(of state: borrowing Registry) throws(JournalError) {
        let (bytes, end) = (state.snapshot(), state.nextSequence)
        try write { writer throws(JournalError) in
            try writer.insertSnapshot(bytes, end: end)
        }
        eventsSinceSnapshot = 0
    }

    /// How large the database file is to become, once all that is in the WAL is written back.
    package func byteCount() throws(JournalError) -> Int64 {
        do {
            let pages = try queue.inDatabase { db in
                try Int64.fetchOne(db.cachedStatement(sql: "PRAGMA page_count"))
            }
            return (pages ?? 0) * Int64(Self.pageByteCount)
        } catch {
            throw JournalError(error, path: path)
        }
    }

    /// Closes the connection. The WAL stays.
    package func close() throws(JournalError) {
        writer = nil
        evidence = nil
        leaves = nil
        do {
            try queue.close()
        } catch {
            throw JournalError(error, path: path)
        }
    }
}

extension JournalError {
    init(_ error: any Error, path: String) {
        if let error = error as? JournalError {
            self = error
            return
        }
        if error is RowDecodingError {
            self = .damaged(path: path, detail: "a column holds what no coordinator writes")
            return
        }
        guard let error = error as? DatabaseError else {
            self = .failed(code: SQLITE_ERROR, message: "\(error)")
            return
        }
        let code = error.extendedResultCode.rawValue
        let message = error.message ?? "unknown error"
        switch error.resultCode {
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY, .SQLITE_AUTH, .SQLITE_BUSY,
            .SQLITE_LOCKED:
            self = .cannotOpen(path: path, code: code, message: message)
        case .SQLITE_NOTADB: self = .notOurs(path: path, found: message)
        case .SQLITE_CORRUPT: self = .damaged(path: path, detail: message)
        case .SQLITE_FULL, .SQLITE_IOERR: self = .notWritten(code: code, message: message)
        default: self = .failed(code: code, message: message)
        }
    }
}
