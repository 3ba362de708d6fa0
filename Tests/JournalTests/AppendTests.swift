import GRDB
import GRDBSQLite
import Registry
import Testing
import Transport

@testable import Journal

struct AppendTests {
    /// A batch with an event of every kind. The rules do not see it.
    private static func everyKind(from first: UInt64) -> [AppliedEvent] {
        Golden.all.enumerated().map { index, golden in
            var event = golden.event
            event.sequence = first + UInt64(index)
            return AppliedEvent(event: event, applied: .nothing)
        }
    }

    @Test func `a row has the body, and the columns that follow from it`() throws {
        let log = try Log()
        let batch = Self.everyKind(from: log.registry.nextSequence)
        try log.journal.append(batch, state: log.registry)
        let page = try log.reader().page(HistoryQuery(), from: 4)
        #expect(page.events.count == Golden.all.count)
        for (stored, applied) in zip(page.events, batch) {
            let event = try DecodedEvent(stored.body).event
            #expect(event == applied.event)
            let columns = EventColumns(event)
            #expect(stored.sequence == event.sequence)
            #expect(stored.time.microseconds == event.time.wallMicroseconds)
            #expect(stored.kind == columns.kind)
            #expect(stored.outcome == columns.kind.outcome)
            #expect(
                Golden.Columns(
                    reason: stored.reason, handoff: stored.handoff, actor: stored.actor,
                    target: stored.target, socket: stored.socket) == columns.named)
        }
        #expect(
            try File.number(log.path, "SELECT count(*) FROM event WHERE mono_us = 50000000")
                == Golden.all.count)
        let fields = try #require(page.events.dropFirst(2).first).fields()
        #expect(fields.map(\.key) == fields.map(\.key).sorted())
        let values = Dictionary(uniqueKeysWithValues: fields.map { ($0.key, $0.value) })
        #expect(values[.features] == .texts(["pidfs", "scm_pidfd"]))
        #expect(values[.grade] == .text("instance"))
        #expect(values[.seq] == .integer(6))
    }

    @Test func `numbers are dense from 0, over batches and restarts`() throws {
        let log = try Log()
        let (source, target, socket) = (log.process(), log.process(), log.socket())
        for _ in 0..<3 {
            for _ in 0..<4 { log.handOver(from: source, to: target, socket) }
            try log.append()
            try log.append()
            try log.reopen()
        }
        let count = log.events.count
        #expect(
            try File.rows(
                log.path, "SELECT min(seq), max(seq), count(*) FROM event") == [
                    "0|\(count - 1)|\(count)"
                ])
        #expect(try log.reader().eventCount() == UInt64(count))
    }

    @Test(arguments: [
        "UPDATE event SET reason = 'used'", "UPDATE event SET body = x'7b7d' WHERE seq = 0",
        "DELETE FROM event", "DELETE FROM event WHERE seq = 0",
        "UPDATE event SET seq = seq + 100",
    ])
    func `an event is never changed or removed`(_ sql: String) throws {
        let log = try Log()
        let before = try File.rows(log.path, "SELECT * FROM event")
        let error = #expect(throws: DatabaseError.self) { try File.change(log.path, sql) }
        #expect(error?.message?.contains("append-only") == true)
        #expect(try File.rows(log.path, "SELECT * FROM event") == before)
    }

    @Test func `the file says whose it is, and how it is written`() throws {
        let log = try Log()
        #expect(
            try File.rows(log.path, "SELECT * FROM pragma_application_id") == ["1113683054"])
        #expect(try File.number(log.path, "PRAGMA user_version") == Journal.schemaVersion)
        #expect(try File.number(log.path, "PRAGMA page_size") == 4096)
        #expect(try File.rows(log.path, "PRAGMA journal_mode") == ["wal"])
        let settings = try log.journal.queue.inDatabase { db in
            try ["synchronous", "mmap_size", "query_only"].map {
                try Int.fetchOne(db, sql: "PRAGMA \($0)")
            }
        }
        // 2 is FULL: every commit is flushed to the disk.
        #expect(settings == [2, 0, 0])
        #expect(
            try File.rows(log.path, "SELECT * FROM log") == ["1|\(Golden.log)|host.example/baton"])
        #expect(try File.number(log.path, "SELECT count(*) FROM kind") == EventKind.allCases.count)
        for kind in EventKind.allCases {
            #expect(
                try File.rows(log.path, "SELECT name FROM kind WHERE number = \(kind.rawValue)")
                    == [kind.name])
        }
        for outcome in Outcome.allCases {
            #expect(
                try File.rows(
                    log.path, "SELECT name FROM outcome WHERE number = \(outcome.rawValue)")
                    == [outcome.name])
        }
    }

    @Test func `the WAL stays when the writer closes, and readers need no writer`() throws {
        let log = try Log()
        try log.journal.close()
        for suffix in ["", "-wal", "-shm"] {
            #expect(try SystemFiles.facts(of: log.path + suffix) != nil, "\(suffix)")
        }
        let header = try SystemFiles.readFile(log.path, limit: 1_000_000).prefix(72)
        #expect(Array(header[68..<72]) == Array("Batn".utf8))
        let reader = try log.reader()
        #expect(try reader.eventCount() == 4)
        #expect(try reader.state().snapshot() == log.registry.snapshot())
        #expect(reader.logID == Golden.log)
    }

    @Test func `a log keeps its name over a restart`() throws {
        let log = try Log()
        #expect(!log.journal.isNew)
        try log.reopen()
        #expect(!log.journal.isNew)
        #expect(log.journal.logID == Golden.log)
        #expect(log.journal.origin == "host.example/baton")
        let other = try Log.open(log.directory["other.db"])
        #expect(other.isNew)
        #expect(Journal.randomID().count == 8)
        #expect(Journal.randomID() != Journal.randomID())
    }

    @Test func `what is staged is seen by nobody before it is appended`() throws {
        let log = try Log()
        let reader = try log.reader()
        let version = try reader.dataVersion()
        let (source, target, socket) = (log.process(), log.process(), log.socket())
        try log.stage()
        log.handOver(from: source, to: target, socket)
        try log.stage()
        try log.stage()
        #expect(log.journal.queue.inDatabase { $0.isInsideTransaction })
        #expect(try reader.eventCount() == 4)
        #expect(try reader.dataVersion() == version)
        #expect(try File.number(log.path, "SELECT count(*) FROM handoff") == 0)
        log.handOver(from: source, to: target, socket)
        try log.append()
        #expect(log.journal.queue.inDatabase { !$0.isInsideTransaction })
        #expect(try reader.eventCount() == UInt64(log.events.count))
        #expect(try reader.dataVersion() != version)
        // Nothing is written for nothing.
        let written = try reader.dataVersion()
        try log.append()
        #expect(try reader.dataVersion() == written)
        #expect(try File.number(log.path, "SELECT count(*) FROM handoff") == 2)
        #expect(try reader.state().snapshot() == log.folded().snapshot())
    }

    /// In processes of their own, where nothing has used SQLite before.
    @Test func `SQLite counts no memory where the program wants none, and else as it did`() async {
        await #expect(processExitsWith: .success) {
            Journal.keepNoMemoryStatistics()
            let log = try Log()
            withExtendedLifetime(log) { precondition(sqlite3_memory_used() == 0) }
        }
        await #expect(processExitsWith: .success) {
            let log = try Log()
            withExtendedLifetime(log) { precondition(sqlite3_memory_used() > 0) }
        }
        await #expect(processExitsWith: .failure) {
            let log = try Log()
            withExtendedLifetime(log) { Journal.keepNoMemoryStatistics() }
        }
    }
}
