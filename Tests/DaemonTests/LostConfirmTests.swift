import Registry
import TestSupport
import Testing

@testable import Transport

/// What becomes of a delivery whose confirm went with the coordinator, and of one of which nothing
/// else is known.
@Suite struct LostConfirmTests {
    /// A coordinator that may not look into its clients, and dies with the first confirm unwritten.
    private static func blind() throws -> RunningCoordinator {
        try RunningCoordinator(
            ["--socket-mode", "666"], keeper: true,
            launcher: Programs.asUser(PermissionTests.otherUID), mode: 0o777, withFaults: true)
    }

    /// The second commit after the ticket is that of the confirm.
    private static func killBeforeConfirm(_ coordinator: RunningCoordinator) throws {
        try #require(coordinator.faults).kill(at: .beforeCommit, pass: 2)
    }

    private static func expectKill(_ coordinator: RunningCoordinator) throws {
        let faults = try #require(coordinator.faults)
        try Waiting.until("the coordinator is killed") { faults.killedCount == 1 }
        try coordinator.waitUntilReady()
    }

    private static let isRoot = HostFacts.effectiveUID() == 0

    @Test(.enabled(if: isRoot, "other users need root"))
    func `a target that says nothing more confirms to the next coordinator`() throws {
        let coordinator = try Self.blind()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        try Self.killBeforeConfirm(coordinator)
        try target.perform("open t \(record)")
        try Self.expectKill(coordinator)
        let story = try coordinator.wait(for: "handoff.delivered handoff-1 confirmed")
        #expect(story.contains("coordinator.recovered held 1, matched 1, lost 0"))
        #expect(try coordinator.status()["held"] == "0")
        _ = try coordinator.finish()
    }

    @Test(.enabled(if: isRoot, "other users need root"))
    func `redeem becomes the program once its confirm is durable`() throws {
        let coordinator = try Self.blind()
        let source = try coordinator.peer("source")
        try source.perform("listen s 127.0.0.1:0 stream")
        let path = coordinator.scratch["record"]
        let script = "read go && exec \"$0\" redeem --socket \"$1\" --info \"$2\" -- cat"
        var plan = ChildPlan(
            path: "/bin/sh",
            arguments: [
                "sh", "-c", script, try Programs.built("baton"), coordinator.socketPath, path,
            ])
        plan.standardInput = .piped
        plan.standardOutput = .piped
        let target = try Child(plan)
        let record = try Record(try source.perform("duplicate s \(target.pid)"))
        try SystemFiles.writeFileExclusively(path, record.bytes, mode: 0o600)
        try Self.killBeforeConfirm(coordinator)
        try target.write("go\n")
        try Self.expectKill(coordinator)
        // The program answers, so redeem has nothing more to say.
        try target.write("hello\n")
        let output = try #require(target.output)
        try Waiting.forInput("the program answers", from: output)
        let answer = try Sockets.read(output.descriptor, atMost: 64)
        #expect(String(decoding: answer, as: UTF8.self) == "hello\n")
        try coordinator.wait(for: "handoff.delivered handoff-1 confirmed")
        target.closeInput()
        #expect(try target.reap("the program") == .code(0))
        _ = try coordinator.finish()
    }

    @Test func `before a delivery is void the target is asked for once more`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        try target.rawStart()
        let record = try Record(try source.perform("duplicate s \(target.pid) lifetime=500000"))
        try target.perform("raw send \(Frames.redeem(counter: 2, record).text)")
        try target.perform("raw receive t")
        try coordinator.wait(for: "handoff.delivered handoff-1 observed")
        #expect(try coordinator.status()["held"] == "0")
        let story = try coordinator.finish()
        #expect(!story.contains { $0.hasPrefix("handoff.voided") })
    }

    @Test func `a grant that was under way at a kill is found when it has arrived`() throws {
        let coordinator = try RunningCoordinator(keeper: true)
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        try target.rawStart()
        let record = try Record(try source.perform("duplicate s \(target.pid)"))
        try target.perform("raw send \(Frames.redeem(counter: 2, record).text)")
        try coordinator.wait(for: "handoff.reserved handoff-1 by target, attempt 1")
        // Once it is answered, the grant before has been sent.
        _ = try coordinator.status()
        try coordinator.killUnderKeeper()
        #expect(try coordinator.status()["reserved"] == "1")
        try target.perform("raw receive t")
        try coordinator.wait(for: "handoff.delivered handoff-1 observed")
        _ = try coordinator.finish()
    }

    @Test func `what the target has from elsewhere proves nothing in the end either`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        try coordinator.wait(for: "handoff.delivered handoff-1 confirmed")
        try target.rawStart()
        let record = try Record(try source.perform("duplicate s \(target.pid) lifetime=500000"))
        try target.perform("raw send \(Frames.redeem(counter: 2, record).text)")
        // Received, and dropped.
        try target.perform("raw receive")
        try coordinator.wait(for: "handoff.voided handoff-2: unconfirmed")
        _ = try coordinator.finish()
    }

    @Test func `what the target has by a fork proves nothing either`() throws {
        let coordinator = try RunningCoordinator()
        let source = try coordinator.peer("source")
        try source.perform("start")
        try source.perform("listen s 127.0.0.1:0 stream")
        let pid = try #require(Int32(try source.perform("breed")))
        let target = try ProcessHandle(pid: pid)
        let record = try Record(try source.perform("duplicate s \(pid) lifetime=500000"))
        try source.perform("tell raw connect")
        try source.perform("tell raw send \(Frames.startup(counter: 1, nonce: 7).text)")
        try source.perform("tell raw receive")
        try source.perform("tell raw send \(Frames.redeem(counter: 2, record).text)")
        // Never received, but the target has the socket from its parent.
        try coordinator.wait(for: "handoff.voided handoff-1: unconfirmed")
        try target.signal(Signals.kill)
        try Waiting.until("the exit of the target is seen") {
            try coordinator.story().contains { $0.hasPrefix("process.exited") }
        }
        _ = try coordinator.finish()
    }
}
