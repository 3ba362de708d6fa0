import Registry
import TestSupport
import Testing

@testable import Transport

/// What could go wrong while one coordinator takes over from another.
@Suite struct TakeoverTests {
    @Test func `a hang-up while no coordinator serves yet ends nobody`() throws {
        let scratch = try Scratch()
        let path = scratch["baton.yaml"]
        try SystemFiles.writeFileExclusively(path, Array("strict: false\n".utf8), mode: 0o600)
        let coordinator = try RunningCoordinator(["--configuration", path], keeper: true)
        // Fewer than the quick ends after which a keeper gives up.
        for _ in 1...8 {
            let child = try coordinator.childOfKeeper()
            try child.signal(Signals.kill)
            try Waiting.forInput("the coordinator ends", from: child)
            for _ in 1...20 {
                try coordinator.signal(Signals.hangUp)
                Clock.sleep(milliseconds: 1)
            }
            try coordinator.waitUntilReady()
        }
        let story = try coordinator.finish()
        #expect(story.count { $0.hasPrefix("coordinator.started") } == 8)
    }

    @Test func `a file gone bad leaves the recorded grade and free space in force`() throws {
        let scratch = try Scratch()
        let path = scratch["baton.yaml"]
        // More than any file system has free.
        let text = "grade: number\nminimum_free_bytes: \(Int64.max)\n"
        try SystemFiles.writeFileExclusively(path, Array(text.utf8), mode: 0o600)
        let coordinator = try RunningCoordinator(["--configuration", path], keeper: true)
        try SystemFiles.remove(path)
        try SystemFiles.writeFileExclusively(path, Array("rules:\n".utf8), mode: 0o600)
        try coordinator.killUnderKeeper()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair s far stream")
        try source.expect("store full, 10055", "duplicate s \(target.pid)")
        let recorded = try coordinator.events().compactMap { event -> Rules? in
            guard case .configurationChanged(_, let content) = event.content else { return nil }
            return Rules(text: content)
        }
        #expect(recorded.map(\.minimumGrade) == [.number])
        #expect(recorded.map(\.minimumFreeBytes) == [UInt64(Int64.max)])
        _ = try coordinator.finish()
    }

    @Test(
        .enabled(
            if: HostFacts.effectiveUID() == 0 && DescriptorLimit.canBeSet,
            "prlimit(1) on another process needs root"))
    func `who cannot be looked at for want of a descriptor has not exited`() throws {
        let coordinator = try RunningCoordinator(keeper: true)
        let (source, target) = try coordinator.sourceAndTarget()
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        var others: [Child] = []
        for _ in 0..<40 {
            let other = try Child(ChildPlan(path: "/bin/sleep", arguments: ["sleep", "1000"]))
            try source.perform("duplicate s \(other.pid)")
            others.append(other)
        }
        try coordinator.signal(Signals.stop)
        let child = try coordinator.childOfKeeper()
        try child.signal(Signals.kill)
        try Waiting.forInput("the coordinator ends", from: child)
        // Enough to open the log, and not enough for a pidfd of everybody.
        try DescriptorLimit.set(45, of: coordinator.pid)
        try coordinator.signal(Signals.goOn)
        var tries: Set<Int32> = []
        try Waiting.until("two coordinators could not start") {
            tries.insert(try coordinator.childOfKeeper().pid())
            return tries.count > 2
        }
        try DescriptorLimit.set(4096, of: coordinator.pid)
        try coordinator.waitUntilReady()
        #expect(try target.perform("open t \(record)") == cookie)
        #expect(try !coordinator.story().contains { $0.hasPrefix("process.exited") })
        for other in others {
            try other.kill(Signals.kill)
            try other.reap("the other")
        }
        let story = try coordinator.finish()
        #expect(story.contains("coordinator.recovered held 41, matched 41, lost 0"))
        #expect(story.count { $0.hasPrefix("handoff.voided") } == 40)
    }

    @Test(
        .enabled(if: DescriptorLimit.canBeSet, "prlimit(1) is needed"))
    func `a table that is as full as the limits allow outlives its coordinator`() throws {
        let count = 126
        let coordinator = try RunningCoordinator(
            ["--max-handoffs-per-user", "\(count)"], keeper: true,
            launcher: DescriptorLimit.launcher(256))
        let (source, target) = try coordinator.sourceAndTarget()
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        let records = try (0..<count).map { _ in try source.perform("duplicate s \(target.pid)") }
        try source.expect("too many handoffs, 10055", "duplicate s \(target.pid)")
        try source.end()
        try coordinator.wait(for: "process.exited source code 0")
        try coordinator.killUnderKeeper()
        #expect(try target.perform("open t \(records[count - 1])") == cookie)
        let story = try coordinator.finish()
        #expect(story.contains("coordinator.recovered held \(count), matched \(count), lost 0"))
    }

    @Test(
        .enabled(if: DescriptorLimit.canBeSet, "prlimit(1) is needed"))
    func `what a source still has is fetched as far as descriptors go, and void for none`() throws {
        let coordinator = try RunningCoordinator(
            ["--max-handoffs-per-user", "126"], launcher: DescriptorLimit.launcher(256))
        let (source, target) = try coordinator.sourceAndTarget()
        let count = 126
        var record = ""
        var cookie = ""
        for number in 0..<count {
            cookie = try source.perform("listen s\(number) 127.0.0.1:0 stream")
            record = try source.perform("duplicate s\(number) \(target.pid)")
        }
        try coordinator.kill()
        // Enough to open the log, and not for all that was in escrow.
        let launcher = DescriptorLimit.launcher(120)
        let refused = try Tool.run(
            launcher[0],
            launcher.dropFirst() + [
                try Programs.built("baton"), "serve", "--no-keeper", "--socket",
                coordinator.socketPath, "--database", coordinator.databasePath,
            ])
        #expect(refused.status == .code(3))
        #expect(refused.error.contains("cannot take over what is in escrow: EMFILE"))
        #expect(refused.error.contains("LimitNOFILE="))
        #expect(try !coordinator.story().contains { $0.hasPrefix("handoff.voided") })
        try coordinator.start()
        #expect(try target.perform("open t \(record)") == cookie)
        let story = try coordinator.finish()
        #expect(story.contains("coordinator.recovered held \(count), matched \(count), lost 0"))
    }
}
