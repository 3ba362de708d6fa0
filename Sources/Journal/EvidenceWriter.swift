import Evidence
import Foundation
import GRDB
import GRDBSQLite

/// Keeps the evidence of the events as they are written: the right edge of the tree, full tiles,
/// and signed checkpoints, all in the transaction of the events that they cover.
@safe final class EvidenceWriter {
    /// At most so often a checkpoint is signed: signing costs as much as some ten events.
    static let intervalMicroseconds: Int64 = 1_000_000
    /// But one for each so many events, so that little is uncovered after a crash.
    static let eventMaximum: UInt64 = 4_096
    /// Tiles of events that were written without evidence are made in transactions of this many
    /// events, some 0.2 s each.
    private static let catchUpEvents: UInt64 = 65_536

    private let path: String
    private let origin: String
    private(set) var key: SigningKey
    /// The key that signs from the next `key.rotated` on.
    var nextKey: SigningKey?
    private var tree = Tree()
    /// Whether a batch was taken back of which the tree has leaves.
    private(set) var isStale = true
    /// The newest checkpoint that is durable.
    private(set) var latest: StoredCheckpoint?
    private var pending: StoredCheckpoint?
    /// How many checkpoints are durable: the number of the next.
    private(set) var number: Int64 = 0
    private var keyNumber: Int64 = 0
    private var pendingKeys: Int64 = 0
    /// CLOCK_BOOTTIME of the last signature; nil before this coordinator's first.
    private(set) var signedMicroseconds: Int64?

    private let insertTile: Statement
    private let insertCheckpoint: Statement
    private let insertKey: Statement

    init(
        _ connection: OpaquePointer, path: String, origin: String, key: SigningKey,
        nextKey: SigningKey?
    ) throws(JournalError) {
        self.path = path
        self.origin = origin
        self.key = key
        self.nextKey = nextKey
        insertTile = try unsafe Statement(
            connection, "INSERT INTO tile VALUES (?1, ?2, ?3)")
        insertCheckpoint = try unsafe Statement(
            connection, "INSERT INTO checkpoint VALUES (?1, ?2, ?3)")
        insertKey = try unsafe Statement(connection, "INSERT INTO signing_key VALUES (?1, ?2)")
    }

    // MARK: - Writing

    /// How many events no checkpoint covers.
    var uncovered: UInt64 { tree.size - (latest?.checkpoint.size ?? 0) }

    /// Takes in the next event, in its transaction.
    func note(_ body: Span<UInt8>) throws(JournalError) {
        precondition(!isStale, "the tree is read back before more is written")
        try tree.append(.leaf(body)) { (level, number, hashes) throws(JournalError) in
            try insert(level, number, hashes)
        }
    }

    private func insert(
        _ level: Int, _ number: UInt64, _ hashes: [TreeHash]
    ) throws(JournalError) {
        insertTile.bind(1, Int64(level))
        insertTile.bind(2, number)
        try insertTile.run(blob: 3, TreeHash.bytes(of: hashes).span)
    }

    func isDue(at bootMicroseconds: Int64) -> Bool {
        guard uncovered > 0 else { return false }
        guard uncovered < Self.eventMaximum, let signedMicroseconds else { return true }
        return bootMicroseconds - signedMicroseconds >= Self.intervalMicroseconds
    }

    /// Signs all events so far, in their transaction; by both keys when the next one takes over.
    func writeCheckpoint(
        at bootMicroseconds: Int64, rotating: Bool
    ) throws(JournalError) {
        let checkpoint = Checkpoint(origin: origin, size: tree.size, root: tree.root)
        let keys = rotating ? [key] + [nextKey].compactMap(\.self) : [key]
        let note: SignedNote
        do {
            note = try checkpoint.signed(by: keys)
        } catch {
            throw .failed(code: SQLITE_ERROR, message: "a checkpoint cannot be signed: \(error)")
        }
        insertCheckpoint.bind(1, number)
        insertCheckpoint.bind(2, checkpoint.size)
        insertCheckpoint.bind(3, note.description)
        try insertCheckpoint.run()
        // The first key is written with the first checkpoint: where there is a key, something was
        // signed.
        let added = keyNumber == 0 ? keys : Array(keys.dropFirst())
        for (offset, key) in added.enumerated() {
            insertKey.bind(1, keyNumber + Int64(offset))
            insertKey.bind(2, key.verifier.description)
            try insertKey.run()
        }
        pendingKeys = Int64(added.count)
        pending = StoredCheckpoint(checkpoint: checkpoint, note: note)
        signedMicroseconds = bootMicroseconds
    }

    /// What was written is durable.
    func settle() {
        guard let pending else { return }
        latest = pending
        self.pending = nil
        number += 1
        keyNumber += pendingKeys
        guard pending.note.signatures.count > 1, let nextKey else { return }
        key = nextKey
        self.nextKey = nil
    }

    /// The transaction was taken back: `load` must follow before more is written.
    func forget() {
        pending = nil
        nextKey = nil
        isStale = true
    }

    // MARK: - Taking it up again

    /// Reads the right edge back, and compares it with the newest checkpoint. In no transaction.
    func load(_ db: Database) throws {
        let size = try LogReader.eventCount(db)
        let tiles = try Int64.fetchOne(
            db, sql: "SELECT coalesce(max(number) + 1, 0) FROM tile WHERE level = 0")
        let tiled = UInt64(tiles ?? 0) * UInt64(Tree.tileWidth)
        try loadCheckpoint(db, size: size, tiled: tiled)
        let stored = StoredTree(db: db, path: path, size: tiled)
        tree = try Tree(size: tiled) { try stored.hash(level: $0, index: $1) }
        while tree.size < size {
            try catchUp(db, end: min(size, tree.size + Self.catchUpEvents))
        }
        try compareRoot(db)
        try loadKeys(db)
        try checkStops(db)
        isStale = false
    }

    private func loadCheckpoint(_ db: Database, size: UInt64, tiled: UInt64) throws {
        latest = try StoredCheckpoint.find(db, path: path)
        number =
            try Int64.fetchOne(
                db, sql: "SELECT coalesce(max(number) + 1, 0) FROM checkpoint") ?? 0
        let covered = latest?.checkpoint.size ?? 0
        guard covered <= size, tiled <= size else {
            throw JournalError.damaged(
                path: path,
                detail: "its evidence covers \(max(covered, tiled)) events, and it has \(size)")
        }
        let tileCount = Tree.fullTiles(level: 0, size: covered)
        guard tiled / UInt64(Tree.tileWidth) >= tileCount else {
            throw JournalError.damaged(
                path: path,
                detail: "tile 0/\(tiled / UInt64(Tree.tileWidth)) is missing")
        }
    }

    /// Adds leaves from the bodies: of the last tile, or of what was written without evidence.
    private func catchUp(_ db: Database, end: UInt64) throws {
        // Deferred: where no tile becomes full nothing is written, and no lock is waited for.
        try db.inTransaction(.deferred) {
            let bodies = try Row.fetchCursor(
                db, sql: "SELECT seq, body FROM event WHERE seq >= ? AND seq < ? ORDER BY seq",
                arguments: [Int64(tree.size), Int64(end)])
            while let row = try bodies.next() {
                guard row.integer("seq") == Int64(tree.size) else { break }
                try tree.append(.leaf(row.bytes("body") ?? []), full: insert)
            }
            return .commit
        }
        guard tree.size == end else {
            throw JournalError.damaged(path: path, detail: "event \(tree.size) is missing")
        }
    }

    private func compareRoot(_ db: Database) throws {
        guard let checkpoint = latest?.checkpoint else { return }
        let stored = StoredTree(db: db, path: path, size: tree.size)
        guard try stored.proofs.root(checkpoint.size) == checkpoint.root,
            checkpoint.origin == origin
        else {
            throw JournalError.damaged(
                path: path, detail: "its events are not those that it has signed")
        }
    }

    /// An orderly stop is signed in its own transaction. One after the newest checkpoint was
    /// written by nobody, or its checkpoint was deleted, so that the events before it could be
    /// changed: signed here, they would be those that were signed.
    private func checkStops(_ db: Database) throws {
        guard keyNumber > 0 else { return }
        var periods = EvidencePeriods()
        let rows = try Row.fetchCursor(
            db, sql: "SELECT seq, body FROM event WHERE seq >= ? ORDER BY seq",
            arguments: [Int64(latest?.checkpoint.size ?? 0)])
        while let row = try rows.next() {
            let body = row.bytes("body") ?? []
            switch EventMark(body.span) {
            case .configuration: periods.note(body)
            case .stop where periods.keepsEvidence:
                throw JournalError.damaged(
                    path: path,
                    detail: """
                        event \(row.integer("seq") ?? 0) is an orderly stop, and its checkpoint is \
                        missing
                        """)
            case .stop, .keyRotation, nil: break
            }
        }
    }

    /// The key must be the log's, or become it.
    private func loadKeys(_ db: Database) throws {
        let known = try StoredTree.signingKeys(db, path: path)
        keyNumber = Int64(known.count)
        guard let last = known.last else {
            nextKey = nil
            return
        }
        // A rotation that was interrupted between its commit and the change of the file.
        if let nextKey, nextKey.verifier == last {
            key = nextKey
        }
        nextKey = nil
        guard key.verifier == last else {
            throw JournalError.otherKey(path: path, known: last.description)
        }
        if let latest, !latest.note.isSigned(by: last) {
            throw JournalError.damaged(
                path: path, detail: "its newest checkpoint is not signed by its key")
        }
    }
}
