import Registry
import Testing

@testable import Transport

/// What a new coordinator makes of what its predecessor left.
@Suite struct RestartTests {
    enum End: CaseIterable {
        case terminated, killed
    }

    /// The line that only a coordinator which was told to stop writes.
    private static func stopped(_ end: End) -> [String] {
        end == .terminated ? ["coordinator.stopped 1"] : []
    }

    @Test(arguments: End.allCases)
    func `a ticket whose socket went with the coordinator is void`(_ end: End) throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let lost = try source.perform("duplicate s \(target.pid)")
        try source.perform("close s")
        try coordinator.wait(for: "descriptor.closed socket-1 of source by closesocket")
        try coordinator.restart(end)
        try coordinator.wait(for: "socket.released socket-1 \(Privileges.proofOfLook)")
        // Nobody told the clients: they find out, and connect again.
        try target.expect("escrow lost, 10022", "open t \(lost)")
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        try target.perform("open t \(record)")
        expectStory(
            try coordinator.finish(),
            [
                "process.seen source",
                "process.seen target",
                "socket.seen socket-1",
                "handoff.issued handoff-1 of socket-1 from source to target",
                "descriptor.closed socket-1 of source by closesocket",
            ] + Self.stopped(end) + [
                "coordinator.started 2",
                "coordinator.recovered held 1, matched 0, lost 1",
                "handoff.voided handoff-1: escrow lost",
                "reconcile.found reason=start sockets=1 descriptors=0 closed=0 released=1",
                "socket.released socket-1 \(Privileges.proofOfLook)",
                "redemption.refused handoff-1 by target: escrow lost",
                "socket.seen socket-2",
                "handoff.issued handoff-2 of socket-2 from source to target",
                "handoff.reserved handoff-2 by target, attempt 1",
                "handoff.delivered handoff-2 confirmed",
                "process.exited source code 0",
                "descriptor.closed socket-2 of source by exit",
                "process.exited target code 0",
                "descriptor.closed socket-2 of target by exit",
                "socket.released socket-2 kernel",
                "coordinator.stopped 2",
            ])
    }

    @Test(arguments: End.allCases)
    func `a grant that arrived before the end is found in the target`(_ end: End) throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try Record(try source.perform("duplicate s \(target.pid)"))
        try target.rawStart()
        try target.perform("raw send \(Frames.redeem(counter: 2, record).text)")
        try target.perform("raw receive t")
        try coordinator.restart(end)
        try target.expect("used, 10022", "open x \(record.text)")
        expectStory(
            try coordinator.finish().dropFirst(4),
            [
                "handoff.reserved handoff-1 by target, attempt 1"
            ] + Self.stopped(end) + [
                "coordinator.started 2",
                "coordinator.recovered held 1, matched 1, lost 0",
                "handoff.delivered handoff-1 observed",
                "redemption.refused handoff-1 by target: used",
                "process.exited source code 0",
                "descriptor.closed socket-1 of source by exit",
                "process.exited target code 0",
                "descriptor.closed socket-1 of target by exit",
                "socket.released socket-1 kernel",
                "coordinator.stopped 2",
            ])
    }

    @Test(arguments: End.allCases)
    func `a grant that never arrived cannot be opened any more`(_ end: End) throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try Record(try source.perform("duplicate s \(target.pid)"))
        try source.perform("close s")
        try coordinator.wait(for: "descriptor.closed socket-1 of source by closesocket")
        try target.rawStart()
        try target.perform("raw send \(Frames.redeem(counter: 2, record).text)")
        // Received, and dropped.
        try target.perform("raw receive")
        try coordinator.restart(end)
        try target.expect("escrow lost, 10022", "open x \(record.text)")
        // What the look at the start finds comes when it has looked.
        let story = try coordinator.finish().filter { !$0.hasPrefix("reconcile.found") }
        let recovered = try #require(story.firstIndex(of: "coordinator.started 2"))
        #expect(
            story[recovered...].prefix(4) == [
                "coordinator.started 2",
                "coordinator.recovered held 1, matched 0, lost 1",
                "redemption.refused handoff-1 by target: escrow lost",
                "handoff.voided handoff-1: escrow lost",
            ])
    }

    @Test func `processes that ended while nobody watched have exited`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        try target.perform("open t \(record)")
        try coordinator.wait(for: "handoff.delivered handoff-1 confirmed")
        try coordinator.kill()
        try source.end()
        try target.end()
        try coordinator.start()
        expectStory(
            try coordinator.finish().dropFirst(6),
            [
                "coordinator.started 2",
                "coordinator.recovered held 0, matched 0, lost 0",
                "process.exited source ",
                "process.exited target ",
                "descriptor.closed socket-1 of source by exit",
                "descriptor.closed socket-1 of target by exit",
                "reconcile.found reason=start sockets=1 descriptors=0 closed=0 released=1",
                "socket.released socket-1 \(Privileges.proofOfLook)",
                "coordinator.stopped 2",
            ])
    }

    @Test func `the same request id gets the same answer, before a restart and after`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let duplicate = Frames.duplicate(counter: 2, pid: target.pid).text
        try source.rawStart()
        try source.perform("raw send \(duplicate) s")
        let first = try Frames.answer(try source.perform("raw receive"))
        try source.rawStart()
        try source.perform("raw send \(duplicate) s")
        let second = try Frames.answer(try source.perform("raw receive"))
        #expect(first.record != nil)
        #expect(second.record?.bytes == first.record?.bytes)
        // The same id for something else is a mistake.
        try source.perform("raw send \(Frames.revoke(counter: 2, handoff: 1).text)")
        #expect(try Frames.answer(try source.perform("raw receive")).refusal == .requestDiffers)
        try coordinator.restart(.killed)
        try source.rawStart()
        try source.perform("raw send \(duplicate) s")
        // The source still has the socket, so the ticket is as good as before.
        let third = try Frames.answer(try source.perform("raw receive"))
        #expect(third.record?.bytes == first.record?.bytes)
        let story = try coordinator.finish()
        #expect(story.count { $0.hasPrefix("handoff.issued") } == 1)
        #expect(story.contains("request.refused revoke of source: request differs"))
    }

    @Test func `a request that a killed coordinator never looked at is answered by the next`()
        throws
    {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        try coordinator.signal(Signals.stop)
        try source.send("duplicate s \(target.pid)")
        try coordinator.kill()
        try coordinator.start()
        let record = try source.result()
        #expect(try target.perform("open t \(record)") == cookie)
        let story = try coordinator.finish()
        #expect(story.count { $0.hasPrefix("handoff.issued") } == 1)
        #expect(story.contains("handoff.delivered handoff-1 confirmed"))
    }
}

extension RunningCoordinator {
    func restart(_ end: RestartTests.End) throws {
        switch end {
        case .terminated: try stop()
        case .killed: try kill()
        }
        try LogCheck.run(databasePath)
        try start()
    }
}
