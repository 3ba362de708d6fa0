import Synchronization
import TestSupport
import Testing

@testable import Transport
@testable import Wire

@Suite struct StopTests {
    @Test func `what was received before SIGTERM is answered`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try Record(try source.perform("duplicate s \(target.pid)"))
        try source.rawStart()
        try target.rawStart()
        let late = try coordinator.peer("late")
        try coordinator.signal(Signals.stop)
        let duplicate = Frames.duplicate(counter: 2, pid: target.pid)
        try source.perform("raw send \(duplicate.text) s")
        try target.perform("raw send \(Frames.redeem(counter: 2, record).text)")
        try late.perform("raw connect")
        try late.perform("raw send \(Frames.startup(counter: 1, nonce: 5).text)")
        try coordinator.signal(Signals.terminate)
        try coordinator.signal(Signals.goOn)
        #expect(try Frames.answer(try source.perform("raw receive")).record != nil)
        let grant = try Frames.answer(try target.perform("raw receive"))
        #expect(try grant.grantedHandoff == record.handoff)
        #expect(try Frames.answer(try late.perform("raw receive")).isWelcome)
        #expect(try coordinator.reap() == .code(0))
        for peer in coordinator.peers { try peer.end() }
        let story = try coordinator.finish().suffix(4)
        // A socket is asked for its names first, while what others sent is decided.
        expectStory(
            story.dropLast().sorted(),
            [
                "handoff.issued handoff-2 of socket-1 from source to target",
                "handoff.reserved handoff-1 by target, attempt 1",
                "process.seen late",
            ])
        #expect(story.last == "coordinator.stopped 1")
        #expect(try SystemFiles.facts(of: coordinator.socketPath) == nil)
    }

    @Test(arguments: [Signals.interrupt, Signals.terminate])
    func `an idle coordinator stops on a signal`(_ signal: Int32) throws {
        let coordinator = try RunningCoordinator()
        try coordinator.signal(signal)
        #expect(try coordinator.reap() == .code(0))
        expectStory(try coordinator.finish(), ["coordinator.stopped 1"])
    }

    @Test func `clients that ask as soon as they are answered put no stop off`() throws {
        let coordinator = try RunningCoordinator()
        let crowd = Crowd()
        for _ in 0..<Crowd.count { try crowd.join(coordinator.socketPath) }
        try Waiting.until("they are at it") { crowd.answers > 1000 }
        try coordinator.signal(Signals.terminate)
        #expect(try coordinator.reap() == .code(0))
        try Waiting.until("all have seen the end") { crowd.left == Crowd.count }
        #expect(try coordinator.finish().last == "coordinator.stopped 1")
    }
}

/// Clients of which each always has one request outstanding that leaves an event.
private final class Crowd: Sendable {
    static let count = 48
    private let answerCount = Atomic<Int>(0)
    private let leftCount = Atomic<Int>(0)

    var answers: Int { answerCount.load(ordering: .relaxed) }
    var left: Int { leftCount.load(ordering: .relaxed) }

    func join(_ path: String) throws {
        try Threads.start {
            defer { self.leftCount.add(1, ordering: .relaxed) }
            do {
                try self.ask(path)
            } catch {
                // The end of the connection, however that shows: it is what is waited for.
                return
            }
        }
    }

    private func ask(_ path: String) throws {
        let connection = try TestConnection.started(path)
        let socket = SharedDescriptor(try Sockets.unbound(.datagram))
        for counter in UInt64(2)... {
            let mark = Frames.mark(counter: counter, quality: "\(counter)")
            try connection.send(mark, passing: socket)
            _ = try connection.answer()
            answerCount.add(1, ordering: .relaxed)
        }
    }
}
