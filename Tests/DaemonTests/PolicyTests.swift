import Registry
import TestSupport
import Testing

@testable import Transport

/// The configuration file as it is used: rules decide, and a signal changes them.
@Suite struct PolicyTests {
    /// A coordinator with a configuration file of its own.
    private struct Configured {
        let scratch: Scratch
        let coordinator: RunningCoordinator

        var path: String { scratch["baton.yaml"] }

        init(_ text: String, _ arguments: [String] = [], keeper: Bool = false) throws {
            scratch = try Scratch()
            let path = scratch["baton.yaml"]
            try SystemFiles.writeFileExclusively(path, Array(text.utf8), mode: 0o600)
            coordinator = try RunningCoordinator(
                ["--configuration", path] + arguments, keeper: keeper)
        }

        func write(_ text: String) throws {
            try SystemFiles.remove(path)
            try SystemFiles.writeFileExclusively(path, Array(text.utf8), mode: 0o600)
        }

        /// The contents of all `configuration.changed` so far.
        func recorded() throws -> [String] {
            try coordinator.events().compactMap { event in
                guard case .configurationChanged(_, let content) = event.content else { return nil }
                return content
            }
        }
    }

    private static let noUDP = """
        rules:
          - {name: no datagrams, action: deny, kinds: [udp]}

        """

    @Test func `a rule denies one kind of socket, and the log names it`() throws {
        let configured = try Configured(Self.noUDP)
        let coordinator = configured.coordinator
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen u 127.0.0.1:0 datagram")
        try source.expect("denied by policy, 10022", "duplicate u \(target.pid)")
        try source.perform("listen s 127.0.0.1:0 stream")
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        let events = try coordinator.events()
        let rules = events.compactMap { event -> String? in
            guard case .handoffRefused(let refused) = event.content else { return nil }
            return refused.rule
        }
        #expect(rules == ["no datagrams"])
        #expect(try configured.recorded().last?.contains("rule=deny name=no%20datagrams") == true)
        _ = try coordinator.finish()
    }

    @Test func `a hang-up reads the file again, and a bad file changes nothing`() throws {
        let configured = try Configured(Self.noUDP)
        let coordinator = configured.coordinator
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen u 127.0.0.1:0 datagram")
        try source.expect("denied by policy, 10022", "duplicate u \(target.pid)")
        try configured.write("rules:\n  - {name: x, action: perhaps}\n")
        try coordinator.signal(Signals.hangUp)
        try source.expect("denied by policy, 10022", "duplicate u \(target.pid)")
        #expect(try configured.recorded().count == 1)
        try configured.write("limits: {handoffs: 77}\n")
        try coordinator.signal(Signals.hangUp)
        try Waiting.until("the change is an event") {
            try configured.recorded().last?.contains("handoffs=77\n") == true
        }
        try target.perform("open t \(try source.perform("duplicate u \(target.pid)"))")
        // Without a change there is no event.
        try coordinator.signal(Signals.hangUp)
        try target.perform("open v \(try source.perform("duplicate u \(target.pid)"))")
        #expect(try configured.recorded().count == 2)
        _ = try coordinator.finish()
    }

    @Test func `a coordinator that takes over and finds a bad file keeps to what is recorded`()
        throws
    {
        let configured = try Configured(Self.noUDP, keeper: true)
        let coordinator = configured.coordinator
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen u 127.0.0.1:0 datagram")
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        try configured.write("rules: 7\n")
        try coordinator.killUnderKeeper()
        try source.expect("denied by policy, 10022", "duplicate u \(target.pid)")
        try target.perform("open t \(record)")
        #expect(try configured.recorded().count == 1)
        try configured.write("rules: []\n")
        try coordinator.signal(Signals.hangUp)
        try Waiting.until("the change is an event") { try configured.recorded().count == 2 }
        try target.perform("open v \(try source.perform("duplicate u \(target.pid)"))")
        _ = try coordinator.finish()
    }

    @Test func `a listening socket is told from one that listens later`() throws {
        let configured = try Configured(
            "rules:\n  - {name: no listeners, action: deny, kinds: tcp-listening}\n")
        let coordinator = configured.coordinator
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        try source.expect("denied by policy, 10022", "duplicate s \(target.pid)")
        let listener = try Sockets.listen("127.0.0.1:0")
        try source.perform("connect c 127.0.0.1:\(try Sockets.localPort(listener)) stream")
        try target.perform("open t \(try source.perform("duplicate c \(target.pid)"))")
        // One and the same socket, which keeps its address.
        try source.perform("bound b 127.0.0.1:0")
        try target.perform("open u \(try source.perform("duplicate b \(target.pid)"))")
        try source.perform("begin b")
        try source.expect("denied by policy, 10022", "duplicate b \(target.pid)")
        _ = try coordinator.finish()
    }

    @Test(.enabled(if: HostFacts.effectiveUID() == 0, "other users need root"))
    func `a rule allows what another user gets, and denies root`() throws {
        let configured = try Configured(
            """
            rules:
              - {name: workers, action: allow, source: {uid: 65533}, target: {uid: 65534}}
              - {name: not to them, action: deny, source: {uid: 0}, target: {uid: 65533}}

            """, ["--socket-mode", "666"])
        let coordinator = configured.coordinator
        let front = try coordinator.peer("front", uid: 65_533)
        let worker = try coordinator.peer("worker", uid: 65_534)
        let root = try coordinator.peer("root")
        for peer in [front, worker, root] { try peer.perform("start") }
        try front.perform("listen s 127.0.0.1:0 stream")
        try worker.perform("open t \(try front.perform("duplicate s \(worker.pid)"))")
        try worker.expect("not permitted, 10022", "duplicate t \(front.pid)")
        try root.perform("listen s 127.0.0.1:0 stream")
        try root.expect("denied by policy, 10022", "duplicate s \(front.pid)")
        try worker.perform("open r \(try root.perform("duplicate s \(worker.pid)"))")
        _ = try coordinator.finish()
    }

    private static func onlyTo(_ executable: String) -> String {
        """
        rules:
          - {name: one program, action: allow, target: {exe: \(executable)}}
          - {name: no other, action: deny}

        """
    }

    @Test func `a target that has executed another program is refused`() throws {
        let program = try Programs.built("baton-test-peer")
        let configured = try Configured(Self.onlyTo(program))
        let coordinator = configured.coordinator
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair s far stream")
        let one = try source.perform("duplicate s \(target.pid)")
        let two = try source.perform("duplicate s \(target.pid)")
        try target.perform("open t \(one)")
        let other = configured.scratch["another-program"]
        #expect(Programs.run("/bin/cp", [program, other]) == .code(0))
        #expect(try target.ask("exec \(other)") == "ok")
        try target.expect("denied by policy, 10022", "open t \(two)")
        try source.expect("denied by policy, 10022", "duplicate s \(target.pid)")
        // The ticket stayed good for the program that was meant.
        #expect(try target.ask("exec \(program)") == "ok")
        try target.perform("open t \(two)")
        let rules = try coordinator.events().compactMap { event -> String? in
            switch event.content {
            case .redemptionRefused(let refused): refused.rule
            case .handoffRefused(let refused): refused.rule
            default: nil
            }
        }
        #expect(rules == ["no other", "no other"])
    }

    @Test func `a program whose directory has another name now is not that program`() throws {
        let scratch = try Scratch()
        try SystemFiles.makeDirectories(scratch["one"], mode: 0o755)
        let program = scratch["one/program"]
        let built = try Programs.built("baton-test-peer")
        #expect(Programs.run("/bin/cp", [built, program]) == .code(0))
        let configured = try Configured(Self.onlyTo(program))
        let (source, target) = try configured.coordinator.sourceAndTarget()
        // The file is the one that is executed, and nothing about it changes from here on.
        #expect(try target.ask("exec \(program)") == "ok")
        try source.perform("pair s far stream")
        for _ in 0..<2 {
            try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        }
        #expect(Programs.run("/bin/mv", [scratch["one"], scratch["two"]]) == .code(0))
        try source.expect("denied by policy, 10022", "duplicate s \(target.pid)")
        #expect(Programs.run("/bin/mv", [scratch["two"], scratch["one"]]) == .code(0))
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
    }

    @Test func `a link in the place of a program that was taken away is not followed`() throws {
        let scratch = try Scratch()
        let (program, other) = (scratch["program"], scratch["other"])
        // So the kernel names it then.
        let place = program + " (deleted)"
        let built = try Programs.built("baton-test-peer")
        #expect(Programs.run("/bin/cp", [built, program]) == .code(0))
        let configured = try Configured(Self.onlyTo(place))
        let (source, target) = try configured.coordinator.sourceAndTarget()
        #expect(try target.ask("exec \(program)") == "ok")
        #expect(Programs.run("/bin/ln", [program, other]) == .code(0))
        try SystemFiles.remove(program)
        try source.perform("pair s far stream")
        func expectDenied() throws {
            for _ in 0..<2 {
                try source.expect("denied by policy, 10022", "duplicate s \(target.pid)")
            }
        }
        try expectDenied()
        #expect(Programs.run("/bin/ln", ["--symbolic", other, place]) == .code(0))
        try expectDenied()
        try SystemFiles.remove(place)
        #expect(Programs.run("/bin/ln", [other, place]) == .code(0))
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
    }

    @Test func `a rule that is loaded later holds for tickets that are out`() throws {
        let configured = try Configured(Self.noUDP)
        let coordinator = configured.coordinator
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair s far stream")
        let record = try source.perform("duplicate s \(target.pid)")
        let user = HostFacts.effectiveUID()
        try configured.write("rules: [{name: no more, action: deny, source: {uid: \(user)}}]\n")
        try coordinator.signal(Signals.hangUp)
        try Waiting.until("the change is an event") { try configured.recorded().count == 2 }
        try target.expect("denied by policy, 10022", "open t \(record)")
        try configured.write(Self.noUDP)
        try coordinator.signal(Signals.hangUp)
        try Waiting.until("the change is an event") { try configured.recorded().count == 3 }
        try target.perform("open t \(record)")
        _ = try coordinator.finish()
    }

    /// A file that once kept a coordinator busy for ever: aliases to aliases, in keys.
    @Test func `a file of aliases is refused, and the coordinator goes on`() throws {
        let configured = try Configured(Self.noUDP)
        let coordinator = configured.coordinator
        let levels = ["&a0 [x,x]"] + (1..<34).map { "&a\($0) [*a\($0 - 1),*a\($0 - 1)]" }
        try configured.write(levels.map { "? \($0)\n: 1\n" }.joined())
        try coordinator.signal(Signals.hangUp)
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair s far stream")
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        #expect(try configured.recorded().count == 1)
        _ = try coordinator.finish()
    }

    private static let notToRoot = """
        limits: {refusals_per_second_per_user: 3}
        rules:
          - {name: not to root, action: deny, target: {uid: 0}}

        """

    /// A coordinator under that rule, and two of root's processes of which the target is not root
    /// for now.
    private func notToRoot() throws -> (Configured, source: PeerProcess, target: PeerProcess) {
        let configured = try Configured(Self.notToRoot, ["--socket-mode", "666"])
        let source = try configured.coordinator.peer("source")
        let target = try configured.coordinator.peer("target")
        try target.perform("become 0 65534")
        for peer in [source, target] { try peer.perform("start") }
        try source.perform("pair s far stream")
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        return (configured, source, target)
    }

    @Test(.enabled(if: HostFacts.effectiveUID() == 0, "other users need root"))
    func `who has used up its refusals hands nothing to what a target was before`() throws {
        let (configured, source, target) = try notToRoot()
        for _ in 0..<3 { try source.expect("unknown handoff, 10022", "revoke 9999") }
        try target.perform("become 0 0")
        // Its connection is dropped, and it asks again until the second is over.
        try source.expect("denied by policy, 10022", "duplicate s \(target.pid)")
        let story = try configured.coordinator.finish()
        #expect(story.contains { $0.hasPrefix("requests.suppressed") }, "\(story)")
    }

    @Test(.enabled(if: HostFacts.effectiveUID() == 0, "other users need root"))
    func `a target that has become root is refused what it was allowed before`() throws {
        let (configured, source, target) = try notToRoot()
        let record = try source.perform("duplicate s \(target.pid)")
        try target.perform("become 0 0")
        try target.expect("denied by policy, 10022", "open u \(record)")
        try target.perform("become 0 65534")
        try target.perform("open u \(record)")
        _ = try configured.coordinator.finish()
    }

    @Test(.enabled(if: HostFacts.effectiveUID() == 0, "a mount namespace needs root"))
    func `nobody poses as a program by a mount namespace of its own`() throws {
        let posed = "/usr/bin/true"
        let program = try Programs.built("baton-test-peer")
        let configured = try Configured(Self.onlyTo(posed))
        let coordinator = configured.coordinator
        let source = try coordinator.peer("source")
        let script = "mount --bind '\(program)' \(posed) && exec \(posed) \"$2\""
        let poser = try PeerProcess(
            "poser", socketPath: coordinator.socketPath,
            launcher: ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", script, "sh"])
        try poser.perform("start")
        let link = "/proc/\(poser.pid)/exe"
        let path = String(decoding: try Syscalls.readLink(link, relativeTo: -1), as: UTF8.self)
        #expect(path == posed)
        try source.perform("pair s far stream")
        try source.expect("denied by policy, 10022", "duplicate s \(poser.pid)")
        try poser.end()
    }

    @Test func `a bad file keeps the coordinator from starting, and says where it is bad`() throws {
        let scratch = try Scratch()
        let path = scratch["baton.yaml"]
        try SystemFiles.writeFileExclusively(path, Array("strict: 1\n".utf8), mode: 0o600)
        var plan = try Refused.plan(socket: scratch["socket"], database: scratch["registry.db"])
        plan.arguments += ["--configuration", path]
        let refused = try Refused.start(plan)
        #expect(refused.status == .code(2))
        #expect(
            refused.text.contains("line 1: strict: must be one of true, false, and is 1"),
            "\(refused.text)")
    }
}

/// `baton policy` as a program.
@Suite struct PolicyProgramTests {
    private func run(_ arguments: [String]) throws -> Transport.ExitStatus? {
        Programs.run(try Programs.built("baton"), arguments)
    }

    @Test func `a file is checked, and the rule in force is named`() throws {
        let scratch = try Scratch()
        let path = scratch["baton.yaml"]
        let text = "rules:\n  - {name: none, action: deny, target: {uid: 4294967294}}\n"
        try SystemFiles.writeFileExclusively(path, Array(text.utf8), mode: 0o600)
        #expect(try run(["policy", "check", path]) == .code(0))
        #expect(try run(["policy", "check", scratch["missing"]]) == .code(3))
        let bad = scratch["bad.yaml"]
        try SystemFiles.writeFileExclusively(bad, Array("rules: 1".utf8), mode: 0o600)
        #expect(try run(["policy", "check", bad]) == .code(2))

        let coordinator = try RunningCoordinator(["--configuration", path])
        let peer = try coordinator.peer("peer")
        let own = "\(HostFacts.ownPID())"
        let pids = ["policy", "explain", "--source", own, "--target", "\(peer.pid)"]
        #expect(try run(pids + ["--database", coordinator.databasePath]) == .code(0))
        #expect(try run(pids + ["--configuration", bad]) == .code(2))
        let all = scratch["all.yaml"]
        try SystemFiles.writeFileExclusively(
            all, Array("rules: [{name: all, action: deny}]".utf8), mode: 0o600)
        #expect(try run(pids + ["--configuration", all]) == .code(1))
        #expect(try run(["policy", "explain", "--source", own, "--target", "0"]) == .code(3))
    }

    @Test(.enabled(if: HostFacts.effectiveUID() == 0, "other users need root"))
    func `root is told what a coordinator without its rights decides`() throws {
        let scratch = try Scratch()
        let path = scratch["baton.yaml"]
        let program = try Programs.built("baton-test-peer")
        let text = """
            rules:
              - {name: peers, action: allow, source: {exe: \(program)}}
              - {name: rest, action: deny}

            """
        try SystemFiles.writeFileExclusively(path, Array(text.utf8), mode: 0o644)
        try Syscalls.setMode(path: scratch.path, 0o755)
        let coordinator = try RunningCoordinator(
            ["--socket-mode", "666", "--configuration", path],
            launcher: Programs.asUser(PermissionTests.otherUID), mode: 0o777)
        let peer = try coordinator.peer("peer")
        try peer.perform("pair s far stream")
        try peer.expect("denied by policy, 10022", "duplicate s \(peer.pid)")
        let explain = ["policy", "explain", "--source", "\(peer.pid)", "--target", "\(peer.pid)"]
        let there = ["--socket", coordinator.socketPath, "--database", coordinator.databasePath]
        for arguments in [there, there + ["--configuration", path]] {
            let told = try Tool.run(try Programs.built("baton"), explain + arguments)
            #expect(told.status == .code(1))
            #expect(told.output.contains("peers: does not match: source.exe is not to be seen\n"))
        }
        // Where nobody answers, it is said by whose eyes.
        let alone = ["--socket", scratch["none"], "--configuration", path]
        let told = try Tool.run(try Programs.built("baton"), explain + alone)
        #expect(told.status == .code(0))
        #expect(told.output.hasPrefix("no coordinator was asked: by what this user can see\n"))
    }
}
