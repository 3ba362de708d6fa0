import Registry
import TestSupport
import Testing

@testable import Transport

/// A ticket with a lifetime, and one that is revoked.
@Suite struct LifetimeTests {
    @Test func `a ticket expires when its time is over, though nobody asks`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        let listener = try Sockets.listen("127.0.0.1:0")
        try source.perform("connect s 127.0.0.1:\(try Sockets.localPort(listener)) stream")
        let far = try Sockets.accept(listener)
        let record = try source.perform("duplicate s \(target.pid) lifetime=20000")
        try source.perform("close s")
        // The coordinator lets go of the socket by its own clock.
        #expect(try far.readToEnd().isEmpty)
        try target.expect("expired, 10022", "open t \(record)")
        try source.perform("listen u 127.0.0.1:0 stream")
        try source.expect("invalid lifetime, 10022", "duplicate u \(target.pid) lifetime=0")
        expectStory(
            try coordinator.finish(),
            [
                "process.seen source",
                "process.seen target",
                "socket.seen socket-1",
                "handoff.issued handoff-1 of socket-1 from source to target",
                "descriptor.closed socket-1 of source by closesocket",
                "handoff.expired handoff-1",
                "socket.released socket-1 kernel",
                "redemption.refused handoff-1 by target: expired",
                "process.exited source code 0",
                "process.exited target code 0",
                "coordinator.stopped 1",
            ])
    }

    @Test func `a ticket presented too late has expired, whichever is noticed first`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        try target.rawStart()
        let record = try Record(
            try source.perform("duplicate s \(target.pid) lifetime=200000"))
        try coordinator.signal(Signals.stop)
        let end = Clock.bootMicroseconds() + 200_000
        try target.perform("raw send \(Frames.redeem(counter: 2, record).text)")
        try Waiting.until("its time is over") { Clock.bootMicroseconds() > end }
        try coordinator.signal(Signals.goOn)
        let answer = try Frames.answer(try target.perform("raw receive"))
        #expect(answer.refusal == .expired)
        expectStory(
            try coordinator.finish().dropFirst(3).prefix(3).sorted(),
            [
                "handoff.expired handoff-1",
                "handoff.issued handoff-1 of socket-1 from source to target",
                "redemption.refused handoff-1 by target: expired",
            ])
    }

    @Test func `a grant that nobody confirms in time is void`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        try target.rawStart()
        let record = try Record(
            try source.perform("duplicate s \(target.pid) lifetime=500000"))
        try target.perform("raw send \(Frames.redeem(counter: 2, record).text)")
        #expect(try Frames.answer(try target.perform("raw receive")).grantedHandoff != nil)
        try coordinator.wait(for: "handoff.voided handoff-1: unconfirmed")
        #expect(try coordinator.status()["held"] == "0")
        expectStory(
            try coordinator.finish().dropFirst(3).prefix(3),
            [
                "handoff.issued handoff-1 of socket-1 from source to target",
                "handoff.reserved handoff-1 by target, attempt 1",
                "handoff.voided handoff-1: unconfirmed",
            ])
    }
}
