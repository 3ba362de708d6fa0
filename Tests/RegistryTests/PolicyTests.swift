import Registry
import Testing

/// Rules by what source and target are, and by the kind of socket.
struct PolicyTests {
    private typealias Rule = Policy.Rule

    private func pattern(_ change: (inout ProcessPattern) -> Void) -> ProcessPattern {
        var pattern = ProcessPattern()
        change(&pattern)
        return pattern
    }

    private func process(
        uid: UInt32 = 5, gid: UInt32 = 6, exe: String? = "/bin/a", cgroup: String? = "/x.slice/y",
        instance: UInt64 = 1
    ) -> ProcessIdentity {
        ProcessIdentity(
            pid: 1, instance: instance, start: 1, uid: uid, gid: gid, effectiveUID: uid,
            executable: exe.map { Array($0.utf8) }, controlGroup: cgroup.map { Array($0.utf8) })
    }

    private func names(_ texts: String...) -> [NamePattern] {
        texts.compactMap { NamePattern(Array($0.utf8)) }
    }

    private func verdict(
        _ rules: [Policy.Rule], from source: ProcessIdentity, to target: ProcessIdentity,
        _ kind: SocketKinds = .tcp
    ) -> Policy.Verdict {
        Policy(rules: rules).verdict(source: source, target: target, kind: kind)
    }

    @Test func `without rules the same user and root may`() {
        #expect(verdict([], from: process(), to: process()) == .otherwise(allows: true))
        #expect(verdict([], from: process(uid: 0), to: process()) == .otherwise(allows: true))
        #expect(verdict([], from: process(), to: process(uid: 0)) == .otherwise(allows: false))
    }

    @Test func `the first rule that matches decides`() {
        let rules = [
            Rule(name: "udp", allows: false, kinds: .udp),
            Rule(name: "five", allows: true, source: pattern { $0.uids = [5] }),
            Rule(name: "rest", allows: false),
        ]
        let (five, root) = (process(), process(uid: 0))
        #expect(verdict(rules, from: five, to: root, .udp) == .rule(0, allows: false))
        #expect(verdict(rules, from: five, to: root) == .rule(1, allows: true))
        #expect(verdict(rules, from: root, to: root) == .rule(2, allows: false))
    }

    @Test func `each selector of source and target is looked at`() {
        let cases: [(ProcessPattern, ProcessIdentity)] = [
            (pattern { $0.uids = [1, 7] }, process(uid: 7)),
            (pattern { $0.gids = [7] }, process(gid: 7)),
            (pattern { $0.executables = names("/opt/*") }, process(exe: "/opt/b")),
            (pattern { $0.controlGroups = [Array("/a/b".utf8)] }, process(cgroup: "/a/b/c")),
            (pattern { $0.units = names("w@*.service") }, process(cgroup: "/x.slice/w@1.service")),
        ]
        for (pattern, matching) in cases {
            let bySource = [Rule(name: "s", allows: false, source: pattern)]
            let byTarget = [Rule(name: "t", allows: false, target: pattern)]
            let other = process()
            #expect(verdict(bySource, from: matching, to: other) == .rule(0, allows: false))
            #expect(verdict(bySource, from: other, to: other) == .otherwise(allows: true))
            #expect(verdict(byTarget, from: other, to: matching) == .rule(0, allows: false))
            #expect(verdict(byTarget, from: other, to: other) == .otherwise(allows: true))
        }
    }

    @Test func `a group is the effective one, not the real one`() {
        var member = process(gid: 7)
        member.effectiveGID = 8
        for (group, matches) in [(7, false), (8, true)] as [(UInt32, Bool)] {
            let pattern = pattern { $0.gids = [group] }
            let expected: Policy.Verdict =
                matches ? .rule(0, allows: false) : .otherwise(allows: true)
            let bySource = [Rule(name: "s", allows: false, source: pattern)]
            let byTarget = [Rule(name: "t", allows: false, target: pattern)]
            #expect(verdict(bySource, from: member, to: process()) == expected)
            #expect(verdict(byTarget, from: process(), to: member) == expected)
        }
    }

    @Test func `what cannot be seen matches no rule that allows and each that denies`() {
        let selector = pattern { $0.executables = names("/bin/a") }
        let allow = [Rule(name: "a", allows: true, target: selector)]
        let deny = [Rule(name: "d", allows: false, target: selector)]
        let hidden = process(uid: 9, exe: nil)
        #expect(verdict(allow, from: process(), to: hidden) == .otherwise(allows: false))
        #expect(verdict(deny, from: process(uid: 9), to: hidden) == .rule(0, allows: false))
        #expect(
            Policy(rules: allow).finding(
                of: allow[0], source: process(), target: hidden, kind: .tcp)
                == .unseen(.targetExecutable))
    }

    @Test func `who cannot be told apart is not the same user`() {
        let unmapped = UnmappedIDs(user: 65_534, group: 65_533)
        let (some, root) = (process(uid: 65_534, gid: 65_533), process(uid: 0))
        let other = process(uid: 65_534, gid: 65_533, instance: 2)
        func verdict(_ allows: Bool, _ pattern: ProcessPattern? = nil) -> Policy.Verdict {
            let rules = pattern.map { [Rule(name: "r", allows: allows, target: $0)] } ?? []
            return Policy(rules: rules, unmapped: unmapped)
                .verdict(source: some, target: other, kind: .tcp)
        }
        #expect(verdict(true) == .otherwise(allows: false))
        for pattern in [pattern { $0.uids = [65_534] }, pattern { $0.gids = [65_533] }] {
            #expect(verdict(true, pattern) == .otherwise(allows: false))
            #expect(verdict(false, pattern) == .rule(0, allows: false))
        }
        // What else is seen of them counts.
        #expect(verdict(true, pattern { $0.units = names("y") }) == .rule(0, allows: true))
        let policy = Policy(unmapped: unmapped)
        #expect(policy.verdict(source: root, target: some, kind: .tcp).allows)
        #expect(policy.verdict(source: some, target: some, kind: .tcp).allows)
        #expect(policy.verdict(source: process(), target: process(), kind: .tcp).allows)
        var rules = Rules()
        rules.policy = policy
        #expect(Rules(text: rules.text) == rules)

        var world = World(rules: rules)
        let (mine, theirs) = (world.process(user: 65_534), world.process(user: 65_534))
        let chief = world.process(user: 0)
        let socket = world.socket()
        let handoff = world.issue(from: chief, to: mine, socket: socket)
        let step = world.duplicate(from: mine, to: .process(theirs), socket: .socket(socket))
        #expect(step.reply == .refused(.notPermitted, nil))
        #expect(world.revoke(handoff, by: mine).reply == .refused(.notOwner, handoff))
        #expect(world.revoke(handoff, by: chief).reply == .revoked(handoff))
    }

    @Test(arguments: [
        ("/a/b", "/a/b", true), ("/a/b/c", "/a/b", true), ("/a/bc", "/a/b", false),
        ("/a", "/a/b", false), ("/anything", "/", true),
    ])
    func `a control group stands for all below it`(
        _ group: String, _ outer: String, _ matches: Bool
    ) {
        let rule = Rule(
            name: "r", allows: false, source: pattern { $0.controlGroups = [Array(outer.utf8)] })
        let found = verdict([rule], from: process(cgroup: group), to: process())
        #expect(found == (matches ? .rule(0, allows: false) : .otherwise(allows: true)))
    }

    @Test(arguments: [
        ("/system.slice/nginx.service", "nginx.service"),
        ("/system.slice/nginx.service/sub", "nginx.service"),
        ("/init.scope", "init.scope"),
        // A user's own manager can call its units what it likes.
        ("/user.slice/user-5.slice/user@5.service/app.slice/nginx.service", "user@5.service"),
        ("/a.slice", nil), ("/", nil),
    ])
    func `a unit is the system's`(_ group: String, _ unit: String?) {
        #expect(ProcessPattern.unit(of: Array(group.utf8)) == unit.map { Array($0.utf8) })
    }

    @Test(arguments: [
        ("/a*c", "/abc", true), ("/a*c", "/ac", true), ("/a*a", "/a", false), ("*", "", true),
        ("/a", "/ab", false), ("a*", "b", false),
    ])
    func `a star stands for any bytes`(_ pattern: String, _ text: String, _ matches: Bool) {
        let rule = Rule(
            name: "r", allows: false,
            source: self.pattern { $0.executables = names(pattern) })
        let found = verdict([rule], from: process(exe: text), to: process())
        #expect(found == (matches ? .rule(0, allows: false) : .otherwise(allows: true)))
    }

    @Test func `a rule is read back from its text`() {
        var rule = Rule(name: "grüße, = %\n", allows: true, kinds: [.udp, .unixDatagram])
        rule.source = pattern {
            $0.uids = [0, 4_294_967_294]
            $0.executables = names("/a b/*", "/c,d")
        }
        rule.target = pattern {
            $0.gids = [1]
            $0.controlGroups = [[0x2f, 0xff]]
            $0.units = names("x.service")
        }
        #expect(
            rule.text == "allow name=gr%c3%bc%c3%9fe%2c%20%3d%20%25%0a source.uid=0,4294967294 "
                + "source.exe=/a%20b/*,/c%2cd target.gid=1 target.cgroup=/%ff "
                + "target.unit=x.service kinds=udp,unix-datagram")
        #expect(Rule(text: rule.text) == rule)
    }

    @Test(arguments: [
        "", "allow", "maybe name=a", "allow name=a later=1", "allow name=a source.pid=1",
        "allow name=a source.uid=x", "allow name=a  source.uid=1", "allow name=%4",
        "allow name=%41",
        "allow name=a kinds=ip", "allow name=a target.exe=**", "allow source.uid=1",
    ])
    func `what cannot be read denies`(_ text: String) {
        #expect(Rule(text: text) == Rule(name: "unreadable", allows: false))
    }

    // MARK: - In the registry

    private func rules(_ rules: [Policy.Rule]) -> Rules {
        var all = Rules()
        all.policy = Policy(rules: rules)
        return all
    }

    @Test func `a refusal names its rule`() {
        var world = World(rules: rules([Rule(name: "no tcp", allows: false, kinds: .tcp)]))
        let process = world.process()
        let socket = world.socket()
        let step = world.duplicate(
            from: process, to: .process(process), socket: .socket(socket))
        #expect(step.reply == .refused(.deniedByPolicy, nil))
        guard case .handoffRefused(let refused)? = step.contents.first else {
            Issue.record("\(step.contents)")
            return
        }
        #expect(refused.rule == "no tcp")
    }

    @Test func `a target that became another program is not handed what it was allowed`() {
        let pattern = pattern { $0.executables = names("/bin/worker") }
        var world = World(
            rules: rules([
                Rule(name: "workers", allows: true, target: pattern),
                Rule(name: "rest", allows: false),
            ]))
        let source = world.process(user: 1)
        var identity = world.identity(user: 2)
        identity.executable = Array("/bin/worker".utf8)
        let target = world.perform(.observeProcess(identity)).first
        let socket = world.socket()
        let handoff = world.issue(from: source, to: target, socket: socket)
        // The source's end changes nothing: what it was is kept with the handoff.
        _ = world.exit(source)
        world.perform(.drain)
        identity.executable = Array("/bin/sh".utf8)
        world.perform(.observeProcess(identity))
        let denied = world.redeem(handoff, by: target)
        #expect(denied.reply == .refused(.deniedByPolicy, handoff))
        guard case .redemptionRefused(let refused)? = denied.contents.first else {
            Issue.record("\(denied.contents)")
            return
        }
        #expect(refused.rule == "rest")
        identity.executable = Array("/bin/worker".utf8)
        world.perform(.observeProcess(identity))
        guard case .granted = world.redeem(handoff, by: target).reply else {
            Issue.record("granted to the program that was meant")
            return
        }
    }

    @Test func `a target that became another user's is not handed what it was allowed`() {
        let toRoot = pattern { $0.uids = [0] }
        var world = World(rules: rules([Rule(name: "not to root", allows: false, target: toRoot)]))
        let source = world.process(user: 1)
        var identity = world.identity(user: 1)
        let target = world.perform(.observeProcess(identity)).first
        let handoff = world.issue(from: source, to: target, socket: world.socket())
        for (user, refusal) in [(0, .deniedByPolicy), (2, .notPermitted)] as [(UInt32, Refusal)] {
            identity.effectiveUID = user
            world.perform(.observeProcess(identity))
            #expect(world.redeem(handoff, by: target).reply == .refused(refusal, handoff))
        }
        identity.effectiveUID = 1
        world.perform(.observeProcess(identity))
        let granted = world.redeem(handoff, by: target)
        #expect(granted.reply == .granted(handoff, attempt: 1, notes: []))
    }

    @Test func `rules that were loaded in between hold for tickets that are out`() {
        let none = rules([Rule(name: "no udp", allows: false, kinds: .udp)])
        let isolate = rules([
            Rule(name: "isolate", allows: false, source: pattern { $0.uids = [1] })
        ])
        var world = World(rules: none)
        let (source, target) = (world.process(user: 1), world.process(user: 1))
        let handoff = world.issue(from: source, to: target, socket: world.socket())
        world.perform(.configure(digest: "01", content: isolate.text))
        let denied = world.redeem(handoff, by: target)
        #expect(denied.reply == .refused(.deniedByPolicy, handoff))
        guard case .redemptionRefused(let refused)? = denied.contents.first else {
            Issue.record("\(denied.contents)")
            return
        }
        #expect(refused.rule == "isolate")
        // The ticket stays good, for when that rule is gone.
        world.perform(.configure(digest: "00", content: none.text))
        #expect(
            world.redeem(handoff, by: target).reply == .granted(handoff, attempt: 1, notes: []))
    }

    @Test func `what was handed over while there were no rules stays good`() {
        let isolate = rules([
            Rule(name: "isolate", allows: false, source: pattern { $0.uids = [1] })
        ])
        var world = World()
        let (source, target) = (world.process(user: 1), world.process(user: 1))
        let handoff = world.issue(from: source, to: target, socket: world.socket())
        world.perform(.configure(digest: "01", content: isolate.text))
        #expect(
            world.redeem(handoff, by: target).reply == .granted(handoff, attempt: 1, notes: []))
    }

    @Test func `a target that is denied before the log has it is refused as one that it has`() {
        let rules = rules([
            Rule(name: "no udp", allows: false, kinds: .udp),
            Rule(name: "to nine", allows: true, target: pattern { $0.uids = [9] }),
            Rule(name: "not to root", allows: false, target: pattern { $0.uids = [0] }),
        ])
        var world = World(rules: rules)
        let source = world.process(user: 1)
        for user in [0, 1, 2, 9] as [UInt32] {
            for (type, number) in [(1, 6), (2, 17)] as [(Int32, Int32)] {
                let socket = world.socketIdentity(type: type, protocolNumber: number)
                let identity = world.identity(user: user)
                let seen = world.perform(.observeSocket(socket)).first
                let denied = world.registry.denial(to: identity, from: source, of: .socket(seen))
                let early = denied.flatMap { world.refusal(from: source, to: $0, socket) }
                let target = world.perform(.observeProcess(identity)).first
                let late = world.refusal(from: source, to: .process(target), socket)
                #expect((denied == nil) == (late == nil))
                #expect(early?.reason == late?.reason)
                #expect(early?.rule == late?.rule)
            }
        }
    }

    @Test func `kinds tell listening sockets apart, also after a restart`() {
        var world = World(rules: rules([Rule(name: "l", allows: false, kinds: .tcpListening)]))
        let process = world.process()
        var identity = world.socketIdentity()
        identity.isListening = true
        let socket = world.perform(.observeSocket(identity)).first
        let step = world.duplicate(
            from: process, to: .process(process), socket: .socket(socket))
        #expect(step.reply == .refused(.deniedByPolicy, nil))
        _ = world.issue(from: process, to: process, socket: world.socket())
    }
}

extension World {
    /// What a duplicate call is refused with; nil when it is issued.
    fileprivate mutating func refusal(
        from source: ProcessNumber, to target: TargetFact, _ identity: SocketIdentity
    ) -> Event.RefusedHandoff? {
        perform(.observeSocket(identity))
        guard let socket = registry.socketNumber(cookie: identity.cookie) else { return nil }
        let step = duplicate(from: source, to: target, socket: .socket(socket))
        guard case .handoffRefused(let refused)? = step.contents.first else { return nil }
        return refused
    }
}
