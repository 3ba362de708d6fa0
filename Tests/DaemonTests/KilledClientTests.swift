import TestSupport
import Testing

@testable import Transport

/// A client killed at any step of a handoff loses nothing but its own part of it.
@Suite struct KilledClientTests {
    @Test func `killed before its duplicate request is looked at, it has asked for nothing`() throws
    {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        try source.rawStart()
        try coordinator.signal(Signals.stop)
        let duplicate = Frames.duplicate(counter: 2, pid: target.pid)
        try source.perform("raw send \(duplicate.text) s")
        try source.kill()
        try source.waitUntilEnded()
        try coordinator.signal(Signals.goOn)
        try coordinator.wait(for: "process.exited source signal 9")
        try source.reap()
        expectStory(
            try coordinator.finish(),
            [
                "process.seen source",
                "process.seen target",
                "request.refused duplicate of source: dead sender",
                "process.exited source signal 9",
                "process.exited target code 0",
                "coordinator.stopped 1",
            ])
    }

    /// A Unix socket is asked for its name before its message is decided, and what is sent behind
    /// it waits for that.
    @Test func `what a process sent behind a Unix socket is written before its exit`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair u v stream")
        try source.rawStart()
        try coordinator.signal(Signals.stop)
        for counter in [2, 4, 6] as [UInt64] {
            let duplicate = Frames.duplicate(counter: counter, pid: target.pid)
            try source.perform("raw send \(duplicate.text) u")
            let revoke = Frames.revoke(counter: counter + 1, handoff: 9999)
            try source.perform("raw send \(revoke.text)")
        }
        try source.kill()
        try source.waitUntilEnded()
        try coordinator.signal(Signals.goOn)
        try coordinator.wait(for: "process.exited source signal 9")
        try source.reap()
        let refusals = ["duplicate", "revoke"].map {
            "request.refused \($0) of source: dead sender"
        }
        expectStory(
            try coordinator.finish(),
            ["process.seen source", "process.seen target"] + refusals + refusals + refusals + [
                "process.exited source signal 9",
                "process.exited target code 0",
                "coordinator.stopped 1",
            ])
    }

    @Test func `killed before it reads the record, it has handed over what nobody can ask for`()
        throws
    {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        try source.rawStart()
        let duplicate = Frames.duplicate(counter: 2, pid: target.pid)
        try source.perform("raw send \(duplicate.text) s")
        try coordinator.wait(for: "handoff.issued handoff-1 of socket-1 from source to target")
        try source.kill()
        try source.reap()
        try coordinator.wait(for: "descriptor.closed socket-1 of source by exit")
        #expect(try coordinator.status()["held"] == "1")
        expectStory(
            try coordinator.finish(),
            [
                "process.seen source",
                "process.seen target",
                "socket.seen socket-1",
                "handoff.issued handoff-1 of socket-1 from source to target",
                "process.exited source signal 9",
                "descriptor.closed socket-1 of source by exit",
                "process.exited target code 0",
                "handoff.voided handoff-1: target exited",
                "socket.released socket-1 kernel",
                "coordinator.stopped 1",
            ])
    }

    enum Step: CaseIterable {
        case granted, confirmed
    }

    @Test(arguments: Step.allCases)
    func `a target killed after the grant has the socket if it said so`(_ step: Step) throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        let record = try Record(try source.perform("duplicate s \(target.pid)"))
        try target.rawStart()
        try target.perform("raw send \(Frames.redeem(counter: 2, record).text)")
        try coordinator.wait(for: "handoff.reserved handoff-1 by target, attempt 1")
        if step == .confirmed {
            let grant = try Frames.answer(try target.perform("raw receive"))
            let handoff = try #require(grant.grantedHandoff)
            let confirm = Frames.confirm(handoff: handoff, cookie: try #require(UInt64(cookie)))
            try target.perform("raw send \(confirm.text)")
            try coordinator.wait(for: "handoff.delivered handoff-1 confirmed")
        }
        try target.kill()
        try target.reap()
        try coordinator.wait(for: "process.exited target signal 9")
        try source.perform("close s")
        let end =
            step == .granted
            ? [
                "process.exited target signal 9",
                "handoff.voided handoff-1: unconfirmed",
            ]
            : [
                "handoff.delivered handoff-1 confirmed",
                "process.exited target signal 9",
                "descriptor.closed socket-1 of target by exit",
            ]
        expectStory(
            try coordinator.finish(),
            [
                "process.seen source",
                "process.seen target",
                "socket.seen socket-1",
                "handoff.issued handoff-1 of socket-1 from source to target",
                "handoff.reserved handoff-1 by target, attempt 1",
            ] + end + [
                "descriptor.closed socket-1 of source by closesocket",
                "socket.released socket-1 kernel",
                "process.exited source code 0",
                "coordinator.stopped 1",
            ])
    }

    @Test func `what a target said before it died still counts`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        let record = try Record(try source.perform("duplicate s \(target.pid)"))
        try target.rawStart()
        try target.perform("raw send \(Frames.redeem(counter: 2, record).text)")
        let grant = try Frames.answer(try target.perform("raw receive"))
        try coordinator.signal(Signals.stop)
        let handoff = try #require(grant.grantedHandoff)
        let number = try #require(UInt64(cookie))
        try target.perform("raw send \(Frames.confirm(handoff: handoff, cookie: number).text)")
        try target.perform("raw send \(Frames.close(cookie: number).text)")
        try target.kill()
        try target.waitUntilEnded()
        try coordinator.signal(Signals.goOn)
        try coordinator.wait(for: "process.exited target signal 9")
        try target.reap()
        try source.perform("close s")
        expectStory(
            try coordinator.finish().dropFirst(4),
            [
                "handoff.reserved handoff-1 by target, attempt 1",
                "handoff.delivered handoff-1 confirmed",
                "descriptor.closed socket-1 of target by closesocket",
                "process.exited target signal 9",
                "descriptor.closed socket-1 of source by closesocket",
                "socket.released socket-1 kernel",
                "process.exited source code 0",
                "coordinator.stopped 1",
            ])
    }

    @Test(arguments: [true, false])
    func `a client that died before it was looked at is not remembered`(_ isReaped: Bool) throws {
        let coordinator = try RunningCoordinator()
        let source = try coordinator.peer("source")
        #expect(try source.perform("pid") == "\(source.pid)")
        try coordinator.signal(Signals.stop)
        try source.perform("raw connect")
        try source.perform("raw send \(Frames.startup(counter: 1, nonce: 9).text)")
        try source.kill()
        if isReaped { try source.reap() } else { try source.waitUntilEnded() }
        try coordinator.signal(Signals.goOn)
        let refusal = "request.refused startup of uid \(HostFacts.effectiveUID()): dead sender"
        try coordinator.wait(for: refusal)
        try Waiting.until("it is forgotten") { try coordinator.status()["processes"] == "0" }
        if !isReaped { try source.reap() }
        expectStory(try coordinator.finish(), [refusal, "coordinator.stopped 1"])
    }

    @Test func `a target that said much before its end is heard to the end`() throws {
        let scratch = try Scratch()
        // A round has no room for all of it.
        let limits = "limits:\n  requests_in_flight: 32\n  requests_in_flight_per_user: 16\n"
        try SystemFiles.writeFileExclusively(
            scratch["baton.yaml"], Array(limits.utf8), mode: 0o600)
        let coordinator = try RunningCoordinator(["--configuration", scratch["baton.yaml"]])
        let (source, target) = try coordinator.sourceAndTarget()
        let cookie = try #require(UInt64(try source.perform("listen s 127.0.0.1:0 stream")))
        let records = try (0..<2).map { _ in
            try Record(try source.perform("duplicate s \(target.pid)"))
        }
        try target.rawStart()
        let grants = try records.enumerated().map { index, record in
            let redeem = Frames.redeem(counter: UInt64(index) + 2, record)
            try target.perform("raw send \(redeem.text)")
            let answer = try Frames.answer(try target.perform("raw receive"))
            return try #require(answer.grantedHandoff)
        }
        let confirms = grants.map { Frames.confirm(handoff: $0, cookie: cookie).text }
        try target.perform("raw send \(confirms[0])")
        try coordinator.wait(for: "handoff.delivered handoff-1 confirmed")
        try coordinator.signal(Signals.stop)
        for _ in 0..<150 { try target.perform("raw send \(confirms[0])") }
        try target.perform("raw send \(confirms[1])")
        try target.kill()
        try target.waitUntilEnded()
        try coordinator.signal(Signals.goOn)
        try coordinator.wait(for: "process.exited target signal 9")
        try target.reap()
        let story = try coordinator.finish()
        #expect(story.contains("handoff.delivered handoff-2 confirmed"))
        #expect(!story.contains { $0.hasPrefix("request.refused") })
    }
}

extension PeerProcess {
    /// A raw connection that has said its startup, with counter 1.
    func rawStart() throws {
        try perform("raw connect")
        try perform("raw send \(Frames.startup(counter: 1, nonce: UInt64(pid)).text)")
        #expect(try Frames.answer(perform("raw receive")).isWelcome)
    }
}
