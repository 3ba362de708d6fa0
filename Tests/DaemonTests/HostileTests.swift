import Coordinator
import Daemon
import Registry
import TestSupport
import Testing
import Winsock
import Wire

@testable import Transport

/// Nothing that a client sends stops the coordinator, leaks a descriptor or goes uncounted.
@Suite struct HostileTests {
    @Test func `random bytes of every length are counted one by one`() async throws {
        let coordinator = try await EmbeddedCoordinator.start {
            $0.admission.refusalsPerSecond = 1_000_000
            $0.admission.refusalsPerSecondOfAll = 1_000_000
        }
        let connection = try TestConnection.started(coordinator.socketPath)
        var random = SeededGenerator(seed: 20_261)
        for length in 0...1200 {
            var bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            // Not by chance a frame of this version.
            if length > 0 { bytes[0] = 0x00 }
            try connection.send(Record(bytes))
            // What could be a header is answered.
            guard length >= 16 else { continue }
            #expect(try connection.answer().refusal == .malformedRequest)
        }
        #expect(try coordinator.status()["connections"] == "2")
        let story = try await coordinator.finish()
        let refusals = story.count { $0 == "request.refused unknown of test: malformed request" }
        #expect(refusals == 1201)
    }

    @Test func `frames that begin well and end badly do no harm`() async throws {
        let coordinator = try await EmbeddedCoordinator.start {
            $0.admission.refusalsPerSecond = 1_000_000
            $0.admission.refusalsPerSecondOfAll = 1_000_000
        }
        let connection = try TestConnection.started(coordinator.socketPath)
        var random = SeededGenerator(seed: 20_262)
        let kinds: [UInt8] = Array(1...12) + [20, 21]
        for length in 16...1200 {
            var bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            // A header that is as it should be, of each kind in turn and of one that there is not.
            bytes[0..<4] = [0x42, 1, kinds[length % kinds.count], 0]
            for index in 0..<8 {
                let byte = UInt8(truncatingIfNeeded: length >> (8 * index))
                if index < 4 { bytes[4 + index] = byte }
                bytes[8 + index] = byte
            }
            try connection.send(Record(bytes))
            _ = try connection.answer()
        }
        let story = try await coordinator.finish()
        #expect(story.count { $0.hasPrefix("request.refused") } > 1000)
    }

    @Test func `a frame of another version and a client of another are told so`() throws {
        let coordinator = try RunningCoordinator()
        let early = try TestConnection(coordinator.socketPath)
        var frame = Frames.startup(counter: 1, nonce: 4)
        frame.bytes[1] = 9
        try early.send(frame)
        #expect(try early.answer().refusal == .unsupportedVersion)
        try early.send(Frames.startup(counter: 2, nonce: 4, versions: 2...9))
        #expect(try early.answer().refusal == .unsupportedVersion)
        try early.send(Frames.redeem(counter: 3, Record([UInt8](repeating: 0, count: 628))))
        #expect(try early.answer().refusal == .notStarted)
        expectStory(
            try coordinator.story(),
            [
                "process.seen test",
                "request.refused unknown of test: unsupported version",
                "request.refused startup of test: unsupported version",
                "request.refused redeem of test: not started",
            ])
    }

    @Test func `before its startup a client opens nothing and leaves nothing`() throws {
        let coordinator = try RunningCoordinator()
        let source = try coordinator.peer("source")
        try source.perform("pair s far stream")
        try source.perform("raw connect")
        let duplicate = Frames.duplicate(counter: 2, pid: source.pid)
        try source.perform("raw send \(duplicate.text) s")
        #expect(try Frames.answer(try source.perform("raw receive")).refusal == .notStarted)
        try source.perform("raw send \(Frames.close(cookie: 7).text)")
        expectStory(
            try coordinator.finish(),
            [
                "process.seen source",
                "request.refused duplicate of source: not started",
                "request.refused close of source: not started",
                "process.exited source code 0",
                "coordinator.stopped 1",
            ])
    }

    @Test(arguments: [1, 2, 253])
    func `descriptors that should not be there are closed`(_ count: Int) throws {
        let coordinator = try RunningCoordinator()
        let far = try Self.sendSurplus(count, to: coordinator.socketPath)
        // Ours is closed: without another descriptor anywhere the far end is at its end.
        let rest = try far.readToEnd()
        #expect(rest.isEmpty)
        // What stays is the handle of this process, which the log knows now.
        try Waiting.until("no descriptor more") {
            try coordinator.descriptorCount() == coordinator.baseline + 1
        }
        #expect(
            try coordinator.story() == [
                "process.seen test",
                "request.refused revoke of test: unexpected descriptors",
            ])
    }

    @Test(arguments: [3, 253])
    func `more descriptors than any request has end their connection`(_ count: Int) throws {
        let coordinator = try RunningCoordinator()
        let connection = try TestConnection.started(coordinator.socketPath)
        let pair = try Sockets.pair(.stream)
        for counter in [2, 3] as [UInt64] {
            try connection.send(
                Frames.revoke(counter: counter, handoff: 1), passing: pair.first, repeated: count)
        }
        let answer = try connection.answer()
        #expect(answer.counter == 2 && answer.refusal == .unexpectedDescriptors)
        #expect(try connection.answerOrEnd() == nil, "nothing behind it is looked at")
        let far = pair.takeSecond()
        #expect(try far.readToEnd().isEmpty, "what is left in the queue is closed with it")
        try Waiting.until("the connection is closed") {
            try coordinator.descriptorCount() == coordinator.baseline + 1
        }
        expectStory(
            try coordinator.story(),
            ["process.seen test", "request.refused revoke of test: unexpected descriptors"])
    }

    /// Sends one end of a pair so many times over, and gives the other end.
    private static func sendSurplus(_ count: Int, to path: String) throws -> Descriptor {
        let connection = try TestConnection.started(path)
        let pair = try Sockets.pair(.stream)
        try connection.send(
            Frames.revoke(counter: 2, handoff: 1), passing: pair.first, repeated: count)
        let answer = try connection.answer()
        #expect(answer.refusal == .unexpectedDescriptors)
        return pair.takeSecond()
    }

    @Test func `what is no socket is refused as none`() throws {
        let coordinator = try RunningCoordinator()
        let connection = try TestConnection.started(coordinator.socketPath)
        let path = coordinator.scratch["file"]
        try SystemFiles.writeFileExclusively(path, [1], mode: 0o600)
        // O_PATH: a descriptor that names the socket's file and cannot be used.
        let openPathOnly: Int32 = 0o10_000_000
        let cases: [(descriptor: SharedDescriptor?, refusal: Refusal)] = [
            (nil, .notASocket),
            (SharedDescriptor(try SystemFiles.nullDevice()), .notASocket),
            (SharedDescriptor(try Syscalls.open(path, flags: 0)), .notASocket),
            (
                SharedDescriptor(try Syscalls.open(coordinator.socketPath, flags: openPathOnly)),
                .notASocket
            ),
            (
                SharedDescriptor(
                    try Connection.connect(path: coordinator.socketPath).takeDescriptor()),
                .coordinatorsOwn
            ),
        ]
        for (index, wrong) in cases.enumerated() {
            let counter = UInt64(index + 2)
            let frame = Frames.duplicate(counter: counter, pid: HostFacts.ownPID())
            try connection.send(frame, passing: wrong.descriptor)
            let answer = try connection.answer()
            #expect(answer.refusal == wrong.refusal, "case \(index)")
        }
        #expect(Refusal.notASocket.code.rawValue == 10_038)
        let story = try coordinator.story()
        #expect(story.count { $0 == "handoff.refused test: not a socket" } == 4)
        #expect(story.contains("handoff.refused test: coordinator's own"))
    }

    @Test(.enabled(if: hasRings, "this host has no io_uring"))
    func `an io_uring is not handed over`() throws {
        let coordinator = try RunningCoordinator()
        let connection = try TestConnection.started(coordinator.socketPath)
        let ring = SharedDescriptor(try TestingRing.make())
        let frame = Frames.duplicate(counter: 2, pid: HostFacts.ownPID())
        do {
            try connection.send(frame, passing: ring)
        } catch let error as Errno where error == .invalidArgument {
            // Linux 6.8 and newer pass no such descriptor at all.
            try connection.send(Frames.duplicate(counter: 2, pid: HostFacts.ownPID()))
        }
        #expect(try connection.answer().refusal == .notASocket)
        #expect(try coordinator.story().contains("handoff.refused test: not a socket"))
    }

    private static let hasRings: Bool = {
        do {
            _ = try TestingRing.make()
            return true
        } catch {
            return false
        }
    }()

    @Test func `a pidfd that is none names no process`() throws {
        let coordinator = try RunningCoordinator()
        let connection = try TestConnection.started(coordinator.socketPath)
        let frame = Frames.duplicate(counter: 2, pid: 0, hasPidfd: true)
        let null = try SystemFiles.nullDevice()
        let socket = try Sockets.unbound(.stream)
        try connection.send(frame, passing: socket, null)
        let answer = try connection.answer()
        #expect(answer.refusal == .invalidProcessID)
        expectStory(
            try coordinator.story(),
            [
                "process.seen test",
                "socket.seen socket-1",
                "handoff.refused test: invalid process id",
                "socket.released socket-1 counted",
            ])
    }

    @Test func `who is refused too often is dropped, and the rest is one line`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        let connection = try TestConnection.started(coordinator.socketPath)
        var answers = 0
        for counter in 2..<1000 {
            let frame = Frames.revoke(counter: UInt64(counter), handoff: 1)
            guard try connection.sendUnlessDropped(frame), try connection.answerOrEnd() != nil
            else { break }
            answers += 1
        }
        // The second in which they are counted can turn once in between.
        #expect(answers >= 100 && answers <= 200)
        let line = "requests.suppressed uid \(HostFacts.effectiveUID()): unknown handoff"
        let story = try coordinator.wait(for: line)
        #expect(story.count { $0.hasPrefix("request.refused") } == answers)
        // Only refusals are counted: what is allowed goes on.
        try source.perform("pair s far stream")
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        try coordinator.wait(for: "handoff.delivered handoff-1 confirmed")
    }
}
