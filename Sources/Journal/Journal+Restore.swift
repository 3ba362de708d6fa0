import Crypto
import Foundation
import GRDB
import Registry

extension Journal {
    /// The state after `end` events, after all of them when nil, and how many of them were folded
    /// onto the snapshot that it began with. What a start goes on from is canonical.
    static func restore(
        _ db: Database, path: String, end: UInt64? = nil, form: EventDecoder.Form = .canonical
    ) throws -> (registry: Registry, folded: Int) {
        let limit = end.map { Int64(clamping: $0) } ?? Int64.max
        var registry = try newestSnapshot(db, path: path, limit: limit)
        let begin = registry.nextSequence
        var events = try EventCursor(
            db, path: path, from: begin, below: UInt64(limit), form: form)
        while let event = try events.next() { registry.apply(event) }
        return (registry, Int(registry.nextSequence - begin))
    }

    /// The state in the newest snapshot whose format is known; the empty state without one.
    private static func newestSnapshot(
        _ db: Database, path: String, limit: Int64
    ) throws -> Registry {
        let formats = Registry.snapshotFormats
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT seq, format, sha256, state FROM snapshot
                WHERE seq <= ? AND format BETWEEN ? AND ? ORDER BY seq DESC LIMIT 1
                """,
            arguments: [limit, formats.lowerBound, formats.upperBound])
        guard let row else { return Registry() }
        let state: [UInt8] = Array(row["state"] as Data)
        guard Array(row["sha256"] as Data) == Array(SHA256.hash(data: state)) else {
            throw JournalError.damaged(path: path, detail: "a snapshot differs from its hash")
        }
        let registry: Registry
        do {
            registry = try Registry(snapshot: state, format: row["format"])
        } catch {
            throw JournalError.damaged(
                path: path, detail: "a snapshot cannot be read at byte \(error.offset)")
        }
        let number: Int64 = row["seq"]
        guard UInt64(exactly: number) == registry.nextSequence else {
            throw JournalError.damaged(
                path: path, detail: "the snapshot of event \(number) is of another")
        }
        try checkPresence(ofEventBefore: number, db, path: path)
        return registry
    }

    /// A log that ends before its snapshot has lost events, and would go on with a gap.
    private static func checkPresence(
        ofEventBefore number: Int64, _ db: Database, path: String
    ) throws {
        guard number > 0 else { return }
        let isPresent = try Bool.fetchOne(
            db, sql: "SELECT EXISTS (SELECT 1 FROM event WHERE seq = ?)", arguments: [number - 1])
        guard isPresent == true else {
            throw JournalError.damaged(
                path: path, detail: "event \(number - 1) is missing or misplaced")
        }
    }
}
