import Testing

@testable import Transport

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
        expectStory(
            try coordinator.finish().suffix(4),
            [
                "handoff.issued handoff-2 of socket-1 from source to target",
                "handoff.reserved handoff-1 by target, attempt 1",
                "process.seen late",
                "coordinator.stopped 1",
            ])
        #expect(try SystemFiles.facts(of: coordinator.socketPath) == nil)
    }

    @Test(arguments: [Signals.interrupt, Signals.terminate])
    func `an idle coordinator stops on a signal`(_ signal: Int32) throws {
        let coordinator = try RunningCoordinator()
        try coordinator.signal(signal)
        #expect(try coordinator.reap() == .code(0))
        expectStory(try coordinator.finish(), ["coordinator.stopped 1"])
    }
}
