import Registry
import Testing

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
                "socket.released socket-1 counted",
                "coordinator.stopped 1",
            ])
    }
}
