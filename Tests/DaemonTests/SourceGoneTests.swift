import Testing

@testable import Transport

/// From the duplicate call on the coordinator holds the socket: the source may be gone.
@Suite struct SourceGoneTests {
    @Test func `the target opens a socket that its source has closed`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        let listener = try Sockets.listen("127.0.0.1:0")
        try source.perform("connect s 127.0.0.1:\(try Sockets.localPort(listener)) stream")
        let far = try Sockets.accept(listener)
        let record = try source.perform("duplicate s \(target.pid)")
        try source.perform("close s")
        try coordinator.wait(for: "descriptor.closed socket-1 of source by closesocket")
        // Sent while no process but the coordinator has the socket.
        try Sockets.write(far, Array("kept".utf8))
        try target.perform("open t \(record)")
        #expect(try target.perform("hear t 4") == "kept")
        expectStory(
            try coordinator.finish(),
            [
                "process.seen source",
                "process.seen target",
                "socket.seen socket-1",
                "handoff.issued handoff-1 of socket-1 from source to target",
                "descriptor.closed socket-1 of source by closesocket",
                "handoff.reserved handoff-1 by target, attempt 1",
                "handoff.delivered handoff-1 confirmed",
                "process.exited source code 0",
                "process.exited target code 0",
                "descriptor.closed socket-1 of target by exit",
                "socket.released socket-1 kernel",
                "coordinator.stopped 1",
            ])
    }

    @Test(arguments: ["exit 7", "killed"])
    func `the target opens a socket whose source has ended`(_ how: String) throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        let listener = try Sockets.listen("127.0.0.1:0")
        try source.perform("connect s 127.0.0.1:\(try Sockets.localPort(listener)) stream")
        let far = try Sockets.accept(listener)
        let record = try source.perform("duplicate s \(target.pid)")
        if how == "killed" { try source.kill() } else { try source.send(how) }
        try source.reap()
        let end = how == "killed" ? "signal 9" : "code 7"
        try coordinator.wait(for: "descriptor.closed socket-1 of source by exit")
        try Sockets.write(far, Array("kept".utf8))
        try target.perform("open t \(record)")
        #expect(try target.perform("hear t 4") == "kept")
        expectStory(
            try coordinator.finish(),
            [
                "process.seen source",
                "process.seen target",
                "socket.seen socket-1",
                "handoff.issued handoff-1 of socket-1 from source to target",
                "process.exited source \(end)",
                "descriptor.closed socket-1 of source by exit",
                "handoff.reserved handoff-1 by target, attempt 1",
                "handoff.delivered handoff-1 confirmed",
                "process.exited target code 0",
                "descriptor.closed socket-1 of target by exit",
                "socket.released socket-1 kernel",
                "coordinator.stopped 1",
            ])
    }
}
