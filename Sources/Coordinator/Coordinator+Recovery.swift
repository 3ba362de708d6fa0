package import Registry

// The recovery plan: what a new coordinator has to find out about what its predecessor left, and
// what follows from the findings.

extension Coordinator {
    /// Whether this process has a descriptor of this socket: if so, the grant that was on its way
    /// has arrived.
    package struct DeliveryQuestion: Sendable, Equatable {
        package var handoff: HandoffNumber
        package var target: ProcessNumber
        /// Of the target.
        package var instance: UInt64
        /// Of the socket.
        package var cookie: UInt64
    }

    /// One for each delivery that was not confirmed, in the order of the handoffs.
    package var deliveryQuestions: [DeliveryQuestion] {
        registry.handoffs.keys.sorted().compactMap { number in
            guard let handoff = registry.handoffs[number], handoff.isReserved,
                let target = registry.processes[handoff.target],
                let socket = registry.sockets[handoff.socket]
            else { return nil }
            return DeliveryQuestion(
                handoff: number, target: handoff.target, instance: target.identity.instance,
                cookie: socket.identity.cookie)
        }
    }

    /// Ends what did not survive: handoffs without their descriptor, and processes that are not
    /// among the living, with all that they leave. It is one batch, however much it is.
    package mutating func recover(
        _ found: Command.Recovery, living: Set<ProcessNumber>, at now: Instant
    ) {
        perform(.recover(found), at: now)
        for number in registry.processes.keys.sorted()
        where !living.contains(number) && registry.processes[number]?.hasExited == false {
            perform(.exit(process: number, status: nil), at: now)
        }
        while hasExits { drain(at: now) }
    }
}
