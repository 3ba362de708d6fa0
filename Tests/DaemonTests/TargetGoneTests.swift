import Testing

@testable import Transport

/// A target that ends takes its tickets and its descriptors with it.
@Suite struct TargetGoneTests {
    @Test func `nothing can be handed to a process that has ended`() throws {
        let coordinator = try RunningCoordinator()
        let source = try coordinator.peer("source")
        let target = try coordinator.peer("target")
        try source.perform("start")
        try source.perform("listen s 127.0.0.1:0 stream")
        try target.kill()
        try target.waitUntilEnded()
        // Its number is still its own, because nobody has asked how it ended.
        try source.expect("target exited, 10022", "duplicate s \(target.pid)")
        try target.reap()
        try source.expect("no such process, 10022", "duplicate s \(target.pid)")
        try source.expect("invalid process id, 10022", "duplicate s 0")
        try source.expect("invalid process id, 10022", "duplicate s -1")
        expectStory(
            try coordinator.finish(),
            [
                "process.seen source",
                "socket.seen socket-1",
                "handoff.refused source: target exited",
                "socket.released socket-1 counted",
                "socket.seen socket-2",
                "handoff.refused source: no such process",
                "socket.released socket-2 counted",
                "socket.seen socket-3",
                "handoff.refused source: invalid process id",
                "socket.released socket-3 counted",
                "socket.seen socket-4",
                "handoff.refused source: invalid process id",
                "socket.released socket-4 counted",
                "process.exited source code 0",
                "coordinator.stopped 1",
            ])
    }

    @Test(arguments: [true, false])
    func `a ticket ends with the target that has not opened it`(_ hasConnected: Bool) throws {
        let coordinator = try RunningCoordinator()
        let source = try coordinator.peer("source")
        let target = try coordinator.peer("target")
        try source.perform("start")
        if hasConnected { try target.perform("start") }
        let listener = try Sockets.listen("127.0.0.1:0")
        try source.perform("connect s 127.0.0.1:\(try Sockets.localPort(listener)) stream")
        let far = try Sockets.accept(listener)
        try source.perform("duplicate s \(target.pid)")
        try source.perform("close s")
        try coordinator.wait(for: "descriptor.closed socket-1 of source by closesocket")
        try target.send("exit 3")
        try target.reap()
        // The escrow was the last descriptor: the far end sees that nobody is there any more.
        #expect(try far.readToEnd().isEmpty)
        let seen =
            hasConnected
            ? ["process.seen target", "socket.seen socket-1"]
            : ["socket.seen socket-1", "process.seen target"]
        expectStory(
            try coordinator.finish(),
            ["process.seen source"] + seen + [
                "handoff.issued handoff-1 of socket-1 from source to target",
                "descriptor.closed socket-1 of source by closesocket",
                "process.exited target code 3",
                "handoff.voided handoff-1: target exited",
                "socket.released socket-1 kernel",
                "process.exited source code 0",
                "coordinator.stopped 1",
            ])
    }

    @Test func `a killed target has closed what it had opened`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        try target.perform("open t \(record)")
        try coordinator.wait(for: "handoff.delivered handoff-1 confirmed")
        try target.kill()
        try target.reap()
        try coordinator.wait(for: "descriptor.closed socket-1 of target by exit")
        try source.perform("close s")
        expectStory(
            try coordinator.finish(),
            [
                "process.seen source",
                "process.seen target",
                "socket.seen socket-1",
                "handoff.issued handoff-1 of socket-1 from source to target",
                "handoff.reserved handoff-1 by target, attempt 1",
                "handoff.delivered handoff-1 confirmed",
                "process.exited target signal 9",
                "descriptor.closed socket-1 of target by exit",
                "descriptor.closed socket-1 of source by closesocket",
                "socket.released socket-1 kernel",
                "process.exited source code 0",
                "coordinator.stopped 1",
            ])
    }
}
