package import Registry

/// What a new coordinator takes over of its predecessor's escrow, and from where.
///
/// The shell asks the kernel and says what it found; the plan decides what that proves, and in
/// which order things are taken over once the start is durable. Until then nothing is: whoever
/// starts next must find it again.
package struct RecoveryPlan: Sendable {
    /// A descriptor that outlived the predecessor, in a place that the shell knows.
    package struct Kept: Sendable {
        package enum Label: Sendable, Equatable {
            /// The keeper's table says that it was held for this handoff.
            case escrow(HandoffNumber)
            /// A service manager kept it, one for each socket.
            case stored
            /// Nothing needs it.
            case surplus
        }

        package var place: Int
        package var label: Label
        /// As the kernel says now; nil where it is no socket.
        package var cookie: UInt64?

        package init(place: Int, label: Label, cookie: UInt64?) {
            self.place = place
            self.label = label
            self.cookie = cookie
        }
    }

    /// Some sockets, and the process in which they are looked for.
    package struct Look: Sendable, Equatable {
        package var process: ProcessNumber
        package var sockets: [SocketIdentity]
    }

    /// A handoff for which the shell makes a descriptor.
    package struct Copy: Sendable, Equatable {
        package var handoff: HandoffNumber
        package var cookie: UInt64
        /// Of what it is made; nil for what was found in a process.
        package var place: Int?
    }

    /// What is done once the start is durable.
    package enum Step: Sendable, Equatable {
        /// What was kept in this place is the handoff's.
        case adopt(HandoffNumber, place: Int)
        /// The copy that was made for the handoff goes into escrow.
        case hold(HandoffNumber)
        case close(place: Int)
    }

    private struct Wanted {
        var handoff: HandoffNumber
        var socket: SocketIdentity
        /// Of a delivery.
        var question: Coordinator.DeliveryQuestion?
    }

    /// The place of each handoff's descriptor; nil for a copy.
    private var found: [HandoffNumber: Int?] = [:]
    private var unclaimed: [Int] = []
    /// Deliveries that can be proved, by their targets, in the order of the handoffs.
    private var questions: [ProcessNumber: [Wanted]] = [:]
    /// Handoffs for which nothing was kept, by their sources, in their order.
    private var missing: [ProcessNumber: [Wanted]] = [:]
    private var observed: Set<HandoffNumber> = []
    /// Of what a service manager kept, for all handoffs of its socket but the last, which gets that
    /// descriptor itself: a copy for each would be twice what the predecessor had.
    package private(set) var copies: [Copy] = []

    /// Nothing is needed: there was no predecessor.
    package init(closing places: [Int]) {
        unclaimed = places
    }

    /// Compares what was kept with the open handoffs. The kernel's cookie decides, not what the
    /// keeper's table says.
    package init(_ kept: [Kept], for coordinator: borrowing Coordinator) {
        let registry = coordinator.registry
        for question in coordinator.deliveryQuestions {
            guard let socket = registry.sockets[question.socket]?.identity else { continue }
            questions[question.target, default: []].append(
                Wanted(handoff: question.handoff, socket: socket, question: question))
        }
        var stored: [UInt64: Int] = [:]
        for descriptor in kept {
            if case .escrow(let number) = descriptor.label, found[number] == nil,
                let handoff = registry.handoffs[number],
                let cookie = registry.sockets[handoff.socket]?.identity.cookie,
                descriptor.cookie == cookie
            {
                found[number] = descriptor.place
            } else {
                unclaimed.append(descriptor.place)
            }
            if descriptor.label == .stored, let cookie = descriptor.cookie {
                stored[cookie] = descriptor.place
            }
        }
        var sharing: [Int: Copy] = [:]
        for number in registry.handoffs.keys.sorted() where found[number] == nil {
            guard let handoff = registry.handoffs[number],
                let socket = registry.sockets[handoff.socket]?.identity
            else { continue }
            if let place = stored[socket.cookie] {
                if let earlier = sharing[place] { copies.append(earlier) }
                sharing[place] = Copy(handoff: number, cookie: socket.cookie, place: place)
                found[number] = .some(nil)
            } else {
                missing[handoff.source, default: []].append(
                    Wanted(handoff: number, socket: socket))
            }
        }
        for (place, last) in sharing { found[last.handoff] = place }
        unclaimed.removeAll { sharing[$0] != nil }
    }

    // MARK: - What arrived

    /// Where a descriptor proves a delivery: each target is looked at once.
    package var deliveryLooks: [Look] { Self.looks(questions) }

    /// The process has these of the sockets that were looked for.
    ///
    /// - Parameter ancestors: The instances of the process's; nil where they are not known.
    package mutating func saw(
        _ cookies: Set<UInt64>, in process: ProcessNumber, ancestors: Set<UInt64>?
    ) {
        for wanted in questions[process] ?? [] where cookies.contains(wanted.socket.cookie) {
            guard wanted.question?.isProvable(ancestors: ancestors) == true else { continue }
            observed.insert(wanted.handoff)
        }
    }

    // MARK: - What nobody kept

    /// Sockets of which only their sources can have a descriptor.
    package var sourceLooks: [Look] {
        Self.looks(
            missing.mapValues { wanted in wanted.filter { !observed.contains($0.handoff) } })
    }

    /// These of them were copied from the process: one descriptor is needed for each handoff, since
    /// they are dropped one by one.
    package mutating func took(_ cookies: Set<UInt64>, from process: ProcessNumber) -> [Copy] {
        var taken: [Copy] = []
        var rest: [Wanted] = []
        for wanted in missing[process] ?? [] {
            guard cookies.contains(wanted.socket.cookie), !observed.contains(wanted.handoff) else {
                rest.append(wanted)
                continue
            }
            found[wanted.handoff] = .some(nil)
            taken.append(Copy(handoff: wanted.handoff, cookie: wanted.socket.cookie))
        }
        missing[process] = rest
        return taken
    }

    private static func looks(_ wanted: [ProcessNumber: [Wanted]]) -> [Look] {
        wanted.keys.sorted().compactMap { process in
            var cookies: Set<UInt64> = []
            let sockets = (wanted[process] ?? []).map(\.socket)
                .filter { cookies.insert($0.cookie).inserted }
            return sockets.isEmpty ? nil : Look(process: process, sockets: sockets)
        }
    }

    // MARK: - What follows

    package func findings(pid: Int32, epoch: UInt64) -> Command.Recovery {
        Command.Recovery(pid: pid, epoch: epoch, kept: Set(found.keys), observed: observed)
    }

    /// Keeps of all that only what recovery has left open.
    package mutating func settle(for registry: borrowing Registry) {
        for number in found.keys.sorted() where registry.handoffs[number] == nil {
            if let place = found[number] ?? nil { unclaimed.append(place) }
            found[number] = nil
        }
    }

    /// What is needed first, so that a death in between loses nothing of it: what several handoffs
    /// share stays shared until the last of them, which comes after the copies.
    package var steps: [Step] {
        found.keys.sorted().map { number in
            (found[number] ?? nil).map { .adopt(number, place: $0) } ?? .hold(number)
        } + unclaimed.map { .close(place: $0) }
    }
}
