extension Command {
    /// That descriptors are closed, without their process having said so: the kernel told of the
    /// socket's end, or somebody looked.
    package struct Closings: Sendable, Equatable {
        package var socket: SocketNumber
        /// Processes with the handoffs of their descriptors as they were when this was found out.
        /// Where they have changed since, nothing is known.
        package var closed: [Holder]
        /// How it is known that no descriptor is left anywhere; nil where some may be.
        package var released: ReleaseProof?
        /// The `seq` of the event that this follows from; nil where this is the input.
        package var cause: UInt64?

        package init(
            socket: SocketNumber, closed: [Holder], released: ReleaseProof?, cause: UInt64? = nil
        ) {
            self.socket = socket
            self.closed = closed
            self.released = released
            self.cause = cause
        }
    }

    /// One process's descriptors of one socket.
    package struct Holder: Sendable, Equatable {
        package var process: ProcessNumber
        /// See `Registry.descriptors`.
        package var handoffs: [HandoffNumber]

        package init(process: ProcessNumber, handoffs: [HandoffNumber]) {
            self.process = process
            self.handoffs = handoffs
        }
    }
}

extension Registry {
    /// At most a portion of events; what is left of it then is known by the same words again.
    func decide(_ closings: Command.Closings) -> Decision {
        guard let socket = sockets[closings.socket] else { return Decision() }
        // While Baton itself has a descriptor in escrow, no word of an end can be true.
        let isEnd = closings.released != nil
        guard !isEnd || socket.openHandoffs == 0 else { return Decision() }
        var contents: [Event.Content] = []
        var closed = 0
        for holder in closings.closed {
            let key = DescriptorKey(process: holder.process, socket: closings.socket)
            guard let open = descriptors[key], open == holder.handoffs else { continue }
            let portion = min(open.count, Limits.drainPortion - closed)
            guard portion > 0 else { break }
            closed += portion
            for number in 1...portion {
                contents.append(
                    .descriptorClosed(
                        process: holder.process, socket: closings.socket, how: .observed))
                if number == open.count { contents += cancellation(byCloseOf: key) }
            }
        }
        if let proof = closings.released {
            if closed == socket.descriptors {
                contents.append(.socketReleased(socket: closings.socket, how: proof))
            }
        } else if closed > 0 {
            contents += release(of: closings.socket, descriptors: closed)
        }
        return Decision(contents, cause: closings.cause)
    }

    /// Those of the holders whose descriptors are as they were when this was found out.
    package func unchanged(_ closings: Command.Closings) -> [Command.Holder] {
        closings.closed.filter {
            descriptors[DescriptorKey(process: $0.process, socket: closings.socket)] == $0.handoffs
        }
    }

    /// Whether the socket is released once the descriptors of these holders are closed.
    package func isEnd(_ closings: Command.Closings, of holders: [Command.Holder]) -> Bool {
        guard let socket = sockets[closings.socket], socket.openHandoffs == 0,
            socket.descriptors == holders.reduce(0, { $0 + $1.handoffs.count })
        else { return false }
        return closings.released != nil || !holders.isEmpty && !awaitsEnd(of: socket)
    }

    /// Who has descriptors of these sockets, as far as Baton knows, in the order of their numbers.
    /// Looks at all descriptors there are, so it is asked for many sockets at once.
    package func holders(
        of wanted: Set<SocketNumber>
    ) -> [SocketNumber: [Command.Holder]] {
        var holders: [SocketNumber: [Command.Holder]] = [:]
        guard wanted.contains(where: { sockets[$0].map { $0.descriptors > 0 } ?? false }) else {
            return holders
        }
        for (key, handoffs) in descriptors where wanted.contains(key.socket) {
            holders[key.socket, default: []].append(
                Command.Holder(process: key.process, handoffs: handoffs))
        }
        for socket in holders.keys {
            holders[socket]?.sort { $0.process < $1.process }
        }
        return holders
    }

    /// Whether the socket's end will be told, so that its release need not be counted.
    package func awaitsEnd(of socket: KnownSocket) -> Bool {
        guard socket.wasHeld, let ends = rules.ends, ends.include(socket.identity) else {
            return false
        }
        // One that has none already is not in its own way.
        return unheldSockets - (socket.isUnheld ? 1 : 0) < rules.limits.unheldSockets
    }
}

extension KnownSocket {
    /// Baton knows of no descriptor, and has none.
    package var isUnheld: Bool { openHandoffs == 0 && descriptors == 0 }

    /// Counts, and returns by how much the number of unheld sockets changes.
    mutating func count(handoffs: Int = 0, descriptors: Int = 0) -> Int {
        let wasUnheld = isUnheld
        openHandoffs += handoffs
        self.descriptors += descriptors
        if !isUnheld { wasHeld = true }
        return (isUnheld ? 1 : 0) - (wasUnheld ? 1 : 0)
    }
}
