/// Chooses what happens next: mostly what makes sense in the world as it is, so that handoffs come
/// far, and now and then what does not.
struct ActionChooser {
    private enum Bounds {
        static let processes = 6
        static let sockets = 5
        /// Fewer numbers than processes over time, so that they are used again.
        static let pids = 8
        /// How far back requests are asked again and records redeemed.
        static let requests = 14
        static let execs = 2
        static let early = 4
        /// How far back a connection is looked for that a fork shares.
        static let connections = 20
        /// Milliseconds.
        static let lifetime = 4_000
        static let wait = 1_500
        static let step = 7_200_000
        static let patience: Int64 = 600
        static let patientRounds = 6
    }

    private var numbers: SeededGenerator
    private var nextProcess = 1
    private var nextSocket = 1
    private var nextRequest = 1
    /// What follows at once, last first.
    private var planned: [Action] = []

    init(seed: UInt64) { numbers = SeededGenerator(seed: seed) }

    mutating func next(in world: World) -> Action {
        if let action = planned.popLast() { return action }
        if world.shell == nil, numbers.below(10) < 4 { return .start(start(), startEnd(world)) }
        let living = world.order.filter { world.processes[$0]?.isAlive == true }
        if living.count < 2, numbers.below(10) < 5 { return process(world) }
        let roll = numbers.below(100)
        let action: Action? =
            switch roll {
            case ..<24: .serve(roundEnd(world))
            case ..<46: receive(world, living)
            case ..<58: duplicate(world, living)
            case ..<70: redeem(world, living)
            case ..<77: connect(world, living)
            case ..<82: again()
            case ..<92: processes(world, living)
            default: oddities(world, living)
            }
        return action ?? .serve(roundEnd(world))
    }

    // MARK: - The coordinator

    private mutating func start() -> Action.Start {
        switch numbers.below(10) {
        case ..<6: .kept
        case ..<8: .snapshot
        case 8: .fetched
        default: .lost
        }
    }

    private mutating func startEnd(_ world: World) -> Action.StartEnd {
        guard numbers.oneIn(6) else { return .whole }
        if numbers.oneIn(3) { return .crashBeforeCommit }
        return .crashAfter(steps: place(upTo: world.recoveryStepsMaximum))
    }

    /// Where of so many things that can follow each other a coordinator dies: often early, since
    /// there are mostly few of them.
    private mutating func place(upTo count: Int) -> Int {
        numbers.below(numbers.oneIn(2) ? Bounds.early : count + 1)
    }

    private mutating func roundEnd(_ world: World) -> Action.RoundEnd {
        // Nothing says again what the kernel said once, and it takes a while to show.
        if world.shell?.words.isEmpty == false, numbers.oneIn(6) {
            if numbers.oneIn(3) {
                planned += Array(repeating: .serve(.whole), count: Bounds.patientRounds)
                planned += [.wait(Bounds.patience), .serve(.whole)]
            }
            return .full
        }
        switch numbers.below(100) {
        case ..<84: return .whole
        case ..<90: return .later
        case ..<92: return .full
        case ..<94: return .crashBeforeCommit
        case ..<96: return .unknown(isPresent: numbers.oneIn(2))
        default: return .crashAfter(effects: place(upTo: world.effectsMaximum))
        }
    }

    // MARK: - Processes

    private mutating func process(_ world: World) -> Action {
        nextProcess += 1
        let user: UInt32 = [1000, 1000, 1000, 1001, 0][numbers.below(5)]
        return .process(nextProcess - 1, pid: freePID(world), user: user)
    }

    /// Often its number is another's at once, who tries what was meant for it.
    private mutating func exit(_ id: Int, _ world: World) -> Action {
        guard let old = world.processes[id], numbers.oneIn(2) else { return .exit(id) }
        let heir = nextProcess
        nextProcess += 1
        if let (record, target) = record(world), target == id {
            planned.append(.redeem(nextRequest, by: heir, record: record, .genuine))
            nextRequest += 1
        }
        planned += [.connect(heir), .process(heir, pid: old.pid, user: old.user)]
        return .exit(id)
    }

    private mutating func freePID(_ world: World) -> Int32 {
        // Often the one that was given up last, while its tickets are still open.
        if numbers.oneIn(2),
            let last = world.order.last(where: { world.processes[$0]?.isAlive == false }),
            let pid = world.processes[last]?.pid, world.living[pid] == nil
        {
            return pid
        }
        var pid = Int32(numbers.below(Bounds.pids))
        while world.living[pid + 1] != nil { pid = (pid + 1) % Int32(Bounds.pids) }
        return pid + 1
    }

    private mutating func processes(_ world: World, _ living: [Int]) -> Action? {
        guard let id = numbers.pick(living) else { return process(world) }
        switch numbers.below(10) {
        case ..<3: return living.count < Bounds.processes ? process(world) : .exit(id)
        case ..<5: return living.count > 2 ? exit(id, world) : nil
        case 5:
            return world.processes[id]?.image ?? 0 < Bounds.execs ? .exec(id) : nil
        case 6:
            guard living.count < Bounds.processes else { return nil }
            nextProcess += 1
            return .fork(id, child: nextProcess - 1, pid: freePID(world))
        default:
            let held = living.reduce(0) { $0 + (world.processes[$1]?.descriptors.count ?? 0) }
            if held >= Bounds.sockets { return close(id, world) }
            nextSocket += 1
            return .socket(nextSocket - 1, of: id, socketKind())
        }
    }

    private mutating func socketKind() -> Action.SocketKind {
        switch numbers.below(10) {
        case ..<6: .told
        case ..<9: .unix
        default: .foreign
        }
    }

    /// Mostly with a word of it.
    private mutating func close(_ id: Int, _ world: World) -> Action? {
        guard let socket = world.processes[id]?.descriptors.keys.min() else { return nil }
        if numbers.oneIn(20) { planned.append(.overflow) }
        return numbers.oneIn(3) ? .drop(id, socket: socket) : .close(id, socket: socket)
    }

    // MARK: - Clients

    private mutating func receive(_ world: World, _ living: [Int]) -> Action? {
        let waiting = living.filter { id in
            guard let index = world.processes[id]?.client.connection else { return false }
            return !world.connections[index].answers.isEmpty || !world.connections[index].isServed
        }
        return numbers.pick(waiting).map {
            .receive($0, numbers.oneIn(16) ? .truncated : .whole)
        }
    }

    private mutating func connect(_ world: World, _ living: [Int]) -> Action? {
        let apart = living.filter { id in
            guard let index = world.processes[id]?.client.connection else { return true }
            return !world.connections[index].isServed
        }
        return numbers.pick(apart.isEmpty || numbers.oneIn(8) ? living : apart).map { .connect($0) }
    }

    private mutating func duplicate(_ world: World, _ living: [Int]) -> Action? {
        let sources = living.filter { world.processes[$0]?.descriptors.isEmpty == false }
        guard let id = numbers.pick(sources),
            let socket = numbers.pick(world.processes[id]?.descriptors.keys.sorted() ?? []),
            let target = numbers.pick(living), let pid = world.processes[target]?.pid
        else { return nil }
        nextRequest += 1
        let lifetime = numbers.oneIn(3) ? Int64(1 + numbers.below(Bounds.lifetime)) : nil
        let asked = numbers.oneIn(20) ? Int32(1 + numbers.below(Bounds.pids)) : pid
        return .duplicate(nextRequest - 1, by: id, socket: socket, pid: asked, lifetime: lifetime)
    }

    private mutating func redeem(_ world: World, _ living: [Int]) -> Action? {
        guard let (record, target) = record(world), var id = numbers.pick(living) else {
            return nil
        }
        if !numbers.oneIn(5), world.processes[target]?.isAlive == true { id = target }
        nextRequest += 1
        let tampering =
            numbers.oneIn(10)
            ? Action.Tampering.allCases[numbers.below(Action.Tampering.allCases.count)] : .genuine
        return .redeem(nextRequest - 1, by: id, record: record, tampering)
    }

    /// A record that somebody has, and for whom it is.
    private mutating func record(_ world: World) -> (label: Int, target: Int)? {
        for _ in 0..<4 {
            let label = recentRequest()
            guard let number = world.requests[label]?.record,
                let handoff = world.auditor.handoffs[number]
            else { continue }
            return (label, handoff.target)
        }
        return nil
    }

    private mutating func recentRequest() -> Int {
        max(1, nextRequest - 1 - numbers.below(Bounds.requests))
    }

    private mutating func again() -> Action { .again(recentRequest()) }

    // MARK: - What seldom happens

    private mutating func oddities(_ world: World, _ living: [Int]) -> Action? {
        guard let id = numbers.pick(living) else { return nil }
        switch numbers.below(10) {
        case ..<2: return .wait(Int64(1 + numbers.below(Bounds.wait)))
        case 2: return .step(Int64(numbers.below(2 * Bounds.step) - Bounds.step))
        case 3, 4: return .space
        case 5:
            let shared = world.connections.suffix(Bounds.connections).filter { connection in
                connection.isServed && connection.holders.contains { $0 != connection.process }
            }
            guard let connection = numbers.pick(Array(shared)),
                let child = connection.holders.first(where: { $0 != connection.process }),
                let (record, _) = record(world)
            else { return nil }
            return .stray(child, over: connection.process, record: record)
        case 6: return record(world).map { .misconfirm($0.target, record: $0.label) }
        case 7: return close(id, world)
        case 8:
            switch numbers.below(3) {
            case 0:
                guard numbers.oneIn(3) else { return nil }
                if numbers.oneIn(2) { return .stop }
                return .keeperLost(Action.KeeperLoss.allCases[numbers.below(3)])
            default:
                nextRequest += 1
                return .reconcile(nextRequest - 1, by: id)
            }
        default:
            guard let (record, _) = record(world) else { return nil }
            nextRequest += 1
            return .revoke(nextRequest - 1, by: id, record: record)
        }
    }
}
