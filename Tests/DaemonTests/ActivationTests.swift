import Registry
import Testing
import Wire

@testable import Transport

@Suite struct ActivationTests {
    @Test func `its own connections are known by the listener's name, not by the option's`() throws
    {
        let scratch = try Scratch()
        let path = scratch["activated.sock"]
        let listener = SharedListener(
            try Listener.bind(path: path, mode: 0o600, group: nil, backlog: 16))
        // The last --socket counts, and names a socket that is not there.
        let coordinator = try RunningCoordinator(
            ["--socket", scratch["elsewhere.sock"]], listener: listener, listeningAt: path)
        let connection = try TestConnection.started(path)
        let own = SharedDescriptor(try Connection.connect(path: path).takeDescriptor())
        let frame = Frames.duplicate(counter: 2, pid: HostFacts.ownPID())
        try connection.send(frame, passing: own)
        #expect(try connection.answer().refusal == .coordinatorsOwn)
        #expect(coordinator.isRunning)
    }

    @Test func `a listener that the service manager hands down is used, and left to it`() throws {
        let scratch = try Scratch()
        let path = scratch["activated.sock"]
        let listener = SharedListener(
            try Listener.bind(path: path, mode: 0o600, group: nil, backlog: 16))
        let coordinator = try RunningCoordinator(listener: listener, listeningAt: path)
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair s far stream")
        let record = try source.perform("duplicate s \(target.pid)")
        try target.perform("open t \(record)")
        try target.perform("close t")
        // Nor is anything made beside it, where it might not be allowed to.
        #expect(try SystemFiles.facts(of: path + ".lock") == nil)
        let story = try coordinator.finish()
        #expect(story.contains("handoff.delivered handoff-1 confirmed"))
        // The next coordinator is to be found at the same place.
        #expect(try SystemFiles.facts(of: path) != nil)
        let waiting = try TestConnection(path)
        try coordinator.start()
        try waiting.send(Frames.status(counter: 1))
        #expect(try waiting.answer().counter == 1)
    }
}
