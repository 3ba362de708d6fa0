import Testing

@testable import Transport

/// Sockets that somebody keeps in a call, so that the kernel lets nobody ask for their names.
@Suite(.enabled(if: TestingOccupation.isAllowed, "userfaultfd(2) is forbidden here"))
struct SocketNameTests {
    /// A process that is in a call on its socket `c`, which does not end before the process.
    private func holder(_ name: String, _ coordinator: RunningCoordinator) throws -> PeerProcess {
        let holder = try coordinator.peer(name)
        try holder.perform("listen l 127.0.0.1:0 stream")
        let port = try holder.perform("port l")
        try holder.perform("connect c 127.0.0.1:\(port) stream")
        try holder.perform("occupy c")
        return holder
    }

    private func handOver(_ source: PeerProcess, _ target: PeerProcess) throws {
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        #expect(try target.perform("open t \(record)") == cookie)
        try target.perform("close t")
        try source.perform("close s")
    }

    @Test func `a socket that somebody is in a call on delays only who hands it over`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        let holder = try holder("holder", coordinator)
        try holder.send("duplicate c \(target.pid)")
        for _ in 0..<3 { try handOver(source, target) }
        #expect(try holder.answer() == "refused socket occupied, 10036")
        for request in ["duplicate c \(target.pid)", "mark c EF", "select c 1"] {
            try holder.expect("socket occupied, 10036", request)
        }
        try handOver(source, target)
        // One that waits when its process ends is heard before the end is written.
        let other = try self.holder("other", coordinator)
        try other.send("duplicate c \(target.pid)")
        try other.end()
        try handOver(source, target)
        let story = try coordinator.finish()
        #expect(story.count { $0 == "handoff.refused holder: socket occupied" } == 2)
        #expect(story.contains("request.refused mark of holder: socket occupied"))
        #expect(story.contains("request.refused select of holder: socket occupied"))
    }

    @Test(.enabled(if: Privileges.isRoot, "other users need root"))
    func `who has more of them than threads wait for one user delays no other user`() throws {
        let coordinator = try RunningCoordinator(["--socket-mode", "666"], mode: 0o755)
        let source = try coordinator.peer("source", uid: PermissionTests.otherUID)
        let target = try coordinator.peer("target", uid: PermissionTests.otherUID)
        let holders = try (0..<10).map { try holder("holder-\($0)", coordinator) }
        for holder in holders { try holder.send("duplicate c \(target.pid)") }
        for _ in 0..<3 { try handOver(source, target) }
        for holder in holders {
            #expect(try holder.answer() == "refused socket occupied, 10036")
        }
        try handOver(source, target)
        for holder in holders { try holder.end() }
        let (own, ownTarget) = (try coordinator.peer("own"), try coordinator.peer("own-target"))
        try handOver(own, ownTarget)
        _ = try coordinator.finish()
    }

    @Test func `a stop is written while a thread of the coordinator waits for a socket`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        let holder = try holder("holder", coordinator)
        try holder.send("duplicate c \(target.pid)")
        #expect(try holder.answer() == "refused socket occupied, 10036")
        try handOver(source, target)
        let connection = try TestConnection.started(coordinator.socketPath)
        try coordinator.signal(Signals.terminate)
        _ = try coordinator.wait(for: "coordinator.stopped 1")
        // Its clients are not to wait for that thread.
        #expect(try connection.answerOrEnd() == nil)
        try holder.end()
        #expect(try coordinator.reap() == .code(0))
        _ = try coordinator.finish()
    }
}
