package import Registry

// The recovery plan: what a new coordinator has to find out about what its predecessor left, and
// what follows from the findings.

extension Coordinator {
    /// Whether this process has a descriptor of this socket: if so, the grant that was on its way
    /// has arrived.
    package struct DeliveryQuestion: Sendable, Equatable {
        package var handoff: HandoffNumber
        /// The grant that is meant.
        package var attempt: UInt32
        package var target: ProcessNumber
        /// Of the target.
        package var instance: UInt64
        package var socket: SocketNumber
        /// Of the socket.
        package var cookie: UInt64
        /// The instances of those who have the socket, as far as Baton knows.
        package var holders: Set<UInt64>

        /// Whether a descriptor in the target is proof at all: not in a child of a process that has
        /// the socket, which may have got it by fork(2).
        ///
        /// - Parameter ancestors: The instances of the target's; nil where they are not known.
        package func isProvable(ancestors: Set<UInt64>?) -> Bool {
            ancestors.map(holders.isDisjoint) ?? false
        }
    }

    /// Of the deliveries that were not confirmed, those for which a descriptor in the target is
    /// proof, in the order of the handoffs. It is none where the target has one from elsewhere,
    /// as a source that hands over to itself, or where it would be proof of several deliveries:
    /// those wait for the confirm, or for the target to ask again. So do those of a target that
    /// may have it by fork(2), which only a look at its ancestors tells. One that was granted and
    /// is issued again counts with them: an earlier grant of it may have arrived.
    package var deliveryQuestions: [DeliveryQuestion] {
        questions(about: registry.handoffs.keys.sorted())
    }

    /// The same of these handoffs only.
    func questions(about handoffs: [HandoffNumber]) -> [DeliveryQuestion] {
        var deliveries: [ProcessNumber: [SocketNumber: Int]] = [:]
        let holders = registry.holders(
            of: Set(
                handoffs.compactMap { registry.handoffs[$0] }.filter(\.isReserved).map(\.socket)))
        func instance(of process: ProcessNumber) -> UInt64? {
            registry.processes[process]?.identity.instance
        }
        return handoffs.compactMap { number in
            guard let handoff = registry.handoffs[number], handoff.isReserved,
                let target = registry.processes[handoff.target], !target.hasExited,
                let socket = registry.sockets[handoff.socket]
            else { return nil }
            let key = DescriptorKey(process: handoff.target, socket: handoff.socket)
            guard registry.descriptors[key] == nil else { return nil }
            let ofTarget = deliveries[handoff.target] ?? self.deliveries(to: target)
            deliveries[handoff.target] = ofTarget
            guard ofTarget[handoff.socket] == 1 else { return nil }
            let having = (holders[handoff.socket] ?? []).map(\.process)
            return DeliveryQuestion(
                handoff: number, attempt: handoff.attempt, target: handoff.target,
                instance: target.identity.instance, socket: handoff.socket,
                cookie: socket.identity.cookie, holders: Set(having.compactMap(instance)))
        }
    }

    /// How many are or were under way, of each socket.
    private func deliveries(to target: KnownProcess) -> [SocketNumber: Int] {
        var deliveries: [SocketNumber: Int] = [:]
        for number in target.inbound {
            guard let handoff = registry.handoffs[number], handoff.attempt > 0 else { continue }
            deliveries[handoff.socket, default: 0] += 1
        }
        return deliveries
    }

    /// Ends what did not survive: handoffs without their descriptor, and processes that are not
    /// among the living, with all that they leave. It is one batch, however much it is. `statuses`
    /// says how some of them ended.
    package mutating func recover(
        _ found: Command.Recovery, living: Set<ProcessNumber>,
        statuses: [ProcessNumber: Int32] = [:], at now: Instant
    ) {
        perform(.recover(found), at: now)
        for number in registry.processes.keys.sorted()
        where !living.contains(number) && registry.processes[number]?.hasExited == false {
            perform(.exit(process: number, status: statuses[number]), at: now)
        }
        while hasExits { drain(at: now) }
        doubts.lookAgain(
            at: now.bootMicroseconds + Doubts.secondLookMicroseconds, unconfirmed(in: registry))
    }

    /// The deliveries that are under way, with their grants.
    func unconfirmed(in registry: borrowing Registry) -> [HandoffNumber: UInt32] {
        registry.handoffs.filter { $0.value.isReserved }.mapValues(\.attempt)
    }
}
