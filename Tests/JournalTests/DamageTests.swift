import Evidence
import Foundation
import GRDB
import Registry
import TestSupport
import Testing

@testable import Journal

/// Random damages to what a checkpoint covers: one bit, a deleted row, two contents exchanged. Each
/// must be found. `BATON_DAMAGES=10000` does more of them.
struct DamageTests {
    private static let count =
        Int(ProcessInfo.processInfo.environment["BATON_DAMAGES"] ?? "") ?? 300

    private enum Damage: CaseIterable {
        case bitOfBody, bitOfBodyAndTiles, bitOfColumn, deletedEvent, exchangedBodies
        case bitOfTile, deletedTile, exchangedTiles
        case bitOfNote, bitOfSize, deletedCheckpoint, exchangedNotes
    }

    private func log() throws -> Log {
        let log = try Log()
        try log.keepEvidence()
        for _ in 0..<6 {
            log.now += 2_000_000
            log.fill(150)
            try log.append()
        }
        log.perform(.stop(pid: 1, epoch: 1))
        try log.append()
        try log.journal.close()
        return log
    }

    @Test(.timeLimit(.minutes(30)))
    func `every damage to events, tiles and checkpoints is found`() throws {
        let log = try log()
        let copy = try Damaged(log)
        let reader = try LogReader(path: copy.path)
        var options = Verification.Options()
        options.isDeep = true
        #expect(try Verification.run(reader, options).findings == [])
        var generator = SeededGenerator(seed: 6)
        var counts: [Damage: Int] = [:]
        var done = 0
        while done < Self.count {
            let damage = Damage.allCases[done % Damage.allCases.count]
            guard let made = try apply(damage, to: copy, &generator) else { continue }
            // What is no evidence costs ten times as much to verify, and is only looked at then.
            options.isDeep = damage == .bitOfColumn
            let report = try Verification.run(reader, options)
            #expect(!report.findings.isEmpty, "\(damage), the \(done)th")
            #expect(report.findings.allSatisfy { $0.kind == .tampered })
            if let event = made.event {
                let named = report.findings.first?.events
                #expect(named?.contains(event) == true, "\(damage) of \(event): \(report.findings)")
            }
            try copy.write(made.repair)
            counts[damage, default: 0] += 1
            done += 1
        }
        options.isDeep = true
        #expect(try Verification.run(reader, options).findings == [], "all was repaired")
        #expect(counts.count == Damage.allCases.count)
    }

    private struct Made {
        let repair: (Database) throws -> Void
        /// The first event that is not what it was, where it is events that were damaged.
        var event: UInt64?
    }

    /// Nil when the damage changes nothing, or cannot be done.
    private func apply(
        _ damage: Damage, to copy: Damaged, _ generator: inout SeededGenerator
    ) throws -> Made? {
        switch damage {
        case .bitOfBody: try bit("event", "body", "seq", copy, &generator)
        case .bitOfBodyAndTiles: try bitAndTiles(copy, &generator)
        case .bitOfTile: try bit("tile", "hashes", "number", copy, &generator)
        case .bitOfNote: try bit("checkpoint", "note", "number", copy, &generator)
        case .bitOfColumn:
            try bit(
                "event",
                [
                    "seq", "time_us", "mono_us", "kind", "outcome", "handoff", "actor", "target",
                    "socket",
                ].randomElement(using: &generator) ?? "seq",
                "seq", copy, &generator)
        case .bitOfSize:
            try bit(
                "checkpoint", Bool.random(using: &generator) ? "size" : "number", "number", copy,
                &generator)
        case .deletedEvent: try delete("event", "seq", copy, &generator)
        case .deletedTile: try delete("tile", "number", copy, &generator)
        case .deletedCheckpoint: try delete("checkpoint", "number", copy, &generator)
        case .exchangedBodies: try exchange("event", "body", "seq", copy, &generator)
        case .exchangedTiles: try exchange("tile", "hashes", "number", copy, &generator)
        case .exchangedNotes: try exchange("checkpoint", "note", "number", copy, &generator)
        }
    }

    private func row(
        _ table: String, _ key: String, _ db: Database, _ generator: inout SeededGenerator
    ) throws -> Row {
        let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0
        let place = Int.random(in: 0..<count, using: &generator)
        return try #require(
            try Row.fetchOne(
                db, sql: "SELECT * FROM \(table) ORDER BY \(key) LIMIT 1 OFFSET \(place)"))
    }

    private func restore(
        _ table: String, _ row: Row, where key: String, _ now: DatabaseValue
    ) -> Made {
        Made { db in
            try db.execute(sql: "DELETE FROM \(table) WHERE \(key) = ?", arguments: [now])
            try insert(table, row, db)
        }
    }

    private func insert(_ table: String, _ row: Row, _ db: Database) throws {
        let marks = row.databaseValues.map { _ in "?" }.joined(separator: ",")
        try db.execute(
            sql: "INSERT INTO \(table) VALUES (\(marks))",
            arguments: StatementArguments(row.databaseValues))
    }

    /// What somebody does who knows the format: the tiles agree with the body again.
    private func bitAndTiles(
        _ copy: Damaged, _ generator: inout SeededGenerator
    ) throws -> Made? {
        guard var made = try bit("event", "body", "seq", copy, &generator) else { return nil }
        let tiles = try copy.write { db in try Row.fetchAll(db, sql: "SELECT * FROM tile") }
        try copy.makeTilesAnew()
        let repair = made.repair
        made = Made(
            repair: { db in
                try repair(db)
                try db.execute(sql: "DELETE FROM tile")
                for row in tiles { try insert("tile", row, db) }
            }, event: made.event)
        return made
    }

    /// Of which event a row is whose body was damaged.
    private static func event(_ table: String, _ column: String, _ row: Row) -> UInt64? {
        table == "event" && column == "body" ? UInt64(row["seq"] as Int64) : nil
    }

    private func bit(
        _ table: String, _ column: String, _ key: String, _ copy: Damaged,
        _ generator: inout SeededGenerator
    ) throws -> Made? {
        try copy.write { db in
            let row = try row(table, key, db, &generator)
            let changed: DatabaseValue
            switch (row[column] as DatabaseValue).storage {
            case .blob(let data):
                changed = Self.flipped(Array(data), &generator).map { Data($0) }.databaseValue
            case .string(let text):
                // What is no UTF-8 any more cannot be stored as text.
                let bytes = Self.flipped(Array(text.utf8), &generator) ?? []
                guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
                changed = text.databaseValue
            case .int64(let number):
                changed =
                    (number ^ (1 << Int64.random(in: 0..<63, using: &generator)))
                    .databaseValue
            default: return nil
            }
            let known: DatabaseValue = row[key]
            do {
                try db.execute(
                    sql: "UPDATE \(table) SET \(column) = ? WHERE \(key) = ?",
                    arguments: [changed, known])
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
                return nil
            }
            var made = restore(table, row, where: key, column == key ? changed : known)
            made.event = Self.event(table, column, row)
            return made
        }
    }

    private static func flipped(
        _ bytes: [UInt8], _ generator: inout SeededGenerator
    ) -> [UInt8]? {
        var bytes = bytes
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        return bytes
    }

    private func delete(
        _ table: String, _ key: String, _ copy: Damaged, _ generator: inout SeededGenerator
    ) throws -> Made? {
        try copy.write { db in
            let row = try row(table, key, db, &generator)
            let known: DatabaseValue = row[key]
            try db.execute(sql: "DELETE FROM \(table) WHERE \(key) = ?", arguments: [known])
            var made = restore(table, row, where: key, known)
            made.event = Self.event(table, "body", row)
            return made
        }
    }

    private func exchange(
        _ table: String, _ column: String, _ key: String, _ copy: Damaged,
        _ generator: inout SeededGenerator
    ) throws -> Made? {
        try copy.write { db in
            let rows = [
                try row(table, key, db, &generator), try row(table, key, db, &generator),
            ]
            guard rows[0] != rows[1] else { return nil }
            for (row, other) in zip(rows, rows.reversed()) {
                try db.execute(
                    sql: "UPDATE \(table) SET \(column) = ? WHERE \(key) = ?",
                    arguments: [other[column] as DatabaseValue, row[key] as DatabaseValue])
            }
            let made = rows.map { restore(table, $0, where: key, $0[key]) }
            return Made(
                repair: { db in for one in made { try one.repair(db) } },
                event: rows.compactMap { Self.event(table, column, $0) }.min())
        }
    }
}
