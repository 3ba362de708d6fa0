import Registry
import Testing
import Wire

@testable import Transport

/// Who a request comes from, when processes fork and change their program.
@Suite struct ForkAndExecTests {
    @Test func `a child on its parent's connection is refused, and the parent goes on`() throws {
        let coordinator = try RunningCoordinator()
        let source = try coordinator.peer("source")
        try source.perform("raw connect")
        try source.perform("raw send \(Frames.startup(counter: 1, nonce: 7).text)")
        #expect(try Frames.answer(source.perform("raw receive")).isWelcome)
        try source.perform("fork raw send \(Frames.revoke(counter: 2, handoff: 99).text)")
        let refusal = try Frames.answer(source.perform("raw receive"))
        #expect(refusal.refusal == .foreignSender)
        try source.perform("raw send \(Frames.revoke(counter: 3, handoff: 99).text)")
        #expect(try Frames.answer(source.perform("raw receive")).refusal == .unknownHandoff)
        expectStory(
            try coordinator.finish(),
            [
                "process.seen source",
                "request.refused revoke of a stranger of uid \(HostFacts.effectiveUID()): "
                    + "foreign sender",
                "request.refused revoke of source: unknown handoff",
                "process.exited source code 0",
                "coordinator.stopped 1",
            ])
    }

    @Test func `the library in a child opens a connection of its own`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("fork duplicate s \(target.pid)")
        #expect(try target.perform("open t \(record)") == cookie)
        try source.perform("duplicate s \(target.pid)")
        let story = try coordinator.finish()
        #expect(
            story.filter { $0.contains("from") } == [
                "handoff.issued handoff-1 of socket-1 from other to target",
                "handoff.issued handoff-2 of socket-1 from source to target",
            ])
        #expect(!story.contains { $0.hasPrefix("request.refused") })
        #expect(story.contains("process.exited other code 0"))
    }

    @Test func `a target that becomes another program is still the target`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        let copy = coordinator.scratch["other-program"]
        Programs.run("/bin/cp", [try Programs.built("baton-test-peer"), copy])
        try target.perform("exec \(copy)")
        #expect(try target.perform("pid") == "\(target.pid)")
        #expect(try target.perform("open t \(record)") == cookie)
        let seen = try coordinator.identities(of: target.pid)
        #expect(seen.count == 2)
        #expect(Set(seen.map(\.instance)).count == 1)
        #expect(seen.last?.executable == Array(copy.utf8))
        expectStory(
            try coordinator.finish(),
            [
                "process.seen source",
                "process.seen target",
                "socket.seen socket-1",
                "handoff.issued handoff-1 of socket-1 from source to target",
                "process.seen target",
                "handoff.reserved handoff-1 by target, attempt 1",
                "handoff.delivered handoff-1 confirmed",
                "process.exited source code 0",
                "descriptor.closed socket-1 of source by exit",
                "process.exited target code 0",
                "descriptor.closed socket-1 of target by exit",
                "socket.released socket-1 kernel",
                "coordinator.stopped 1",
            ])
    }
}

extension RunningCoordinator {
    /// What the log has of the process with this number, each time it was looked at.
    func identities(of pid: Int32) throws -> [ProcessIdentity] {
        try events().compactMap { event in
            guard case .processSeen(let identity) = event.content, identity.pid == pid else {
                return nil
            }
            return identity
        }
    }
}
