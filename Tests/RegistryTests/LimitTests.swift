import Registry
import Testing
import Winsock

/// Every limit of the rules, set small, with the refusal of who exceeds it.
struct LimitTests {
    private func rules(_ change: (inout Limits) -> Void) -> Rules {
        var rules = Rules()
        change(&rules.limits)
        return rules
    }

    @Test func `open handoffs in all`() {
        var world = World(rules: rules { $0.handoffs = 2 })
        let first = world.process(user: 1)
        let second = world.process(user: 2)
        let socket = world.socket()
        let handoff = world.issue(from: first, to: first, socket: socket)
        _ = world.issue(from: second, to: second, socket: socket)
        for process in [first, second] {
            let step = world.duplicate(
                from: process, to: .process(process), socket: .socket(socket))
            #expect(step.reply == .refused(.tooManyHandoffs, nil))
        }
        _ = world.revoke(handoff, by: first)
        _ = world.issue(from: second, to: second, socket: socket)
    }

    @Test func `open handoffs of one user leave room for the others`() {
        var world = World(rules: rules { $0.handoffsPerUser = 2 })
        let first = world.process(user: 1)
        let sibling = world.process(user: 1)
        let second = world.process(user: 2)
        let socket = world.socket()
        let handoff = world.issue(from: first, to: first, socket: socket)
        _ = world.issue(from: sibling, to: first, socket: socket)
        for process in [first, sibling] {
            let step = world.duplicate(
                from: process, to: .process(first), socket: .socket(socket))
            #expect(step.reply == .refused(.tooManyForUser, nil))
        }
        _ = world.issue(from: second, to: second, socket: socket)
        _ = world.redeem(handoff, by: first)
        _ = world.confirm(handoff, by: first, cookie: world.cookie(of: socket))
        _ = world.issue(from: first, to: first, socket: socket)
    }

    @Test func `delivered descriptors of one user leave room for the others`() {
        var world = World(rules: rules { $0.descriptorsPerUser = 2 })
        let first = world.process(user: 1)
        var identity = world.identity(user: 1)
        let sibling = world.perform(.observeProcess(identity)).first
        let second = world.process(user: 2)
        let socket = world.socket()
        func deliver(_ handoff: HandoffNumber, to target: ProcessNumber) -> Reply {
            let reply = world.redeem(handoff, by: target).reply
            if case .granted = reply {
                _ = world.confirm(handoff, by: target, cookie: world.cookie(of: socket))
            }
            return reply
        }
        func open(_ target: ProcessNumber) -> Reply {
            deliver(world.issue(from: target, to: target, socket: socket), to: target)
        }
        for target in [first, sibling, second] {
            guard case .granted = open(target) else {
                Issue.record("within the limit")
                return
            }
        }
        let handoff = world.issue(from: first, to: first, socket: socket)
        #expect(deliver(handoff, to: first) == .refused(.tooManyDescriptors, handoff))
        #expect(world.registry.deliveredByUser == [1: 2, 2: 1])
        // Whoever becomes another user is counted there, and what has ended nowhere.
        identity.effectiveUID = 2
        world.perform(.observeProcess(identity))
        #expect(world.registry.deliveredByUser == [1: 1, 2: 2])
        #expect(deliver(handoff, to: first) == .granted(handoff, attempt: 1, notes: []))
        let last = world.issue(from: second, to: second, socket: socket)
        #expect(deliver(last, to: second) == .refused(.tooManyDescriptors, last))
        _ = world.exit(sibling)
        world.perform(.drain)
        #expect(deliver(last, to: second) == .granted(last, attempt: 1, notes: []))
        // Its own is closed before what it was given.
        for delivered in [2, 1] {
            _ = world.close(socket, by: second)
            #expect(world.registry.deliveredByUser[2] == delivered)
        }
    }

    @Test func `delivered descriptors in all`() {
        var world = World(rules: rules { $0.descriptors = 2 })
        let (first, second) = (world.process(user: 1), world.process(user: 2))
        let socket = world.socket()
        let one = world.issue(from: first, to: first, socket: socket)
        let two = world.issue(from: second, to: second, socket: socket)
        let three = world.issue(from: second, to: second, socket: socket)
        // What is being delivered has its place, and is delivered.
        _ = world.redeem(one, by: first)
        _ = world.redeem(two, by: second)
        #expect(world.redeem(three, by: second).reply == .refused(.tooManyDescriptors, three))
        _ = world.confirm(one, by: first, cookie: world.cookie(of: socket))
        #expect(world.redeem(two, by: second).reply == .granted(two, attempt: 2, notes: []))
        _ = world.confirm(two, by: second, cookie: world.cookie(of: socket))
        #expect(world.redeem(three, by: second).reply == .refused(.tooManyDescriptors, three))
    }

    @Test func `who redeems all before it confirms has no more than its user may`() {
        var world = World(rules: rules { $0.descriptorsPerUser = 2 })
        let source = world.process(user: 0)
        var identity = world.identity(user: 1)
        let target = world.perform(.observeProcess(identity)).first
        let socket = world.socket()
        let all = (0..<4).map { _ in world.issue(from: source, to: target, socket: socket) }
        for handoff in all[..<2] {
            #expect(
                world.redeem(handoff, by: target).reply == .granted(handoff, attempt: 1, notes: []))
        }
        let third = all[2]
        #expect(world.redeem(third, by: target).reply == .refused(.tooManyDescriptors, third))
        #expect(world.registry.reservedByUser == [1: 2])
        // Whoever becomes another user is counted there.
        identity.effectiveUID = 2
        world.perform(.observeProcess(identity))
        #expect(world.registry.reservedByUser == [2: 2])
        // What is declined gives its place back, and what is delivered keeps it.
        world.perform(.deliveryFailed(handoff: all[0], actor: target, reason: .truncated))
        #expect(world.redeem(third, by: target).reply == .granted(third, attempt: 1, notes: []))
        for handoff in all[1...2] {
            _ = world.confirm(handoff, by: target, cookie: world.cookie(of: socket))
        }
        #expect(world.registry.reservedByUser == [:])
        #expect(world.registry.deliveredByUser == [2: 2])
        let last = all[3]
        #expect(world.redeem(last, by: target).reply == .refused(.tooManyDescriptors, last))
    }

    @Test func `processes of one user leave room for the others`() {
        var world = World(rules: rules { $0.processesPerUser = 2 })
        let first = world.process(user: 1)
        _ = world.process(user: 1)
        #expect(world.perform(.observeProcess(world.identity(user: 1))).contents.isEmpty)
        var second = world.identity(user: 2)
        world.perform(.observeProcess(second))
        // Whoever becomes another user is counted there.
        second.effectiveUID = 3
        world.perform(.observeProcess(second))
        #expect(world.registry.processesByUser == [1: 2, 3: 1])
        _ = world.exit(first)
        world.perform(.drain)
        _ = world.process(user: 1)
    }

    @Test func `users who together take all processes leave some to every other`() {
        var world = World(
            checks: .invariants,
            rules: rules {
                $0.processes = 160
                $0.processesPerUser = 80
                $0.processesReserved = 40
            })
        /// How many are watched of so many that begin.
        func begin(_ count: Int, user: UInt32) -> Int {
            (0..<count).count { _ in
                !world.perform(.observeProcess(world.identity(user: user))).contents.isEmpty
            }
        }
        #expect(begin(100, user: 1) == 80)
        #expect(begin(100, user: 2) == 40)
        // Each of the others has what it needs, and nobody has more of what is reserved.
        #expect(begin(100, user: 3) == Limits.processesForCertain)
        #expect(begin(100, user: 4) == 8)
        #expect(begin(1, user: 5) == 0)
        #expect(world.registry.processes.count == 160)
        let first = world.registry.processes.keys.min() ?? 0
        _ = world.exit(first)
        world.perform(.drain)
        #expect(begin(1, user: 1) == 0)
        #expect(begin(1, user: 5) == 1)
    }

    @Test func `no more than a quarter of all processes is reserved`() {
        var limits = Limits()
        limits.processes = 8
        #expect(limits.processesForAll == 6)
        limits.processesReserved = 1
        #expect(limits.processesForAll == 7)
    }

    @Test func `open handoffs are the source's user's, also after its exit`() {
        var world = World(rules: rules { $0.handoffsPerUser = 1 })
        let root = world.process(user: 0)
        let target = world.process(user: 1)
        let socket = world.socket()
        let handoff = world.issue(from: root, to: target, socket: socket)
        #expect(world.registry.openHandoffsByUser == [0: 1])
        _ = world.exit(root)
        world.perform(.drain)
        #expect(world.registry.openHandoffsByUser == [0: 1])
        _ = world.redeem(handoff, by: target)
        _ = world.confirm(handoff, by: target, cookie: world.cookie(of: socket))
        #expect(world.registry.openHandoffsByUser.isEmpty)
    }

    @Test func `processes beyond the limit are not followed, known ones may change`() {
        var world = World(rules: rules { $0.processes = 2 })
        let first = world.process()
        var second = world.identity(user: 1)
        world.perform(.observeProcess(second))
        let third = world.perform(.observeProcess(world.identity(user: 1)))
        #expect(third.contents.isEmpty)
        second.executable = [0x2f, 0xff]
        let changed = world.perform(.observeProcess(second))
        #expect(changed.contents == [.processSeen(second)])
        #expect(world.registry.process(instance: second.instance)?.identity == second)
        let unchanged = world.perform(.observeProcess(second))
        #expect(unchanged.contents.isEmpty)
        _ = world.exit(first)
        _ = world.process()
    }

    @Test func `sockets beyond the limit are not followed, known ones may change`() {
        var world = World(rules: rules { $0.sockets = 1 })
        var identity = world.socketIdentity()
        let number = world.perform(.observeSocket(identity)).first
        let other = world.perform(.observeSocket(world.socketIdentity()))
        #expect(other.contents.isEmpty)
        identity.remote = "127.0.0.1:9"
        let changed = world.perform(.observeSocket(identity))
        #expect(changed.contents == [.socketSeen(identity)])
        #expect(world.registry.socket(cookie: identity.cookie)?.number == number)
    }

    @Test func `sockets of one user leave room for the others`() {
        var world = World(rules: rules { $0.socketsPerUser = 2 })
        let first = world.process(user: 1)
        let sibling = world.process(user: 1)
        let second = world.process(user: 2)
        let (one, two) = (world.socket(), world.socket())
        _ = world.issue(from: first, to: first, socket: one)
        _ = world.issue(from: sibling, to: first, socket: two)
        #expect(world.registry.socketsByUser == [1: 2])
        for process in [first, sibling] {
            let step = world.duplicate(
                from: process, to: .process(first), socket: .socket(world.socket()))
            #expect(step.reply == .refused(.tooManySockets, nil))
            let selected = world.select(world.socket(), by: process, mask: 1)
            #expect(selected.reply == .refused(.tooManySockets, nil))
        }
        // One that it has already is no new one, and what it is handed it may take.
        _ = world.issue(from: first, to: first, socket: one)
        let other = world.socket()
        _ = world.issue(from: second, to: second, socket: other)
        let root = world.process(user: 0)
        let handoff = world.issue(from: root, to: first, socket: world.socket())
        _ = world.redeem(handoff, by: first)
        let cookie = world.cookie(of: world.registry.handoffs[handoff]?.socket ?? 0)
        _ = world.confirm(handoff, by: first, cookie: cookie)
        #expect(world.registry.socketsByUser == [0: 1, 1: 3, 2: 1])
        for process in [sibling, first] { _ = world.exit(process) }
        while !world.registry.exiting.isEmpty { world.perform(.drain) }
        #expect(world.registry.socketsByUser == [0: 1, 2: 1])
        let late = world.process(user: 1)
        _ = world.issue(from: late, to: late, socket: world.socket())
    }

    @Test func `sockets of a process that becomes another user are counted there`() {
        var world = World(rules: rules { $0.socketsPerUser = 1 })
        var identity = world.identity(user: 1)
        let process = world.perform(.observeProcess(identity)).first
        _ = world.issue(from: process, to: process, socket: world.socket())
        identity.effectiveUID = 2
        world.perform(.observeProcess(identity))
        #expect(world.registry.socketsByUser == [2: 1])
        let step = world.duplicate(
            from: process, to: .process(process), socket: .socket(world.socket()))
        #expect(step.reply == .refused(.tooManySockets, nil))
    }

    @Test func `refused requests do not use up the room for sockets`() {
        var world = World(rules: rules { $0.sockets = 1 })
        let source = world.process()
        for _ in 0..<5 {
            let socket = world.socket()
            let step = world.duplicate(from: source, to: .missing, socket: .socket(socket))
            #expect(step.reply == .refused(.noSuchProcess, nil))
            #expect(step.contents.last == .socketReleased(socket: socket, how: .counted))
        }
        #expect(world.registry.sockets.isEmpty)
    }

    @Test func `a marked socket stays known when it is refused`() {
        var world = World()
        let source = world.process()
        let socket = world.socket()
        let mark = Command.Mark(
            actor: source, socket: .socket(socket), quality: "SO_PRIORITY 6",
            request: world.request(of: source))
        let marked = world.perform(.mark(mark))
        #expect(
            marked.contents == [
                .socketMarked(socket: socket, actor: source, quality: "SO_PRIORITY 6")
            ])
        #expect(marked.reply == .marked)
        let again = world.perform(.mark(mark))
        #expect(again.contents.isEmpty)
        #expect(again.reply == .marked)
        for _ in 0..<2 {
            let step = world.duplicate(
                from: source, to: .process(source), socket: .socket(socket))
            #expect(step.contents.count == 1)
            #expect(step.reply == .refused(.qualityOfService, nil))
        }
    }

    @Test(arguments: [
        (SocketFact.notASocket, Refusal.notASocket), (.lost, .descriptorLimit),
        (.coordinatorsOwn, .coordinatorsOwn), (.untracked, .tooManySockets),
        (.carriesDescriptors, .queuedDescriptors), (.socket(999), .unknownSocket),
        (.occupied, .socketOccupied),
    ])
    func `what cannot be marked is refused`(socket: SocketFact, refusal: Refusal) {
        var world = World()
        let source = world.process()
        let request = world.request(of: source)
        let step = world.perform(
            .mark(
                Command.Mark(actor: source, socket: socket, quality: "q", request: request)))
        #expect(
            step.contents == [
                .requestRefused(
                    Event.RefusedRequest(
                        actor: source, what: .mark, reason: refusal, request: request))
            ])
    }

    @Test func `clients of one process, and a new one is refused`() {
        var world = World(rules: rules { $0.clientsPerProcess = 2 })
        let source = world.process()
        let other = world.process()
        let socket = world.socket()
        func ask(_ process: ProcessNumber, _ nonce: UInt64) -> Reply {
            world.duplicate(
                from: process, to: .process(process), socket: .socket(socket),
                request: RequestID(nonce: nonce, counter: 1, watermark: 0)
            ).reply
        }
        #expect(ask(source, 1) != .refused(.tooManyClients, nil))
        #expect(ask(source, 2) != .refused(.tooManyClients, nil))
        #expect(ask(source, 3) == .refused(.tooManyClients, nil))
        #expect(world.registry.clients[3] == nil)
        guard case .issued(_, isRepeated: true) = ask(source, 1) else {
            Issue.record("a known client goes on")
            return
        }
        #expect(ask(other, 3) != .refused(.tooManyClients, nil))
    }

    @Test func `the ends of old handoffs are told no more by name`() {
        var world = World(checks: .invariants)
        let process = world.process()
        let socket = world.socket()
        let identity = world.registry.sockets[socket]?.identity
        let kept = world.issue(from: process, to: process, socket: socket)
        var ended: [HandoffNumber] = []
        for _ in 0...Limits.endedHandoffs {
            let handoff = world.issue(from: process, to: process, socket: socket)
            world.perform(.expire(handoff: handoff))
            ended.append(handoff)
        }
        #expect(world.registry.handoffs[kept] != nil)
        #expect(world.registry.sockets[socket]?.identity == identity)
        #expect(world.registry.endings[ended[0]] == nil)
        #expect(world.registry.endings.inOrder.map(\.handoff) == Array(ended.dropFirst()))
        let forgotten = world.redeem(ended[0], by: process)
        #expect(forgotten.reply == .refused(.ended, ended[0]))
        let told = world.redeem(ended[1], by: process)
        #expect(told.reply == .refused(.expired, ended[1]))
        world.checkReplay()
    }
}
