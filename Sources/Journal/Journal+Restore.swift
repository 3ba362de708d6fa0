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
        var decoder = EventDecoder(form)
        let limit = end.map { Int64(clamping: $0) } ?? Int64.max
        var registry = try newestSnapshot(db, path: path, limit: limit)
        let begin = registry.nextSequence
        let bodies = try Row.fetchCursor(
            db, sql: "SELECT seq, body FROM event WHERE seq >= ? AND seq < ? ORDER BY seq",
            arguments: [Int64(begin), limit])
        while let row = try bodies.next() {
            let sequence: Int64 = row[0]
            let body = try Self.body(row, 1)
            let decoded: DecodedEvent
            do {
                decoded = try decoder.decode(body)
            } catch {
                throw JournalError.damaged(
                    path: path, detail: "event \(sequence) cannot be read: \(error)")
            }
            guard decoded.event.sequence == UInt64(sequence),
                decoded.event.sequence == registry.nextSequence
            else {
                throw JournalError.damaged(
                    path: path, detail: "event \(registry.nextSequence) is missing or misplaced")
            }
            registry.apply(decoded.event)
        }
        return (registry, Int(registry.nextSequence - begin))
    }

    /// A copy of a blob, as one is kept while the row goes on.
    static func body(_ row: Row, _ column: Int) throws -> [UInt8] {
        try row.withUnsafeData(atIndex: column) { data in data.map { [UInt8]($0) } ?? [] }
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
