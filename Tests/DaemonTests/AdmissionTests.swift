import Coordinator
import Daemon
import Registry
import Testing

@testable import Transport

/// Clients that take more than their share, or nothing at all, cost the others nothing.
@Suite struct AdmissionTests {
    @Test func `a connection too many is closed and recorded`() async throws {
        let coordinator = try await EmbeddedCoordinator.start {
            $0.admission.connectionsPerUser = 3
        }
        let held = try (0..<3).map { _ in try TestConnection.started(coordinator.socketPath) }
        let surplus = try TestConnection(coordinator.socketPath)
        #expect(try surplus.answerOrEnd() == nil)
        for connection in held {
            try connection.send(Frames.revoke(counter: 2, handoff: 1))
            let answer = try connection.answer()
            #expect(answer.refusal == .unknownHandoff)
        }
        let story = try await coordinator.finish()
        let refusal =
            "request.refused startup of a stranger of uid \(HostFacts.effectiveUID()): "
            + "too many connections"
        #expect(story.contains(refusal))
    }

    @Test func `clients that say nothing delay nobody`() throws {
        let coordinator = try RunningCoordinator()
        let silent = try (0..<200).map { _ in try TestConnection(coordinator.socketPath) }
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair s far stream")
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        try coordinator.wait(for: "handoff.delivered handoff-1 confirmed")
        let connections = try coordinator.status()["connections"]
        #expect(connections == "\(silent.count + 3)")
    }

    @Test func `a client that does not read its answers is dropped, and gets its grant later`()
        throws
    {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair s far stream")
        let record = try Record(try source.perform("duplicate s \(target.pid)"))
        try target.rawStart()
        // All at once, so that the answers fill the queue before the grant's turn comes.
        try coordinator.signal(Signals.stop)
        try target.perform("raw send \(Frames.status(counter: 2).text) repeat=250")
        try target.perform("raw send \(Frames.redeem(counter: 3, record).text)")
        try coordinator.signal(Signals.goOn)
        // Nothing else happens: the failure is written though no request follows.
        try coordinator.wait(for: "delivery.failed handoff-1: unsent")
        try target.perform("open t \(record.text)")
        try source.perform("close s")
        expectStory(
            try coordinator.finish(),
            [
                "process.seen source",
                "process.seen target",
                "socket.seen socket-1",
                "handoff.issued handoff-1 of socket-1 from source to target",
                "handoff.reserved handoff-1 by target, attempt 1",
                "delivery.failed handoff-1: unsent",
                "handoff.reserved handoff-1 by target, attempt 2",
                "handoff.delivered handoff-1 confirmed",
                "descriptor.closed socket-1 of source by closesocket",
                "process.exited source code 0",
                "process.exited target code 0",
                "descriptor.closed socket-1 of target by exit",
                "socket.released socket-1 kernel",
                "coordinator.stopped 1",
            ])
    }

    @Test func `a target without a free descriptor keeps its ticket`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair s far stream")
        let record = try source.perform("duplicate s \(target.pid)")
        try target.perform("starve")
        try target.expect("noDescriptorLeft, 10024", "open t \(record)")
        try target.perform("feed")
        try target.perform("open t \(record)")
        let story = try coordinator.finish()
        #expect(story.count { $0 == "delivery.failed handoff-1: truncated" } == 3)
        #expect(story.contains("handoff.delivered handoff-1 confirmed"))
    }
}
