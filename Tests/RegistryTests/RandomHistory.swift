import Registry
import TestSupport
import Testing
import Winsock

/// A history of commands drawn from a seed over a few processes, sockets and handoffs.
struct RandomHistory {
    var world: World
    private var random: SeededGenerator
    private var processes: [ProcessNumber] = []
    private var sockets: [SocketIdentity] = []
    private var handoffs: [HandoffNumber] = []
    private var requests: [RequestID] = []
    /// The log folded as it grows, besides the state that decides.
    private var shadow = Registry()

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        var rules = Rules()
        rules.isStrict = seed.isMultiple(of: 3)
        rules.limits.handoffs = 8
        rules.limits.handoffsPerUser = 6
        rules.limits.processes = 6
        rules.limits.sockets = 4
        rules.limits.registrations = 3
        rules.limits.registrationsPerUser = 2
        rules.limits.clientsPerProcess = 3
        world = World(checks: .invariants, rules: rules)
        follow(from: 0)
    }

    private mutating func follow(from first: Int) {
        for event in world.events[first...] { shadow.apply(event) }
        shadow.checkInvariants()
        #expect(shadow.handoffs == world.registry.handoffs)
        #expect(shadow.nextDeadline == world.registry.nextDeadline)
        #expect(shadow.registrations == world.registry.registrations)
        #expect(shadow.registrationsByUser == world.registry.registrationsByUser)
    }

    mutating func run(_ count: Int) {
        for index in 0..<count {
            let first = world.events.count
            let step = world.perform(command())
            if case .issued(let handoff, isRepeated: false) = step.reply {
                handoffs.append(handoff)
                if handoffs.count > 10 { handoffs.removeFirst() }
            }
            follow(from: first)
            if index.isMultiple(of: 100) { checkSnapshot() }
        }
        checkSnapshot()
    }

    private mutating func checkSnapshot() {
        let snapshot = world.registry.snapshot()
        #expect(shadow.snapshot() == snapshot)
        // Going on with what was read shows what the bytes alone do not: the derived tables.
        #expect(throws: Never.self) {
            shadow = try Registry(snapshot: snapshot)
            #expect(shadow.snapshot() == snapshot)
        }
    }

    private mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }

    private mutating func process() -> ProcessNumber {
        processes.randomElement(using: &random) ?? 999_999
    }

    private mutating func handoff() -> HandoffNumber {
        chance(5)
            ? UInt64.random(in: 0..<50, using: &random)
            : handoffs.randomElement(using: &random) ?? 0
    }

    private mutating func socketFact() -> SocketFact {
        if chance(3) { return .notASocket }
        let known = world.registry.sockets.keys.sorted().randomElement(using: &random)
        return known.map { .socket($0) } ?? .untracked
    }

    /// Mostly a new id, now and then one that was used.
    private mutating func request(of process: ProcessNumber) -> RequestID {
        if chance(12), let earlier = requests.randomElement(using: &random) { return earlier }
        var id = world.request(of: process)
        if chance(10) { id.nonce += UInt64.random(in: 1...4, using: &random) * 1_000_000 }
        if chance(50) { id.watermark = UInt64.random(in: 0..<id.counter, using: &random) }
        requests.append(id)
        if requests.count > 30 { requests.removeFirst() }
        return id
    }

    private mutating func command() -> Command {
        world.now += Int64.random(in: 0..<200_000, using: &random)
        switch Int.random(in: 0..<106, using: &random) {
        case 0..<8: return observed()
        case 8..<30: return duplicate()
        case 30..<52: return redeem()
        case 52..<68:
            let handoff = handoff()
            let open = world.registry.handoffs[handoff]
            let cookie = open.map { world.cookie(of: $0.socket) } ?? 0
            return .confirm(
                Command.Confirm(
                    actor: chance(90) ? open?.target ?? process() : process(), handoff: handoff,
                    cookie: chance(90) ? cookie : 1))
        case 68..<73:
            return .deliveryFailed(
                handoff: handoff(), actor: chance(50) ? nil : process(), reason: .unsent)
        case 73..<82:
            let cookie = sockets.randomElement(using: &random)?.cookie ?? 0
            return .close(Command.Close(actor: process(), cookie: cookie, how: .cleanup))
        case 82..<86:
            let actor = process()
            return .revoke(
                Command.Revoke(
                    actor: actor, handoff: handoff(), text: nil, request: request(of: actor)))
        case 86..<89: return .exit(process: process(), status: nil)
        case 89..<94: return .drain
        case 94..<98:
            let now = world.now
            guard let due = world.registry.due(at: now, limit: 1).first else { return .drain }
            return .expire(handoff: due)
        case 98:
            let open = world.registry.handoffs.keys.sorted()
            let kept = Set(open.filter { _ in chance(80) })
            let observed = Set(open.filter { _ in chance(30) })
            return .recover(
                Command.Recovery(pid: 1, epoch: 2, kept: kept, observed: observed))
        case 99: return .stepClock(by: 1)
        default: return select()
        }
    }

    private mutating func observed() -> Command {
        if chance(50) {
            let identity = world.identity(
                user: [0, 1000, 1000, 1001].randomElement(using: &random) ?? 0)
            let first = world.registry.nextSequence
            if world.registry.processes.count < world.registry.rules.limits.processes {
                processes.append(first)
                if processes.count > 6 { processes.removeFirst() }
            }
            return .observeProcess(identity)
        }
        if chance(40), let known = sockets.randomElement(using: &random) {
            return .observeSocket(known)
        }
        let identity = world.socketIdentity()
        sockets.append(identity)
        if sockets.count > 5 { sockets.removeFirst() }
        return .observeSocket(identity)
    }

    private let lifetimes: [UInt64] = [0, 1, 50_000, 1_000_000, 2_000_000, 9_000_000]

    private mutating func duplicate() -> Command {
        let actor = process()
        return .duplicate(
            Command.Duplicate(
                actor: actor, socket: socketFact(),
                target: chance(95) ? .process(process()) : .missing, pid: 3, form: .ansi,
                flags: chance(80) ? 1 : 0,
                lifetime: chance(50) ? lifetimes.randomElement(using: &random) : nil,
                request: request(of: actor)))
    }

    private mutating func select() -> Command {
        let actor = process()
        if chance(20), let socket = world.registry.registrations.keys.min(),
            let registration = world.registry.registrations[socket]
        {
            return .resume(
                Command.Resume(
                    actor: chance(70) ? registration.process : actor,
                    cookie: world.cookie(of: socket),
                    registration: registration.number - (chance(20) ? 1 : 0)))
        }
        return .select(
            Command.Select(
                actor: actor, socket: socketFact(),
                mask: chance(20) ? 0 : UInt32.random(in: 1...0x3ff, using: &random),
                request: request(of: actor)))
    }

    private mutating func redeem() -> Command {
        let handoff = handoff()
        let target = world.registry.handoffs[handoff]?.target
        let actor = chance(90) ? target ?? process() : process()
        return .redeem(
            Command.Redeem(
                actor: actor,
                record: .ticket(
                    handoff: handoff, genuine: chance(95), altered: chance(3)),
                isHeld: chance(97), flags: chance(80) ? 1 : 0, program: nil,
                request: request(of: actor)))
    }
}
