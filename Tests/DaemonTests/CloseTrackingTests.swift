import Baton
import Daemon
import Registry
import TestSupport
import Testing

@testable import Transport

/// Who still has a socket, and how it is known that nobody has.
@Suite struct CloseTrackingTests {
    /// A socket of the source, named `s`.
    enum Kind: String, CaseIterable {
        case connected, listening, datagram, unix

        func make(in source: PeerProcess, _ listener: borrowing Descriptor) throws {
            switch self {
            case .connected:
                try source.perform("connect s 127.0.0.1:\(Sockets.localPort(listener)) stream")
            case .listening: try source.perform("listen s [::1]:0 stream")
            case .datagram: try source.perform("listen s 127.0.0.1:0 datagram")
            case .unix: try source.perform("pair s far stream")
            }
        }
    }

    @Test(
        .enabled(if: Privileges.endsAreTold, "the kernel tells nobody here of ended sockets"),
        arguments: Kind.allCases)
    func `a socket that a forked child has is not released before the child has ended`(
        _ kind: Kind
    ) throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        let listener = try Sockets.listen("127.0.0.1:0")
        try kind.make(in: source, listener)
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        let child = try ProcessHandle(pid: try #require(Int32(try target.perform("leave"))))
        try target.perform("close t")
        try source.perform("close s")
        try coordinator.wait(for: "descriptor.closed socket-1 of source by closesocket")
        // More than the kernel takes to tell of an end, and Unix sockets have been asked for.
        Clock.sleep(milliseconds: 500)
        #expect(try coordinator.status()["unheld_sockets"] == "1")
        #expect(try !coordinator.story().contains { $0.hasPrefix("socket.released") })
        try child.signal(Signals.kill)
        try coordinator.wait(for: "socket.released socket-1 kernel")
        #expect(
            try coordinator.finish().count { $0.hasPrefix("socket.released") } == 1)
    }

    @Test(
        .enabled(if: Privileges.endsAreTold, "the kernel tells nobody here of ended sockets"),
        arguments: Kind.allCases)
    func `descriptors that are closed without a word are closed when the socket is gone`(
        _ kind: Kind
    ) throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        let listener = try Sockets.listen("127.0.0.1:0")
        try kind.make(in: source, listener)
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        try target.perform("select t 8")
        try source.perform("drop s")
        try target.perform("drop t")
        try coordinator.wait(for: "socket.released socket-1 kernel")
        expectStory(
            try coordinator.finish().dropFirst(6),
            [
                "notification.selected socket-1 by target, mask 8",
                "descriptor.closed socket-1 of source by observed",
                "descriptor.closed socket-1 of target by observed",
                "notification.cancelled socket-1 of target, mask 8, by target",
                "socket.released socket-1 kernel",
                "process.exited source code 0",
                "process.exited target code 0",
                "coordinator.stopped 1",
            ])
    }

    @Test func `a kernel that tells nothing leaves the coordinator to count and to look`()
        async throws
    {
        let coordinator = try await EmbeddedCoordinator.start {
            $0.withheldFeatures = ["socketDestroyed"]
        }
        #expect(try coordinator.status()["ends_told"] == "unix")
        let (source, target) = (try coordinator.peer("source"), try coordinator.peer("target"))
        try source.perform("start")
        try target.perform("start")
        for (name, verb) in [("one", "close"), ("two", "drop")] {
            try source.perform("listen \(name) 127.0.0.1:0 stream")
            let port = try source.perform("port \(name)")
            let record = try source.perform("duplicate \(name) \(target.pid)")
            try target.perform("open \(name) \(record)")
            try source.perform("\(verb) \(name)")
            try target.perform("\(verb) \(name)")
            // The coordinator's own descriptor is closed on a thread, a moment later.
            try Waiting.until("nobody listens any more") { try !isListening(port) }
        }
        try coordinator.wait(for: "socket.released socket-1 counted")
        let found = try Dictionary(
            uniqueKeysWithValues: Client(socketPath: coordinator.socketPath).reconcile().map {
                ($0.key, $0.value)
            })
        #expect(found["closed"] == "2" && found["released"] == "1" && found["sockets"] == "1")
        let story = try await coordinator.finish()
        #expect(story.contains("socket.released socket-2 \(Privileges.proofOfLook)"))
        #expect(story.count { $0.hasPrefix("reconcile.found reason=request") } == 1)
        #expect(
            story.filter { $0.hasSuffix("by observed") } == [
                "descriptor.closed socket-2 of source by observed",
                "descriptor.closed socket-2 of target by observed",
            ])
    }

    private func isListening(_ port: String) throws -> Bool {
        let refusals: Set<EndpointError> = [.failed(.connectionRefused), .failed(.connectionReset)]
        do throws(EndpointError) {
            _ = try Sockets.connect("127.0.0.1:\(port)", kind: .stream)
            return true
        } catch {
            guard refusals.contains(error) else { throw error }
            return false
        }
    }

    @Test func `what ended while no coordinator ran is found by the next`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        for (name, make) in [("tcp", "listen tcp 127.0.0.1:0 stream"), ("u", "pair u v stream")] {
            try source.perform(make)
            try target.perform(
                "open \(name) \(try source.perform("duplicate \(name) \(target.pid)"))")
            try coordinator.wait(for: "handoff.delivered handoff-\(name == "u" ? 2 : 1) confirmed")
        }
        try coordinator.stop()
        for name in ["tcp", "u"] {
            try source.perform("drop \(name)")
            try target.perform("drop \(name)")
        }
        try coordinator.start()
        try Waiting.until("nothing is tracked") { try coordinator.status()["sockets"] == "0" }
        let story = try coordinator.finish()
        #expect(story.contains { $0.hasPrefix("reconcile.found reason=start sockets=2") })
        #expect(story.count { $0.hasSuffix("by observed") } == 4)
        #expect(story.contains("socket.released socket-2 kernel"))
    }

    @Test func `more descriptors than are closed at once are all found closed by the next`() throws
    {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let count = Limits.drainPortion + 10
        for number in 1...count {
            try target.perform("open t\(number) \(try source.perform("duplicate s \(target.pid)"))")
        }
        try coordinator.wait(for: "handoff.delivered handoff-\(count) confirmed")
        try coordinator.stop()
        try source.perform("drop s")
        for number in 1...count { try target.perform("drop t\(number)") }
        try coordinator.start()
        try Waiting.until("nothing is tracked") { try coordinator.status()["sockets"] == "0" }
        let story = try coordinator.finish()
        #expect(story.contains { $0.hasSuffix(" closed=\(count + 1) released=1") })
        #expect(story.count { $0.hasSuffix("by observed") } == count + 1)
        #expect(story.count { $0.hasPrefix("socket.released socket-1 ") } == 1)
    }

    @Test(.enabled(if: Privileges.endsAreTold, "the kernel tells nobody here of ended sockets"))
    func `words that find no room are counted, and what they said is looked for`() async throws {
        let coordinator = try await EmbeddedCoordinator.start { $0.endsBufferByteCount = 1 }
        let (source, target) = (try coordinator.peer("source"), try coordinator.peer("target"))
        try source.perform("start")
        try target.perform("start")
        try source.perform("listen s 127.0.0.1:0 stream")
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        try source.perform("drop s")
        try Waiting.until("there was no room") {
            // Ends of sockets that are nobody's business.
            for _ in 0..<200 { _ = try Sockets.unbound(.datagram) }
            return try coordinator.status()["end_overflows"] != "0"
        }
        try target.perform("drop t")
        try Waiting.until("nothing is tracked") {
            for _ in 0..<200 { _ = try Sockets.unbound(.datagram) }
            return try coordinator.status()["sockets"] == "0"
        }
        let story = try await coordinator.finish()
        #expect(story.contains { $0.hasPrefix("reconcile.found reason=overflow") })
        #expect(story.contains { $0.hasPrefix("socket.released socket-1") })
    }

    @Test func `only root and the coordinator's user may ask it to look`() throws {
        let coordinator = try RunningCoordinator(["--socket-mode", "666"])
        try #require(HostFacts.effectiveUID() == 0, "another user can be had by root alone")
        Programs.run("/bin/chmod", ["755", coordinator.scratch.path])
        let stranger = try coordinator.peer("stranger", uid: 65_534)
        try stranger.expect("not administrator, 10013", "reconcile")
        let source = try coordinator.peer("source")
        #expect(try source.perform("reconcile").contains("sockets=0"))
        let story = try coordinator.finish()
        #expect(story.contains("request.refused reconcile of stranger: not administrator"))
    }

    @Test(.enabled(if: Privileges.isRoot, "a network namespace can be made by root alone"))
    func `a socket of another network namespace is counted, as nobody tells of it`() throws {
        let coordinator = try RunningCoordinator()
        let source = try coordinator.peer("source", launcher: ["/usr/bin/unshare", "-n"])
        let target = try coordinator.peer("target")
        try source.perform("start")
        try target.perform("start")
        try source.perform("listen s 0.0.0.0:0 stream")
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        try source.perform("close s")
        try target.perform("close t")
        try coordinator.wait(for: "socket.released socket-1 counted")
        _ = try coordinator.finish()
    }
}

enum Privileges {
    static var isRoot: Bool { HostFacts.effectiveUID() == 0 }
    static let endsAreTold = KernelFeatures.probe().socketDestroyed
    /// How a look says that nobody has a socket: it depends on whether all processes can be seen.
    static let proofOfLook = seesAll() ? "observed" : "counted"

    private static func seesAll() -> Bool {
        do throws(Errno) {
            let unseen = try HostFacts.unseenOfOtherUsers()
            return try HolderScan(inodes: []).unreadable.isEmpty && unseen.isEmpty
        } catch {
            return false
        }
    }
}
