package import Registry

/// Sockets that have ended, and whose end is not yet in the log.
package struct PendingEnds: Sendable {
    /// How long the end of a socket with known descriptors waits, so that a close that its process
    /// told comes first, and for more of its kind: to find who had them takes a look at all
    /// descriptors.
    package static let graceMicroseconds: Int64 = 100_000
    /// Ends that are written in one round.
    package static let perRound = 256

    private struct End {
        let socket: SocketNumber
        /// When it is written, in CLOCK_BOOTTIME microseconds.
        var due: Int64
        /// What is not certain is looked at again then.
        let isCertain: Bool
    }

    /// Oldest first.
    private var ends: [End] = []
    /// When there is something to write.
    package private(set) var next: Int64?

    package init() {}

    /// Those whose end is known.
    package var sockets: Set<SocketNumber> { Set(ends.lazy.map(\.socket)) }

    /// The kernel says that a socket is gone. Most are such as Baton never saw.
    package mutating func note(
        _ cookie: UInt64, in coordinator: borrowing Coordinator, at now: Int64
    ) {
        guard let socket = coordinator.registry.socket(cookie: cookie) else { return }
        note(socket, at: now)
    }

    /// A socket is gone; certain is what the kernel has said.
    mutating func note(_ socket: KnownSocket, at now: Int64, isCertain: Bool = true) {
        let due = socket.isUnheld ? now : now + Self.graceMicroseconds
        note(socket.number, due: due, isCertain: isCertain)
    }

    private mutating func note(_ socket: SocketNumber, due: Int64, isCertain: Bool = true) {
        ends.append(End(socket: socket, due: due, isCertain: isCertain))
        next = min(next ?? due, due)
    }

    /// Writes what is due. A socket that has ended waits while Baton has a handoff of it open, and
    /// while the exit of one of its holders is not worked off: that says more of the close. True
    /// when one of them has to be looked at again.
    package mutating func write(to coordinator: inout Coordinator, at time: Instant) -> Bool {
        let now = time.bootMicroseconds
        guard let next, next <= now else { return false }
        let due = ends.lazy.filter { $0.due <= now }.map(\.socket)
        let portion = Set(due.prefix(Self.perRound))
        let holders = coordinator.registry.holders(of: portion)
        var wantsLook = false
        for (index, end) in ends.enumerated() where portion.contains(end.socket) {
            let closed = holders[end.socket] ?? []
            ends[index].due = now + Self.graceMicroseconds
            guard !coordinator.mustWait(end.socket, closed) else { continue }
            guard end.isCertain else {
                wantsLook = true
                ends[index].due = .min
                continue
            }
            coordinator.perform(
                .closings(
                    Command.Closings(socket: end.socket, closed: closed, released: .kernel)),
                at: time)
        }
        ends.removeAll { end in
            end.due == .min
                || portion.contains(end.socket) && coordinator.registry.sockets[end.socket] == nil
        }
        self.next = ends.lazy.map(\.due).min()
        return wantsLook
    }

    /// After a batch that could not be written, and with the state read back. The kernel does not
    /// repeat its words; and the numbers that sockets had in the batch become those of others.
    package mutating func takeBack(
        _ discarded: [Event], in coordinator: borrowing Coordinator, due: Int64
    ) {
        let registry = coordinator.registry
        ends.removeAll { registry.sockets[$0.socket] == nil }
        for case .socketReleased(let socket, .kernel) in discarded.map(\.content)
        where registry.sockets[socket] != nil {
            note(socket, due: due)
        }
    }
}

extension Coordinator {
    fileprivate func mustWait(_ socket: SocketNumber, _ holders: [Command.Holder]) -> Bool {
        registry.sockets[socket].map { $0.openHandoffs > 0 } ?? false
            || holders.contains { registry.processes[$0.process]?.hasExited != false }
    }
}
