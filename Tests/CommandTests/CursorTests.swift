import Foundation
import Journal
import Registry
import Testing
import Transport

@testable import baton

@Suite("history: cursors, ends of following, SQL")
struct CursorTests {
    private func run(_ log: SampleLog, _ arguments: [String]) throws -> Program.Result {
        try Program.run(["history", "--database", log.path] + arguments)
    }

    @Test("a cursor is text that sorts as it stands in the log, and nothing else is one")
    func text() {
        let cursor = HistoryCursor(log: SampleLog.logID, next: 40)
        #expect(cursor.description == "c1.00112233445566ff.0000000000000040")
        #expect(HistoryCursor(cursor.description) == cursor)
        #expect("\(HistoryCursor(log: "a", next: 9))" < "\(HistoryCursor(log: "a", next: 10))")
        let last = HistoryCursor(log: "a", next: .max)
        #expect(HistoryCursor(last.description) == last)
        for text in ["", "c1", "c1..", "c2.a.1", "c1.a.40", "c1.a.000000000000004x", "40"] {
            #expect(HistoryCursor(text) == nil)
        }
    }

    @Test("a listing goes on after the cursor that the one before showed")
    func after() throws {
        let log = try SampleLog()
        let first = try run(log, ["--seq", "0..10", "--show-cursor"])
        let last = try #require(first.output.split(separator: "\n").last)
        #expect(last == "-- cursor: c1.00112233445566ff.0000000000000040")
        let none = try run(log, ["--after", String(last.dropFirst("-- cursor: ".count))])
        #expect(none.output == "" && none.status == .code(0))
        let middle = "c1.00112233445566ff.0000000000000038"
        let rest = try run(log, ["--after", middle, "--show-cursor", "-o", "json"])
        let lines = rest.output.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines.first?.hasPrefix(#"{"seq":38,"#) == true)
        #expect(lines.last == #"{"cursor":"c1.00112233445566ff.0000000000000040"}"#)
    }

    @Test("a cursor file is made, read and replaced; filters do not hold it back")
    func file() throws {
        let log = try SampleLog()
        let path = log.directory.file("cursor")
        let first = try run(log, ["--cursor-file", path, "--event", "keeper.lost"])
        #expect(first.output.split(separator: "\n").count == 1)
        let saved = try String(contentsOfFile: path, encoding: .utf8)
        #expect(saved == "c1.00112233445566ff.0000000000000040\n")
        #expect(try run(log, ["--cursor-file", path]).output == "")
        try "c1.00112233445566ff.0000000000000039\n".write(
            toFile: path, atomically: true, encoding: .utf8)
        #expect(try run(log, ["--cursor-file", path]).output.hasPrefix("#39 "))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == saved)
        try "x".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try run(log, ["--cursor-file", path]).status == .code(4))
    }

    @Test(
        "a cursor of another log, or from its future, is a fork or a roll-back",
        arguments: [
            "c1.ff112233445566ff.0000000000000001", "c1.00112233445566ff.0000000000000041",
        ])
    func foreign(cursor: String) throws {
        let result = try run(try SampleLog(), ["--after", cursor])
        #expect(result.status == .code(5))
        #expect(result.output == "")
    }

    @Test(
        "what does not go together is refused",
        arguments: [
            ["--after", "c1.a.0000000000000001", "-r"], ["--cursor-file", "x", "-n", "3"],
            ["--after", "c1.a.0000000000000001", "--cursor-file", "x"], ["--after", "x"],
            ["--show-cursor", "-o", "csv"], ["--show-cursor", "-o", "raw"],
            ["--show-cursor", "--json-array"], ["--sql", "SELECT 1", "--fields", "a"],
            ["--sql", "SELECT 1", "-o", "raw"], ["--sql", "SELECT 1", "pid=1"],
            ["--until-match", "1"], ["--timeout", "1"],
            ["--sql", "SELECT 1", "-f"], ["--sql", "SELECT nothing"], ["--sql", "DELETE FROM log"],
        ])
    func usage(arguments: [String]) throws {
        #expect(try run(try SampleLog(), arguments).status == .code(2))
    }

    @Test("following ends after so many events, and leaves its place behind them")
    func untilMatch() throws {
        let log = try SampleLog([.clockStepped(by: 0)])
        let path = log.directory.file("cursor")
        var child = try ChildProcess.spawn(
            Program.plan([
                "history", "--database", log.path, "-f", "--event", "keeper.lost",
                "--until-match", "2", "--cursor-file", path,
            ]))
        while try SystemFiles.facts(of: path) == nil { Clock.sleep(milliseconds: 5) }
        let journal = try Journal(path: log.path, program: "baton test", now: SampleLog.start)
        var registry = try journal.restore()
        for _ in 0..<3 {
            var batch: [AppliedEvent] = []
            for content in [Event.Content.clockStepped(by: 1), .keeperLost(found: "x")] {
                let event = SampleLog.event(content, sequence: registry.nextSequence)
                batch.append(AppliedEvent(event: event, applied: registry.apply(event)))
            }
            try journal.append(batch, state: registry)
        }
        let output = try Program.readAll(child.standardOutput.take())
        #expect(output.split(separator: "\n").count == 2)
        #expect(Transport.ExitStatus(rawStatus: try child.wait()) == .code(0))
        #expect(
            try String(contentsOfFile: path, encoding: .utf8)
                == "c1.00112233445566ff.0000000000000005\n")
        try journal.close()
    }

    @Test("what was there before following began counts among so many events")
    func untilMatchBefore() throws {
        let log = try SampleLog([
            .keeperLost(found: "one"), .clockStepped(by: 0), .keeperLost(found: "two"),
            .keeperLost(found: "three"),
        ])
        // Of the time limit only a listing that would wait for ever ends.
        func run(_ count: String, _ more: String...) throws -> Program.Result {
            try Program.run(
                [
                    "history", "--database", log.path, "-f", "event=keeper.lost", "--until-match",
                    count, "--timeout", "60", "-o", "cat", "--show-cursor",
                ] + more)
        }
        let first = try run("1")
        #expect(first.status == .code(0))
        #expect(
            first.output
                == "keeper.lost             one\n-- cursor: c1.00112233445566ff.0000000000000001\n")
        let all = try run("3")
        #expect(all.status == .code(0))
        #expect(all.output.split(separator: "\n").count == 4)
        let newest = try run("1", "-n", "2")
        #expect(newest.status == .code(0))
        #expect(newest.output.hasPrefix("keeper.lost             two\n-- cursor"))
    }

    @Test("following ends when its time is up, with status 1")
    func timeout() throws {
        let log = try SampleLog([.clockStepped(by: 0)])
        let result = try run(log, ["-f", "--timeout", "0"])
        #expect(result.status == .code(1))
        #expect(result.output.split(separator: "\n").count == 1)
    }

    @Test("nothing found is a success, unless it was asked for")
    func exitCode() throws {
        let log = try SampleLog()
        #expect(try run(log, ["--handoff", "3"]).status == .code(0))
        #expect(try run(log, ["--handoff", "3", "--exit-code"]).status == .code(1))
        #expect(try run(log, ["--handoff", "7", "--exit-code"]).status == .code(0))
    }

    @Test("a statement of one's own", arguments: [RowFormat.table, .json, .csv])
    func sql(format: RowFormat) throws {
        let log = try SampleLog()
        let text = try CollectedOutput.text { output in
            try SQLAnswer.write(
                "SELECT handoff, state, reason FROM v_handoffs ORDER BY handoff LIMIT 2",
                try log.reader(), style: RowStyle(format), to: output)
        }
        let expected =
            switch format {
            case .json:
                """
                {"handoff":7,"state":"delivered"}
                {"handoff":15,"state":"revoked","reason":"no, \\"sorry\\""}

                """
            case .csv:
                "handoff,state,reason\r\n7,delivered,\r\n15,revoked,\"no, \"\"sorry\"\"\"\r\n"
            default:
                """
                handoff  state      reason
                7        delivered
                15       revoked    no, "sorry"

                """
            }
        #expect(text == expected)
    }

    @Test("a statement writes nothing, takes a bounded amount of work, and gives bounded rows")
    func bounds() throws {
        let log = try SampleLog()
        let reader = try log.reader()
        func refusal(_ sql: String, rows: Int = 10, work: Int = 10_000_000) -> SQLRefusal? {
            do {
                try reader.query(
                    sql, rowsMaximum: rows, instructionsMaximum: work, columns: { _ in },
                    row: { _ in })
                return nil
            } catch {
                return error as? SQLRefusal
            }
        }
        let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        #expect(refusal(endless + "SELECT max(i) FROM n") == .tooMuchWork)
        #expect(refusal(endless + "SELECT i FROM n") == .tooManyRows(10))
        #expect(refusal("SELECT seq FROM event LIMIT 10") == nil)
        for sql in ["SELECT 1; SELECT 2", "SELECT 1; nonsense"] {
            #expect(refusal(sql) == .severalStatements)
        }
        for sql in ["DELETE FROM event", "CREATE TABLE t (a)", "UPDATE log SET id = ''"] {
            #expect(refusal(sql) != nil)
        }
        #expect(try reader.eventCount() == 40)
    }

    @Test("a picture of the present")
    func watch() throws {
        let log = try SampleLog(Array(SampleLog.everyKind.prefix(20)))
        var picture = WatchPicture(reader: try log.reader(), lineCount: 3)
        let lines = try picture.content(at: 5_000_000_000).lines()
        #expect(lines[0] == "20 events  1 open")
        #expect(lines[3].hasPrefix("  HANDOFF"))
        #expect(lines[4].hasPrefix("  19       issued"))
        #expect(lines.count == 5 + 2 + 3)
        #expect(lines[7].hasPrefix("  #19 "))
        let later = try picture.content(at: 6_000_000_000)
        #expect(later.head == "20 events  0 a second  1 open")
    }
}
