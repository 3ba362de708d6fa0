import Registry

extension Auditor {
    /// One commit. `decided` is the world's boot clock at each decision.
    mutating func committed(_ events: [Event], decided: [Int64]) {
        commits += 1
        var step: UInt64?
        for (index, event) in events.enumerated() {
            if event.sequence != next {
                report(.order, "event \(event.sequence) follows \(next)")
            }
            next = event.sequence + 1
            if let cause = event.cause {
                if cause != step, !exits.contains(cause), !looks.contains(cause) {
                    report(.order, "event \(event.sequence) has the cause \(cause)")
                }
            } else {
                step = event.sequence
            }
            read(event, at: decided[index])
        }
        livedBefore = Set(processes.values.filter(\.isAlive).map(\.id))
    }

    private mutating func read(_ event: Event, at time: Int64) {
        switch event.content {
        case .processSeen(let identity): readSeen(identity, event.sequence)
        case .processExited(let exited, _): readExit(of: exited, event.sequence)
        case .socketSeen(let identity): readSocket(identity, event.sequence)
        case .handoffIssued(let issued): readIssue(issued, event.sequence, at: time)
        case .handoffRefused(let refused):
            judge(refused)
            readRefusal(key(refused.request))
        case .handoffReserved(let reserved): readReservation(reserved, at: time)
        case .redemptionRefused(let refused): readRefusal(key(refused.request))
        case .handoffDelivered(let number, let how): readDelivery(of: number, how)
        case .deliveryFailed(let number, _):
            expect(number, .reserved, "a delivery failed")
            handoffs[number]?.state = .issued
        case .handoffRevoked(let revoked): readRevocation(revoked)
        case .handoffExpired(let number): readExpiry(of: number, at: time)
        case .handoffVoided(let number, let reason): readVoid(of: number, reason, at: time)
        case .descriptorClosed(let number, let socket, let how):
            readClose(by: number, of: socket, how)
        case .socketReleased(let socket, let how): readRelease(of: socket, how)
        case .reconcileFound: looks.insert(event.sequence)
        case .keeperLost: isKeeperLossUntold = false
        case .requestRefused(let request):
            if let id = request.request {
                refused.insert(key(id))
            } else {
                nameless[request.reason, default: 0] += 1
            }
        default: break
        }
    }

    private mutating func expect(
        _ number: HandoffNumber, _ state: Handoff.State, _ what: String
    ) {
        guard let handoff = handoffs[number] else {
            return report(.single, "\(what): there is no handoff \(number)")
        }
        if handoff.state != state {
            report(.single, "\(what): handoff \(number) is \(handoff.state)")
        }
    }

    private mutating func end(_ number: HandoffNumber, as state: Handoff.State = .ended) {
        handoffs[number]?.state = state
        handoffs[number]?.ended = commits
        if let socket = handoffs[number]?.socket { sockets[socket]?.openHandoffs -= 1 }
        open.removeAll { $0 == number }
    }

    // MARK: - Processes

    private mutating func readSeen(_ identity: ProcessIdentity, _ sequence: UInt64) {
        let known = number[identity.instance] ?? sequence
        number[identity.instance] = known
        process[known] = Int(identity.start)
    }

    private mutating func readExit(of number: ProcessNumber, _ sequence: UInt64) {
        guard let id = process[number], processes[id]?.isAlive == false else {
            return report(.exit, "the exit of a living process is in the log")
        }
        exited.insert(number)
        exits.insert(sequence)
        for (instance, known) in self.number where known == number { self.number[instance] = nil }
    }

    // MARK: - Requests

    private mutating func readIssue(_ issued: Event.Issued, _ sequence: UInt64, at time: Int64) {
        let key = key(issued.request)
        guard let target = process[issued.target], let source = process[issued.actor],
            let cookie = cookies[issued.socket]
        else { return report(.order, "\(sequence) names what is not in the log") }
        if asked[key]?.process != source {
            report(.repetition, "\(sequence) is issued for a request that its actor did not make")
        }
        if !mayHand(source, to: target) {
            report(.permission, "\(sequence) is issued by one who may not hand to its target")
        }
        if outcomes[key] != nil { report(.repetition, "\(key) is decided twice") }
        if exited.contains(issued.target) { report(.exit, "\(sequence) is issued to the dead") }
        outcomes[key] = .issued(sequence)
        handoffs[sequence] = Handoff(
            number: sequence, target: target, targetNumber: issued.target, source: source,
            user: processes[source]?.user ?? 0, socket: issued.socket, cookie: cookie,
            deadline: issued.lifetime.map { time + Int64($0) }, request: key)
        open.append(sequence)
        sockets[issued.socket]?.openHandoffs += 1
        opened(issued.socket, by: source, isSource: true)
        sources.insert(Holding(process: source, cookie: cookie))
    }

    private mutating func readRefusal(_ key: RequestKey) {
        switch outcomes[key] {
        case nil: outcomes[key] = .refused
        case .reserved: break
        default: report(.repetition, "\(key) is decided twice")
        }
        refused.insert(key)
    }

    private mutating func readReservation(_ reserved: Event.Reserved, at time: Int64) {
        let number = reserved.handoff
        guard let handoff = handoffs[number] else {
            return report(.single, "there is no handoff \(number) to redeem")
        }
        if handoff.state != .issued, handoff.state != .reserved {
            report(.single, "\(number) is redeemed when it is \(handoff.state)")
        }
        if process[reserved.actor] != handoff.target {
            report(.recipient, "\(number) is redeemed by another than its target")
        }
        if exited.contains(handoff.targetNumber) {
            report(.exit, "\(number) is redeemed by the dead")
        }
        if let deadline = handoff.deadline, time >= deadline {
            report(.lifetime, "\(number) is redeemed after its lifetime")
        }
        let key = key(reserved.request)
        if !isRightful(reserved, asked[key]) {
            report(.permission, "\(number) is redeemed by a request that did not show its record")
        }
        switch outcomes[key] {
        case nil: outcomes[key] = .reserved(number)
        case .reserved(number): break
        default: report(.repetition, "\(key) is decided twice")
        }
        handoffs[number]?.state = .reserved
        handoffs[number]?.attempt = reserved.attempt
    }

    private mutating func readDelivery(of number: HandoffNumber, _ how: DeliveryProof) {
        expect(number, .reserved, "delivered")
        guard let handoff = handoffs[number] else { return }
        if exited.contains(handoff.targetNumber) { report(.exit, "\(number) goes to the dead") }
        if !receipts.contains(Receipt(handoff: number, process: handoff.target)) {
            if how == .confirmed || !hasUnknownDescriptor(handoff) {
                report(.proof, "\(number) is \(how.rawValue), and its target did not receive it")
            }
        }
        opened(handoff.socket, by: handoff.target, isSource: false)
        end(number, as: .delivered)
    }

    /// Whether the target has a descriptor of the socket of which nobody could know: it made the
    /// socket, or it came with a fork, or with a grant that was void when it arrived. Who looks for
    /// the socket there finds that one.
    private func hasUnknownDescriptor(_ handoff: Handoff) -> Bool {
        guard let target = processes[handoff.target] else { return false }
        func isMeant(_ socket: Int) -> Bool { World.cookie(of: socket) == handoff.cookie }
        guard target.descriptors.keys.contains(where: isMeant) else { return false }
        let holding = Holding(process: handoff.target, cookie: handoff.cookie)
        if target.own.contains(where: isMeant) {
            return !sources.contains(holding) || closed.contains(holding)
        }
        return receipts.contains {
            guard let other = handoffs[$0.handoff] else { return false }
            return $0.process == handoff.target && other.cookie == handoff.cookie
                && other.state == .ended
        }
    }

    // MARK: - Ends

    private mutating func readRevocation(_ revoked: Event.Revoked) {
        expect(revoked.handoff, .issued, "revoked")
        let key = key(revoked.request)
        if let handoff = handoffs[revoked.handoff] {
            let user = process[revoked.actor].flatMap { processes[$0]?.user }
            if user != 0, user != handoff.user || asked[key]?.process != process[revoked.actor] {
                report(.reason, "\(revoked.handoff) is revoked by one who may not")
            }
        }
        if outcomes[key] != nil { report(.repetition, "\(key) is decided twice") }
        outcomes[key] = .revoked
        end(revoked.handoff)
    }

    private mutating func readExpiry(of number: HandoffNumber, at time: Int64) {
        expect(number, .issued, "expired")
        if let handoff = handoffs[number] {
            if let deadline = handoff.deadline {
                if time < deadline { report(.lifetime, "\(number) expires before its time") }
            } else {
                report(.reason, "\(number) expires, and has no lifetime")
            }
        }
        end(number)
    }

    private mutating func readVoid(
        of number: HandoffNumber, _ reason: VoidReason, at time: Int64
    ) {
        guard let handoff = handoffs[number] else {
            return report(.single, "voided: there is no handoff \(number)")
        }
        let hasExited = exited.contains(handoff.targetNumber)
        let isOverdue = handoff.deadline.map { $0 <= time } ?? false
        let isJust: Bool =
            switch reason {
            case .targetExited: handoff.state == .issued && hasExited
            case .unconfirmed: handoff.state == .reserved && (hasExited || isOverdue)
            case .escrowLost: handoff.isEscrowLost && open.contains(number)
            }
        if !isJust { report(.reason, "\(number) is void (\(reason.rawValue)) without that") }
        end(number)
    }
}
