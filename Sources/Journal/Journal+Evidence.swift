package import Evidence
import Foundation
import GRDB
import GRDBSQLite
import Registry

extension Journal {
    /// Keeps evidence from here on: takes up the tree, makes what is missing of it, and compares it
    /// with the newest checkpoint. Before the first batch.
    ///
    /// Throws `damaged` where the log is not the one that was signed, and `otherKey` where another
    /// key has signed it.
    /// - Parameter next: the key of a rotation that may have been interrupted.
    package func keepEvidence(
        signedBy key: SigningKey, next: SigningKey? = nil
    ) throws(JournalError) {
        precondition(evidence == nil, "evidence is taken up once")
        do {
            try queue.inDatabase { db in
                let connection = unsafe db.sqliteConnection
                guard let connection = unsafe connection else {
                    throw JournalError.failed(
                        code: SQLITE_MISUSE, message: "the database is closed")
                }
                let evidence = try unsafe EvidenceWriter(
                    connection, path: path, origin: origin, key: key, nextKey: next)
                try evidence.load(db)
                self.evidence = evidence
            }
        } catch {
            throw JournalError(error, path: path)
        }
    }

    package var keepsEvidence: Bool { evidence != nil }

    /// The key that signs now.
    package var verifierKey: VerifierKey? { evidence?.key.verifier }

    /// The newest checkpoint that is durable.
    package var latestCheckpoint: StoredCheckpoint? { evidence?.latest }

    /// How many checkpoints the log has.
    package var checkpointCount: Int64 { evidence?.number ?? 0 }

    /// How many events no checkpoint covers.
    package var uncoveredEvents: UInt64 { evidence?.uncovered ?? 0 }

    /// When the next checkpoint is to be signed, on CLOCK_BOOTTIME in microseconds; nil while all
    /// events are covered.
    package var nextCheckpointMicroseconds: Int64? {
        guard let evidence, evidence.uncovered > 0 else { return nil }
        return (evidence.signedMicroseconds ?? 0) + EvidenceWriter.intervalMicroseconds
    }

    /// From the batch on that has its `key.rotated`, this key signs; that batch's checkpoint is
    /// signed by both.
    package func rotate(to key: SigningKey) {
        precondition(evidence != nil, "there is evidence to sign")
        evidence?.nextKey = key
    }

    /// Whether a rotation has begun and is not durable.
    package var isRotating: Bool { evidence?.nextKey != nil }

    /// Signs what no checkpoint covers, when it is time. No batch may be staged.
    package func signIfDue(at bootMicroseconds: Int64) throws(JournalError) {
        guard let evidence, !evidence.isStale, evidence.isDue(at: bootMicroseconds) else { return }
        try write { writer throws(JournalError) in
            try writer.writeAlone { () throws(JournalError) in
                try evidence.writeCheckpoint(at: bootMicroseconds, rotating: false)
            }
        }
        evidence.settle()
    }

    /// Signs along with a batch: when it is time, when the batch ends a run, and when it changes
    /// the key.
    func sign(_ batch: [AppliedEvent]) throws(JournalError) {
        guard let evidence, let last = batch.last?.event else { return }
        let isRotating = evidence.nextKey != nil && batch.contains { $0.event.isKeyRotation }
        let boot = last.time.bootMicroseconds
        guard isRotating || last.isEndOfRun || evidence.isDue(at: boot) else { return }
        try evidence.writeCheckpoint(at: boot, rotating: isRotating)
    }

    /// The hash of the `handoff.issued` of a handoff of which `process` is the source or the
    /// target; nil for any other. Also while a batch is staged.
    package func leaf(of handoff: UInt64, for process: UInt64) throws(JournalError) -> TreeHash? {
        guard handoff <= UInt64(Int64.max) else { return nil }
        let leaves = try leavesStatement()
        leaves.bind(1, handoff)
        leaves.bind(2, process)
        defer { leaves.reset() }
        return try leaves.step() ? leaves.withBlob(0) { TreeHash.leaf($0) } : nil
    }

    private func leavesStatement() throws(JournalError) -> Statement {
        if let leaves { return leaves }
        do {
            // A staged batch keeps the connection in a transaction, in which GRDB begins no other.
            let statement = try queue.unsafeReentrantRead { db in
                let connection = unsafe db.sqliteConnection
                guard let connection = unsafe connection else {
                    throw JournalError.failed(
                        code: SQLITE_MISUSE, message: "the database is closed")
                }
                return try unsafe Statement(
                    connection,
                    """
                    SELECT body FROM handoff JOIN event ON seq = number
                    WHERE number = ?1 AND (source = ?2 OR handoff.target = ?2)
                    """)
            }
            leaves = statement
            return statement
        } catch {
            throw JournalError(error, path: path)
        }
    }

    /// How many events there are.
    package func eventCount() throws(JournalError) -> UInt64 {
        do {
            return try queue.read { db in
                UInt64(
                    try Int64.fetchOne(db, sql: "SELECT coalesce(max(seq) + 1, 0) FROM event") ?? 0)
            }
        } catch {
            throw JournalError(error, path: path)
        }
    }

    /// The keys that sign or signed, the present one last.
    package func signingKeys() throws(JournalError) -> [VerifierKey] {
        do {
            return try queue.read { db in try StoredTree.signingKeys(db, path: path) }
        } catch {
            throw JournalError(error, path: path)
        }
    }

    /// The log that this one says it continues; nil without one.
    package func cited() throws(JournalError) -> (origin: String, size: UInt64)? {
        do {
            let body = try queue.read { db in
                try Data.fetchOne(db, sql: "SELECT body FROM event WHERE seq = 0")
            }
            guard let body,
                case .logOpened(let identity) = try DecodedEvent(Array(body)).event.content,
                let origin = identity.previousOrigin, let size = identity.previousSize
            else { return nil }
            return (origin, size)
        } catch {
            throw JournalError(error, path: path)
        }
    }

    /// The root over the first `size` events, of which there must be as many.
    package func root(ofFirst size: UInt64) throws(JournalError) -> TreeHash {
        do {
            return try queue.read { db in
                let end = try Int64.fetchOne(
                    db, sql: "SELECT coalesce(max(seq) + 1, 0) FROM event")
                return try StoredTree(db: db, path: path, size: UInt64(end ?? 0)).proofs.root(size)
            }
        } catch {
            throw JournalError(error, path: path)
        }
    }
}

extension Event {
    fileprivate var isKeyRotation: Bool {
        if case .keyRotated = content { true } else { false }
    }

    /// Whether an orderly stop ends here: then a checkpoint covers all.
    var isEndOfRun: Bool {
        if case .coordinatorStopped = content { true } else { false }
    }
}
