import Crypto
import GRDB
import Migrations
import Registry

/// What makes a SQLite file a Baton database, and how it comes to the present schema.
enum Schema {
    /// "Batn", in the header of the file: file(1) and SQLite show it.
    static let applicationID: Int32 = 0x4261_746e
    static var version: Int { Migrations.all.count }

    /// Refuses what is not ours before anything is written.
    static func check(_ db: Database, path: String) throws {
        let application = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
        if application == 0, found == 0, tables == 0 { return }
        guard application == applicationID else {
            throw JournalError.notOurs(
                path: path,
                found: "its application id is \(application), and it has \(tables) tables")
        }
        guard found <= version else {
            throw JournalError.newerSchema(path: path, found: found, known: version)
        }
        try checkHashes(db, upTo: found)
    }

    private static func checkHashes(_ db: Database, upTo found: Int) throws {
        for migration in Migrations.all.prefix(found) {
            let recorded = try String.fetchOne(
                db, sql: "SELECT sha256 FROM migration WHERE number = ?",
                arguments: [migration.number])
            guard recorded == digest(migration.sql) else {
                throw JournalError.editedMigration(
                    number: migration.number, name: migration.name)
            }
        }
    }

    /// Brings the file to the present schema: the missing migrations, in order, in one transaction.
    static func migrate(_ db: Database, program: String, now: Int64) throws {
        let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        guard found < version else { return }
        try db.inTransaction(.immediate) {
            try db.execute(
                sql: """
                    CREATE TABLE IF NOT EXISTS migration (
                        number INTEGER PRIMARY KEY,
                        name TEXT NOT NULL,
                        sha256 TEXT NOT NULL,
                        applied_us INTEGER NOT NULL,
                        program TEXT NOT NULL
                    ) STRICT
                    """)
            for migration in Migrations.all.dropFirst(found) {
                try db.execute(sql: migration.sql)
                try db.execute(
                    sql: "INSERT INTO migration VALUES (?, ?, ?, ?, ?)",
                    arguments: [
                        migration.number, migration.name, digest(migration.sql), now, program,
                    ])
            }
            for kind in EventKind.allCases {
                try db.execute(
                    sql: "INSERT OR IGNORE INTO kind VALUES (?, ?)",
                    arguments: [kind.rawValue, kind.name])
            }
            for outcome in Outcome.allCases {
                try db.execute(
                    sql: "INSERT OR IGNORE INTO outcome VALUES (?, ?)",
                    arguments: [outcome.rawValue, outcome.name])
            }
            try db.execute(sql: "PRAGMA application_id = \(applicationID)")
            try db.execute(sql: "PRAGMA user_version = \(version)")
            return .commit
        }
    }

    static func digest(_ sql: String) -> String {
        Hexadecimal.text(SHA256.hash(data: Array(sql.utf8)))
    }
}
