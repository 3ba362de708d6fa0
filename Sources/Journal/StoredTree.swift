package import Evidence
import Foundation
import GRDB

/// The tree as the database has it: hashes from full tiles, and at the right edge from the bodies.
struct StoredTree {
    let db: Database
    let path: String
    /// How many events the tree is over.
    let size: UInt64

    /// One hash of a level: of an event, or of a full tile of the level below.
    func hash(level: Int, index: UInt64) throws -> TreeHash {
        let width = UInt64(Tree.tileWidth)
        if index / width < Tree.fullTiles(level: level, size: size) {
            return try tile(level, index / width)[Int(index % width)]
        }
        guard level > 0 else { return .leaf(try body(index)) }
        return Tree.root(ofComplete: try tile(level - 1, index))
    }

    /// The complete subtree of a height, by its index in the row of that height.
    func subtree(height: Int, index: UInt64) throws -> TreeHash {
        let level = height / Tree.tileHeight
        let count = UInt64(1) << UInt64(height % Tree.tileHeight)
        let width = UInt64(Tree.tileWidth)
        let begin = index * count
        if begin / width < Tree.fullTiles(level: level, size: size) {
            let hashes = try tile(level, begin / width)
            return Tree.root(ofComplete: hashes[Int(begin % width)...].prefix(Int(count)))
        }
        return Tree.root(
            ofComplete: try (begin..<begin + count).map { try hash(level: level, index: $0) })
    }

    var proofs: ProofMaker<any Error> { ProofMaker { try subtree(height: $0, index: $1) } }

    /// The hashes of a full tile.
    private func tile(_ level: Int, _ number: UInt64) throws -> [TreeHash] {
        guard let hashes = try Self.tile(db, level, number) else {
            throw JournalError.damaged(path: path, detail: "tile \(level)/\(number) is missing")
        }
        return hashes
    }

    static func tile(_ db: Database, _ level: Int, _ number: UInt64) throws -> [TreeHash]? {
        let statement = try db.cachedStatement(
            sql: "SELECT hashes FROM tile WHERE level = ? AND number = ?")
        let data = try Data.fetchOne(statement, arguments: [level, Int64(number)])
        guard let data, data.count == Tree.tileWidth * TreeHash.byteCount else { return nil }
        let bytes = Array(data)
        return stride(from: 0, to: bytes.count, by: TreeHash.byteCount).compactMap {
            TreeHash(bytes[$0..<$0 + TreeHash.byteCount])
        }
    }

    static func signingKeys(_ db: Database, path: String) throws -> [VerifierKey] {
        let sql = "SELECT CAST(key AS BLOB) AS key FROM signing_key ORDER BY number"
        return try Row.fetchAll(db, sql: sql).map { row in
            guard let key = row.text("key").flatMap({ VerifierKey($0) }) else {
                throw JournalError.damaged(path: path, detail: "a signing key cannot be read")
            }
            return key
        }
    }

    func body(_ index: UInt64) throws -> [UInt8] {
        let statement = try db.cachedStatement(sql: "SELECT body FROM event WHERE seq = ?")
        guard let body = try Data.fetchOne(statement, arguments: [Int64(index)]) else {
            throw JournalError.damaged(path: path, detail: "event \(index) is missing")
        }
        return Array(body)
    }
}

/// A signed checkpoint, as it is stored.
package struct StoredCheckpoint: Sendable, Equatable {
    package let checkpoint: Checkpoint
    package let note: SignedNote

    /// Nil unless the text is that of a signed checkpoint.
    package init?(_ text: String) {
        guard let note = SignedNote(text), let checkpoint = Checkpoint(note.text) else {
            return nil
        }
        self.init(checkpoint: checkpoint, note: note)
    }

    init(checkpoint: Checkpoint, note: SignedNote) {
        self.checkpoint = checkpoint
        self.note = note
    }

    static let select = "SELECT number, size, CAST(note AS BLOB) AS note FROM checkpoint"

    /// One that is stored; every note in the database is ours.
    static func read(_ row: Row, path: String) throws -> StoredCheckpoint {
        guard let stored = row.text("note").flatMap({ StoredCheckpoint($0) }),
            row.integer("size") == Int64(exactly: stored.checkpoint.size)
        else {
            let number = row.integer("number").map { " \($0)" } ?? ""
            throw JournalError.damaged(path: path, detail: "checkpoint\(number) cannot be read")
        }
        return stored
    }

    /// The newest one, or the first that covers an event.
    static func find(
        _ db: Database, path: String, covering event: UInt64? = nil
    ) throws -> StoredCheckpoint? {
        let row = try Row.fetchOne(
            db, sql: "\(select) WHERE size > ? ORDER BY number DESC LIMIT 1",
            arguments: [event.map { Int64(clamping: $0) } ?? -1])
        return try row.map { try read($0, path: path) }
    }
}
