import GRDB
import Glibc
import Registry
import TestSupport
import Testing

@testable import Journal
@testable import Transport

/// The disk fails under a running coordinator. Nothing that was said is unsaid, and what was not
/// said is asked again.
struct StorageFaultTests {
    @Test
    func `a synchronization that fails says nothing to anybody, and the next start finds out`()
        throws
    {
        let coordinator = try RunningCoordinator(withFaults: true)
        let faults = try #require(coordinator.faults)
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair s far stream")
        faults.fail(.synchronize, with: EIO, times: 1)
        try source.send("duplicate s \(target.pid)")
        #expect(try coordinator.reap() == .code(3))
        #expect(faults.failedCount == 1)
        try LogCheck.run(coordinator.databasePath)
        try coordinator.start()
        // The request is repeated under its id: answered once, whether or not the log had it.
        let answer = try source.answer()
        let story = try coordinator.story()
        let issued = story.filter { $0.hasPrefix("handoff.issued") }
        #expect(issued.count == 1)
        if answer.hasPrefix("ok ") {
            try target.perform("open t \(answer.dropFirst(3))")
        } else {
            // The log had it, and the socket went with the process.
            #expect(answer == "refused escrow lost, 10022")
        }
        _ = try coordinator.finish()
    }

    @Test(arguments: [(EIO, 3), (ENOSPC, 7)] as [(Int32, Int32)])
    func `a write that fails is never taken for one that went through`(
        _ error: Int32, _ status: Int32
    ) throws {
        let coordinator = try RunningCoordinator(withFaults: true)
        let faults = try #require(coordinator.faults)
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair s far stream")
        let before = try source.perform("duplicate s \(target.pid)")
        faults.fail(.write, with: error, times: 1)
        try source.send("duplicate s \(target.pid)")
        // A page that cannot be written is noticed in COMMIT, whose outcome is then unknown.
        #expect(try coordinator.reap() == .code(status))
        #expect(faults.failedCount == 1)
        try LogCheck.run(coordinator.databasePath)
        try coordinator.start()
        let record = try source.result()
        #expect(record != before)
        try target.perform("open t \(record)")
        let story = try coordinator.finish()
        #expect(story.count { $0.hasPrefix("handoff.issued") } == 2)
        #expect(story.count { $0.hasPrefix("handoff.delivered") } == 1)
    }

    @Test func `a foreign writer with the lock makes the coordinator say so, and it goes on`()
        throws
    {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair s far stream")
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        configuration.busyMode = .timeout(10)
        let other = try DatabaseQueue(path: coordinator.databasePath, configuration: configuration)
        try other.inDatabase { try $0.execute(sql: "BEGIN IMMEDIATE") }
        try source.expect("store full, 10055", "duplicate s \(target.pid)")
        try other.inDatabase { try $0.execute(sql: "ROLLBACK") }
        try other.close()
        try Waiting.until("it sees that") { try coordinator.status()["store_full"] == "false" }
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        let story = try coordinator.finish()
        #expect(story.count { $0.hasPrefix("handoff.issued") } == 1)
    }

    @Test func `a wall clock that is set back is recorded, and shortens or lengthens no life`()
        throws
    {
        let coordinator = try RunningCoordinator(withFaults: true)
        let faults = try #require(coordinator.faults)
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair s far stream")
        let short = try source.perform("duplicate s \(target.pid) lifetime=300000")
        let long = try source.perform("duplicate s \(target.pid) lifetime=600000000")
        faults.setClock(offsetSeconds: -3600)
        try coordinator.wait(for: "handoff.expired handoff-1")
        try target.expect("expired, 10022", "open x \(short)")
        faults.setClock(offsetSeconds: 3600)
        try target.perform("open t \(long)")
        let steps = try coordinator.events().compactMap { event -> Int64? in
            guard case .clockStepped(let by) = event.content else { return nil }
            return by
        }
        #expect(
            steps.map { Int(($0 + ($0 < 0 ? -500_000 : 500_000)) / 1_000_000) } == [-3600, 7200])
        let times = try coordinator.events().map(\.time.bootMicroseconds)
        #expect(times == times.sorted(), "the boot clock never goes back")
        _ = try coordinator.finish()
    }
}

/// Processes that stop for a while.
struct PauseTests {
    /// Longer than anything waits for anybody.
    static let pauseMilliseconds: Int64 = 10_000

    @Test func `a client that stops while it is answered delays nobody`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        let stopped = try coordinator.peer("stopped")
        try stopped.perform("start")
        try source.perform("pair s far stream")
        let record = try source.perform("duplicate s \(stopped.pid)")
        try stopped.kill(Signals.stop)
        try stopped.send("open t \(record)")
        let end = Clock.bootMicroseconds() + Self.pauseMilliseconds * 1000
        var count = 0
        while Clock.bootMicroseconds() < end {
            try target.perform("open t\(count) \(source.perform("duplicate s \(target.pid)"))")
            try target.perform("close t\(count)")
            count += 1
            Clock.sleep(milliseconds: 100)
        }
        try stopped.kill(Signals.goOn)
        _ = try stopped.result()
        try coordinator.wait(for: "handoff.delivered handoff-1 confirmed")
        let story = try coordinator.finish()
        #expect(count > 0)
        #expect(story.count { $0.hasPrefix("handoff.delivered") } == count + 1)
    }

    @Test func `a coordinator that stops makes its clients wait, and loses nothing`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair s far stream")
        let record = try source.perform("duplicate s \(target.pid)")
        try coordinator.signal(Signals.stop)
        try target.send("open t \(record)")
        try source.send("duplicate s \(target.pid)")
        Clock.sleep(milliseconds: Self.pauseMilliseconds)
        try coordinator.signal(Signals.goOn)
        _ = try target.result()
        try target.perform("open u \(try source.result())")
        let story = try coordinator.finish()
        #expect(story.count { $0.hasPrefix("handoff.issued") } == 2)
        #expect(story.count { $0.hasPrefix("handoff.delivered") } == 2)
    }

    @Test func `a keeper that stops delays the next coordinator, and nothing else`() throws {
        let coordinator = try RunningCoordinator(keeper: true)
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair s far stream")
        try coordinator.signal(Signals.stop)
        // While its coordinator lives nobody needs the keeper.
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        try coordinator.signal(Signals.goOn)
        try coordinator.killUnderKeeper {
            try source.send("duplicate s \(target.pid)")
            Clock.sleep(milliseconds: Self.pauseMilliseconds)
        }
        try target.perform("open u \(try source.result())")
        let story = try coordinator.finish()
        #expect(story.count { $0.hasPrefix("handoff.issued") } == 2)
        #expect(story.count { $0.hasPrefix("handoff.delivered") } == 2)
    }
}
