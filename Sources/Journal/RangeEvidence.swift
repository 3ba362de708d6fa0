package import Evidence
import Foundation
import GRDB
import Registry

/// What proves events that follow one another to whoever has one of the log's keys, and neither
/// the log nor its tiles.
package struct RangeEvidence: Sendable {
    /// The newest checkpoint, which the log's present key has signed.
    package let stored: StoredCheckpoint
    /// The key that signed first.
    package let firstKey: VerifierKey
    /// How each other key came to sign.
    package let takeovers: [KeyTakeover]
    /// How many of the events the checkpoint covers, from the first of them on.
    package let covered: UInt64
    /// What the checkpoint's tree has beside them; empty when it covers none.
    package let path: [TreeHash]
}

/// That a key took over from the one before it: the event that names it, and the proof of that
/// event by a checkpoint which both have signed.
///
/// Two signatures under one note would not be enough: anybody can add another one to it.
package struct KeyTakeover: Equatable, Sendable {
    /// Of the `key.rotated`.
    package let body: [UInt8]
    package let proof: EventProof

    package init(body: [UInt8], proof: EventProof) {
        self.body = body
        self.proof = proof
    }

    /// The key that took over from `key`; nil where this does not prove it.
    package func key(after key: VerifierKey, log: String) -> VerifierKey? {
        let decoded: DecodedEvent
        do {
            decoded = try DecodedEvent(body)
        } catch {
            // What is no event names no key.
            return nil
        }
        guard decoded.log == log, decoded.event.sequence == proof.index,
            case .keyRotated(let text) = decoded.event.content,
            let next = VerifierKey(text), next.name == key.name, next != key,
            proof.proves(body, by: key), proof.note.isSignedOnly(by: [key, next])
        else { return nil }
        return next
    }
}

extension LogReader {
    /// The evidence for events; nil where nothing is signed. Reads only.
    package func evidence(of range: Range<UInt64>) throws(JournalError) -> RangeEvidence? {
        try read { db in
            // A log of an older program has no such tables.
            guard try db.tableExists("checkpoint"),
                let stored = try StoredCheckpoint.find(db, path: path)
            else { return nil }
            let keys = try StoredTree.signingKeys(db, path: path)
            guard let firstKey = keys.first else {
                throw JournalError.damaged(
                    path: path, detail: "the keys that signed it are missing")
            }
            let size = stored.checkpoint.size
            let covered = range.clamped(to: 0..<size)
            let tree = StoredTree(db: db, path: path, size: size)
            return RangeEvidence(
                stored: stored, firstKey: firstKey, takeovers: try takeovers(db, keys),
                covered: UInt64(covered.count),
                path: covered.isEmpty ? [] : try tree.proofs.range(covered, size: size))
        }
    }

    /// A checkpoint of ours has two signatures, which are its sixth line, only where a key took
    /// over; the event is of the same batch.
    private func takeovers(_ db: Database, _ keys: [VerifierKey]) throws -> [KeyTakeover] {
        guard keys.count > 1 else { return [] }
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT *, (SELECT coalesce(max(size), 0) FROM checkpoint AS other
                    WHERE other.number = checkpoint.number - 1) AS known
                FROM checkpoint WHERE length(note) - length(replace(note, char(10), '')) > 5
                ORDER BY number
                """)
        let takeovers = try zip(keys.dropFirst(), rows).compactMap { key, row in
            try takeover(db, key, try StoredCheckpoint.read(row, path: path), from: row["known"])
        }
        guard takeovers.count == keys.count - 1 else {
            throw JournalError.damaged(
                path: path, detail: "a signing key has taken over by no event of the log")
        }
        return takeovers
    }

    private func takeover(
        _ db: Database, _ key: VerifierKey, _ stored: StoredCheckpoint, from first: Int64
    ) throws -> KeyTakeover? {
        let size = stored.checkpoint.size
        guard
            let (index, body) = try KeyTakeover.event(
                db, naming: key, in: UInt64(clamping: first)..<size)
        else { return nil }
        let path = try StoredTree(db: db, path: path, size: size).proofs
            .inclusion(of: index, size: size)
        return KeyTakeover(
            body: body, proof: EventProof(index: index, path: path, note: stored.note))
    }
}

extension KeyTakeover {
    /// The `key.rotated` that names a key, among these events.
    static func event(
        _ db: Database, naming key: VerifierKey, in range: Range<UInt64>
    ) throws -> (index: UInt64, body: [UInt8])? {
        let rows = try Row.fetchAll(
            db, sql: "SELECT seq, body FROM event WHERE seq >= ? AND seq < ? AND kind = ?",
            arguments: [
                Int64(clamping: range.lowerBound), Int64(clamping: range.upperBound),
                EventKind.keyRotated.rawValue,
            ])
        for row in rows {
            let body = Array(row["body"] as Data)
            do throws(BodyError) {
                guard case .keyRotated(key.description) = try DecodedEvent(body).event.content
                else { continue }
            } catch {
                // What is no event names no key.
                continue
            }
            return (UInt64(row["seq"] as Int64), body)
        }
        return nil
    }
}
