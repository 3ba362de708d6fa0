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
        package var socket: SocketNumber
        /// Of the socket.
        package var cookie: UInt64
    }

    /// Of the deliveries that were not confirmed, those for which a descriptor in the target is
    /// proof, in the order of the handoffs. It is none where the target has one from elsewhere,
    /// as a source that hands over to itself, or where it would be proof of several deliveries:
    /// those wait for the confirm, or for the target to ask again. One that was granted and is
    /// issued again counts with them: an earlier grant of it may have arrived.
    package var deliveryQuestions: [DeliveryQuestion] {
        var questions: [DeliveryQuestion] = []
        var deliveries: [DescriptorKey: Int] = [:]
        for number in registry.handoffs.keys.sorted() {
            guard let handoff = registry.handoffs[number], handoff.attempt > 0,
                let target = registry.processes[handoff.target],
                let socket = registry.sockets[handoff.socket]
            else { continue }
            let key = DescriptorKey(process: handoff.target, socket: handoff.socket)
            deliveries[key, default: 0] += 1
            guard handoff.isReserved, registry.descriptors[key] == nil else { continue }
            questions.append(
                DeliveryQuestion(
                    handoff: number, target: handoff.target,
                    instance: target.identity.instance, socket: handoff.socket,
                    cookie: socket.identity.cookie))
        }
        return questions.filter {
            deliveries[DescriptorKey(process: $0.target, socket: $0.socket)] == 1
        }
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
    }
}
