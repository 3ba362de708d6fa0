import Daemon
import Registry
import Testing

@testable import Transport

/// A coordinator inside another program, and what it does without newer features of the kernel.
@Suite struct EmbeddingTests {
    @Test func `a coordinator in this process serves until its task is cancelled`() async throws {
        let coordinator = try await EmbeddedCoordinator.start()
        let (source, target) = (try coordinator.peer("source"), try coordinator.peer("target"))
        try source.perform("start")
        try target.perform("start")
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        #expect(try target.perform("open t \(record)") == cookie)
        try source.perform("close s")
        try coordinator.wait(for: "descriptor.closed socket-1 of source by closesocket")
        try target.perform("close t")
        expectStory(
            try await coordinator.finish(),
            [
                "process.seen source",
                "process.seen target",
                "socket.seen socket-1",
                "handoff.issued handoff-1 of socket-1 from source to target",
                "handoff.reserved handoff-1 by target, attempt 1",
                "handoff.delivered handoff-1 confirmed",
                "descriptor.closed socket-1 of source by closesocket",
                "descriptor.closed socket-1 of target by closesocket",
                "socket.released socket-1 kernel",
                "process.exited source code 0",
                "process.exited target code 0",
                "coordinator.stopped 1",
            ])
    }

    @Test func `a task that is cancelled at once leaves a whole log`() async throws {
        let coordinator = try await EmbeddedCoordinator.start()
        expectStory(try await coordinator.finish(), ["coordinator.stopped 1"])
    }

    @Test func `without inodes of pidfds identity is held, and the log says so`() async throws {
        let coordinator = try await EmbeddedCoordinator.start {
            $0.withheldFeatures = ["pidfdInode"]
        }
        let (source, target) = (try coordinator.peer("source"), try coordinator.peer("target"))
        try source.perform("start")
        try source.perform("pair s far stream")
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        try coordinator.wait(for: "handoff.delivered handoff-1 confirmed")
        #expect(try coordinator.status()["grade"] == "held")
        let grades = try coordinator.events().compactMap { event -> Grade? in
            switch event.content {
            case .processSeen(let identity): identity.grade
            case .bootObserved(let boot): boot.grade
            default: nil
            }
        }
        #expect(grades == [.held, .held, .held])
        _ = try await coordinator.finish()
    }

    @Test func `a grade that the kernel does not have keeps it from starting`() async throws {
        let error = await #expect(throws: DaemonError.self) {
            _ = try await EmbeddedCoordinator.start {
                $0.withheldFeatures = ["pidfdInode"]
                $0.minimumGrade = .instance
            }
        }
        guard case .identityTooWeak(found: .held, demanded: .instance) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
