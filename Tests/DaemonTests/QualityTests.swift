import Testing

/// Sockets with a quality of service cannot be handed over, and what strict mode adds to that.
@Suite struct QualityTests {
    @Test func `a marked socket is not duplicated`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        try source.perform("mark s guaranteed")
        try source.expect("quality of service, 10022", "duplicate s \(target.pid)")
        try source.perform("priority s 0")
        try source.expect("quality of service, 10022", "duplicate s \(target.pid)")
        expectStory(
            // Its end is told while its owner's is.
            try coordinator.finish().filter { $0 != "socket.released socket-1 kernel" },
            [
                "process.seen source",
                "process.seen target",
                "socket.seen socket-1",
                "socket.marked socket-1 by source: guaranteed",
                "handoff.refused source: quality of service",
                "handoff.refused source: quality of service",
                "process.exited source code 0",
                "process.exited target code 0",
                "coordinator.stopped 1",
            ])
    }

    @Test func `by default a socket's priority and differing flags are tolerated`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        try source.perform("priority s 5")
        let record = try source.perform("duplicate s \(target.pid) flags=129")
        try target.perform("open t \(record) flags=0")
        let story = try coordinator.finish()
        #expect(story.contains("handoff.delivered handoff-1 confirmed"))
    }

    @Test func `strict mode refuses a socket with a priority`() throws {
        let coordinator = try RunningCoordinator(["--strict"])
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        try source.perform("priority s 5")
        try source.expect("quality of service, 10022", "duplicate s \(target.pid)")
        expectStory(
            try coordinator.finish().dropFirst(2).prefix(3),
            [
                "socket.seen socket-1",
                "socket.marked socket-1 by source: SO_PRIORITY 5",
                "handoff.refused source: quality of service",
            ])
    }

    @Test(arguments: [("flags=0", "overlapped missing"), ("flags=129", "flags differ")])
    func `strict mode refuses to open with other flags, and consumes nothing`(
        _ flags: String, _ reason: String
    ) throws {
        let coordinator = try RunningCoordinator(["--strict"])
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid) flags=1")
        try target.expect("\(reason), 10022", "open t \(record) \(flags)")
        try target.perform("open t \(record) flags=1")
        expectStory(
            try coordinator.finish().dropFirst(4).prefix(3),
            [
                "redemption.refused handoff-1 by target: \(reason)",
                "handoff.reserved handoff-1 by target, attempt 1",
                "handoff.delivered handoff-1 confirmed",
            ])
    }
}
