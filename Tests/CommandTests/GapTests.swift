import GRDB
import Journal
import Registry
import Testing
import Transport

@testable import baton

@Suite("history of a log with events missing")
struct GapTests {
    /// Events 3, 4 and 7 of ten were deleted.
    private func log(_ sql: String = "DELETE FROM event WHERE seq IN (3, 4, 7)") throws -> SampleLog
    {
        let log = try SampleLog((0..<10).map { .keeperLost(found: "\($0)") })
        let queue = try DatabaseQueue(path: log.path)
        try queue.writeWithoutTransaction { db in
            try db.execute(
                sql: "DROP TRIGGER event_no_delete; DROP TRIGGER event_no_update; \(sql)")
        }
        try queue.close()
        return log
    }

    private func run(_ log: SampleLog, _ arguments: String...) throws -> Program.Result {
        try Program.run(["history", "--database", log.path] + arguments)
    }

    private func texts(_ result: Program.Result) -> [String] {
        result.output.split(separator: "\n").map { line in
            line.hasPrefix("--") ? String(line) : String(line.last ?? " ")
        }
    }

    @Test("is told in its place, and by the exit status")
    func told() throws {
        let log = try log()
        let result = try run(log, "-o", "cat")
        #expect(
            texts(result) == [
                "0", "1", "2", "-- gap: no events 3 to 4", "5", "6", "-- gap: no event 7", "8", "9",
            ])
        #expect(result.status == .code(6))
        #expect(result.error.hasPrefix("error: the log has no events 3 to 4, nor 1 other\n"))
        #expect(texts(try run(log, "-r", "-o", "cat")) == texts(result).reversed())
        let allowed = try run(log, "--allow-gap", "-o", "cat")
        #expect(allowed.output == result.output)
        #expect(allowed.status == .code(0) && allowed.error == "")
    }

    @Test("has an object of its own in JSON, and the status alone in tables")
    func formats() throws {
        let log = try log()
        let json = try run(log, "-o", "json")
        #expect(json.status == .code(6))
        #expect(json.output.split(separator: "\n")[3] == #"{"gap":{"from":3,"to":4}}"#)
        #expect(try run(log, "--json-array").output.contains(#"{"gap":{"from":7,"to":7}},"#))
        for format in ["csv", "tsv", "table", "raw"] {
            let result = try run(log, "-o", format)
            #expect(result.status == .code(6))
            #expect(!result.output.contains("gap"))
            #expect(result.error.contains("no events 3 to 4"))
        }
    }

    @Test("raw prints a damaged body as it is")
    func damaged() throws {
        let log = try log("UPDATE event SET body = x'7b2a' WHERE seq = 9")
        let raw = try run(log, "--seq", "9", "-o", "raw")
        #expect(raw.status == .code(0), "\(raw.error)")
        #expect(raw.output.hasPrefix("{*"))
        #expect(try run(log, "--seq", "9").status == .code(4))
    }

    @Test("is told of what was asked for alone")
    func parts() throws {
        let log = try log()
        #expect(
            texts(try run(log, "--seq", "4..7", "-o", "cat")) == ["-- gap: no event 4", "5", "6"])
        #expect(
            texts(try run(log, "-n", "3", "-o", "cat")) == ["6", "-- gap: no event 7", "8", "9"])
        for arguments in [["--seq", "5..7"], ["-n", "2"], ["event=keeper.lost"]] {
            let result = try Program.run(["history", "--database", log.path] + arguments)
            #expect(result.status == .code(0), "\(arguments)")
            #expect(!result.output.contains("gap"))
        }
    }

    @Test("at the beginning, over several pages, and far away")
    func wide() throws {
        let first = try run(try log("DELETE FROM event WHERE seq < 2"), "-o", "cat")
        #expect(texts(first).first == "-- gap: no events 0 to 1")
        let far = try run(
            try log("UPDATE event SET seq = 1000000000000000 WHERE seq = 9"), "-o", "cat")
        #expect(texts(far).dropFirst(9) == ["-- gap: no events 9 to 999999999999999", "9"])
        let count = LogReader.pageRows
        let long = try SampleLog((0..<2 * count).map { .clockStepped(by: Int64($0)) })
        let whole = HistoryQuery()
        let reader = try long.reader()
        let page = try reader.page(whole, from: 0)
        #expect(whole.gaps(in: 0..<UInt64(count), beside: page.events) == [])
        #expect(
            whole.gaps(in: 0..<UInt64(2 * count), beside: page.events)
                == [UInt64(count)..<UInt64(2 * count)])
    }
}
