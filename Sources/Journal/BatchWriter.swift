import Crypto
import GRDBSQLite
package import Registry

/// Writes batches of events with their projections: the hot path.
///
/// A handoff passes several states within one batch when clients are quick. Its row is written once
/// for each batch, with where it ended up.
@safe final class BatchWriter {
    private let connection: OpaquePointer
    private var encoder: EventEncoder
    private let begin: Statement
    private let commitStatement: Statement
    private let rollback: Statement
    private let insertEvent: Statement
    private let insertSnapshot: Statement
    private var projections: Projections
    private let evidence: EvidenceWriter?
    private var chunks: ChunkWriter
    /// How many events of the present batch are in the open transaction.
    private var staged = 0

    init(
        _ connection: OpaquePointer, log: String, evidence: EvidenceWriter? = nil
    ) throws(JournalError) {
        unsafe self.connection = connection
        self.evidence = evidence
        encoder = EventEncoder(log: log)
        begin = try unsafe Statement(connection, "BEGIN IMMEDIATE")
        commitStatement = try unsafe Statement(connection, "COMMIT")
        rollback = try unsafe Statement(connection, "ROLLBACK")
        insertEvent = try unsafe Statement(
            connection,
            """
            INSERT INTO event
                (seq, time_us, mono_us, kind, outcome, reason, handoff, actor, target, socket, body)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            """)
        insertSnapshot = try unsafe Statement(
            connection, "INSERT OR REPLACE INTO snapshot VALUES (?1, ?2, ?3, ?4)")
        projections = try unsafe Projections(connection)
        chunks = try unsafe ChunkWriter(connection)
    }

    /// Writes the events of the batch that are not written yet, in a transaction that stays open.
    /// When it throws, nothing of the whole batch has happened.
    func stage(_ batch: [AppliedEvent], boot: String) throws(JournalError) {
        do throws(JournalError) {
            if staged == 0, !batch.isEmpty { try begin.run() }
            for index in staged..<batch.count {
                try insert(batch[index].event)
                try projections.note(batch[index].event, batch[index].applied, boot: boot)
            }
            staged = batch.count
        } catch {
            throw abandon(because: error)
        }
    }

    /// Ends the transaction of a staged batch. `last` writes what goes along with it.
    func commit(_ last: () throws(JournalError) -> Void) throws(JournalError) {
        do throws(JournalError) {
            try projections.flush()
            try last()
        } catch {
            throw abandon(because: error)
        }
        do throws(JournalError) {
            try commitStatement.run()
            staged = 0
        } catch {
            // SQLite says BUSY before it has written anything; every other failure leaves open
            // whether the WAL's commit record reached the disk.
            guard case .failed(let code, let message) = error, code & 0xff != SQLITE_BUSY else {
                throw abandon(because: error)
            }
            throw .outcomeUnknown(code: code, message: message)
        }
    }

    /// Writes what belongs to no batch, durably. Nothing may be staged.
    func writeAlone(_ body: () throws(JournalError) -> Void) throws(JournalError) {
        precondition(staged == 0, "a staged batch is committed first")
        do throws(JournalError) {
            try begin.run()
        } catch {
            throw abandon(because: error)
        }
        try commit(body)
    }

    func insertSnapshot(_ bytes: [UInt8], end: UInt64) throws(JournalError) {
        insertSnapshot.bind(1, Int64(end))
        insertSnapshot.bind(2, Int64(Registry.snapshotFormat))
        insertSnapshot.bind(3, blob: Array(SHA256.hash(data: bytes)))
        try insertSnapshot.run(blob: 4, bytes.span)
    }

    /// Takes the open transaction back, and says what that means.
    private func abandon(because error: JournalError) -> JournalError {
        projections.forget()
        evidence?.forget()
        chunks.forget()
        staged = 0
        do throws(JournalError) {
            // Some failures have rolled back already: a second ROLLBACK has nothing to do.
            if unsafe sqlite3_get_autocommit(connection) == 0 { try rollback.run() }
        } catch {
            return error
        }
        guard case .failed(let code, let message) = error else { return error }
        return .notWritten(code: code, message: message)
    }

    private func insert(_ event: Event) throws(JournalError) {
        let columns = EventColumns(event)
        insertEvent.bind(1, Int64(event.sequence))
        insertEvent.bind(2, event.time.wallMicroseconds)
        insertEvent.bind(3, event.time.bootMicroseconds)
        insertEvent.bind(4, Int64(columns.kind.rawValue))
        insertEvent.bind(5, Int64(columns.kind.outcome.rawValue))
        insertEvent.bind(6, columns.reason)
        insertEvent.bind(7, columns.handoff)
        insertEvent.bind(8, columns.actor)
        insertEvent.bind(9, columns.target)
        insertEvent.bind(10, columns.socket)
        let (insertEvent, evidence) = (insertEvent, evidence)
        try encoder.withEncoded(event) { body throws(JournalError) in
            try insertEvent.run(blob: 11, body)
            try evidence?.note(body)
        }
        try chunks.note(event, columns)
    }
}

/// The typed columns of an event; each can be derived from its body.
package struct EventColumns: Equatable {
    package var kind: EventKind
    package var reason: String?
    package var handoff: UInt64?
    /// The process that did it, that was seen, or that exited.
    package var actor: UInt64?
    package var target: UInt64?
    package var socket: UInt64?

    package init(_ event: Event) {
        kind = event.content.kind
        switch event.content {
        case .processSeen: actor = event.sequence
        case .processExited(let process, _): actor = process
        case .socketSeen: socket = event.sequence
        case .socketMarked(let number, let process, _),
            .notificationSelected(let process, let number, _),
            .notificationCancelled(let process, let number, _, _):
            (actor, socket) = (process, number)
        case .handoffIssued(let issued):
            (handoff, actor) = (event.sequence, issued.actor)
            (target, socket) = (issued.target, issued.socket)
        case .handoffRefused(let refused):
            (actor, target) = (refused.actor, refused.asked.target)
            (socket, reason) = (refused.asked.socket, refused.reason.name)
        case .handoffReserved(let reserved): (handoff, actor) = (reserved.handoff, reserved.actor)
        case .redemptionRefused(let refused):
            (handoff, actor, reason) = (refused.handoff, refused.actor, refused.reason.name)
        case .handoffDelivered(let number, _), .handoffExpired(let number): handoff = number
        case .deliveryFailed(let number, let why): (handoff, reason) = (number, why.rawValue)
        case .handoffVoided(let number, let why): (handoff, reason) = (number, why.rawValue)
        case .handoffRevoked(let revoked): (handoff, actor) = (revoked.handoff, revoked.actor)
        case .descriptorClosed(let process, let number, _): (actor, socket) = (process, number)
        case .socketReleased(let number, _): socket = number
        case .requestRefused(let refused):
            (actor, reason) = (refused.actor, refused.reason.name)
            // A number that no event can have stays in the body.
            handoff = refused.handoff.flatMap { $0 <= UInt64(Int64.max) ? $0 : nil }
        case .requestsSuppressed(let suppressed): reason = suppressed.reason.name
        case .logOpened, .logClosed, .bootObserved, .clockStepped, .coordinatorStarted,
            .coordinatorStopped, .coordinatorRecovered, .configurationChanged, .reconcileFound,
            .keeperLost, .storeFull, .keyRotated, .retentionPruned, .redactionApplied:
            break
        }
    }
}
