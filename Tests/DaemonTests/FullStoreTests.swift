import TestSupport
import Testing

@testable import Transport

/// No room for the log: nothing new is taken, and nothing that was taken is lost.
@Suite(.enabled(if: HostFacts.effectiveUID() == 0, "a file system of its own needs root"))
struct FullStoreTests {
    @Test func `below the high-water mark what was taken goes on, and nothing new is taken`() throws
    {
        let store = try SmallStore(mebibytes: 24)
        let coordinator = try RunningCoordinator(
            ["--min-free-bytes", "8388608"], databaseDirectory: store.path)
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair s far stream")
        try source.perform("pair u far stream")
        let record = try source.perform("duplicate s \(target.pid)")
        try store.fill(mebibytes: 18)
        try Waiting.until("it sees that") { try coordinator.status()["store_full"] == "true" }
        for _ in 0..<3 { try source.expect("store full, 10055", "duplicate u \(target.pid)") }
        try source.expect("store full, 10055", "select u 1")
        try source.perform("deselect s")
        try target.perform("open t \(record)")
        try source.perform("close s")
        try coordinator.wait(for: "descriptor.closed socket-1 of source by closesocket")
        try target.perform("close t")
        try coordinator.wait(for: "socket.released socket-1 kernel")
        try store.empty()
        try Waiting.until("it sees that") { try coordinator.status()["store_full"] == "false" }
        try target.perform("open t \(try source.perform("duplicate u \(target.pid)"))")
        expectStory(
            try coordinator.finish(),
            [
                "process.seen source",
                "process.seen target",
                "socket.seen socket-1",
                "handoff.issued handoff-1 of socket-1 from source to target",
                "store.full",
                "handoff.reserved handoff-1 by target, attempt 1",
                "handoff.delivered handoff-1 confirmed",
                "descriptor.closed socket-1 of source by closesocket",
                "descriptor.closed socket-1 of target by closesocket",
                "socket.released socket-1 kernel",
                "socket.seen socket-2",
                "handoff.issued handoff-2 of socket-2 from source to target",
                "handoff.reserved handoff-2 by target, attempt 1",
                "handoff.delivered handoff-2 confirmed",
                "process.exited source code 0",
                "descriptor.closed socket-2 of source by exit",
                "process.exited target code 0",
                "descriptor.closed socket-2 of target by exit",
                "socket.released socket-2 kernel",
                "coordinator.stopped 1",
            ])
    }

    @Test func `nothing that a client repeats uses up the space that is kept free`() throws {
        let store = try SmallStore(mebibytes: 64)
        let coordinator = try RunningCoordinator(
            ["--min-free-bytes", "16777216", "--socket-mode", "666"],
            databaseDirectory: store.path, mode: 0o755)
        let (source, target) = try coordinator.sourceAndTarget()
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        try source.perform("listen m 127.0.0.1:0 stream")
        try store.fill(mebibytes: 46)
        var marks = 0
        var answer = "ok"
        while answer == "ok", marks < 20_000 {
            let text = String(repeating: marks.isMultiple(of: 2) ? "a" : "b", count: 1000)
            answer = try source.ask("mark m \(text)")
            marks += 1
        }
        #expect(answer == "refused store full, 10055")
        let free = try SystemFiles.freeBytes(at: store.path)
        // As it runs short it is looked at after each event.
        #expect(free > 14_680_064, "after \(marks) marks")
        // Whoever has no descriptor left tries three times in a call.
        try target.perform("starve")
        for _ in 0..<2 { try target.expect("noDescriptorLeft, 10024", "open t \(record)") }
        for _ in 0..<2 { try target.expect("store full, 10055", "open t \(record)") }
        try target.perform("feed")
        let eventCount = try coordinator.events().count
        for _ in 0..<200 { try source.expect("store full, 10055", "revoke 99999") }
        let stranger = try coordinator.peer("stranger", uid: PermissionTests.otherUID)
        try stranger.expect("store full, 10055", "start")
        #expect(try coordinator.events().count == eventCount, "refusals are not written")
        // Who runs the coordinator can end what is open.
        try coordinator.peer("administrator").perform("start")
        try store.empty()
        try Waiting.until("it sees that") { try coordinator.status()["store_full"] == "false" }
        try coordinator.wait(for: "requests.suppressed uid 0: unknown handoff")
        try stranger.perform("start")
        #expect(try target.perform("open t \(record)") == cookie)
        _ = try coordinator.finish()
    }

    @Test func `while there is too little space nobody is written down as what it has become`()
        throws
    {
        let store = try SmallStore(mebibytes: 24)
        let scratch = try Scratch()
        let policy = "rules: [{name: to ours, action: allow, target: {uid: [0, 65533]}}]"
        try SystemFiles.writeFileExclusively(
            scratch["baton.yaml"], Array(policy.utf8), mode: 0o600)
        let coordinator = try RunningCoordinator(
            [
                "--min-free-bytes", "8388608", "--configuration", scratch["baton.yaml"],
                "--socket-mode", "666",
            ], databaseDirectory: store.path, mode: 0o755)
        let (source, target) = try coordinator.sourceAndTarget()
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        let other = try Record(try source.perform("duplicate s \(target.pid)"))
        try store.fill(mebibytes: 18)
        try Waiting.until("it sees that") { try coordinator.status()["store_full"] == "true" }
        let eventCount = try coordinator.events().count
        for effective in [65_533, 0, 65_533] {
            try target.perform("become 0 \(effective)")
            guard effective != 0 else { continue }
            // A rule looks at it when it redeems.
            try target.expect("store full, 10055", "open t \(record)")
            // A right is that of the user it is now.
            try target.expect("store full, 10055", "revoke \(try other.handoff)")
            try target.expect("store full, 10055", "reconcile")
        }
        try source.expect("store full, 10055", "reconcile")
        #expect(try coordinator.events().count == eventCount)
        // Who is as the log has it goes on.
        try source.perform("revoke \(try other.handoff)")
        try store.empty()
        try Waiting.until("it sees that") { try coordinator.status()["store_full"] == "false" }
        #expect(try target.perform("open t \(record)") == cookie)
        let story = try coordinator.finish()
        #expect(story.count { $0.hasPrefix("process.seen target") } == 2)
    }

    @Test func `with no byte left it ends, the log stays whole, and goes on when there is room`()
        throws
    {
        let store = try SmallStore(mebibytes: 4)
        let coordinator = try RunningCoordinator(
            ["--min-free-bytes", "0"], databaseDirectory: store.path)
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair s far stream")
        let early = try source.perform("duplicate s \(target.pid)")
        try store.fill(mebibytes: 8)
        // The first may still find room in the pages that the log has.
        let count = 20
        for _ in 0..<count { try source.send("duplicate s \(target.pid)") }
        #expect(try coordinator.reap() == .code(7))
        try LogCheck.run(coordinator.databasePath)
        let again = try Refused.serve(
            socket: coordinator.socketPath, database: coordinator.databasePath)
        #expect(again.status == .code(7))
        #expect(again.text.contains("SQLite"))
        try LogCheck.run(coordinator.databasePath)
        try store.empty()
        try coordinator.start()
        // Every request is answered once, by whichever coordinator could write it down.
        let answers = try (0..<count).map { _ in try source.answer() }
        let records = answers.filter { $0.hasPrefix("ok ") }.map { String($0.dropFirst(3)) }
        #expect(records.count == Set(records).count)
        // The source still has the socket of the ticket that the first one issued.
        try target.perform("open e \(early)")
        try target.perform("open t \(try #require(records.last))")
        let story = try coordinator.finish()
        #expect(story.count { $0.hasPrefix("handoff.issued") } == 1 + count)
        #expect(story.count { $0.hasPrefix("handoff.delivered") } == 2)
    }
}

@Suite(.enabled(if: HostFacts.effectiveUID() == 0, "a file system of its own needs root"))
struct FullStoreKeeperTests {
    @Test func `under a keeper the escrow outlives a log that cannot be written`() throws {
        let store = try SmallStore(mebibytes: 4)
        let coordinator = try RunningCoordinator(
            ["--min-free-bytes", "0"], keeper: true, databaseDirectory: store.path)
        let (source, target) = try coordinator.sourceAndTarget()
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        try source.perform("close s")
        try source.perform("listen u 127.0.0.1:0 stream")
        let first = try coordinator.childOfKeeper()
        try store.fill(mebibytes: 8)
        let count = 20
        for _ in 0..<count { try source.send("duplicate u \(target.pid)") }
        try Waiting.forInput("the coordinator cannot go on", from: first)
        try store.empty()
        for _ in 0..<count { _ = try source.answer() }
        #expect(try target.perform("open t \(record)") == cookie)
        let story = try coordinator.finish()
        #expect(!story.contains { $0.hasPrefix("handoff.voided handoff-1:") })
    }
}

/// A file system of so many mebibytes, to run out of.
final class SmallStore {
    private let scratch: Scratch
    let path: String

    init(mebibytes: Int) throws {
        scratch = try Scratch()
        path = scratch["store"]
        try SystemFiles.makeDirectories(path, mode: 0o755)
        let status = Programs.run(
            "/bin/mount", ["-t", "tmpfs", "-o", "size=\(mebibytes)m", "baton-test", path])
        try #require(status == .code(0), "a tmpfs can be mounted")
    }

    deinit { Programs.run("/bin/umount", ["-l", path]) }

    /// Fills as much of it, or what there is.
    func fill(mebibytes: Int) throws {
        let shell = "head -c \(mebibytes)M /dev/zero > \(path)/ballast 2> /dev/null || true"
        #expect(Programs.run("/bin/sh", ["-c", shell]) == .code(0))
    }

    func empty() throws { try SystemFiles.remove("\(path)/ballast") }
}
