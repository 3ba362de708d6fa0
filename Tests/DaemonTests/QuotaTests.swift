import Coordinator
import Daemon
import Journal
import Registry
import TestSupport
import Testing

@testable import Transport
@testable import Wire

/// Who has used up its share of something hurts nobody else, and can always give it back.
@Suite struct QuotaTests {
    @Test(.enabled(if: HostFacts.effectiveUID() == 0, "other users need root"))
    func `idle connections of one user lock no other user out`() async throws {
        let coordinator = try await EmbeddedCoordinator.start {
            $0.admission.connections = 32
            $0.admission.connectionsPerUser = 16
            $0.socketMode = 0o666
        }
        let idle = try (0..<16).map { _ in try TestConnection(coordinator.socketPath) }
        let surplus = try TestConnection(coordinator.socketPath)
        #expect(try surplus.answerOrEnd() == nil)
        let other = Programs.asUser(PermissionTests.otherUID)
        let source = try PeerProcess(
            "source", socketPath: coordinator.socketPath, launcher: other)
        let target = try PeerProcess(
            "target", socketPath: coordinator.socketPath, launcher: other)
        try source.perform("pair s far stream")
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        try coordinator.wait(forEvent: .handoffDelivered)
        #expect(idle.count == 16)
        try source.end()
        try target.end()
        let story = try await coordinator.finish()
        #expect(story.contains { $0.hasSuffix("of uid 0: too many connections") })
    }

    @Test(.enabled(if: HostFacts.effectiveUID() == 0, "other users need root"))
    func `two users who take all connections lock out neither root nor a third user`()
        async throws
    {
        let coordinator = try await EmbeddedCoordinator.start {
            $0.admission.connections = 32
            $0.admission.connectionsPerUser = 16
            $0.admission.connectionsReserved = 4
            $0.socketMode = 0o666
        }
        let greedy = try [2001, 2002].map { uid in
            try PeerProcess(
                "greedy", socketPath: coordinator.socketPath, launcher: Programs.asUser(uid))
        }
        for _ in 0..<20 {
            for peer in greedy { _ = try peer.ask("raw more") }
        }
        // With fourteen each they have all that everybody may take.
        let status = try coordinator.status()
        #expect(status["connections"] == "29")
        let other = Programs.asUser(PermissionTests.otherUID)
        let source = try PeerProcess(
            "source", socketPath: coordinator.socketPath, launcher: other)
        let target = try PeerProcess(
            "target", socketPath: coordinator.socketPath, launcher: other)
        try source.perform("pair s far stream")
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        try coordinator.wait(forEvent: .handoffDelivered)
        for peer in greedy + [source, target] { try peer.end() }
        let story = try await coordinator.finish()
        for uid in [2001, 2002] {
            #expect(story.contains { $0.hasSuffix("of uid \(uid): too many connections") })
        }
    }

    @Test(.enabled(if: HostFacts.effectiveUID() == 0, "other users need root"))
    func `who has as many sockets as a user may is refused one more, and another user is not`()
        async throws
    {
        let coordinator = try await EmbeddedCoordinator.start {
            $0.rules.limits.socketsPerUser = 2
            $0.socketMode = 0o666
        }
        let source = try coordinator.peer("source")
        for socket in ["a", "b", "c"] { try source.perform("listen \(socket) 127.0.0.1:0 stream") }
        try source.perform("duplicate a \(source.pid)")
        try source.perform("duplicate b \(source.pid)")
        try source.expect("too many sockets, 10055", "duplicate c \(source.pid)")
        let other = try PeerProcess(
            "other", socketPath: coordinator.socketPath,
            launcher: Programs.asUser(PermissionTests.otherUID))
        try other.perform("listen s 127.0.0.1:0 stream")
        try other.perform("open t \(try other.perform("duplicate s \(other.pid)"))")
        try other.end()
        // Room comes back with a close.
        try source.perform("close a")
        try source.perform("duplicate c \(source.pid)")
        let story = try await coordinator.finish()
        #expect(story.contains("handoff.refused source: too many sockets"))
    }

    @Test(
        .enabled(if: HostFacts.effectiveUID() == 0, "other users need root"),
        arguments: ["", "rules: [{name: not to them, action: deny, target: {uid: 65533}}]"])
    func `who names another user's processes uses up none of its room`(rules: String) throws {
        let scratch = try Scratch()
        let text = "limits: {processes_per_user: 3}\n\(rules)\n"
        try SystemFiles.writeFileExclusively(
            scratch["baton.yaml"], Array(text.utf8), mode: 0o600)
        let coordinator = try RunningCoordinator(
            ["--configuration", scratch["baton.yaml"], "--socket-mode", "666"])
        let source = try coordinator.peer("source", uid: PermissionTests.otherUID)
        // None of them has said anything to the coordinator yet.
        let named = try (0..<4).map { try coordinator.peer("named\($0)", uid: 65_533) }
        let refusal = rules.isEmpty ? "not permitted" : "denied by policy"
        try source.perform("pair s far stream")
        for peer in named {
            try source.expect("\(refusal), 10022", "duplicate s \(peer.pid)")
            try source.expect("\(refusal), 10022", "duplicate s \(peer.pid) by=pidfd")
        }
        for peer in named.prefix(3) { try peer.perform("start") }
        try named[0].perform("listen s 127.0.0.1:0 stream")
        if rules.isEmpty {
            let record = try named[0].perform("duplicate s \(named[1].pid)")
            try named[1].perform("open t \(record)")
        }
        #expect(try coordinator.status()["processes"] == "4")
        let again = try Tool.run(
            try Programs.built("baton"), ["redecide", "--database", coordinator.databasePath])
        #expect(again.status == .code(0), "\(again.output)\(again.error)")
    }

    @Test func `who has reached every limit can still give back`() async throws {
        let coordinator = try await EmbeddedCoordinator.start {
            $0.maximumHandoffsPerUser = 2
            // One for each of the requests below that are granted or refused for another reason.
            $0.admission.requestsPerSecond = 6
            $0.admission.refusalsPerSecond = 1000
        }
        // A whole second's requests, however the seconds fall.
        let (source, target) = (try coordinator.peer("source"), try coordinator.peer("target"))
        try source.perform("pair s far stream")
        let one = try Record(try source.perform("duplicate s \(target.pid)"))
        let two = try source.perform("duplicate s \(target.pid)")
        try source.expect("too many for user, 10055", "duplicate s \(target.pid)")
        try target.perform("open t \(two)")
        var refusals = 0
        try Waiting.until("the user asks too fast") {
            refusals += 1
            return try source.ask("duplicate s \(target.pid)") == "refused too fast, 10055"
        }
        // The rate is used up: what follows takes nothing of it.
        try source.perform("revoke \(try one.handoff)")
        try source.perform("close s")
        try target.perform("close t")
        try coordinator.wait(for: "handoff.delivered handoff-2 confirmed")
        try coordinator.wait(for: "handoff.revoked handoff-1 by source")
        let story = try await coordinator.finish()
        #expect(story.contains("request.refused duplicate of source: too fast"))
        #expect(story.contains("socket.released socket-1 kernel"))
    }

    @Test func `a burst beyond what may be in flight is answered in turns`() async throws {
        let coordinator = try await EmbeddedCoordinator.start {
            $0.admission.requestsInFlight = 4
            $0.admission.requestsInFlightPerUser = 2
            $0.admission.refusalsPerSecond = 1000
        }
        let connections = try (0..<5).map { _ in
            try TestConnection.started(coordinator.socketPath)
        }
        for counter in 2..<12 as Range<UInt64> {
            for connection in connections {
                try connection.send(Frames.revoke(counter: counter, handoff: 1))
            }
        }
        for connection in connections {
            for counter in 2..<12 as Range<UInt64> {
                let answer = try connection.answer()
                #expect(answer.counter == counter)
                #expect(answer.refusal == .unknownHandoff)
            }
        }
        let story = try await coordinator.finish()
        #expect(story.count { $0 == "request.refused revoke of test: unknown handoff" } == 50)
    }

    /// Two other users, and then one that is the same as the one who waits.
    @Test(
        .enabled(if: HostFacts.effectiveUID() == 0, "other users need root"),
        arguments: [[2001, 2002], [0]] as [[UInt32]])
    func `who never stops sending keeps nobody waiting`(users: [UInt32]) throws {
        let scratch = try Scratch()
        let limits = """
            limits:
              requests_in_flight: 64
              requests_in_flight_per_user: 32
              refusals_per_second: 1000000
              refusals_per_second_per_user: 1000000
            """
        try SystemFiles.writeFileExclusively(
            scratch["baton.yaml"], Array(limits.utf8), mode: 0o600)
        let coordinator = try RunningCoordinator(
            ["--configuration", scratch["baton.yaml"], "--socket-mode", "666"], mode: 0o755)
        let floods = try (users + users).map { try coordinator.peer("flood", uid: $0) }
        let patient = try coordinator.peer("patient")
        for peer in floods + [patient] { try peer.rawStart() }
        // Their queues are full before the coordinator looks at the first, and the one who waits
        // has come last. Nobody gets an answer to a confirm, so all of them are ready at any time.
        try coordinator.signal(Signals.stop)
        let confirm = Frames.confirm(handoff: 9999, cookie: 1).text
        for flood in floods { try flood.perform("raw send \(confirm) repeat=200") }
        try patient.perform("raw send \(Frames.revoke(counter: 2, handoff: 9999).text)")
        try coordinator.signal(Signals.goOn)
        #expect(
            try Frames.answer(patient.perform("raw receive")).refusal == .unknownHandoff)
        let story = try coordinator.finish()
        let refusals = story.filter { $0.hasPrefix("request.refused") }
        #expect(refusals.count == 200 * floods.count + 1)
        let turn = refusals.firstIndex { $0.hasPrefix("request.refused revoke of patient") }
        // At most one round fills up before they take turns.
        #expect(try #require(turn) <= 128)
    }

    @Test func `what a query asks counts too`() async throws {
        let coordinator = try await EmbeddedCoordinator.start {
            $0.admission.requestsPerSecond = 3
        }
        let connection = try TestConnection.started(coordinator.socketPath, role: .query)
        try Waiting.until("a query is too fast") {
            try connection.send(Frames.status(counter: 2))
            return try connection.answer().refusal == .tooFast
        }
        let story = try await coordinator.finish()
        #expect(story.contains { $0.hasPrefix("request.refused query") })
    }

    @Test(arguments: [[], ["passRights"]])
    func `a query connection carries no descriptors`(without withheld: [String]) async throws {
        let coordinator = try await EmbeddedCoordinator.start { $0.withheldFeatures = withheld }
        let early = try TestConnection(coordinator.socketPath)
        let pair = try Sockets.pair(.stream)
        // Before its startup nobody knows that it is one: then it is refused.
        try early.send(Frames.status(counter: 2), passing: pair.first, repeated: 1)
        #expect(try early.answer().refusal == .unexpectedDescriptors)
        let query = try TestConnection.started(coordinator.socketPath, role: .query)
        if withheld.isEmpty, KernelFeatures.probe().passRights {
            #expect(throws: Errno.notPermitted) {
                try query.send(Frames.status(counter: 2), passing: pair.first, repeated: 1)
            }
        } else {
            for count in 1...2 {
                try query.send(
                    Frames.status(counter: UInt64(count)), passing: pair.first, repeated: count)
                #expect(try query.answer().refusal == .unexpectedDescriptors)
            }
        }
        try query.send(Frames.status(counter: 4))
        #expect(try query.answer().counter == 4)
        // Nobody has what came: the other end is at its end once ours is closed.
        let far = pair.takeSecond()
        #expect(try far.readToEnd().isEmpty)
        let story = try await coordinator.finish()
        let isRefused = !withheld.isEmpty || !KernelFeatures.probe().passRights
        #expect(
            story.count { $0 == "request.refused query of test: unexpected descriptors" }
                == (isRefused ? 3 : 1))
    }
}

/// No descriptor left: the coordinator says so, and goes on when there are some again.
@Suite(
    .enabled(
        if: HostFacts.effectiveUID() == 0 && DescriptorLimit.canBeSet,
        "prlimit(1) on another process needs root"))
struct DescriptorLimitTests {
    @Test func `connections are dropped one by one, and the others go on`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair s far stream")
        let record = try source.perform("duplicate s \(target.pid)")
        let numbers = try Syscalls.openDescriptors(of: coordinator.pid)
        let limit = Int32(numbers.count) + 6
        try DescriptorLimit.set(limit, of: coordinator.pid)
        var held: [TestConnection] = []
        var dropped = 0
        while dropped < 20 {
            let connection = try TestConnection(coordinator.socketPath)
            let startup = Frames.startup(counter: 1, nonce: UInt64(held.count + 1))
            _ = try connection.sendUnlessDropped(startup)
            if try connection.answerOrEnd() == nil {
                dropped += 1
            } else {
                held.append(connection)
            }
            try #require(held.count < 100, "the limit is reached")
        }
        // Whoever was there is served: no descriptor is needed to give one.
        // A connection needs a second descriptor for a moment, so one may be left: not two.
        try source.expect("descriptor limit, 10024", "duplicate far \(target.pid) by=pidfd")
        try target.perform("open t \(record)")
        try source.perform("close s")
        let refused = "request.refused startup of a stranger of uid 0: descriptor limit"
        #expect(try coordinator.story().count { $0 == refused } >= 20)
        try DescriptorLimit.set(4096, of: coordinator.pid)
        held.removeAll()
        let late = try coordinator.peer("late")
        try late.perform("open l \(try source.perform("duplicate far \(late.pid)"))")
        #expect(coordinator.isRunning)
    }

    @Test func `who cannot be looked at for want of a descriptor is told so`() throws {
        let coordinator = try RunningCoordinator()
        let connection = try TestConnection(coordinator.socketPath)
        // Its own, and one of its process.
        try Waiting.until("it is taken") {
            try coordinator.descriptorCount() == coordinator.baseline + 2
        }
        let numbers = Set(try Syscalls.openDescriptors(of: coordinator.pid))
        try DescriptorLimit.set(
            try #require((0..<Int32.max).first { !numbers.contains($0) }), of: coordinator.pid)
        try connection.send(Frames.startup(counter: 1, nonce: 7))
        #expect(try connection.answer().refusal == .descriptorLimit)
        try DescriptorLimit.set(4096, of: coordinator.pid)
        try connection.send(Frames.startup(counter: 2, nonce: 7))
        #expect(try connection.answer().isWelcome)
        expectStory(
            try coordinator.story(),
            [
                "request.refused startup of uid 0: descriptor limit",
                "process.seen test",
            ])
    }

    @Test func `a low limit is shared out, and said in the log`() throws {
        let coordinator = try RunningCoordinator(launcher: DescriptorLimit.launcher(256))
        let content = try coordinator.events().compactMap { event -> String? in
            guard case .configurationChanged(_, let content) = event.content else { return nil }
            return content
        }.last
        let rules = Rules(text: try #require(content))
        #expect(rules.admission.requestsInFlight == 6)
        #expect(rules.admission.requestsInFlightPerUser == 3)
        #expect(rules.limits.handoffs == 126)
        #expect(rules.limits.handoffsPerUser == 105)
        #expect(rules.limits.processes == 21)
        #expect(rules.limits.processesPerUser == 10)
        #expect(rules.admission.connections == 10)
        #expect(rules.admission.connectionsPerUser == 5)
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair s far stream")
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        for _ in 0..<105 { try source.perform("duplicate s \(target.pid)") }
        try source.expect("too many for user, 10055", "duplicate s \(target.pid)")
        _ = try coordinator.finish()
    }
}

/// RLIMIT_NOFILE of another process.
enum DescriptorLimit {
    static let canBeSet = Programs.run("/usr/bin/prlimit", ["--version"]) == .code(0)

    static func set(_ limit: Int32, of pid: Int32) throws {
        let status = Programs.run("/usr/bin/prlimit", ["--pid=\(pid)", "--nofile=\(limit):"])
        try #require(status == .code(0))
    }

    static func launcher(_ limit: Int) -> [String] {
        ["/usr/bin/prlimit", "--nofile=\(limit):\(limit)"]
    }
}
