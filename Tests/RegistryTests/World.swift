import Registry
import Testing
import Winsock

/// A registry with the log it wrote. Commands go through decide and apply, as in the coordinator,
/// and every step is checked against the promises that hold at any time.
struct World {
    /// What one command led to.
    struct Step {
        var contents: [Event.Content]
        /// The cause that the decision names itself; that of the other steps is their first event.
        var cause: UInt64?
        var reply: Reply
        /// The `seq` of the first event, whether there is one or not.
        var first: UInt64
    }

    /// How much is checked after each step. The full check costs as much as the log is long.
    enum Checks {
        case all
        case invariants
    }

    private(set) var registry = Registry()
    private(set) var events: [Event] = []
    /// CLOCK_BOOTTIME, in microseconds.
    var now: Int64 = 1_000_000
    private let checks: Checks
    private var counters: [ProcessNumber: UInt64] = [:]
    private var identities: UInt64 = 0

    static let boot = Event.Boot(
        id: "0d6b4a52", kernel: "6.12.0", features: ["pidfs"], grade: .instance)

    init(checks: Checks = .all, rules: Rules = Rules()) {
        self.checks = checks
        perform(.openLog(Event.LogIdentity(origin: "test", program: "1", schema: 1)))
        perform(.observeBoot(Self.boot))
        perform(.configure(digest: "00", content: rules.text))
        perform(.start(pid: 1, epoch: 1))
    }

    @discardableResult
    mutating func perform(_ command: Command) -> Step {
        let time = Instant(
            wallMicroseconds: 1_700_000_000_000_000 + now, bootMicroseconds: now)
        let first = registry.nextSequence
        let decision = registry.decide(command, at: time)
        for (index, content) in decision.contents.enumerated() {
            let event = Event(
                sequence: registry.nextSequence, time: time,
                cause: decision.cause ?? (index == 0 ? nil : first), content: content)
            registry.apply(event)
            events.append(event)
        }
        registry.checkInvariants()
        if checks == .all { checkReplay() }
        return Step(
            contents: decision.contents, cause: decision.cause, reply: decision.reply, first: first)
    }

    /// Folding the log from nothing gives this state, and so does reading its snapshot.
    func checkReplay() {
        var folded = Registry()
        for event in events { folded.apply(event) }
        let snapshot = registry.snapshot()
        #expect(folded.snapshot() == snapshot, "folding the log gives the state")
        #expect(throws: Never.self) {
            let read = try Registry(snapshot: snapshot)
            read.checkInvariants()
            #expect(read.snapshot() == snapshot, "the snapshot says the whole state")
            #expect(read.nextDeadline == registry.nextDeadline)
            #expect(read.openHandoffsByUser == registry.openHandoffsByUser)
            #expect(read.processesByUser == registry.processesByUser)
            #expect(read.socketsByUser == registry.socketsByUser)
            #expect(read.deliveredByUser == registry.deliveredByUser)
            #expect(read.reservedHandoffs == registry.reservedHandoffs)
            #expect(read.reservedByUser == registry.reservedByUser)
            #expect(read.registrationsByUser == registry.registrationsByUser)
            #expect(read.processByInstance == registry.processByInstance)
            #expect(read.socketByCookie == registry.socketByCookie)
        }
    }

    // MARK: - Processes and sockets

    mutating func identity(user: UInt32) -> ProcessIdentity {
        identities += 1
        return ProcessIdentity(
            pid: Int32(identities), instance: 500 + identities, start: 7, uid: user, gid: user,
            effectiveUID: user)
    }

    mutating func process(user: UInt32 = 1000) -> ProcessNumber {
        let step = perform(.observeProcess(identity(user: user)))
        #expect(step.contents.count == 1)
        return step.first
    }

    mutating func socketIdentity(
        family: Int32 = 2, type: Int32 = 1, protocolNumber: Int32 = 6
    ) -> SocketIdentity {
        identities += 1
        return SocketIdentity(
            cookie: 9000 + identities, inode: identities, family: family, type: type,
            protocolNumber: protocolNumber, local: "127.0.0.1:80")
    }

    mutating func socket() -> SocketNumber {
        let step = perform(.observeSocket(socketIdentity()))
        #expect(step.contents.count == 1)
        return step.first
    }

    func cookie(of socket: SocketNumber) -> UInt64 {
        registry.sockets[socket]?.identity.cookie ?? 0
    }

    /// The handoffs that gave this process its descriptors of this socket, oldest first; 0 for the
    /// one that a source had already.
    func descriptors(of process: ProcessNumber, _ socket: SocketNumber) -> [UInt64] {
        registry.descriptors.filter { $0.key.process == process && $0.key.socket == socket }
            .values.first ?? []
    }

    // MARK: - Requests

    /// The next request id of a process; one client instance in each.
    mutating func request(of process: ProcessNumber) -> RequestID {
        let counter = counters[process, default: 0] + 1
        counters[process] = counter
        return RequestID(nonce: 70_000 + process, counter: counter, watermark: counter - 1)
    }

    mutating func duplicate(
        from source: ProcessNumber, to target: TargetFact, socket: SocketFact, pid: Int64 = 0,
        form: ProtocolInfo.Form = .wide, flags: UInt32 = 1, lifetime: UInt64? = nil,
        request: RequestID? = nil
    ) -> Step {
        let id = request ?? self.request(of: source)
        return perform(
            .duplicate(
                Command.Duplicate(
                    actor: source, socket: socket, target: target, pid: pid, form: form,
                    flags: flags, lifetime: lifetime, request: id)))
    }

    /// A handoff that nothing stands against.
    mutating func issue(
        from source: ProcessNumber, to target: ProcessNumber, socket: SocketNumber,
        flags: UInt32 = 1, lifetime: UInt64? = nil
    ) -> HandoffNumber {
        let step = duplicate(
            from: source, to: .process(target), socket: .socket(socket), flags: flags,
            lifetime: lifetime)
        #expect(step.reply == .issued(step.first, isRepeated: false))
        return step.first
    }

    mutating func redeem(
        _ record: RecordFact, by actor: ProcessNumber, isHeld: Bool = true, flags: UInt32 = 1,
        request: RequestID? = nil
    ) -> Step {
        let id = request ?? self.request(of: actor)
        return perform(
            .redeem(
                Command.Redeem(
                    actor: actor, record: record, isHeld: isHeld, flags: flags, program: nil,
                    request: id)))
    }

    mutating func redeem(
        _ handoff: HandoffNumber, by actor: ProcessNumber, isHeld: Bool = true, flags: UInt32 = 1,
        request: RequestID? = nil
    ) -> Step {
        redeem(
            .ticket(handoff: handoff, genuine: true, altered: false), by: actor, isHeld: isHeld,
            flags: flags, request: request)
    }

    mutating func confirm(
        _ handoff: HandoffNumber, by actor: ProcessNumber, cookie: UInt64
    ) -> Step {
        perform(.confirm(Command.Confirm(actor: actor, handoff: handoff, cookie: cookie)))
    }

    mutating func revoke(
        _ handoff: HandoffNumber, by actor: ProcessNumber, text: String? = nil,
        request: RequestID? = nil
    ) -> Step {
        let id = request ?? self.request(of: actor)
        return perform(
            .revoke(Command.Revoke(actor: actor, handoff: handoff, text: text, request: id)))
    }

    mutating func close(_ socket: SocketNumber, by actor: ProcessNumber) -> Step {
        let cookie = cookie(of: socket)
        return perform(.close(Command.Close(actor: actor, cookie: cookie, how: .closesocket)))
    }

    mutating func exit(_ process: ProcessNumber) -> Step {
        perform(.exit(process: process, status: 9))
    }

    mutating func recover(kept: Set<HandoffNumber>, observed: Set<HandoffNumber> = []) -> Step {
        perform(
            .recover(Command.Recovery(pid: 2, epoch: 2, kept: kept, observed: observed)))
    }
}

/// Where most scenarios begin: a source, its socket, a target of the same user, and a handoff.
struct Scene {
    var world: World
    let source: ProcessNumber
    let target: ProcessNumber
    let stranger: ProcessNumber
    let root: ProcessNumber
    let otherUser: ProcessNumber
    let socket: SocketNumber
    let cookie: UInt64
    let handoff: HandoffNumber

    enum Stage {
        case issued
        case reserved
        case delivered
    }

    /// `lifetime` in microseconds.
    init(_ stage: Stage, lifetime: UInt64? = nil, rules: Rules = Rules(), flags: UInt32 = 1) {
        world = World(rules: rules)
        source = world.process()
        target = world.process()
        stranger = world.process()
        root = world.process(user: 0)
        otherUser = world.process(user: 1001)
        socket = world.socket()
        cookie = world.cookie(of: socket)
        handoff = world.issue(
            from: source, to: target, socket: socket, flags: flags, lifetime: lifetime)
        guard stage != .issued else { return }
        let redeemed = world.redeem(handoff, by: target, flags: flags)
        #expect(redeemed.reply == .granted(handoff, attempt: 1, notes: []))
        guard stage != .reserved else { return }
        let confirmed = world.confirm(handoff, by: target, cookie: cookie)
        #expect(confirmed.contents == [.handoffDelivered(handoff: handoff, how: .confirmed)])
    }

    /// The id that the latest request of this process had.
    func latestRequest(of process: ProcessNumber) -> RequestID {
        var copy = world
        var id = copy.request(of: process)
        id.counter -= 1
        id.watermark -= 1
        return id
    }

    func refusedRedemption(
        by actor: ProcessNumber, _ reason: Refusal, genuine: Bool = true, hasHandoff: Bool = true
    ) -> Event.Content {
        .redemptionRefused(
            Event.RefusedRedemption(
                actor: actor, handoff: hasHandoff ? handoff : nil, genuine: genuine,
                reason: reason, request: latestRequest(of: actor)))
    }

    func refusedRequest(
        _ what: RequestKind, by actor: ProcessNumber, _ reason: Refusal, hasID: Bool = false
    ) -> Event.Content {
        .requestRefused(
            Event.RefusedRequest(
                actor: actor, what: what, handoff: handoff, reason: reason,
                request: hasID ? latestRequest(of: actor) : nil))
    }

    func reserved(attempt: UInt32, flags: UInt32 = 1) -> Event.Content {
        .handoffReserved(
            Event.Reserved(
                actor: target, handoff: handoff, attempt: attempt, flags: flags,
                request: latestRequest(of: target)))
    }
}
