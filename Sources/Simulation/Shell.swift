import Coordinator
import Registry

/// What a running coordinator has in memory; gone when it dies.
final class Shell {
    var coordinator: Coordinator
    /// The socket that is held for each handoff.
    var escrow: [HandoffNumber: Int]
    var isStoreFull = false { didSet { coordinator.isStoreFull = isStoreFull } }
    /// The connection in each place of the table of sessions.
    var places: [Int: Int] = [:]
    private var generation: UInt32 = 0
    /// Processes that ended and whose end was not told to the rules.
    var exits: [Int] = []
    /// Those whose end is in the batch.
    var ended: [Int] = []
    var clockOffset: Int64?
    /// What happened once, and is to be written.
    var facts: [Command] = []
    var factsInBatch: [Command] = []
    /// The kernel's words of ended sockets that wait to be read.
    var words: [UInt64] = []
    var pendingEnds = PendingEnds()
    /// Without a pause, so that each is reached.
    var looks = Looks(pauseMicroseconds: 0)
    /// When Unix sockets are asked for next.
    var nextUnix: Int64 = 0
    /// The boot clock when each event of the batch was decided.
    var decided: [Int64] = []
    /// What a mutant keeps where it should not: handoffs as they were issued, and their sockets.
    var issued: [HandoffNumber: (handoff: Handoff, socket: Int)] = [:]

    init(coordinator: consuming Coordinator, escrow: [HandoffNumber: Int]) {
        self.coordinator = coordinator
        self.escrow = escrow
    }

    /// Places are used again, as numbers of descriptors are.
    func connect(user: UInt32) -> SessionID? {
        var index = 0
        while places[index] != nil { index += 1 }
        generation += 1
        let id = SessionID(index: index, generation: generation)
        return coordinator.connect(id, uid: user) ? id : nil
    }
}

/// The durable log, and now and then a snapshot of the state at its end.
struct Disk {
    private let mutant: Mutant?
    private(set) var events: [Event] = []
    private var snapshot: (bytes: [UInt8], count: Int)?
    /// All events folded, each when it was written: to fold them anew at each start takes most of
    /// a run's time and gives the same.
    private var folded = Registry()
    /// How many coordinators were started on it.
    var runs = 0

    init(_ mutant: Mutant?) { self.mutant = mutant }

    mutating func append(_ new: [AppliedEvent]) {
        for event in new {
            events.append(event.event)
            fold(event.event, into: &folded)
        }
    }

    mutating func keep(_ bytes: [UInt8]) { snapshot = (bytes, events.count) }

    var eventsSinceSnapshot: Int { events.count - (snapshot?.count ?? 0) }

    /// The state, read back as at a start.
    func restore(fromSnapshot: Bool) -> Registry {
        var registry = folded
        if fromSnapshot, let snapshot {
            do throws(ByteReader.Damage) {
                registry = try Registry(snapshot: snapshot.bytes)
            } catch {
                preconditionFailure("a snapshot that was written can be read: \(error)")
            }
        }
        for event in events[Int(registry.nextSequence)...] { fold(event, into: &registry) }
        if mutant == .readTwice, let last = events.last { registry.apply(last) }
        if mutant == .repeatExecutesTwice { registry.forgetAnswers() }
        return registry
    }

    private func fold(_ event: Event, into registry: inout Registry) {
        guard mutant == .noSingleUse, case .handoffDelivered(let number, _) = event.content else {
            registry.apply(event)
            return
        }
        let handoff = registry.handoffs[number]
        registry.apply(event)
        if let handoff { registry.reopen(handoff) }
    }
}

// What the rules never do, for the mutants that do it.
extension Registry {
    mutating func forgetAnswers() {
        clients = [:]
        for number in processes.keys { processes[number]?.clients = [] }
    }

    /// A handoff that ended is issued again.
    mutating func reopen(_ handoff: Handoff) {
        guard handoffs[handoff.number] == nil, processes[handoff.target]?.hasExited == false,
            sockets[handoff.socket] != nil
        else { return }
        var reopened = handoff
        reopened.isReserved = false
        reopened.attempt = 0
        handoffs[handoff.number] = reopened
        openHandoffsByUser[handoff.sourceUID, default: 0] += 1
        sockets[handoff.socket]?.openHandoffs += 1
        processes[handoff.target]?.inbound.insert(handoff.number)
        if let deadline = handoff.deadline { deadlines.insert(deadline, for: handoff.number) }
    }
}
