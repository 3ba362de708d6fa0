package import Registry

/// All that is tracked at one moment, to be compared with what is there.
package struct Tracked: Sendable {
    package struct Socket: Sendable {
        package var number: SocketNumber
        package var identity: SocketIdentity
        /// Baton has it in escrow, so it is there.
        package var isInEscrow: Bool
        /// It can have ended without a word of the kernel that was heard.
        package var mayHaveEndedUnheard: Bool
        /// With the last descriptor that is recorded it counts as released.
        package var endsWithItsHolders: Bool
        package var holders: [Command.Holder]
    }

    package struct Process: Sendable {
        package var pid: Int32
        package var instance: UInt64
    }

    /// What the shell knows besides.
    package struct Circumstances: Sendable {
        /// The handoffs whose descriptor it has.
        package var escrow: [HandoffNumber]
        /// Sockets with smaller numbers can have ended without a word that was heard.
        package var unheardBelow: SocketNumber
        /// Of which sockets the kernel tells the end.
        package var ends: Ends?
        /// Whether all processes of the host can be looked at.
        package var seesAll: Bool

        package init(
            escrow: [HandoffNumber], unheardBelow: SocketNumber, ends: Ends?, seesAll: Bool
        ) {
            self.escrow = escrow
            self.unheardBelow = unheardBelow
            self.ends = ends
            self.seesAll = seesAll
        }
    }

    /// In the order of their numbers.
    package var sockets: [Socket]
    package var processes: [ProcessNumber: Process]
    package var ends: Ends?
    package var seesAll: Bool

    package init(by coordinator: borrowing Coordinator, _ circumstances: Circumstances) {
        let registry = coordinator.registry
        let hearsInternet = circumstances.ends?.internet ?? false
        let held = Set(circumstances.escrow.compactMap { registry.handoffs[$0]?.socket })
        let holders = registry.holders(of: Set(registry.sockets.keys))
        sockets = registry.sockets.values.sorted { $0.number < $1.number }.map {
            Socket(
                number: $0.number, identity: $0.identity, isInEscrow: held.contains($0.number),
                mayHaveEndedUnheard: !hearsInternet || $0.number < circumstances.unheardBelow,
                endsWithItsHolders: $0.openHandoffs == 0 && !registry.awaitsEnd(of: $0),
                holders: holders[$0.number] ?? [])
        }
        processes = registry.processes.filter { !$0.value.hasExited }.mapValues {
            Process(pid: $0.identity.pid, instance: $0.identity.instance)
        }
        ends = circumstances.ends
        seesAll = circumstances.seesAll
    }
}

/// What can be seen of the host while all that is tracked is looked at.
package protocol HostView {
    /// Whether the kernel lists the socket, which is not in escrow; nil where it does not tell.
    func lists(_ socket: SocketIdentity) -> Bool?
    /// The pids of those processes that were seen to have it.
    func pids(having socket: SocketIdentity) -> Set<Int32>
    /// Of a process that was not seen to have a socket.
    func sight(of process: Tracked.Process) -> Sight
    /// How many processes could not be looked at.
    var unreadableCount: Int { get }
}

/// How well a process could be looked at.
package enum Sight: Sendable {
    /// Its descriptors were seen.
    case seen
    case unseen
    /// It has ended, which is told otherwise, and says more.
    case ended
}

/// What a look at the processes and sockets of the host found.
package struct Findings: Sendable {
    /// What of it goes into the log, socket by socket.
    package var closings: [Command.Closings] = []
    package private(set) var sockets = 0
    package private(set) var descriptors = 0
    package private(set) var closed = 0
    package private(set) var released = 0
    /// Sockets of other network namespaces, or of kinds that the kernel does not list.
    package private(set) var unseen = 0
    /// Processes whose descriptors we may not look at.
    package private(set) var unreadable = 0
    /// Why there is nothing more.
    package var failure: String?

    package var text: String {
        var words = [
            "sockets=\(sockets)", "descriptors=\(descriptors)", "closed=\(closed)",
            "released=\(released)", "unseen=\(unseen)", "unreadable=\(unreadable)",
        ]
        if let failure { words.append("failure=\(failure)") }
        return words.joined(separator: " ")
    }

    /// Nothing could be looked at.
    package init(failure: String) { self.failure = failure }

    /// Of a look that has not seen anything yet.
    package init(of tracked: Tracked) {
        sockets = tracked.sockets.count
        descriptors = tracked.sockets.reduce(0) { count, socket in
            count + socket.holders.reduce(0) { $0 + $1.handoffs.count }
        }
    }

    /// Counts what is to be written as the registry is now: what was closed while somebody looked
    /// is told by others.
    mutating func count(in registry: borrowing Registry) {
        closed = 0
        released = 0
        for closings in closings {
            let open = registry.unchanged(closings)
            let isEnd = registry.isEnd(closings, of: open)
            guard closings.released == nil || isEnd else { continue }
            closed += open.reduce(0) { $0 + $1.handoffs.count }
            released += isEnd ? 1 : 0
        }
    }

    // MARK: - The comparison

    package mutating func compare(_ tracked: Tracked, with view: some HostView) {
        unreadable = view.unreadableCount
        for socket in tracked.sockets { compare(socket, of: tracked, with: view) }
    }

    private mutating func compare(
        _ socket: Tracked.Socket, of tracked: Tracked, with view: some HostView
    ) {
        let identity = socket.identity
        let isSeen = tracked.ends?.networkNamespace == identity.networkNamespace
        if !isSeen || !(identity.isUnix || identity.isTCPOrUDP) { unseen += 1 }
        let having = view.pids(having: identity)
        let holders = socket.holders.map {
            (holder: $0, sight: sight(of: $0, having, tracked, view))
        }
        var proof: ReleaseProof?
        if isSeen, !socket.isInEscrow, view.lists(identity) == false {
            if identity.isUnix {
                proof = .kernel
            } else if having.isEmpty, !holders.contains(where: { $0.sight == .unseen }) {
                proof = proofOfUnlisted(socket, tracked)
            }
        }
        let closed = holders.filter { proof != nil || $0.sight == .seen }.map(\.holder)
        guard proof != nil || !closed.isEmpty else { return }
        let isCounted = socket.endsWithItsHolders && closed.count == holders.count
        // Whoever else has it was seen: it is not counted as released, now or by what follows, and
        // the next look closes what this one leaves.
        if proof == nil, isCounted, !having.isEmpty { return }
        self.closed += closed.reduce(0) { $0 + $1.handoffs.count }
        released += proof != nil || isCounted ? 1 : 0
        closings.append(
            Command.Closings(socket: socket.number, closed: closed, released: proof))
    }

    /// TCP and UDP sockets that are neither bound nor connected are in no list, and one on its way
    /// in a message is among no process's descriptors. So the kernel's word of the end is waited
    /// for where it will be heard; only where it may have been missed must this do.
    private func proofOfUnlisted(_ socket: Tracked.Socket, _ tracked: Tracked) -> ReleaseProof? {
        guard socket.mayHaveEndedUnheard else { return nil }
        return tracked.seesAll && unreadable == 0 ? .observed : .counted
    }

    /// Whether it lives, and has no descriptor of the socket: seen. Who has one is unseen as well:
    /// of that nothing follows.
    private func sight(
        of holder: Command.Holder, _ having: Set<Int32>, _ tracked: Tracked, _ view: some HostView
    ) -> Sight {
        guard let process = tracked.processes[holder.process] else { return .ended }
        return having.contains(process.pid) ? .unseen : view.sight(of: process)
    }
}
