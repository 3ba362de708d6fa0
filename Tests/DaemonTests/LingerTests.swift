import Registry
import TestSupport
import Testing

@testable import Transport
@testable import Wire

@Suite struct LingerTests {
    @Test func `a close that takes a minute delays no handoff`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        let listener = try Sockets.listen("127.0.0.1:0")
        try source.perform("connect s 127.0.0.1:\(try Sockets.localPort(listener)) stream")
        let far = try Sockets.accept(listener)
        try source.perform("linger s 60")
        // The far end reads nothing: the last close waits for it, or for a minute.
        try source.perform("flood s")
        let record = try Record(try source.perform("duplicate s \(target.pid)"))
        try source.perform("drop s")
        try source.perform("revoke \(try record.handoff)")
        try source.perform("pair u v stream")
        for _ in 0..<20 {
            let record = try source.perform("duplicate u \(target.pid)")
            try target.perform("open t \(record)")
            try target.perform("say t ping")
            #expect(try source.perform("hear v 4") == "ping")
            try target.perform("close t")
        }
        // All of that went on while the socket was still there: it goes only with its data read.
        #expect(try far.readToEnd().count > 65_536)
        let story = try coordinator.finish()
        #expect(story.count { $0.hasPrefix("handoff.delivered") } == 20)
    }

    /// Sends so many of them, with frames that are refused, and keeps none.
    private func send(_ count: Int, over connection: TestConnection) throws -> [SharedDescriptor] {
        try (0..<count).map { index in
            let socket = try LingeringSocket()
            try connection.send(
                Frames.duplicate(counter: UInt64(2 + index), pid: 0), passing: socket.near)
            return socket.far
        }
    }

    @Test func `what lingers in a queue is closed without a wait, read or unread`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair u v stream")
        for isDropped in [false, true] {
            let connection = try TestConnection.started(coordinator.socketPath)
            try coordinator.signal(Signals.stop)
            var far = try send(8, over: connection)
            if isDropped {
                // One that reads no answers is dropped, with what it has sent and nobody has read.
                try connection.shutDown()
            }
            try coordinator.signal(Signals.goOn)
            try target.perform("open t \(try source.perform("duplicate u \(target.pid)"))")
            try target.perform("close t")
            // Their owners have let go of them, and the coordinator as well.
            while let next = far.popLast() { #expect(try next.descriptor.readToEnd().count > 0) }
        }
        // This process stays known as one that has asked, so that no count can be compared.
        try coordinator.stop()
        try LogCheck.run(coordinator.databasePath)
    }

    /// Sends a message with three of them over each, of which the last has no room, and keeps none,
    /// before the coordinator can let go of any.
    private func sendSurplus(
        over connections: [TestConnection], to coordinator: RunningCoordinator
    ) throws -> [SharedDescriptor] {
        try coordinator.signal(Signals.stop)
        var far: [SharedDescriptor] = []
        for connection in connections {
            let sockets = try (0..<3).map { _ in try LingeringSocket() }
            try connection.send(
                Frames.revoke(counter: 2, handoff: 1), passingEach: sockets.map(\.near))
            far += sockets.map(\.far)
        }
        try coordinator.signal(Signals.goOn)
        return far
    }

    /// Reads to the end, the last one of a message first: for that a thread is kept that has the
    /// others.
    private func drain(_ far: [SharedDescriptor]) throws {
        for index in [2, 5, 1, 0, 4, 3] where index < far.count {
            #expect(try far[index].descriptor.readToEnd().count > 0)
        }
    }

    @Test func `what lingers beyond two descriptors of a message keeps nobody else waiting`() throws
    {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair u v stream")
        func handOver() throws {
            try target.perform("open t \(try source.perform("duplicate u \(target.pid)"))")
            try target.perform("close t")
        }
        let connections = try (0..<2).map { _ in
            try TestConnection.started(coordinator.socketPath)
        }
        let far = try sendSurplus(over: connections, to: coordinator)
        for _ in 0..<3 { try handOver() }
        // For one a thread is kept, and the connection is given up. Meanwhile the user's messages
        // are looked at first, and the other one keeps no thread.
        let answers = try connections.map { try $0.answerOrEnd()?.refusal }
        #expect(answers.contains(.unexpectedDescriptors) && answers.contains(nil))
        try handOver()
        try drain(far)
        try handOver()
        let refusals = try coordinator.story().filter { $0.hasPrefix("request.refused") }
        #expect(
            refusals == [
                "request.refused revoke of test: unexpected descriptors",
                "request.refused startup of a stranger of uid 0: unexpected descriptors",
            ])
        try coordinator.stop()
        try LogCheck.run(coordinator.databasePath)
    }

    @Test func `a message whose surplus does not linger for long is answered then`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair u v stream")
        let connection = try TestConnection.started(coordinator.socketPath)
        let far = try sendSurplus(over: [connection], to: coordinator)
        try target.perform("open t \(try source.perform("duplicate u \(target.pid)"))")
        try drain(far)
        let answer = try connection.answer()
        #expect(answer.counter == 2 && answer.refusal == .unexpectedDescriptors)
        #expect(try connection.answerOrEnd() == nil)
        #expect(
            try coordinator.story().contains(
                "request.refused revoke of test: unexpected descriptors"))
        try coordinator.stop()
        try LogCheck.run(coordinator.databasePath)
    }

    @Test func `a stop waits for what a thread is kept with`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair u v stream")
        let connections = try (0..<2).map { _ in
            try TestConnection.started(coordinator.socketPath)
        }
        let far = try sendSurplus(over: [connections[0]], to: coordinator)
        try target.perform("open t \(try source.perform("duplicate u \(target.pid)"))")
        // It could not be interrupted otherwise than by the end of its process.
        try coordinator.stop()
        #expect(try connections.map { try $0.answerOrEnd() == nil } == [true, true])
        let story = try coordinator.story().suffix(2)
        #expect(
            Array(story) == [
                "request.refused startup of a stranger of uid 0: unexpected descriptors",
                "coordinator.stopped 1",
            ])
        try drain(far)
        try LogCheck.run(coordinator.databasePath)
    }

    @Test func `what lingers unread is no hindrance to the next coordinator`() throws {
        let coordinator = try RunningCoordinator(keeper: true)
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair u v stream")
        let record = try source.perform("duplicate u \(target.pid)")
        let connection = try TestConnection.started(coordinator.socketPath)
        let number = try #require(Int32(try coordinator.status()["pid"] ?? ""))
        let child = try ProcessHandle(pid: number)
        try child.signal(Signals.stop)
        var far = try send(3, over: connection)
        try child.signal(Signals.kill)
        try coordinator.waitUntilReady()
        try target.perform("open t \(record)")
        while let next = far.popLast() { #expect(try next.descriptor.readToEnd().count > 0) }
        #expect(try connection.answerOrEnd() == nil)
        try target.perform("close t")
        // This process stays known as one that has asked, so that no count can be compared.
        try coordinator.stop()
        try LogCheck.run(coordinator.databasePath)
    }
}
