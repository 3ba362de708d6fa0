import Journal
import Registry
import Testing
import Transport

@testable import baton

@Suite("history -f")
struct FollowTests {
    @Test(
        "new events appear as they are committed, until a signal",
        arguments: [
            (SignalDescriptor.interrupt, Int32(130)), (SignalDescriptor.terminate, Int32(0)),
        ])
    func follow(signal: Int32, status: Int32) throws {
        let log = try SampleLog([.clockStepped(by: 0), .keeperLost(found: "one")])
        let journal = try Journal(path: log.path, program: "baton test", now: SampleLog.start)
        var registry = try journal.restore()
        func append(_ content: Event.Content) throws {
            let event = SampleLog.event(content, sequence: registry.nextSequence)
            let applied = registry.apply(event)
            try journal.append(
                [AppliedEvent(event: event, applied: applied)], state: registry)
        }
        let arguments = ["history", "-f", "--event", "keeper.lost", "--database", log.path]
        var child = try ChildProcess.spawn(Program.plan(arguments))
        guard let pipe = child.standardOutput.take() else {
            Issue.record("standard output was piped")
            return
        }
        #expect(try Program.readLine(pipe).hasSuffix("keeper.lost             one\n"))
        for text in ["two", "three"] {
            try append(.clockStepped(by: 1))
            try append(.keeperLost(found: text))
            #expect(try Program.readLine(pipe).hasSuffix("keeper.lost             \(text)\n"))
        }
        try child.kill(signal)
        #expect(try Program.readLine(pipe) == "")
        #expect(Transport.ExitStatus(rawStatus: try child.wait()) == .code(status))
        try journal.close()
    }
}
