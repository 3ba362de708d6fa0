import Migrations
import Registry
import Testing
import Transport

@testable import Journal

struct MigrationTests {
    /// What was released, for ever. A new migration adds a line; a line never changes.
    private static let released = [
        "1 m0001_log 60c876eb1ab23904cef9f734e743952a88a41daa6e8b57296ede5b46bb2ddabe",
        "2 m0002_evidence 1dd457ac8cda92ae52cb771cd010cb05848414cd6a0e1524d124933435478999",
        "3 m0003_chunks 7faba6a2f00c2dbe6b43b7158b4c5b09cbc913b862b54823594cef2da862457e",
    ]

    private func error(opening path: String) -> JournalError? {
        do throws(JournalError) {
            _ = try Log.open(path)
            return nil
        } catch {
            return error
        }
    }

    /// Opening fails, and the file is what it was.
    private func expectUntouched(_ path: String, _ check: (JournalError?) -> Bool) throws {
        let before = try SystemFiles.readFile(path, limit: 10_000_000)
        let error = error(opening: path)
        #expect(check(error), "\(String(describing: error))")
        #expect(try SystemFiles.readFile(path, limit: 10_000_000) == before)
        #expect(throws: JournalError.self) { try LogReader(path: path) }
        #expect(try SystemFiles.readFile(path, limit: 10_000_000) == before)
    }

    @Test func `migrations are numbered from 1 without gaps, and none that was released is edited`()
    {
        #expect(Migrations.all.map(\.number) == Array(1...Migrations.all.count))
        #expect(
            Migrations.all.map { "\($0.number) \($0.name) \(Journal.digest(of: $0.sql))" }
                == Self.released)
        for migration in Migrations.all {
            let digits = "000\(migration.number)".suffix(4)
            #expect(migration.name.hasPrefix("m\(digits)_"))
        }
    }

    @Test func `a digest is the SHA-256 of the text`() {
        #expect(
            Journal.digest(of: "abc")
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test func `a new file gets every migration once, and says when and by whom`() throws {
        let scratch = try Scratch()
        let path = scratch["new.db"]
        for _ in 0..<2 {
            let journal = try Log.open(path)
            #expect(journal.isNew)
            try journal.close()
        }
        #expect(
            try File.rows(path, "SELECT number, name, sha256, applied_us, program FROM migration")
                == Self.released.map { line in
                    line.split(separator: " ").joined(separator: "|")
                        + "|1700000000000000|baton test"
                })
        #expect(try File.number(path, "PRAGMA user_version") == Journal.schemaVersion)
    }

    @Test func `an empty file becomes a log`() throws {
        let scratch = try Scratch()
        try SystemFiles.writeFileExclusively(scratch["empty.db"], [], mode: 0o600)
        #expect(error(opening: scratch["empty.db"]) == nil)
    }

    @Test func `a database made with another text of a migration is not opened`() throws {
        let log = try Log()
        try log.journal.close()
        try File.change(log.path, "UPDATE migration SET sha256 = 'x' || substr(sha256, 2)")
        try expectUntouched(log.path) { error in
            error == .editedMigration(number: 1, name: "m0001_log") && error?.isDamage == true
        }
    }

    @Test func `a database of a newer program is not opened`() throws {
        let log = try Log()
        try log.journal.close()
        let newer = Journal.schemaVersion + 1
        try File.change(log.path, "PRAGMA user_version = \(newer)")
        try expectUntouched(log.path) { error in
            error == .newerSchema(path: log.path, found: newer, known: newer - 1)
        }
    }

    @Test(arguments: [
        "CREATE TABLE t (a)", "PRAGMA user_version = 1",
        "PRAGMA application_id = 1; CREATE TABLE event (seq)",
        "PRAGMA application_id = 1113683055",
    ])
    func `another program's database is not ours, and stays as it is`(_ sql: String) throws {
        let scratch = try Scratch()
        let path = scratch["other.db"]
        try File.change(path, sql)
        try expectUntouched(path) { error in
            if case .notOurs(path, _)? = error { true } else { false }
        }
    }

    @Test func `a file that is no database is not ours, and stays as it is`() throws {
        let scratch = try Scratch()
        let path = scratch["garbage.db"]
        try SystemFiles.writeFileExclusively(
            path, [UInt8](repeating: 0x5a, count: 10_000), mode: 0o600)
        try expectUntouched(path) { error in
            if case .notOurs(path, _)? = error { true } else { false }
        }
    }

    @Test func `where nothing can be opened, the path is named`() throws {
        let scratch = try Scratch()
        for path in [scratch.path, scratch["none/registry.db"]] {
            guard case .cannotOpen(path, _, _)? = error(opening: path) else {
                Issue.record("\(String(describing: error(opening: path)))")
                return
            }
        }
    }
}
