import Registry
import TestSupport
import Testing

@testable import Transport

/// One registration of network events for each socket, whoever has descriptors of it.
@Suite struct NotificationTests {
    /// Both have descriptors of one socket, under the name `s`.
    private func sharing(
        _ coordinator: RunningCoordinator
    ) throws -> (source: PeerProcess, target: PeerProcess) {
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        try target.perform("open s \(record)")
        try coordinator.wait(for: "handoff.delivered handoff-1 confirmed")
        return (source, target)
    }

    private static let shared = [
        "process.seen source", "process.seen target", "socket.seen socket-1",
        "handoff.issued handoff-1 of socket-1 from source to target",
        "handoff.reserved handoff-1 by target, attempt 1",
        "handoff.delivered handoff-1 confirmed",
    ]

    @Test func `a registration in one process cancels that of the other, which is told`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try sharing(coordinator)
        try source.perform("select s 33")
        try target.perform("select s 1")
        #expect(try source.perform("cancelled") == "s")
        #expect(try coordinator.status()["registrations"] == "1")
        try source.perform("select s 2")
        #expect(try target.perform("cancelled") == "s")
        #expect(try source.perform("pushes") == "")
        expectStory(
            try coordinator.finish(),
            Self.shared + [
                "notification.selected socket-1 by source, mask 33",
                "notification.cancelled socket-1 of source, mask 33, by target",
                "notification.selected socket-1 by target, mask 1",
                "notification.cancelled socket-1 of target, mask 1, by source",
                "notification.selected socket-1 by source, mask 2",
                "process.exited source code 0",
                "descriptor.closed socket-1 of source by exit",
                "notification.cancelled socket-1 of source, mask 2, by source",
                "process.exited target code 0",
                "descriptor.closed socket-1 of target by exit",
                "socket.released socket-1 kernel",
                "coordinator.stopped 1",
            ])
    }

    @Test func `no events, or a close, leaves the socket to the next one`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try sharing(coordinator)
        try source.perform("select s 1")
        try target.perform("deselect s")
        #expect(try source.perform("cancelled") == "s")
        try target.perform("select s 2")
        try target.perform("close s")
        try coordinator.wait(
            for: "notification.cancelled socket-1 of target, mask 2, by target")
        // It closed the socket itself, through another connection.
        #expect(try target.perform("cancelled") == "?")
        try source.perform("select s 4")
        #expect(try source.perform("pushes") == "")
        expectStory(
            try coordinator.finish(),
            Self.shared + [
                "notification.selected socket-1 by source, mask 1",
                "notification.cancelled socket-1 of source, mask 1, by target",
                "notification.selected socket-1 by target, mask 2",
                "descriptor.closed socket-1 of target by closesocket",
                "notification.cancelled socket-1 of target, mask 2, by target",
                "notification.selected socket-1 by source, mask 4",
                "process.exited source code 0",
                "descriptor.closed socket-1 of source by exit",
                "notification.cancelled socket-1 of source, mask 4, by source",
                "socket.released socket-1 kernel",
                "process.exited target code 0",
                "coordinator.stopped 1",
            ])
    }

    @Test func `a socket that was never handed over has a registration too`() throws {
        let coordinator = try RunningCoordinator()
        let peer = try coordinator.peer("source")
        try peer.perform("pair s far stream")
        try peer.perform("deselect s")
        try peer.perform("select s 1")
        expectStory(
            try coordinator.finish(),
            [
                "process.seen source",
                "socket.seen socket-1",
                "socket.released socket-1 counted",
                "socket.seen socket-2",
                "notification.selected socket-2 by source, mask 1",
                "process.exited source code 0",
                "descriptor.closed socket-2 of source by exit",
                "notification.cancelled socket-2 of source, mask 1, by source",
                "socket.released socket-2 kernel",
                "coordinator.stopped 1",
            ])
    }

    @Test func `a child made by fork is another process`() throws {
        let coordinator = try RunningCoordinator()
        let peer = try coordinator.peer("source")
        try peer.perform("pair s far stream")
        try peer.perform("select s 1")
        try peer.perform("fork select s 2")
        #expect(try peer.perform("cancelled") == "s")
        try coordinator.wait(for: "notification.cancelled socket-1 of other, mask 2, by other")
        let story = try coordinator.finish()
        #expect(story.contains("notification.cancelled socket-1 of source, mask 1, by other"))
        #expect(story.contains("notification.selected socket-1 by other, mask 2"))
    }

    // MARK: - Restarts

    @Test(arguments: RestartTests.End.allCases)
    func `a registration outlives the coordinator, and its process is told by the next one`(
        _ end: RestartTests.End
    ) throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try sharing(coordinator)
        try source.perform("select s 1")
        try coordinator.restart(end)
        #expect(try coordinator.status()["registrations"] == "1")
        // Its call waits for the answer of the new coordinator, which has been asked by then
        // whether the registration stands.
        try source.perform("pair u far stream")
        try source.perform("select u 8")
        #expect(try source.perform("pushes") == "")
        try target.perform("select s 2")
        #expect(try source.perform("cancelled") == "s")
        let story = try coordinator.finish()
        let started = try #require(story.firstIndex(of: "coordinator.started 2"))
        expectStory(
            story[started...].prefix(6),
            [
                "coordinator.started 2",
                "coordinator.recovered held 0, matched 0, lost 0",
                "socket.seen socket-2",
                "notification.selected socket-2 by source, mask 8",
                "notification.cancelled socket-1 of source, mask 1, by target",
                "notification.selected socket-1 by target, mask 2",
            ])
    }

    @Test func `a registration that was lost before its process came back is told then`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try sharing(coordinator)
        try source.perform("select s 1")
        try coordinator.restart(.killed)
        try target.perform("select s 2")
        #expect(try source.perform("cancelled") == "s")
        let story = try coordinator.finish()
        #expect(story.count { $0.hasPrefix("notification.selected") } == 2)
    }

    @Test func `who waits connects again by itself`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try sharing(coordinator)
        try source.perform("select s 1")
        try source.send("cancelled")
        try coordinator.restart(.killed)
        try Waiting.until("the source is back") {
            try coordinator.status()["connections"] == "2"
        }
        try target.perform("select s 2")
        #expect(try source.result() == "s")
        _ = try coordinator.finish()
    }

    @Test func `a process that ended while nobody watched has none any more`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try sharing(coordinator)
        try source.perform("select s 1")
        try coordinator.kill()
        try source.end()
        try coordinator.start()
        #expect(try coordinator.status()["registrations"] == "0")
        try target.perform("select s 2")
        let story = try coordinator.finish()
        let recovered = try #require(story.firstIndex(of: "coordinator.started 2"))
        expectStory(
            story[recovered...].prefix(6),
            [
                "coordinator.started 2",
                "coordinator.recovered held 0, matched 0, lost 0",
                "process.exited source ",
                "descriptor.closed socket-1 of source by exit",
                "notification.cancelled socket-1 of source, mask 1, by source",
                "notification.selected socket-1 by target, mask 2",
            ])
    }

    @Test func `replay equals live after many takeovers, whoever dies`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try sharing(coordinator)
        for round in 1...20 {
            try (round.isMultiple(of: 2) ? source : target).perform("select s \(round)")
            if round == 10 { try coordinator.restart(.killed) }
        }
        // The last one was the source's.
        #expect(try target.perform("cancelled") == "s")
        try target.kill()
        try target.reap()
        try coordinator.wait(for: "descriptor.closed socket-1 of target by exit")
        #expect(try coordinator.status()["registrations"] == "1")
        // The snapshot of a stop is the live state, which the check compares with the log's fold.
        let story = try coordinator.finish()
        #expect(story.count { $0.hasPrefix("notification.selected") } == 20)
        #expect(story.count { $0.hasPrefix("notification.cancelled") } == 20)
    }
}
