package import Evidence
import Foundation
import GRDB

extension LogReader {
    /// The newest checkpoint; of those that cover an event, where one is named. Nil without one.
    package func checkpoint(
        covering event: UInt64? = nil
    ) throws(JournalError) -> StoredCheckpoint? {
        try read { db in try StoredCheckpoint.find(db, path: path, covering: event) }
    }

    /// The checkpoint of a number, which count from 0; nil without it.
    package func checkpoint(number: UInt64) throws(JournalError) -> StoredCheckpoint? {
        try read { db in
            try Row.fetchOne(
                db, sql: "\(StoredCheckpoint.select) WHERE number = ?",
                arguments: [Int64(clamping: number)]
            ).map { try StoredCheckpoint.read($0, path: path) }
        }
    }

    /// The checkpoints with which keys took over, in their order: each is signed by both.
    package func rotations() throws(JournalError) -> [StoredCheckpoint] {
        try read { db in
            var rotations: [StoredCheckpoint] = []
            let rows = try Row.fetchCursor(db, sql: "\(StoredCheckpoint.select) ORDER BY number")
            while let row = try rows.next() {
                let stored = try StoredCheckpoint.read(row, path: path)
                if stored.note.signatures.count > 1 { rotations.append(stored) }
            }
            return rotations
        }
    }

    /// The keys that sign or signed, the present one last.
    package func signingKeys() throws(JournalError) -> [VerifierKey] {
        try read { db in try StoredTree.signingKeys(db, path: path) }
    }

    /// A page of bodies, in the order of the events; empty where there are none.
    package func bodies(from first: UInt64, below end: UInt64) throws(JournalError) -> [[UInt8]] {
        try read { db in
            try Data.fetchAll(
                db, sql: "SELECT body FROM event WHERE seq >= ? AND seq < ? ORDER BY seq LIMIT ?",
                arguments: [Int64(clamping: first), Int64(clamping: end), Self.pageRows]
            ).map { Array($0) }
        }
    }

    /// The proof that an event is in the log, by the newest checkpoint; nil while none covers it.
    package func proof(of event: UInt64) throws(JournalError) -> EventProof? {
        try read { db in
            guard let stored = try StoredCheckpoint.find(db, path: path, covering: event) else {
                return nil
            }
            let size = stored.checkpoint.size
            let tree = StoredTree(db: db, path: path, size: size)
            return EventProof(
                index: event, path: try tree.proofs.inclusion(of: event, size: size),
                note: stored.note)
        }
    }
}
