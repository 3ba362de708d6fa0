import Foundation
import GRDB
import Journal
import Registry
import Testing
import Transport

@testable import baton

@Suite("Databases as they are found")
struct DatabaseTests {
    private func history(_ path: String) throws -> Program.Result {
        try Program.run(["history", "--database", path, "-o", "json"])
    }

    @Test("a file that is not there, and a directory, cannot be opened")
    func missing() throws {
        let directory = try TemporaryDirectory()
        for path in [directory.file("none.db"), directory.path, "/nonexistent/x/y.db"] {
            let result = try history(path)
            #expect(result.status == .code(3))
            #expect(result.output == "")
            #expect(result.error.contains(path))
        }
        #expect(try SystemFiles.facts(of: directory.file("none.db")) == nil)
    }

    @Test(
        "a file that this user may not read cannot be opened",
        .enabled(if: HostFacts.effectiveUID() != 0, "root may read every file"))
    func unreadable() throws {
        let log = try SampleLog()
        try FileManager.default.setAttributes(
            [.posixPermissions: 0], ofItemAtPath: log.path)
        let result = try history(log.path)
        #expect(result.status == .code(3))
        #expect(result.error.contains(log.path))
    }

    @Test("garbage and an empty file are not ours, and stay as they are")
    func garbage() throws {
        let directory = try TemporaryDirectory()
        let contents = [
            [UInt8](repeating: 0x5A, count: 10_000), [], Array("hello".utf8),
        ]
        for (index, bytes) in contents.enumerated() {
            let path = directory.file("garbage\(index)")
            try SystemFiles.writeFileExclusively(path, bytes, mode: 0o600)
            let result = try history(path)
            #expect(result.status == .code(3))
            #expect(result.error.contains("not a Baton database"))
            #expect(try SystemFiles.readFile(path, limit: 20_000) == bytes)
        }
    }

    @Test("another program's database is not ours, and stays as it is")
    func stranger() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("other.db")
        let queue = try DatabaseQueue(path: path)
        try queue.write { try $0.execute(sql: "CREATE TABLE t (a)") }
        try queue.close()
        let before = try SystemFiles.readFile(path, limit: 1_000_000)
        let result = try history(path)
        #expect(result.status == .code(3))
        #expect(result.error.contains("not a Baton database"))
        #expect(try SystemFiles.readFile(path, limit: 1_000_000) == before)
    }

    @Test("a newer schema is told by its number")
    func newer() throws {
        let log = try SampleLog()
        try change(log, "PRAGMA user_version = 77")
        let result = try history(log.path)
        #expect(result.status == .code(3))
        #expect(result.error.contains("schema 77"))
    }

    @Test("an edited migration and an unreadable event are damage")
    func damage() throws {
        let edited = try SampleLog()
        try change(edited, "UPDATE migration SET sha256 = 'x'")
        #expect(try history(edited.path).status == .code(4))
        let broken = try SampleLog()
        try change(
            broken, "DROP TRIGGER event_no_update; UPDATE event SET body = x'7b7d' WHERE seq = 3")
        let short = try Program.run(["history", "--database", broken.path])
        #expect(short.status == .code(4))
        #expect(short.error.contains("event 3"))
    }

    @Test(
        "an event whose column is damaged is named, after what was before it",
        arguments: ["kind = 99", "outcome = 99", "actor = -1"])
    func damagedColumn(change column: String) throws {
        let log = try SampleLog((0..<1_010).map { .keeperLost(found: "\($0)") })
        try change(
            log, "DROP TRIGGER event_no_update; UPDATE event SET \(column) WHERE seq = 1005")
        for (arguments, count) in [([], 1_005), (["-r"], 4)] {
            let result = try Program.run(
                ["history", "--database", log.path, "-o", "raw"] + arguments)
            #expect(result.status == .code(4))
            #expect(result.output.split(separator: "\n").count == count)
            #expect(result.error.hasPrefix("error: event 1005 is damaged: it "), "\(result.error)")
            #expect(result.error.contains("\nhint: baton history --seq 1006.. lists what follows"))
        }
        let after = try Program.run(
            ["history", "--database", log.path, "-o", "raw", "--seq", "1006.."])
        #expect(after.status == .code(0))
        #expect(after.output.split(separator: "\n").count == 4)
    }

    @Test("a log without events is no error")
    func empty() throws {
        let log = try SampleLog([])
        let result = try history(log.path)
        #expect(result.status == .code(0))
        #expect(result.output == "")
    }

    @Test("the program prints what the library does")
    func sample() throws {
        let log = try SampleLog()
        #expect(try history(log.path).output == Golden.historyJSON)
        let shown = try Program.run(["show", "7", "--database", log.path])
        #expect(shown.output == Golden.showShort)
        let unknown = try Program.run(["show", "6", "--database", log.path])
        #expect(unknown.status == .code(1))
        #expect(unknown.error.contains("unknown handoff (WSAEINVAL 10022)"))
    }

    @Test("a backup opens, equals its original, and is for its owner's eyes")
    func backup() throws {
        let log = try SampleLog()
        let copy = log.directory.file("copy.db")
        let result = try Program.run(["backup", copy, "--database", log.path, "-o", "json"])
        #expect(result.status == .code(0))
        let facts = try #require(try SystemFiles.facts(of: copy))
        #expect(facts.mode == 0o600)
        #expect(
            result.output == #"{"file":"\#(copy)","bytes":\#(facts.byteCount)}"# + "\n")
        #expect(try history(copy).output == Golden.historyJSON)
        let state = try LogReader(path: copy).state()
        #expect(state.snapshot() == (try log.reader().state().snapshot()))
    }

    @Test("a backup overwrites nothing")
    func backupExists() throws {
        let log = try SampleLog()
        let copy = log.directory.file("copy.db")
        try SystemFiles.writeFileExclusively(copy, [1, 2, 3], mode: 0o600)
        let result = try Program.run(["backup", copy, "--database", log.path])
        #expect(result.status == .code(1))
        #expect(result.error.contains("exists already"))
        #expect(try SystemFiles.readFile(copy, limit: 10) == [1, 2, 3])
        let nowhere = try Program.run(["backup", "/nonexistent/copy.db", "--database", log.path])
        #expect(nowhere.status == .code(3))
    }

    private func change(_ log: SampleLog, _ sql: String) throws {
        let queue = try DatabaseQueue(path: log.path)
        try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
        try queue.close()
    }
}
