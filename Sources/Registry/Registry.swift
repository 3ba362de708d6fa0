import Winsock

/// The state of all handoffs, and the rules over it.
///
/// `decide` reads and says which events follow from a command; `apply` changes the state by one
/// event and cannot fail on one that the log holds. Nothing else changes it, so folding the log
/// gives the state again. There is no clock, randomness or I/O here.
package struct Registry: Sendable {
    /// The `seq` of the next event.
    package var nextSequence: UInt64 = 0
    package var rules = Rules()
    package var boot: Event.Boot?
    /// How often a coordinator was started on this log.
    package var epoch: UInt64 = 0

    package var handoffs: [HandoffNumber: Handoff] = [:]
    package var endings = Endings()
    package var processes: [ProcessNumber: KnownProcess] = [:]
    package var sockets: [SocketNumber: KnownSocket] = [:]
    /// The handoffs that gave each descriptor, oldest first; 0 for the one a source had already.
    package var descriptors: [DescriptorKey: [UInt64]] = [:]
    /// At most one of each socket; its process has a descriptor of the socket.
    package var registrations: [SocketNumber: Registration] = [:]
    package var clients: [UInt64: KnownClient] = [:]
    /// Processes whose exit is still being worked off, in the order of their exits.
    package var exiting: [ProcessNumber] = []

    // Derived from the above, for speed.
    package var processByInstance: [UInt64: ProcessNumber] = [:]
    package var socketByCookie: [UInt64: SocketNumber] = [:]
    package var openHandoffsByUser: [UInt32: Int] = [:]
    /// Open handoffs that are being delivered, in all and by the present user of their targets.
    package var reservedHandoffs = 0
    package var reservedByUser: [UInt32: Int] = [:]
    package var processesByUser: [UInt32: Int] = [:]
    /// How many sockets the processes of a user have: one that two of them have counts twice.
    package var socketsByUser: [UInt32: Int] = [:]
    /// Descriptors that handoffs gave, in all and by the present user of whose they are.
    package var delivered = 0
    package var deliveredByUser: [UInt32: Int] = [:]
    package var registrationsByUser: [UInt32: Int] = [:]
    package var deadlines = Deadlines()
    /// Sockets of which no descriptor is known, and whose end is still to come.
    package var unheldSockets = 0
    /// Nobody tells of the end of those, so they are asked for.
    package var unixSockets = 0

    package init() {}

    /// The process with this instance, unless it has exited.
    package func process(instance: UInt64) -> KnownProcess? {
        processByInstance[instance].flatMap { processes[$0] }
    }

    /// The number of the process with this instance, unless it has exited.
    package func processNumber(instance: UInt64) -> ProcessNumber? { processByInstance[instance] }

    /// What is known of the process with this instance, unless it has exited; not copied.
    package func sharedIdentity(instance: UInt64) -> Boxed<ProcessIdentity>? {
        processByInstance[instance].flatMap { processes[$0]?.sharedIdentity }
    }

    package func socketNumber(cookie: UInt64) -> SocketNumber? { socketByCookie[cookie] }

    package func socket(cookie: UInt64) -> KnownSocket? {
        socketByCookie[cookie].flatMap { sockets[$0] }
    }

    /// The earliest deadline of an open handoff, in CLOCK_BOOTTIME microseconds.
    package var nextDeadline: Int64? { deadlines.earliest }

    /// The same without these, which costs a look at all of them.
    package func nextDeadline(except spared: [HandoffNumber: UInt32]) -> Int64? {
        spared.isEmpty ? deadlines.earliest : deadlines.earliest { spared[$0] == nil }
    }

    /// The open handoffs whose deadline is not after `now`, earliest first, at most `limit`.
    package func due(at now: Int64, limit: Int) -> [HandoffNumber] {
        deadlines.due(at: now, limit: limit)
    }

    /// What can be checked of the state at any time; a broken promise here is a bug.
    package func checkInvariants() {
        if let broken = brokenInvariant() { preconditionFailure(broken) }
    }

    /// The first promise of the state that is broken, for those who can say more than that.
    package func brokenInvariant() -> String? {
        invariants.first { !$0.holds }?.promise
    }

    private var invariants: [(promise: String, holds: Bool)] {
        handoffInvariants + descriptorInvariants
    }

    private var handoffInvariants: [(promise: String, holds: Bool)] {
        [
            (
                "every open handoff is counted at its socket",
                handoffs.count == sockets.values.reduce(0) { $0 + $1.openHandoffs }
            ),
            (
                "every open handoff has its target in memory",
                handoffs.count == processes.values.reduce(0) { $0 + $1.inbound.count }
            ),
            (
                "every open handoff is counted at its user",
                handoffs.count == openHandoffsByUser.values.reduce(0, +)
            ),
            (
                "every handoff that is being delivered is counted at its target and its user",
                reservedHandoffs == handoffs.values.count { $0.isReserved }
                    && reservedHandoffs == processes.values.reduce(0) { $0 + $1.reserved }
                    && reservedHandoffs == reservedByUser.values.reduce(0, +)
            ),
            (
                "every process is counted at its user",
                processes.count == processesByUser.values.reduce(0, +)
            ),
        ]
    }

    private var descriptorInvariants: [(promise: String, holds: Bool)] {
        [
            (
                "every descriptor is counted at its socket",
                descriptors.values.reduce(0) { $0 + $1.count }
                    == sockets.values.reduce(0) { $0 + $1.descriptors }
            ),
            (
                "every socket of a process is counted at its user",
                descriptors.count == socketsByUser.values.reduce(0, +)
            ),
            (
                "every delivered descriptor is counted at its process and its user",
                delivered == descriptors.values.reduce(0) { $0 + $1.count { $0 != 0 } }
                    && delivered == processes.values.reduce(0) { $0 + $1.delivered }
                    && delivered == deliveredByUser.values.reduce(0, +)
            ),
            (
                "every Unix socket is counted",
                unixSockets == sockets.values.count { $0.identity.isUnix }
            ),
            (
                "every socket without a known descriptor is counted",
                unheldSockets == sockets.values.count { $0.isUnheld }
            ),
            (
                "every descriptor is listed at its process",
                descriptors.count == processes.values.reduce(0) { $0 + $1.sockets.count }
            ),
            (
                "every registration is of a process that has a descriptor of its socket",
                registrations.allSatisfy { socket, registration in
                    sockets[socket] != nil
                        && descriptors[
                            DescriptorKey(process: registration.process, socket: socket)] != nil
                }
            ),
            (
                "every registration is counted at its user",
                registrations.count == registrationsByUser.values.reduce(0, +)
            ),
            (
                "only exited processes are worked off",
                exiting.allSatisfy { processes[$0]?.hasExited == true }
            ),
            (
                "every deadline belongs to an open handoff",
                deadlines.count == handoffs.values.count { $0.deadline != nil }
            ),
        ]
    }
}

/// The ends of the latest handoffs, up to `Limits.endedHandoffs`.
package struct Endings: Sendable, Equatable {
    private var byHandoff: [HandoffNumber: Ending] = [:]
    /// A ring once it is full; `next` is then the oldest.
    private var order: [HandoffNumber] = []
    private var next = 0

    package subscript(handoff: HandoffNumber) -> Ending? { byHandoff[handoff] }

    package mutating func insert(_ ending: Ending, for handoff: HandoffNumber) {
        if order.count < Limits.endedHandoffs {
            order.append(handoff)
        } else {
            byHandoff[order[next]] = nil
            order[next] = handoff
            next = (next + 1) % order.count
        }
        byHandoff[handoff] = ending
    }

    /// Oldest first.
    package var inOrder: [(handoff: HandoffNumber, ending: Ending)] {
        (order[next...] + order[..<next]).compactMap { number in
            byHandoff[number].map { (number, $0) }
        }
    }

    /// The one that the next end pushes out.
    package var nextForgotten: HandoffNumber? {
        order.count < Limits.endedHandoffs ? nil : order[next]
    }

    package static func == (a: Endings, b: Endings) -> Bool {
        a.byHandoff == b.byHandoff
            && a.order[a.next...] + a.order[..<a.next]
                == b.order[b.next...] + b.order[..<b.next]
    }
}
