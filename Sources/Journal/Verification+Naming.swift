import Evidence
import Foundation
import GRDB
import Registry

// Which event it is that differs.
extension Verification {
    struct Suspect {
        let level: Int
        let number: UInt64
        /// The first hash that differs; nil when the tile is missing.
        let index: Int?
        /// Whether the coordinator wrote no tiles when its last event was written.
        let isExpected: Bool

        var name: String { "tile \(level)/\(number)" }

        /// The events of the first hash that differs.
        var events: ClosedRange<UInt64>? {
            guard let index else { return nil }
            let place = number * UInt64(Tree.tileWidth) + UInt64(index)
            let bits = UInt64(level * Tree.tileHeight)
            return place << bits...((place + 1) << bits) - 1
        }
    }

    mutating func find(_ suspect: Suspect) {
        find(
            Finding(
                suspect.index == nil
                    ? "\(suspect.name) is missing"
                    : "\(suspect.name) differs from the events that it is of"))
    }

    /// The first event that differs from what was signed, or those of which it is one. Tiles tell
    /// which, unless they were changed with it; then the form of a body may.
    func firstBad(below checkpoint: Checkpoint, _ db: Database) throws -> ClosedRange<UInt64> {
        if let events = try namedByTiles(below: checkpoint, db) { return events }
        let end = checkpoint.size
        let rows = try Row.fetchCursor(
            db, sql: "SELECT seq, body FROM event WHERE seq >= ? AND seq < ? ORDER BY seq",
            arguments: [Int64(proved), Int64(end)])
        var number = proved
        while let row = try rows.next() {
            if !hasForm(row.bytes("body") ?? [], of: number) { return number...number }
            number += 1
        }
        return proved...end - 1
    }

    private func hasForm(_ body: [UInt8], of number: UInt64) -> Bool {
        do throws(BodyError) {
            let decoded = try DecodedEvent(body)
            // Where the log's own name is in doubt, that of an event says nothing.
            return decoded.event.sequence == number && (isMisnamed || decoded.log == reader.logID)
        } catch {
            return false
        }
    }

    /// By the tiles, where some signed root proves them: this one, the first that has the tile of
    /// the last event, or the newest.
    private func namedByTiles(
        below checkpoint: Checkpoint, _ db: Database
    ) throws -> ClosedRange<UInt64>? {
        let width = UInt64(Tree.tileWidth)
        let own = goals.filter { !$0.isOlder }.map(\.stored.checkpoint)
        let next = own.first { $0.size / width > checkpoint.size / width }
        for signed in [checkpoint, next, last].compactMap(\.self) {
            if let events = try named(by: signed, below: checkpoint.size, db) { return events }
        }
        return nil
    }

    /// Where the tiles give the signed root, they are what was signed, and the events are not.
    private func named(
        by signed: Checkpoint, below end: UInt64, _ db: Database
    ) throws -> ClosedRange<UInt64>? {
        let stored = StoredTree(db: db, path: reader.path, size: signed.size)
        do {
            guard try stored.proofs.root(signed.size) == signed.root else { return nil }
        } catch let error as JournalError where error.isDamage {
            // A tile is missing as well.
            return nil
        }
        // Of those that begin with the same event the lowest is the closest.
        let events = try suspects.sorted { $0.level < $1.level }
            .filter { try isProved($0.level, $0.number, in: stored) }
            .compactMap(\.events)
            .min { $0.lowerBound < $1.lowerBound }
        return try events ?? namedByLastTile(in: stored, below: end)
    }

    /// The tile that was not full yet is by now.
    private func namedByLastTile(
        in stored: StoredTree, below end: UInt64
    ) throws -> ClosedRange<UInt64>? {
        let width = UInt64(Tree.tileWidth)
        let number = end / width
        guard number < Tree.fullTiles(level: 0, size: stored.size),
            let hashes = try StoredTree.tile(stored.db, 0, number),
            try isProved(0, number, in: stored)
        else { return nil }
        for event in max(proved, number * width)..<end
        where try TreeHash.leaf(stored.body(event)) != hashes[Int(event % width)] {
            return event...event
        }
        return nil
    }

    /// Whether a tile gives the hashes of the tiles above it, of which the last one is in the root.
    private func isProved(
        _ level: Int, _ number: UInt64, in stored: StoredTree
    ) throws -> Bool {
        var (level, number) = (level, number)
        let width = UInt64(Tree.tileWidth)
        while let hashes = try StoredTree.tile(stored.db, level, number) {
            guard number / width < Tree.fullTiles(level: level + 1, size: stored.size) else {
                return true
            }
            let above = try stored.hash(level: level + 1, index: number)
            guard above == Tree.root(ofComplete: hashes) else { return false }
            (level, number) = (level + 1, number / width)
        }
        return false
    }
}
