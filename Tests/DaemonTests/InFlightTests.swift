import Registry
import TestSupport
import Testing

@testable import Transport
@testable import Wire

/// Descriptors that were sent and that nobody has received.
@Suite struct InFlightTests {
    /// A sixteenth of the descriptors that the coordinator may have.
    static let descriptorLimit = 256
    static let unreadLimit = 16
    static let greedyUID: UInt32 = 2001
    static let quietUID: UInt32 = 2002

    /// One to which the kernel's limit applies.
    private static func ordinaryCoordinator() throws -> RunningCoordinator {
        try RunningCoordinator(
            ["--socket-mode", "666"],
            launcher: DescriptorLimit.launcher(descriptorLimit)
                + Programs.asUser(PermissionTests.otherUID), mode: 0o777)
    }

    @Test(
        .enabled(
            if: HostFacts.effectiveUID() == 0 && DescriptorLimit.canBeSet, "other users need root"))
    func `who does not receive its grants keeps nobody from theirs`() throws {
        let coordinator = try Self.ordinaryCoordinator()
        let greedy = try coordinator.peer("greedy", uid: Self.greedyUID)
        let second = try coordinator.peer("second", uid: Self.greedyUID)
        try greedy.perform("listen s 127.0.0.1:0 stream")
        let records = try (0..<Self.unreadLimit + 4).map { _ in
            try Record(greedy.perform("duplicate s \(greedy.pid)"))
        }
        try second.perform("listen s 127.0.0.1:0 stream")
        let late = try second.perform("duplicate s \(second.pid)")
        try greedy.rawStart()
        for (index, record) in records.enumerated() {
            let frame = Frames.redeem(counter: UInt64(index) + 2, record)
            try greedy.perform("raw send \(frame.text)")
        }
        try Waiting.until("all beyond the limit are refused") {
            try coordinator.story().count {
                $0 == "request.refused redeem of greedy: too many unread"
            } == 4
        }
        let reserved = try coordinator.story().count {
            $0.hasPrefix("handoff.reserved") && $0.contains("by greedy")
        }
        #expect(reserved == Self.unreadLimit)
        // Its answers fill the queue, so that it is dropped: what it does not receive stays.
        let connections = try #require(try coordinator.status()["connections"].flatMap { Int($0) })
        _ = try greedy.ask("raw send \(Frames.status(counter: 100).text) repeat=300")
        try Waiting.until("the connection is dropped") {
            try coordinator.status()["connections"] == "\(connections - 1)"
        }
        try second.expect("too many unread, 10055", "open t \(late)")
        let source = try coordinator.peer("source", uid: Self.quietUID)
        let target = try coordinator.peer("target", uid: Self.quietUID)
        try source.perform("pair s far stream")
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        // The end of the process that had it in its queue gives the room back.
        try greedy.end()
        try second.perform("open t \(late)")
        _ = try coordinator.finish()
    }

    @Test func `a ticket is not granted again while its grant waits on that connection`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair s far stream")
        let record = try Record(try source.perform("duplicate s \(target.pid)"))
        try target.rawStart()
        try target.perform("raw send \(Frames.redeem(counter: 2, record).text)")
        try coordinator.wait(for: "handoff.reserved handoff-1 by target, attempt 1")
        try target.perform("raw send \(Frames.redeem(counter: 3, record).text)")
        try coordinator.wait(for: "request.refused redeem of target: too many unread")
        #expect(try Frames.answer(target.perform("raw receive")).refusal == nil)
        #expect(try Frames.answer(target.perform("raw receive")).refusal == .tooManyUnread)
        // Both have been received.
        try target.perform("raw send \(Frames.redeem(counter: 4, record).text)")
        #expect(try Frames.answer(target.perform("raw receive")).refusal == nil)
        _ = try coordinator.finish()
    }

    @Test(
        .enabled(
            if: HostFacts.effectiveUID() == 0 && DescriptorLimit.canBeSet, "other users need root"))
    func `a grant that the kernel does not pass is refused, and redeemed again`() throws {
        let coordinator = try Self.ordinaryCoordinator()
        let own = try coordinator.peer("own", uid: PermissionTests.otherUID)
        let source = try coordinator.peer("source", uid: Self.quietUID)
        let target = try coordinator.peer("target", uid: Self.quietUID)
        try source.perform("pair s far stream")
        let record = try Record(try source.perform("duplicate s \(target.pid)"))
        try target.rawStart()
        // In flight are those of a user, whichever of its processes sent them.
        try own.perform("fly 4")
        try target.perform("raw send \(Frames.redeem(counter: 2, record).text)")
        #expect(try Frames.answer(target.perform("raw receive")).refusal == .inFlightLimit)
        #expect(try coordinator.story().contains("delivery.failed handoff-1: in-flight limit"))
        try own.perform("land")
        try target.perform("raw send \(Frames.redeem(counter: 3, record).text)")
        #expect(try Frames.answer(target.perform("raw receive")).refusal == nil)
        _ = try coordinator.finish()
    }

    @Test func `a Unix socket with descriptors in its queue is not taken`() throws {
        let coordinator = try RunningCoordinator()
        let connection = try TestConnection.started(coordinator.socketPath)
        let pair = try Connection.pair()
        let byte: [UInt8] = [1]
        try pair.first.send(byte.span, passing: try SystemFiles.nullDevice(), wait: true)
        let socket = SharedDescriptor(try pair.second.withNumber { try Syscalls.duplicate($0) })
        let pid = HostFacts.ownPID()
        try connection.send(Frames.duplicate(counter: 2, pid: pid), passing: socket)
        #expect(try connection.answer().refusal == .queuedDescriptors)
        #expect(
            try coordinator.story().contains("handoff.refused test: queued descriptors"))
        _ = try pair.second.receive(into: MessageBuffer(byteCapacity: 16), wait: true)
        try connection.send(Frames.duplicate(counter: 3, pid: pid), passing: socket)
        #expect(try connection.answer().refusal == nil)
    }

    @Test func `the connections of a process end with it, whoever has them`() throws {
        let coordinator = try RunningCoordinator()
        let source = try coordinator.peer("source")
        try source.perform("start")
        let child = try ProcessHandle(pid: #require(Int32(source.perform("leave"))))
        try source.end()
        try coordinator.wait(for: "process.exited source code 0")
        try Waiting.until("only who asks is connected") {
            try coordinator.status()["connections"] == "1"
        }
        let isAlive = !child.hasExited()
        #expect(isAlive)
        try child.signal(Signals.kill)
        _ = try coordinator.finish()
    }
}
