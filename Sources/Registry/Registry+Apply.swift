import Winsock

extension Registry {
    /// What an event did to the state that its own keys do not say.
    package enum Applied: Sendable, Equatable {
        case nothing
        /// The closed descriptor came from this handoff; 0 for the one a source had already.
        case closed(HandoffNumber)
        /// The source's own descriptor became known.
        case opened
        /// The target holds a descriptor of this socket.
        case delivered(process: ProcessNumber, socket: SocketNumber)
    }

    /// Changes the state by one event. Cannot fail on an event that `decide` gave or the log holds.
    @discardableResult
    package mutating func apply(_ event: Event) -> Applied {
        precondition(event.sequence == nextSequence, "events are applied in order, without gaps")
        nextSequence += 1
        switch event.content {
        case .bootObserved(let boot): self.boot = boot
        case .coordinatorStarted(_, let epoch): self.epoch = epoch
        case .configurationChanged(_, let content): rules = Rules(text: content)
        case .processSeen(let identity): applySeen(identity, number: event.sequence)
        case .processExited(let process, _): applyExit(of: process, sequence: event.sequence)
        case .socketSeen(let identity): applySeen(identity, number: event.sequence)
        case .socketMarked(let socket, _, let quality): sockets[socket]?.quality = quality
        case .handoffIssued(let issued): return apply(issued, event)
        case .handoffRefused(let refused):
            answer(
                refused.request, content(of: refused.asked), .refused(refused.reason, nil),
                to: refused.actor)
        case .handoffReserved(let reserved): apply(reserved)
        case .redemptionRefused(let refused):
            answer(
                refused.request, Self.content(ofRedeeming: refused.handoff),
                .refused(refused.reason, refused.handoff), to: refused.actor)
        case .handoffDelivered(let number, _): return applyDelivery(of: number)
        case .deliveryFailed(let number, _): setReserved(number, false)
        case .handoffRevoked(let revoked):
            end(revoked.handoff, as: .revoked)
            answer(
                revoked.request, Self.content(4, revoked.handoff), .revoked(revoked.handoff),
                to: revoked.actor)
        case .handoffExpired(let number): end(number, as: .expired)
        case .handoffVoided(let number, let reason):
            end(number, as: reason == .escrowLost ? .escrowLost : .voided)
        case .descriptorClosed(let process, let socket, _):
            return .closed(applyClose(DescriptorKey(process: process, socket: socket)))
        case .socketReleased(let number, _):
            endRegistration(of: number)
            if let socket = sockets.removeValue(forKey: number) {
                if socket.isUnheld { unheldSockets -= 1 }
                if socket.identity.isUnix { unixSockets -= 1 }
                socketByCookie[socket.identity.cookie] = nil
            }
        case .notificationSelected(let actor, let socket, let mask):
            return applySelection(of: socket, by: actor, mask: mask, number: event.sequence)
        case .notificationCancelled(let actor, let socket, _, _):
            if registrations[socket]?.process == actor { endRegistration(of: socket) }
        case .logOpened, .logClosed, .clockStepped, .coordinatorStopped, .coordinatorRecovered,
            .requestRefused, .requestsSuppressed, .reconcileFound, .keeperLost, .storeFull,
            .keyRotated, .retentionPruned, .redactionApplied:
            break
        }
        return .nothing
    }

    // MARK: - Processes and sockets

    private mutating func applySeen(_ identity: ProcessIdentity, number: UInt64) {
        countProcess(of: identity.effectiveUID, by: 1)
        if let known = processByInstance[identity.instance] {
            if let process = processes[known] {
                let former = process.identity.effectiveUID
                countProcess(of: former, by: -1)
                countSockets(of: former, by: -process.sockets.count)
                countSockets(of: identity.effectiveUID, by: process.sockets.count)
                countDelivered(of: former, by: -process.delivered)
                countDelivered(of: identity.effectiveUID, by: process.delivered)
                countReserved(of: former, by: -process.reserved)
                countReserved(of: identity.effectiveUID, by: process.reserved)
            }
            processes[known]?.identity = identity
        } else {
            processByInstance[identity.instance] = number
            processes[number] = KnownProcess(number: number, identity: identity)
        }
    }

    private mutating func applySeen(_ identity: SocketIdentity, number: UInt64) {
        if let known = socketByCookie[identity.cookie] {
            sockets[known]?.identity = identity
        } else {
            socketByCookie[identity.cookie] = number
            let entry = AddressFamily(linux: identity.family).flatMap { family in
                SocketType(rawValue: identity.type).flatMap { type in
                    Catalog.entry(
                        family: family, type: type, protocolNumber: identity.protocolNumber)
                }
            }
            sockets[number] = KnownSocket(number: number, identity: identity, catalog: entry?.id)
            unheldSockets += 1
            if identity.isUnix { unixSockets += 1 }
        }
    }

    private mutating func applyExit(of number: ProcessNumber, sequence: UInt64) {
        guard let process = processes[number], !process.hasExited else { return }
        processByInstance[process.identity.instance] = nil
        processes[number]?.hasExited = true
        processes[number]?.exit = sequence
        exiting.append(number)
        forgetIfDrained(number)
    }

    mutating func countProcess(of user: UInt32, by change: Int) {
        let count = processesByUser[user, default: 0] + change
        processesByUser[user] = count > 0 ? count : nil
    }

    mutating func countSockets(of user: UInt32, by change: Int) {
        let count = socketsByUser[user, default: 0] + change
        socketsByUser[user] = count > 0 ? count : nil
    }

    private mutating func countDelivered(of user: UInt32, by change: Int) {
        let count = deliveredByUser[user, default: 0] + change
        deliveredByUser[user] = count > 0 ? count : nil
    }

    /// Counts descriptors that handoffs gave a process, or their end.
    mutating func countDelivered(to number: ProcessNumber, by change: Int) {
        guard let user = processes[number]?.identity.effectiveUID else { return }
        processes.change(number) { $0.delivered += change }
        delivered += change
        countDelivered(of: user, by: change)
    }

    private mutating func countReserved(of user: UInt32, by change: Int) {
        let count = reservedByUser[user, default: 0] + change
        reservedByUser[user] = count > 0 ? count : nil
    }

    /// Counts handoffs that are being delivered to a process, or the end of that.
    mutating func countReserved(to number: ProcessNumber, by change: Int) {
        guard let user = processes[number]?.identity.effectiveUID else { return }
        processes.change(number) { $0.reserved += change }
        reservedHandoffs += change
        countReserved(of: user, by: change)
    }

    private mutating func forgetIfDrained(_ number: ProcessNumber) {
        guard let process = processes[number], process.hasExited, process.inbound.isEmpty,
            process.sockets.isEmpty
        else { return }
        for nonce in process.clients { clients[nonce] = nil }
        processes[number] = nil
        countProcess(of: process.identity.effectiveUID, by: -1)
        exiting.removeAll { $0 == number }
    }

    // MARK: - Handoffs

    private mutating func apply(_ issued: Event.Issued, _ event: Event) -> Applied {
        let user = processes[issued.actor]?.identity.effectiveUID ?? 0
        let deadline = issued.lifetime.map { event.time.bootMicroseconds + Int64($0) }
        handoffs[event.sequence] = Handoff(
            number: event.sequence, source: issued.actor, sourceUID: user, target: issued.target,
            socket: issued.socket, form: issued.form, catalog: issued.catalog,
            flags: issued.flags, deadline: deadline)
        if !rules.policy.rules.isEmpty {
            handoffs[event.sequence]?.sourceIdentity = processes[issued.actor]?.sharedIdentity
        }
        if let deadline { deadlines.insert(deadline, for: event.sequence) }
        openHandoffsByUser[user, default: 0] += 1
        unheldSockets += sockets.change(issued.socket) { $0.count(handoffs: 1) } ?? 0
        processes.change(issued.target) { _ = $0.inbound.insert(event.sequence) }
        let asked = Event.AskedHandoff(
            pid: 0, target: issued.target, socket: issued.socket, form: issued.form,
            flags: issued.flags, lifetime: issued.lifetime)
        answer(issued.request, content(of: asked), .issued(event.sequence), to: issued.actor)
        let key = DescriptorKey(process: issued.actor, socket: issued.socket)
        guard descriptors[key] == nil else { return .nothing }
        open(key, from: 0)
        return .opened
    }

    private mutating func apply(_ reserved: Event.Reserved) {
        setReserved(reserved.handoff, true)
        handoffs.change(reserved.handoff) { $0.attempt = reserved.attempt }
        answer(
            reserved.request, Self.content(ofRedeeming: reserved.handoff),
            .reserved(reserved.handoff), to: reserved.actor)
    }

    private mutating func setReserved(_ number: HandoffNumber, _ isReserved: Bool) {
        guard let handoff = handoffs[number], handoff.isReserved != isReserved else { return }
        handoffs.change(number) { $0.isReserved = isReserved }
        countReserved(to: handoff.target, by: isReserved ? 1 : -1)
    }

    private mutating func applyDelivery(of number: HandoffNumber) -> Applied {
        guard let handoff = handoffs[number] else { return .nothing }
        // Opened before the handoff ends, so that an exited target is not forgotten in between.
        open(DescriptorKey(process: handoff.target, socket: handoff.socket), from: number)
        end(number, as: .delivered)
        return .delivered(process: handoff.target, socket: handoff.socket)
    }

    private mutating func end(_ number: HandoffNumber, as how: Ending.How) {
        guard let handoff = handoffs.removeValue(forKey: number) else { return }
        if handoff.isReserved { countReserved(to: handoff.target, by: -1) }
        endings.insert(Ending(how: how, target: handoff.target), for: number)
        if handoff.deadline != nil { deadlines.remove(number) }
        unheldSockets += sockets.change(handoff.socket) { $0.count(handoffs: -1) } ?? 0
        processes.change(handoff.target) { _ = $0.inbound.remove(number) }
        if let open = openHandoffsByUser[handoff.sourceUID] {
            openHandoffsByUser[handoff.sourceUID] = open > 1 ? open - 1 : nil
        }
        forgetIfDrained(handoff.target)
    }

    // MARK: - Descriptors

    mutating func open(_ key: DescriptorKey, from handoff: HandoffNumber) {
        guard let user = processes[key.process]?.identity.effectiveUID, sockets[key.socket] != nil
        else { return }
        if descriptors[key] == nil { countSockets(of: user, by: 1) }
        descriptors[key, default: []].append(handoff)
        if handoff != 0 { countDelivered(to: key.process, by: 1) }
        processes.change(key.process) { _ = $0.sockets.insert(key.socket) }
        unheldSockets += sockets.change(key.socket) { $0.count(descriptors: 1) } ?? 0
    }

    private mutating func applyClose(_ key: DescriptorKey) -> HandoffNumber {
        guard var open = descriptors[key], !open.isEmpty else { return 0 }
        let handoff = open.removeFirst()
        descriptors[key] = open.isEmpty ? nil : open
        if handoff != 0 { countDelivered(to: key.process, by: -1) }
        unheldSockets += sockets.change(key.socket) { $0.count(descriptors: -1) } ?? 0
        if open.isEmpty {
            if let user = processes[key.process]?.identity.effectiveUID {
                countSockets(of: user, by: -1)
            }
            processes.change(key.process) { _ = $0.sockets.remove(key.socket) }
            forgetIfDrained(key.process)
        }
        return handoff
    }

    // MARK: - Answers

    private mutating func answer(
        _ request: RequestID, _ content: UInt64, _ outcome: KnownClient.Outcome,
        to actor: ProcessNumber
    ) {
        if clients[request.nonce] == nil {
            guard processes[actor] != nil else { return }
            clients[request.nonce] = KnownClient(process: actor)
            processes[actor]?.clients.append(request.nonce)
        }
        clients.change(request.nonce) { client in
            client.record(
                KnownClient.Answer(counter: request.counter, content: content, outcome: outcome),
                watermark: request.watermark)
        }
    }
}

extension KnownClient {
    /// Keeps this answer, forgets those that the client has, and the oldest beyond the limit.
    fileprivate mutating func record(_ answer: Answer, watermark said: UInt64) {
        watermark = max(watermark, min(said, answer.counter - 1))
        answers.removeAll { $0.counter <= watermark || $0.counter == answer.counter }
        let place = answers.firstIndex { $0.counter > answer.counter } ?? answers.endIndex
        answers.insert(answer, at: place)
        if answers.count > Limits.answersPerClient {
            watermark = max(watermark, answers.removeFirst().counter)
        }
    }
}

extension Dictionary {
    /// Changes a value where it is; nil where there is none. An optional chain would take the value
    /// out and put it in again, which for those of the registry costs as much as all the rest.
    @discardableResult
    @inline(__always)
    fileprivate mutating func change<R>(_ key: Key, _ body: (inout Value) -> R) -> R? {
        guard let index = index(forKey: key) else { return nil }
        return body(&values[index])
    }
}
