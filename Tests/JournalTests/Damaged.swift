import Evidence
import Foundation
import GRDB

@testable import Journal

/// A copy of a log, to be damaged.
final class Damaged {
    let directory: Scratch
    let path: String
    private let queue: DatabaseQueue
    /// What stops accidents, as the migrations make it.
    private let triggers: [(name: String, sql: String)]

    init(_ log: Log) throws {
        directory = try Scratch()
        path = directory["copy.db"]
        try log.reader().backup(to: path)
        queue = try DatabaseQueue(path: path)
        triggers = try queue.read { db in
            try Row.fetchAll(db, sql: "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
                .map { ($0[0], $0[1]) }
        }
    }

    func run(_ sql: String) throws {
        try write { db in try db.execute(sql: sql) }
    }

    /// Whoever may write the file can drop the triggers, and put them back.
    func write<T>(_ body: (Database) throws -> T) throws -> T {
        try queue.writeWithoutTransaction { db in
            for trigger in triggers { try db.execute(sql: "DROP TRIGGER \(trigger.name)") }
            let result = try body(db)
            for trigger in triggers { try db.execute(sql: trigger.sql) }
            return result
        }
    }

    /// Tiles that agree with the bodies, whatever those are now.
    func makeTilesAnew() throws {
        try write { db in
            try db.execute(sql: "DELETE FROM tile")
            var tree = Tree()
            for body in try Data.fetchAll(db, sql: "SELECT body FROM event ORDER BY seq") {
                try tree.append(.leaf(Array(body))) { level, number, hashes in
                    try db.execute(
                        sql: "INSERT INTO tile VALUES (?, ?, ?)",
                        arguments: [level, Int64(number), Data(TreeHash.bytes(of: hashes))])
                }
            }
        }
    }
}
