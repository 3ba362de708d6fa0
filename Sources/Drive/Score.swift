import Registry

/// What a bundle says about the things in it, looked up by the numbers and cookies it uses, and
/// what comes later of each: what is made has to be made for its future.
struct Score {
    let scenes: [Scene]
    /// As they were seen first.
    private(set) var processes: [ProcessNumber: ProcessIdentity] = [:]
    /// Processes that were looked at again and had become something else: which, by the event.
    private(set) var seenAgain: [UInt64: (process: ProcessNumber, identity: ProcessIdentity)] = [:]
    private(set) var sockets: [SocketNumber: SocketIdentity] = [:]
    private var processByInstance: [UInt64: ProcessNumber] = [:]
    /// The first client instance of each process.
    private var firstNonces: [ProcessNumber: UInt64] = [:]
    /// Who asked by each nonce, where the log tells.
    private var owners: [UInt64: ProcessNumber] = [:]
    /// Processes that the events speak of.
    private(set) var mentioned: Set<ProcessNumber> = []
    /// The scene in which the lifetime of a handoff ends it.
    private(set) var ends: [HandoffNumber: Int] = [:]
    /// Handoffs that end so after a grant, in which case it was not found in its target.
    private(set) var unconfirmed: Set<HandoffNumber> = []
    /// The grants (handoff and attempt) that could not be sent.
    private(set) var unsent: Set<Grant> = []
    /// The last scene in which somebody uses a socket that Baton did not give him.
    private(set) var lastForeignUse: [UInt64: Int] = [:]
    /// The exits that each restart finds, by its scene.
    private(set) var missedExits: [Int: [ProcessNumber]] = [:]

    struct Grant: Hashable {
        var handoff: HandoffNumber
        var attempt: UInt32
    }

    init(_ bundle: HistoryBundle) {
        scenes = Scene.all(of: Step.performed(in: bundle.events))
        for (number, process) in bundle.start.processes {
            processes[number] = process.identity
            if !process.hasExited { processByInstance[process.identity.instance] = number }
        }
        for (number, socket) in bundle.start.sockets { sockets[number] = socket.identity }
        var attempts: [HandoffNumber: UInt32] = [:]
        for (index, scene) in scenes.enumerated() {
            for step in scene.steps {
                for event in step.events { note(event, &attempts, in: index) }
                noteEnd(step, in: index)
            }
        }
        noteForeignUse(bundle)
        noteMissedExits()
    }

    private mutating func note(
        _ event: Event, _ attempts: inout [HandoffNumber: UInt32], in scene: Int
    ) {
        switch event.content {
        case .processSeen(let identity):
            let number = processByInstance[identity.instance] ?? event.sequence
            processByInstance[identity.instance] = number
            if processes[number] == nil {
                processes[number] = identity
            } else {
                seenAgain[event.sequence] = (number, identity)
            }
        case .processExited(let number, _):
            if let instance = processes[number]?.instance { processByInstance[instance] = nil }
        case .socketSeen(let identity): sockets[event.sequence] = identity
        case .handoffReserved(let reserved): attempts[reserved.handoff] = reserved.attempt
        case .deliveryFailed(let number, .unsent):
            if let attempt = attempts[number] {
                unsent.insert(Grant(handoff: number, attempt: attempt))
            }
        default: break
        }
        mentioned.formUnion(event.content.mentioned)
        if let (actor, request) = event.content.request {
            if firstNonces[actor] == nil { firstNonces[actor] = request.nonce }
            if owners[request.nonce] == nil { owners[request.nonce] = actor }
        }
    }

    /// Deadlines end a handoff in a step of their own, or in that of a redemption that is late.
    private mutating func noteEnd(_ step: Step, in scene: Int) {
        for event in step.events {
            switch event.content {
            case .handoffExpired(let number): ends[number] = scene
            case .handoffVoided(let number, .unconfirmed) where event.cause == nil:
                ends[number] = scene
                unconfirmed.insert(number)
            default: break
            }
        }
    }

    /// Follows who holds what, as Baton knows it.
    private mutating func noteForeignUse(_ bundle: HistoryBundle) {
        var holders: [UInt64: [ProcessNumber: Int]] = [:]
        var targets: [HandoffNumber: (process: ProcessNumber, cookie: UInt64)] = [:]
        for (number, handoff) in bundle.start.handoffs {
            guard let socket = sockets[handoff.socket] else { continue }
            targets[number] = (handoff.target, socket.cookie)
        }
        for (key, handoffs) in bundle.start.descriptors {
            guard let socket = sockets[key.socket] else { continue }
            holders[socket.cookie, default: [:]][key.process] = handoffs.count
        }
        for (index, scene) in scenes.enumerated() {
            for event in scene.steps.flatMap({ $0.events }) {
                if let (actor, number) = event.use, let socket = sockets[number] {
                    let held = holders[socket.cookie, default: [:]][actor, default: 0]
                    if held == 0 {
                        lastForeignUse[socket.cookie] = index
                        holders[socket.cookie, default: [:]][actor] = 1
                    }
                }
                switch event.content {
                case .handoffIssued(let issued):
                    guard let socket = sockets[issued.socket] else { break }
                    targets[event.sequence] = (issued.target, socket.cookie)
                case .handoffDelivered(let number, _):
                    guard let (process, cookie) = targets[number] else { break }
                    holders[cookie, default: [:]][process, default: 0] += 1
                case .descriptorClosed(let process, let number, _):
                    guard let cookie = sockets[number]?.cookie,
                        let count = holders[cookie, default: [:]][process]
                    else { break }
                    holders[cookie, default: [:]][process] = max(0, count - 1)
                default: break
                }
            }
        }
    }

    /// Exits of which nobody can tell the status, right after a recovery: they came before it.
    private mutating func noteMissedExits() {
        for (index, scene) in scenes.enumerated() {
            guard case .coordinatorStarted = scene.main.first.content else { continue }
            var exits: [ProcessNumber] = []
            for later in scenes.dropFirst(index + 1) {
                if case .coordinatorRecovered = later.main.first.content { continue }
                guard case .processExited(let number, nil) = later.main.first.content else { break }
                exits.append(number)
            }
            missedExits[index] = exits
        }
    }

    // MARK: - Questions

    func nonce(of process: ProcessNumber) -> UInt64 { firstNonces[process] ?? 1 << 63 | process }

    /// The raw wait status with which a process ends after this scene, where the log tells.
    func status(of process: ProcessNumber, after scene: Int) -> Int32? {
        for later in scenes.dropFirst(scene + 1) {
            if case .processExited(process, let status) = later.main.first.content { return status }
        }
        return nil
    }

    /// The grants that the recovery after a restart found in their targets.
    func observed(after scene: Int) -> Set<HandoffNumber> {
        guard let next = scenes.dropFirst(scene + 1).first,
            case .coordinatorRecovered = next.main.first.content
        else { return [] }
        return Set(
            next.main.consequences.compactMap {
                if case .handoffDelivered(let number, .observed) = $0.content {
                    number
                } else {
                    nil
                }
            })
    }

    func owner(of nonce: UInt64) -> ProcessNumber? { owners[nonce] }

    /// By how many client instances a process asks.
    func clientCount(of process: ProcessNumber) -> Int { owners.values.count { $0 == process } }
}

extension Event.Content {
    /// Who asked, and by which request id, where the event has both.
    var request: (actor: ProcessNumber, id: RequestID)? {
        switch self {
        case .handoffIssued(let issued): (issued.actor, issued.request)
        case .handoffRefused(let refused): (refused.actor, refused.request)
        case .handoffReserved(let reserved): (reserved.actor, reserved.request)
        case .redemptionRefused(let refused): (refused.actor, refused.request)
        case .handoffRevoked(let revoked): (revoked.actor, revoked.request)
        case .requestRefused(let refused):
            if let actor = refused.actor, let request = refused.request {
                (actor, request)
            } else {
                nil
            }
        default: nil
        }
    }

}

extension Event.Content {
    /// The processes that it names, but for who was seen.
    fileprivate var mentioned: [ProcessNumber] {
        switch self {
        case .processExited(let process, _): [process]
        case .socketMarked(_, let actor, _): [actor]
        case .handoffIssued(let issued): [issued.actor, issued.target]
        case .handoffRefused(let refused):
            [refused.actor] + (refused.asked.target.map { [$0] } ?? [])
        case .handoffReserved(let reserved): [reserved.actor]
        case .redemptionRefused(let refused): [refused.actor]
        case .handoffRevoked(let revoked): [revoked.actor]
        case .descriptorClosed(let process, _, _): [process]
        case .notificationSelected(let actor, _, _): [actor]
        case .notificationCancelled(let actor, _, _, let by): [actor, by]
        case .requestRefused(let refused): refused.actor.map { [$0] } ?? []
        default: []
        }
    }
}

extension Event {
    /// Who presented a descriptor of which socket.
    fileprivate var use: (actor: ProcessNumber, socket: SocketNumber)? {
        switch content {
        case .handoffIssued(let issued): (issued.actor, issued.socket)
        case .handoffRefused(let refused): refused.asked.socket.map { (refused.actor, $0) }
        case .socketMarked(let socket, let actor, _): (actor, socket)
        case .notificationSelected(let actor, let socket, _): (actor, socket)
        case .notificationCancelled(_, let socket, _, let by): cause == nil ? (by, socket) : nil
        default: nil
        }
    }
}
