import Baton
import Daemon
import GRDB
import Journal
import Registry
import TestSupport
import Testing

@testable import Transport

/// What is told once and cannot be written is written when there is room: nobody tells it again.
@Suite struct UnwrittenFactTests {
    @Test(
        .enabled(if: Privileges.endsAreTold, "the kernel tells nobody here of ended sockets"),
        arguments: ["listen s 127.0.0.1:0 stream", "pair s far stream"])
    func `the end of a socket that could not be written is written when there is room`(
        _ make: String
    ) throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform(make)
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        try coordinator.wait(for: "handoff.delivered handoff-1 confirmed")
        let intruder = try Intruder(coordinator)
        try source.perform("drop s")
        try target.perform("drop t")
        try intruder.awaitFailure()
        try intruder.leave()
        try coordinator.wait(for: "socket.released socket-1 kernel")
        expectStory(
            try coordinator.finish().dropFirst(6),
            [
                "descriptor.closed socket-1 of source by observed",
                "descriptor.closed socket-1 of target by observed",
                "socket.released socket-1 kernel",
                "process.exited source code 0",
                "process.exited target code 0",
                "coordinator.stopped 1",
            ])
    }

    @Test func `what a look found and could not be written is looked for again`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        try coordinator.wait(for: "handoff.delivered handoff-1 confirmed")
        try source.perform("drop s")
        let intruder = try Intruder(coordinator)
        try target.expect("store full, 10055", "reconcile")
        try intruder.leave()
        try coordinator.wait(for: "descriptor.closed socket-1 of source by observed")
        let events = try coordinator.events()
        let looks = events.filter { $0.content.kind == .reconcileFound }
        let closes = events.filter { $0.content.kind == .descriptorClosed }
        #expect(looks.count == 1 && closes.count == 1)
        #expect(closes.first?.cause == looks.first?.sequence)
        try target.perform("close t")
        _ = try coordinator.finish()
    }

    @Test func `the loss of the keeper that could not be written is written when there is room`()
        throws
    {
        let coordinator = try RunningCoordinator(["--keeper-lost", "continue"], keeper: true)
        let keeper = coordinator.pid
        let number = try #require(Int32(try coordinator.status()["pid"] ?? ""))
        let handle = try ProcessHandle(pid: number)
        let intruder = try Intruder(coordinator)
        try coordinator.kill()
        try intruder.awaitFailure()
        try intruder.leave()
        try coordinator.wait(for: "keeper.lost pid \(keeper), going on without")
        try handle.signal(Signals.terminate)
        try Waiting.forInput("the coordinator ends", from: handle)
        let story = try coordinator.wait(for: "coordinator.stopped 1")
        #expect(story.count { $0.hasPrefix("keeper.lost") } == 1)
        try LogCheck.run(coordinator.databasePath)
    }

    @Test func `a step of the clock that could not be written is written before anything else`()
        throws
    {
        let coordinator = try RunningCoordinator(withFaults: true)
        let faults = try #require(coordinator.faults)
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair s far stream")
        let intruder = try Intruder(coordinator)
        faults.setClock(offsetSeconds: 3600)
        try source.expect("store full, 10055", "duplicate s \(target.pid)")
        try intruder.leave()
        try coordinator.waitForSpace()
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        let steps = try coordinator.events().compactMap { event -> Int64? in
            guard case .clockStepped(let by) = event.content else { return nil }
            return by
        }
        #expect(steps.map { ($0 + 500_000) / 1_000_000 } == [3600])
        _ = try coordinator.finish()
        let tool = try coordinator.baton("check")
        #expect(tool.status == .code(0), "\(tool.output)")
    }

    @Test func `refusals that were only counted stay counted when that cannot be written`()
        async throws
    {
        let coordinator = try await EmbeddedCoordinator.start {
            $0.admission.refusalsPerSecond = 0
        }
        let refused = try (0..<3).map { _ in try TestConnection.started(coordinator.socketPath) }
        let intruder = try Intruder(coordinator.configuration.databasePath, coordinator.status)
        for connection in refused {
            try connection.send(Frames.revoke(counter: 2, handoff: 9999))
            #expect(try connection.answerOrEnd() == nil)
        }
        try intruder.awaitFailure()
        try intruder.leave()
        try coordinator.wait(
            for: "requests.suppressed uid \(HostFacts.effectiveUID()): unknown handoff")
        let counts = try coordinator.events().compactMap { event -> UInt64? in
            guard case .requestsSuppressed(let suppressed) = event.content else { return nil }
            return suppressed.count
        }
        #expect(counts.reduce(0, +) == 3)
        _ = try await coordinator.finish()
    }

    @Test(.enabled(if: Privileges.isRoot, "a file system of its own needs root"))
    func `that space is short is written once it can be`() throws {
        let store = try SmallStore(mebibytes: 24)
        let coordinator = try RunningCoordinator(
            ["--min-free-bytes", "8388608"], databaseDirectory: store.path)
        let intruder = try Intruder(coordinator)
        try store.fill(mebibytes: 18)
        try intruder.awaitFailure()
        try intruder.leave()
        try coordinator.wait(for: "store.full")
        try store.empty()
        try coordinator.waitForSpace()
        let story = try coordinator.finish()
        #expect(story.count { $0 == "store.full" } == 1)
    }
}

extension RunningCoordinator {
    func waitForSpace() throws {
        try Waiting.until("it sees that there is room") {
            try status()["store_full"] == "false"
        }
    }
}

/// Nobody else may write to the log; one who does all the same keeps the coordinator out.
final class Intruder {
    private let database: DatabaseQueue
    private let status: () throws -> [String: String]

    convenience init(_ coordinator: RunningCoordinator) throws {
        try self.init(coordinator.databasePath, coordinator.status)
    }

    init(_ path: String, _ status: @escaping () throws -> [String: String]) throws {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        // The coordinator may be in the middle of a batch.
        configuration.busyMode = .timeout(10)
        database = try DatabaseQueue(path: path, configuration: configuration)
        self.status = status
        try database.inDatabase { try $0.execute(sql: "BEGIN IMMEDIATE") }
    }

    /// Waits until the coordinator has seen that it cannot write.
    func awaitFailure() throws {
        try Waiting.until("it sees that it cannot write") {
            do {
                return try status()["store_full"] == "true"
            } catch let error as BatonError where error.reason == Refusal.storeFull.name {
                // It was asked in the round whose commit failed.
                return true
            }
        }
    }

    func leave() throws {
        try database.inDatabase { try $0.execute(sql: "ROLLBACK") }
        try database.close()
    }
}
