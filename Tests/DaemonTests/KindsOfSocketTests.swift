import Testing

@testable import Transport

/// Every kind of socket of the catalog that needs no privilege goes from one process to another.
@Suite struct KindsOfSocketTests {
    /// What the log has to say of a handoff from `source` to `target` that both close again.
    private static let wholeStory = [
        "process.seen source",
        "process.seen target",
        "socket.seen socket-1",
        "handoff.issued handoff-1 of socket-1 from source to target",
        "handoff.reserved handoff-1 by target, attempt 1",
        "handoff.delivered handoff-1 confirmed",
        "descriptor.closed socket-1 of source by closesocket",
        "descriptor.closed socket-1 of target by closesocket",
        "socket.released socket-1 kernel",
        "process.exited source code 0",
        "process.exited target code 0",
        "coordinator.stopped 1",
    ]

    @Test(arguments: ["127.0.0.1:0", "[::1]:0", "unix"])
    func `a connected stream goes on in the target where the source left off`(
        _ place: String
    ) throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        let endpoint = place == "unix" ? "unix:\(coordinator.scratch["far"])" : place
        let listener = try Sockets.listen(endpoint)
        let reachable =
            place == "unix" ? endpoint : "\(place.dropLast())\(try Sockets.localPort(listener))"
        let cookie = try source.perform("connect s \(reachable) stream")
        let far = try Sockets.accept(listener)
        try source.perform("say s before")
        let record = try source.perform("duplicate s \(target.pid)")
        #expect(record.count == 2 * 628)
        #expect(try target.perform("open t \(record)") == cookie)
        try target.perform("say t after")
        #expect(try far.read(exactly: 11) == Array("beforeafter".utf8))
        // Both descriptors are the one socket: each of them reads what the far end sends.
        try Sockets.write(far, Array("onetwo".utf8))
        #expect(try source.perform("hear s 3") == "one")
        #expect(try target.perform("hear t 3") == "two")
        try source.perform("close s")
        try coordinator.wait(for: "descriptor.closed socket-1 of source by closesocket")
        try Sockets.write(far, Array("still".utf8))
        #expect(try target.perform("hear t 5") == "still")
        try target.perform("close t")
        #expect(try far.readToEnd().isEmpty)
        expectStory(try coordinator.finish(), Self.wholeStory)
    }

    @Test func `a listening socket is accepted from in the target`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let port = try source.perform("port s")
        let record = try source.perform("duplicate s \(target.pid)")
        try target.perform("open t \(record)")
        try source.perform("close s")
        try coordinator.wait(for: "descriptor.closed socket-1 of source by closesocket")
        let far = try Sockets.connect("127.0.0.1:\(port)")
        try target.perform("accept a t")
        try target.perform("say a welcome")
        #expect(try far.read(exactly: 7) == Array("welcome".utf8))
        try target.perform("close t")
        expectStory(try coordinator.finish(), Self.wholeStory)
    }

    @Test func `datagrams arrive in the target`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 datagram")
        let port = try source.perform("port s")
        let record = try source.perform("duplicate s \(target.pid)")
        try target.perform("open t \(record)")
        try source.perform("close s")
        try coordinator.wait(for: "descriptor.closed socket-1 of source by closesocket")
        let far = try Sockets.connect("127.0.0.1:\(port)", kind: .datagram)
        try Sockets.write(far, Array("datagram".utf8))
        #expect(try target.perform("hear t 8") == "datagram")
        try target.perform("close t")
        expectStory(try coordinator.finish(), Self.wholeStory)
    }

    @Test(arguments: ["stream", "datagram", "sequencedPacket"])
    func `one end of a socket pair goes to the target`(_ kind: String) throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair s far \(kind)")
        let record = try source.perform("duplicate s \(target.pid)")
        try target.perform("open t \(record)")
        try source.perform("close s")
        try coordinator.wait(for: "descriptor.closed socket-1 of source by closesocket")
        try target.perform("say t ping")
        #expect(try source.perform("hear far 4") == "ping")
        try source.perform("say far pong")
        #expect(try target.perform("hear t 4") == "pong")
        try target.perform("close t")
        expectStory(try coordinator.finish(), Self.wholeStory)
    }

    @Test func `a pidfd names the target as well as its number`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid) by=pidfd")
        #expect(try target.perform("open t \(record)") == cookie)
        try source.perform("close s")
        try coordinator.wait(for: "descriptor.closed socket-1 of source by closesocket")
        try target.perform("close t")
        expectStory(try coordinator.finish(), Self.wholeStory)
    }
}
