import Registry
import TestSupport
import Testing
import Wire

@testable import Transport

/// What `baton serve` keeps when the coordinator under its keeper dies.
@Suite struct KeeperTests {
    @Test func `a ticket outlives six coordinators and its source`() throws {
        let coordinator = try RunningCoordinator(keeper: true)
        let (source, target) = try coordinator.sourceAndTarget()
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        let port = try source.perform("port s")
        let record = try source.perform("duplicate s \(target.pid)")
        try source.perform("close s")
        try source.end()
        try coordinator.wait(for: "process.exited source code 0")
        for kill in 1...6 {
            try coordinator.killUnderKeeper()
            #expect(try coordinator.status()["keeper_restarts"] == "\(kill)")
            #expect(try coordinator.status()["kept"] == "1")
            try LogCheck.run(coordinator.databasePath)
        }
        #expect(try target.perform("open t \(record)") == cookie)
        try target.perform("connect c 127.0.0.1:\(port) stream")
        try target.perform("accept a t")
        try target.perform("say c hello")
        #expect(try target.perform("hear a 5") == "hello")
        let story = try coordinator.finish()
        #expect(story.count { $0 == "coordinator.recovered held 1, matched 1, lost 0" } == 6)
        #expect(story.count { $0 == "handoff.delivered handoff-1 confirmed" } == 1)
        #expect(!story.contains { $0.hasPrefix("handoff.voided") })
    }

    @Test func `requests go on over coordinators that are killed at any moment`() throws {
        let coordinator = try RunningCoordinator(keeper: true)
        let (source, target) = try coordinator.sourceAndTarget()
        for round in 0..<6 {
            let cookie = try source.perform("listen s 127.0.0.1:0 stream")
            try source.send("duplicate s \(target.pid)")
            try coordinator.killUnderKeeper()
            let record = try source.result()
            try source.perform("close s")
            try target.send("open t \(record)")
            if round % 2 == 0 { try coordinator.killUnderKeeper() }
            #expect(try target.result() == cookie)
            try target.perform("close t")
        }
        let story = try coordinator.finish()
        #expect(story.count { $0.hasPrefix("handoff.issued") } == 6)
        #expect(story.count { $0.hasPrefix("handoff.delivered") } == 6)
    }

    @Test func `a coordinator that is killed while it starts leaves everything to the next`()
        throws
    {
        let coordinator = try RunningCoordinator(keeper: true)
        let (source, target) = try coordinator.sourceAndTarget()
        var tickets: [(cookie: String, record: String)] = []
        for name in ["a", "b", "c"] {
            let cookie = try source.perform("listen \(name) 127.0.0.1:0 stream")
            let record = try source.perform("duplicate \(name) \(target.pid)")
            tickets.append((cookie, record))
        }
        try source.end()
        try coordinator.wait(for: "process.exited source code 0")
        // From one that has barely begun to one that serves already.
        for milliseconds in [0, 2, 4, 8, 16, 32, 64] as [Int64] {
            let child = try coordinator.childOfKeeper()
            Clock.sleep(milliseconds: milliseconds)
            try child.signal(Signals.kill)
            try Waiting.forInput("the coordinator ends", from: child)
        }
        for (cookie, record) in tickets {
            #expect(try target.perform("open t \(record)") == cookie)
        }
        let story = try coordinator.finish()
        #expect(story.count { $0.hasPrefix("handoff.delivered") } == 3)
        #expect(!story.contains { $0.hasPrefix("handoff.voided") })
    }

    @Test func `all of many tickets are there after a kill`() throws {
        let coordinator = try RunningCoordinator(keeper: true)
        let (source, target) = try coordinator.sourceAndTarget()
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        let count = 500
        let records = try (0..<count).map { _ in try source.perform("duplicate s \(target.pid)") }
        try source.end()
        try coordinator.wait(for: "process.exited source code 0")
        try coordinator.killUnderKeeper()
        #expect(try coordinator.status()["kept"] == "\(count)")
        for record in [records[0], records[count / 2], records[count - 1]] {
            #expect(try target.perform("open t \(record)") == cookie)
        }
        let story = try coordinator.finish()
        #expect(story.contains("coordinator.recovered held \(count), matched \(count), lost 0"))
    }

    @Test func `a grant that arrived before the kill is confirmed once`() throws {
        let coordinator = try RunningCoordinator(keeper: true)
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try Record(try source.perform("duplicate s \(target.pid)"))
        try target.rawStart()
        try target.perform("raw send \(Frames.redeem(counter: 2, record).text)")
        let cookie = try target.perform("raw receive t")
        #expect(!cookie.isEmpty)
        try coordinator.killUnderKeeper()
        try target.expect("used, 10022", "open x \(record.text)")
        let story = try coordinator.finish()
        #expect(story.count { $0.hasPrefix("handoff.delivered") } == 1)
        #expect(story.contains("handoff.delivered handoff-1 observed"))
    }

    @Test func `a grant that never arrived is granted again by the next coordinator`() throws {
        let coordinator = try RunningCoordinator(keeper: true)
        let (source, target) = try coordinator.sourceAndTarget()
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        let record = try Record(try source.perform("duplicate s \(target.pid)"))
        try source.perform("close s")
        try target.rawStart()
        try target.perform("raw send \(Frames.redeem(counter: 2, record).text)")
        // Received, and dropped.
        try target.perform("raw receive")
        try coordinator.killUnderKeeper()
        #expect(try target.perform("open t \(record.text)") == cookie)
        let story = try coordinator.finish()
        #expect(story.contains("coordinator.recovered held 1, matched 1, lost 0"))
        #expect(story.count { $0 == "handoff.delivered handoff-1 confirmed" } == 1)
    }

    @Test func `a socket that the target had before does not stand for a grant that was lost`()
        throws
    {
        let coordinator = try RunningCoordinator(keeper: true)
        let (source, target) = try coordinator.sourceAndTarget()
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        try coordinator.wait(for: "handoff.delivered handoff-1 confirmed")
        let record = try Record(try source.perform("duplicate s \(target.pid)"))
        try target.rawStart()
        try target.perform("raw send \(Frames.redeem(counter: 2, record).text)")
        // Received, and dropped.
        try target.perform("raw receive")
        try coordinator.killUnderKeeper()
        #expect(try target.perform("open u \(record.text)") == cookie)
        let story = try coordinator.finish()
        #expect(story.contains("handoff.delivered handoff-2 confirmed"))
        #expect(!story.contains("handoff.delivered handoff-2 observed"))
    }

    @Test func `a target that ended while no coordinator ran has exited, and its ticket is void`()
        throws
    {
        let coordinator = try RunningCoordinator(keeper: true)
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        try source.perform("duplicate s \(target.pid)")
        try coordinator.killUnderKeeper { try target.end() }
        let story = try coordinator.finish()
        let recovered = try #require(story.firstIndex(of: "coordinator.started 2"))
        expectStory(
            story[recovered...].prefix(4),
            [
                "coordinator.started 2",
                "coordinator.recovered held 1, matched 1, lost 0",
                "process.exited target ",
                "handoff.voided handoff-1: target exited",
            ])
    }

    @Test func `clients that connect while no coordinator runs are served by the next`() throws {
        let coordinator = try RunningCoordinator(keeper: true)
        var waiting: TestConnection?
        try coordinator.killUnderKeeper {
            waiting = try TestConnection(coordinator.socketPath)
            try waiting?.send(Frames.status(counter: 1))
        }
        #expect(try #require(waiting).answer().counter == 1)
        waiting = nil
        _ = try coordinator.finish()
    }

    @Test func `a target that was not reaped has ended with its status`() throws {
        let coordinator = try RunningCoordinator(keeper: true)
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        try source.perform("duplicate s \(target.pid)")
        try coordinator.killUnderKeeper {
            try target.send("exit 5")
            try target.waitUntilEnded()
        }
        #expect(
            try coordinator.wait(for: "handoff.voided handoff-1: target exited")
                .contains("process.exited target code 5"))
        #expect(try target.reap() == .code(5))
        _ = try coordinator.finish()
    }

    @Test func `a coordinator that finds its log damaged is not tried again`() throws {
        let coordinator = try RunningCoordinator(keeper: true)
        let number = try #require(Int32(try coordinator.status()["pid"] ?? ""))
        let handle = try ProcessHandle(pid: number)
        try coordinator.signal(Signals.stop)
        try handle.signal(Signals.kill)
        try Waiting.forInput("the coordinator ends", from: handle)
        try SystemFiles.remove("\(coordinator.databasePath).key")
        try SystemFiles.writeFileExclusively(
            "\(coordinator.databasePath).key", [1, 2, 3], mode: 0o600)
        try coordinator.signal(Signals.goOn)
        #expect(try coordinator.reap() == .code(4))
    }

    @Test func `one that is told to stop while none serves ends`() throws {
        let coordinator = try RunningCoordinator(keeper: true)
        let number = try #require(Int32(try coordinator.status()["pid"] ?? ""))
        let handle = try ProcessHandle(pid: number)
        try coordinator.signal(Signals.stop)
        try handle.signal(Signals.kill)
        try Waiting.forInput("the coordinator ends", from: handle)
        try coordinator.signal(Signals.terminate)
        try coordinator.signal(Signals.goOn)
        // It was wanted to end by then; what it ended by is told all the same.
        #expect(try coordinator.reap() == .code(137))
    }

    // MARK: - Without the keeper

    @Test func `a coordinator whose keeper is killed says so and stops in order`() throws {
        let coordinator = try RunningCoordinator(keeper: true)
        let keeper = coordinator.pid
        let number = try #require(Int32(try coordinator.status()["pid"] ?? ""))
        let handle = try ProcessHandle(pid: number)
        try coordinator.kill()
        try Waiting.forInput("the coordinator ends", from: handle)
        #expect(
            try coordinator.wait(for: "coordinator.stopped 1").suffix(2) == [
                "keeper.lost pid \(keeper), stopping", "coordinator.stopped 1",
            ])
        #expect(try SystemFiles.facts(of: coordinator.socketPath) == nil)
        try LogCheck.run(coordinator.databasePath)
    }

    @Test func `a coordinator may go on without its keeper`() throws {
        let coordinator = try RunningCoordinator(["--keeper-lost", "continue"], keeper: true)
        let keeper = coordinator.pid
        let number = try #require(Int32(try coordinator.status()["pid"] ?? ""))
        let handle = try ProcessHandle(pid: number)
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        try coordinator.kill()
        try coordinator.wait(for: "keeper.lost pid \(keeper), going on without")
        #expect(try coordinator.status()["keeper"] == "lost")
        #expect(try coordinator.status()["kept"] == "0")
        try target.perform("open t \(record)")
        try coordinator.wait(for: "handoff.delivered handoff-1 confirmed")
        try handle.signal(Signals.terminate)
        try Waiting.forInput("the coordinator ends", from: handle)
        try coordinator.wait(for: "coordinator.stopped 1")
        try LogCheck.run(coordinator.databasePath)
    }

    @Test func `when both are killed, living sources still have what the tickets need`() throws {
        try endBoth(of: try RunningCoordinator(keeper: true))
    }

    @Test(.enabled(if: HostFacts.effectiveUID() == 0, "other users need root"))
    func `a service's own user finds what other users' living sources have`() throws {
        let coordinator = try RunningCoordinator(
            ["--socket-mode", "666"], keeper: true,
            launcher: Programs.asService(PermissionTests.otherUID), mode: 0o777)
        #expect(try coordinator.status()["unseen"] == "descriptors")
        try endBoth(of: coordinator)
    }

    private func endBoth(of coordinator: RunningCoordinator) throws {
        let (source, target) = try coordinator.sourceAndTarget()
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        let living = try source.perform("duplicate s \(target.pid)")
        let again = try source.perform("duplicate s \(target.pid)")
        try source.perform("listen z 127.0.0.1:0 stream")
        let lost = try source.perform("duplicate z \(target.pid)")
        try source.perform("close z")
        let number = try #require(Int32(try coordinator.status()["pid"] ?? ""))
        let handle = try ProcessHandle(pid: number)
        // Stopped, so that it notices nothing before its own end.
        try handle.signal(Signals.stop)
        try coordinator.kill()
        try handle.signal(Signals.kill)
        try Waiting.forInput("the coordinator ends", from: handle)
        try coordinator.start()
        #expect(try target.perform("open t \(living)") == cookie)
        #expect(try target.perform("open u \(again)") == cookie)
        try target.expect("escrow lost, 10022", "open x \(lost)")
        let story = try coordinator.finish()
        #expect(story.contains("coordinator.recovered held 3, matched 2, lost 1"))
        #expect(story.contains("handoff.voided handoff-3: escrow lost"))
    }
}
