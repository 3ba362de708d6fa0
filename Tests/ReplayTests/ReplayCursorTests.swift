import Journal
import Registry
import Replay
import Testing

@testable import baton

@Suite("Going through the past")
struct ReplayCursorTests {
    @Test func `a script`() throws {
        let log = try LivedLog()
        let story = log.tell()
        let reader = try log.reader()
        try GoldenFile.expect("replay.txt") { output in
            var session = try ReplaySession(reader: reader, at: 0, output: output)
            try session.run(script: [
                "# from the beginning", "next 2", "goto \(story.delivered)",
                "break handoff.\(story.delivered).state=reserved", "continue", "continue",
                "until event=handoff.revoked", "state handoff", "bookmark here", "goto end",
                "prev 2", "goto @here", "diff end", "events 2", "clear 1", "break", "quit", "next",
            ])
        }
    }

    @Test(arguments: [
        "nonsense", "next x", "goto nowhere", "until x=y", "continue", "clear 3", "goto 99999999",
    ])
    func `a script ends at what cannot be done`(_ line: String) throws {
        let log = try LivedLog()
        _ = log.tell()
        let reader = try log.reader()
        let error = #expect(throws: CommandFailure.self) {
            try GoldenFile.text { output in
                var session = try ReplaySession(reader: reader, at: 0, output: output)
                try session.run(script: ["next", line, "next"])
            }
        }
        #expect(error?.status == .usage)
        #expect(error?.message.hasPrefix("line 2: ") == true)
    }

    @Test func `step by step is the same as all at once, there and back`() throws {
        let log = try LivedLog()
        _ = log.tell()
        let reader = try log.reader()
        var cursor = try ReplayCursor(at: 0, in: reader)
        while let step = try cursor.advance() {
            let whole = try reader.state(after: step.event.sequence + 1)
            #expect(cursor.registry.snapshot() == whole.snapshot())
        }
        #expect(cursor.registry.snapshot() == log.registry.snapshot())
    }

    @Test func `the changes of all steps together are the difference of their ends`() throws {
        let log = try LivedLog()
        _ = log.tell()
        let reader = try log.reader()
        var cursor = try ReplayCursor(at: 0, in: reader)
        while true {
            let before = cursor.registry
            guard let step = try cursor.advance() else { break }
            // Found by looking at what the event touches, and by looking at everything.
            #expect(step.changes == Difference.between(before, cursor.registry))
        }
    }

    @Test func `an instant by time is the last event that is not after it`() throws {
        let log = try LivedLog()
        log.open()
        log.record(.clockStepped(by: -2_000_000))
        let reader = try log.reader()
        let time = Timestamp(microseconds: LivedLog.start + 2_000_000)
        #expect(try Point.time(time).sequence(in: reader) == 1)
        #expect(throws: PointError.beforeLog(Timestamp(microseconds: 0))) {
            try Point.time(Timestamp(microseconds: 0)).sequence(in: reader)
        }
        #expect(try Point.boot.sequence(in: reader) == 1)
        #expect(try Point.end.sequence(in: reader) == 4)
        #expect(throws: PointError.notYet(5, last: 4)) {
            try Point.sequence(5).sequence(in: reader)
        }
    }
}
