extension Registry {
    // MARK: - Confirm and decline

    func decide(_ confirm: Command.Confirm) -> Decision {
        func refuse(_ reason: Refusal) -> Decision {
            refuseRequest(.confirm, reason, confirm.actor, handoff: confirm.handoff)
        }
        guard let handoff = handoffs[confirm.handoff] else {
            guard let ending = endings[confirm.handoff] else { return refuse(.unknownHandoff) }
            guard ending.target == confirm.actor else { return refuse(.wrongProcess) }
            // A confirm that comes again after a reconnect says nothing new.
            return ending.how == .delivered ? Decision() : refuse(ending.how.refusal)
        }
        guard handoff.target == confirm.actor else { return refuse(.wrongProcess) }
        guard handoff.isReserved else { return refuse(.notReserved) }
        guard sockets[handoff.socket]?.identity.cookie == confirm.cookie else {
            return refuse(.cookieDiffers)
        }
        return Decision([.handoffDelivered(handoff: handoff.number, how: .confirmed)])
    }

    /// `actor` is nil when the coordinator itself could not send the grant.
    func decideDeliveryFailed(
        _ number: HandoffNumber, actor: ProcessNumber?, attempt: UInt32?, reason: DeliveryFailure
    ) -> Decision {
        guard let handoff = handoffs[number], handoff.isReserved else {
            guard let actor else { return Decision() }
            let reason: Refusal =
                handoffs[number] == nil && endings[number] == nil ? .unknownHandoff : .notReserved
            return refuseRequest(.decline, reason, actor, handoff: number)
        }
        if let actor, actor != handoff.target {
            return refuseRequest(.decline, .wrongProcess, actor, handoff: number)
        }
        // Word of an earlier grant that comes late says nothing about the present one.
        if let attempt, attempt != handoff.attempt { return Decision() }
        return Decision([.deliveryFailed(handoff: number, reason: reason)])
    }

    // MARK: - Close and revoke

    func decide(_ close: Command.Close) -> Decision {
        guard let socket = socket(cookie: close.cookie) else {
            return refuseRequest(.close, .unknownSocket, close.actor)
        }
        let key = DescriptorKey(process: close.actor, socket: socket.number)
        guard let open = descriptors[key]?.count else { return Decision() }
        return Decision(
            [
                .descriptorClosed(process: close.actor, socket: socket.number, how: close.how)
            ] + (open == 1 ? cancellation(byCloseOf: key) : [])
                + release(of: socket.number, descriptors: 1))
    }

    func decide(_ revoke: Command.Revoke) -> Decision {
        func refuse(_ reason: Refusal) -> Decision {
            refuseRequest(.revoke, reason, revoke.actor, revoke.request, handoff: revoke.handoff)
        }
        switch earlierAnswer(
            to: revoke.request, content: Self.content(4, revoke.handoff), from: revoke.actor)
        {
        case .answer(.revoked(let number)): return Decision(reply: .revoked(number))
        case .answer(.refused(let refusal, let number)):
            return Decision(reply: .refused(refusal, number))
        case .answer: return refuse(.requestDiffers)
        case .refused(let refusal): return refuse(refusal)
        case nil: break
        }
        guard let handoff = handoffs[revoke.handoff] else {
            guard let ending = endings[revoke.handoff] else { return refuse(.unknownHandoff) }
            return refuse(ending.how.refusal)
        }
        let user = processes[revoke.actor]?.identity.effectiveUID
        guard user == 0 || rules.policy.unmapped.areSameUser(user, handoff.sourceUID) else {
            return refuse(.notOwner)
        }
        guard !handoff.isReserved else { return refuse(.inDelivery) }
        let revoked = Event.Revoked(
            handoff: handoff.number, actor: revoke.actor, text: revoke.text,
            request: revoke.request)
        return Decision(
            [.handoffRevoked(revoked)] + release(of: handoff.socket, handoffs: 1),
            reply: .revoked(handoff.number))
    }

    // MARK: - Ends that nobody asked for

    func decideExpiry(of number: HandoffNumber) -> Decision {
        guard let handoff = handoffs[number] else { return Decision() }
        return Decision(expiry(of: handoff))
    }

    func expiry(of handoff: Handoff) -> [Event.Content] {
        let end: Event.Content =
            handoff.isReserved
            ? .handoffVoided(handoff: handoff.number, reason: .unconfirmed)
            : .handoffExpired(handoff: handoff.number)
        return [end] + release(of: handoff.socket, handoffs: 1)
    }

    /// The next portion of what the longest-exited process leaves: its tickets, then its
    /// descriptors, in the order of their numbers.
    func decideDrain() -> Decision {
        guard let number = exiting.first, let process = processes[number] else { return Decision() }
        var contents: [Event.Content] = []
        var ended: [SocketNumber: Int] = [:]
        for number in process.inbound.sorted().prefix(Limits.drainPortion) {
            guard let handoff = handoffs[number] else { continue }
            contents.append(
                .handoffVoided(
                    handoff: number, reason: handoff.isReserved ? .unconfirmed : .targetExited))
            ended[handoff.socket, default: 0] += 1
            contents += release(of: handoff.socket, handoffs: ended[handoff.socket, default: 0])
        }
        guard contents.isEmpty else { return Decision(contents, cause: process.exit) }
        for socket in process.sockets.sorted() {
            let key = DescriptorKey(process: number, socket: socket)
            // One process can have more descriptors of one socket than a portion holds.
            let room = Limits.drainPortion - contents.count
            guard room > 0 else { break }
            let open = descriptors[key]?.count ?? 0
            for closed in 0..<min(room, open) {
                contents.append(.descriptorClosed(process: number, socket: socket, how: .exit))
                if closed + 1 == open { contents += cancellation(byCloseOf: key) }
                contents += release(of: socket, descriptors: closed + 1)
            }
        }
        return Decision(contents, cause: process.exit)
    }

    /// `socket.released`, if nothing is left of the socket once that many more are gone, and the
    /// kernel will not tell better: somebody of whom Baton does not know may have it.
    func release(
        of number: SocketNumber, handoffs: Int = 0, descriptors: Int = 0
    ) -> [Event.Content] {
        guard let socket = sockets[number], socket.openHandoffs == handoffs,
            socket.descriptors == descriptors, !awaitsEnd(of: socket)
        else { return [] }
        return [.socketReleased(socket: number, how: .counted)]
    }

    // MARK: - Recovery

    /// What was in escrow and is not any more is void; what was being delivered and is found in
    /// the target is delivered; the rest goes on.
    func decide(_ recovery: Command.Recovery) -> Decision {
        var ends: [Event.Content] = []
        var ended: [SocketNumber: Int] = [:]
        var matched: UInt64 = 0
        var lost: UInt64 = 0
        for number in handoffs.keys.sorted() {
            guard let handoff = handoffs[number] else { continue }
            if handoff.isReserved, recovery.observed.contains(number) {
                ends.append(.handoffDelivered(handoff: number, how: .observed))
                matched += 1
            } else if recovery.kept.contains(number) {
                matched += 1
            } else {
                lost += 1
                guard !handoff.isReserved else { continue }
                ends.append(.handoffVoided(handoff: number, reason: .escrowLost))
                ended[handoff.socket, default: 0] += 1
                ends += release(of: handoff.socket, handoffs: ended[handoff.socket, default: 0])
            }
        }
        let found = Event.Recovered(
            pid: recovery.pid, epoch: recovery.epoch, held: UInt64(handoffs.count),
            matched: matched, lost: lost)
        return Decision([.coordinatorRecovered(found)] + ends)
    }
}
