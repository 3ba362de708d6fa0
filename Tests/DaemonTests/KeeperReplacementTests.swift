import Registry
import TestSupport
import Testing

@testable import Transport

/// `--keeper-lost replace`: who has lost its keeper becomes the next one.
@Suite struct KeeperReplacementTests {
    @Test func `a coordinator whose keeper is killed becomes the next one`() throws {
        let coordinator = try RunningCoordinator(["--keeper-lost", "replace"], keeper: true)
        let (source, target) = try coordinator.sourceAndTarget()
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        let first = try source.perform("duplicate s \(target.pid)")
        let second = try source.perform("duplicate s \(target.pid)")
        try source.end()
        try coordinator.wait(for: "process.exited source code 0")
        let keeper = coordinator.pid
        let descriptors = try coordinator.descriptorCount()
        let heir = try coordinator.served()
        try coordinator.kill()
        try coordinator.waitUntilReady(mainPID: heir)
        #expect(try coordinator.status()["keeper"] == "\(heir)")
        #expect(try coordinator.status()["keeper_restarts"] == "1")
        #expect(try coordinator.status()["kept"] == "2")
        #expect(try target.perform("open t \(first)") == cookie)
        // And it keeps, as the first one did.
        try ProcessHandle(pid: try coordinator.served()).signal(Signals.kill)
        try coordinator.waitUntilReady(mainPID: heir)
        #expect(try target.perform("open u \(second)") == cookie)
        try coordinator.wait(for: "handoff.delivered handoff-2 confirmed")
        // Both tickets were in escrow when the descriptors were counted.
        try Waiting.until("nothing else of the old process stays open") {
            try coordinator.descriptorCount(of: heir) == descriptors - 2
        }
        let story = try coordinator.stop(heir)
        let lost = try #require(story.firstIndex(of: "keeper.lost pid \(keeper), taking its place"))
        expectStory(
            story[lost...].prefix(4),
            [
                "keeper.lost pid \(keeper), taking its place",
                "coordinator.stopped 1",
                "coordinator.started 2",
                "coordinator.recovered held 2, matched 2, lost 0",
            ])
        #expect(!story.contains { $0.hasPrefix("handoff.voided") })
    }

    @Test func `a keeper is replaced though its end cannot be written just then`() throws {
        let coordinator = try RunningCoordinator(["--keeper-lost", "replace"], keeper: true)
        let (source, target) = try coordinator.sourceAndTarget()
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        try source.end()
        try coordinator.wait(for: "process.exited source code 0")
        let (keeper, heir) = (coordinator.pid, try coordinator.served())
        let intruder = try Intruder(coordinator)
        try coordinator.kill()
        try Waiting.until("it keeps another coordinator") {
            let path = "/proc/\(heir)/task/\(heir)/children"
            return try !SystemFiles.readFile(path, limit: 64).isEmpty
        }
        try intruder.leave()
        try coordinator.waitUntilReady(mainPID: heir)
        #expect(try target.perform("open t \(record)") == cookie)
        let story = try coordinator.stop(heir)
        #expect(story.contains("keeper.lost pid \(keeper), its place was taken"))
        #expect(story.contains("coordinator.recovered held 1, matched 1, lost 0"))
    }

    @Test func `requests go on over keepers that are killed one after the other`() throws {
        let coordinator = try RunningCoordinator(["--keeper-lost", "replace"], keeper: true)
        let (source, target) = try coordinator.sourceAndTarget()
        var heir = try coordinator.served()
        for round in 1...5 {
            let cookie = try source.perform("listen s 127.0.0.1:0 stream")
            try source.send("duplicate s \(target.pid)")
            if round == 1 {
                try coordinator.kill()
            } else {
                let keeper = try ProcessHandle(pid: heir)
                heir = try coordinator.served()
                try keeper.signal(Signals.kill)
            }
            try coordinator.waitUntilReady(mainPID: heir)
            let record = try source.result()
            try source.perform("close s")
            #expect(try target.perform("open t \(record)") == cookie)
            try target.perform("close t")
            #expect(try coordinator.status()["keeper_restarts"] == "\(round)")
        }
        let story = try coordinator.stop(heir)
        #expect(story.count { $0.hasPrefix("keeper.lost") } == 5)
        #expect(story.count { $0.hasPrefix("handoff.issued") } == 5)
        #expect(story.count { $0.hasPrefix("handoff.delivered") } == 5)
    }

    @Test func `who is told to stop when its keeper is gone does not become one`() throws {
        let coordinator = try RunningCoordinator(["--keeper-lost", "replace"], keeper: true)
        let number = try coordinator.served()
        let handle = try ProcessHandle(pid: number)
        try handle.signal(Signals.stop)
        // Else its wait could still end with the keeper's death, and nothing of the signal.
        try Waiting.until("it has stopped") {
            let status = try SystemFiles.readFile("/proc/\(number)/status", limit: 65_536)
            return String(decoding: status, as: UTF8.self).contains("State:\tT")
        }
        try coordinator.kill()
        try handle.signal(Signals.terminate)
        try handle.signal(Signals.goOn)
        try Waiting.forInput("the coordinator ends", from: handle)
        try coordinator.wait(for: "coordinator.stopped 1")
        #expect(try SystemFiles.facts(of: coordinator.socketPath) == nil)
        #expect(try !coordinator.story().contains("coordinator.started 2"))
    }

    @Test func `the listener of a service manager stays with the next keeper`() throws {
        let scratch = try Scratch()
        let path = scratch["activated.sock"]
        let listener = SharedListener(
            try Listener.bind(path: path, mode: 0o600, group: nil, backlog: 16))
        let coordinator = try RunningCoordinator(
            ["--keeper-lost", "replace"], keeper: true, listener: listener, listeningAt: path)
        let heir = try coordinator.served()
        try coordinator.kill()
        try coordinator.waitUntilReady(mainPID: heir)
        let (source, target) = try coordinator.sourceAndTarget()
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        #expect(try target.perform("open t \(record)") == cookie)
        _ = try coordinator.stop(heir)
        #expect(try SystemFiles.facts(of: path) != nil)
    }
}

extension RunningCoordinator {
    /// The pid of the coordinator that serves now.
    fileprivate func served() throws -> Int32 {
        try #require(Int32(try status()["pid"] ?? ""))
    }

    /// SIGTERM for a keeper that is no child of this process; the story of the whole test.
    fileprivate func stop(_ keeper: Int32) throws -> [String] {
        let handle = try ProcessHandle(pid: keeper)
        try handle.signal(Signals.terminate)
        try Waiting.forInput("the keeper ends", from: handle)
        try LogCheck.run(databasePath)
        let story = try story()
        #expect(story.last?.hasPrefix("coordinator.stopped") == true)
        return story
    }
}
