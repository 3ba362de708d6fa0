import Winsock

extension Registry {
    /// Which events follow from `command`. Reads only.
    package func decide(_ command: Command, at now: Instant) -> Decision {
        switch command {
        case .openLog(let identity): Decision([.logOpened(identity)])
        case .observeBoot(let boot): Decision(boot == self.boot ? [] : [.bootObserved(boot)])
        case .stepClock(let by): Decision([.clockStepped(by: by)])
        case .start(let pid, let epoch): Decision([.coordinatorStarted(pid: pid, epoch: epoch)])
        case .stop(let pid, let epoch): Decision([.coordinatorStopped(pid: pid, epoch: epoch)])
        case .recover(let recovery): decide(recovery)
        case .configure(let digest, let content):
            Decision([.configurationChanged(digest: digest, content: content)])
        case .observeProcess(let identity): decide(observed: identity)
        case .observeSocket(let identity): decide(observed: identity)
        case .mark(let mark): decide(mark)
        case .select(let select): decide(select)
        case .resume(let resume): decide(resume)
        case .observeQuality(let socket, let actor, let quality):
            Decision(
                sockets[socket]?.quality == quality
                    ? [] : [.socketMarked(socket: socket, actor: actor, quality: quality)])
        case .duplicate(let duplicate): decide(duplicate)
        case .redeem(let redeem): decide(redeem, at: now)
        case .confirm(let confirm): decide(confirm)
        case .observeDelivery(let handoff):
            Decision(
                handoffs[handoff]?.isReserved == true
                    ? [.handoffDelivered(handoff: handoff, how: .observed)] : [])
        case .deliveryFailed(let handoff, let actor, let attempt, let reason):
            decideDeliveryFailed(handoff, actor: actor, attempt: attempt, reason: reason)
        case .close(let close): decide(close)
        case .revoke(let revoke): decide(revoke)
        case .exit(let process, let status):
            // A process ends once, however often its end is reported.
            Decision(
                processes[process]?.hasExited == false
                    ? [.processExited(process: process, status: status)] : [])
        case .drain: decideDrain()
        case .expire(let handoff): decideExpiry(of: handoff)
        case .refuse(let refused):
            Decision([.requestRefused(refused)], reply: .refused(refused.reason, refused.handoff))
        case .suppress(let suppressed): Decision([.requestsSuppressed(suppressed)])
        case .storeFull(let found): Decision([.storeFull(found: found)])
        case .loseKeeper(let found): Decision([.keeperLost(found: found)])
        case .closings(let closings): decide(closings)
        case .reconcile(let found): Decision([.reconcileFound(found: found)])
        case .rotateKey(let key): Decision([.keyRotated(key: key)])
        }
    }

    private func decide(observed identity: ProcessIdentity) -> Decision {
        if let known = process(instance: identity.instance), known.identity == identity {
            return Decision()
        }
        let isNew = processByInstance[identity.instance] == nil
        if isNew {
            let ofUser = processesByUser[identity.effectiveUID, default: 0]
            let limits = rules.limits
            let room =
                ofUser < Limits.processesForCertain ? limits.processes : limits.processesForAll
            guard processes.count < room, ofUser < limits.processesPerUser else {
                return Decision()
            }
        }
        return Decision([.processSeen(identity)])
    }

    private func decide(observed identity: SocketIdentity) -> Decision {
        if let known = socket(cookie: identity.cookie), known.identity == identity {
            return Decision()
        }
        let isNew = socketByCookie[identity.cookie] == nil
        if isNew, sockets.count >= rules.limits.sockets { return Decision() }
        return Decision([.socketSeen(identity)])
    }

    // MARK: - Asking twice

    /// The answer that this request got before, or why it cannot be asked any more; nil for a new
    /// one.
    func earlierAnswer(
        to request: RequestID, content: UInt64, from actor: ProcessNumber
    ) -> Earlier? {
        guard let client = clients[request.nonce] else {
            let open = processes[actor]?.clients.count ?? 0
            return open < rules.limits.clientsPerProcess ? nil : .refused(.tooManyClients)
        }
        guard client.process == actor else { return .refused(.foreignSender) }
        if let answer = client.answers.first(where: { $0.counter == request.counter }) {
            return answer.content == content ? .answer(answer.outcome) : .refused(.requestDiffers)
        }
        return request.counter <= client.watermark ? .refused(.requestStale) : nil
    }

    enum Earlier {
        case answer(KnownClient.Outcome)
        case refused(Refusal)
    }

    /// A digest of what a request asks for, from facts that its event holds as well.
    static func content(_ words: UInt64...) -> UInt64 {
        // FNV-1a over the bytes: it tells mistakes apart, it does not keep out an attacker, who
        // could only confuse requests of its own.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for word in words {
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                hash = (hash ^ ((word >> shift) & 0xff)) &* 0x100_0000_01b3
            }
        }
        return hash
    }

    // MARK: - Duplicate

    private func decide(_ asked: Command.Duplicate) -> Decision {
        let socket: SocketNumber? =
            if case .socket(let number) = asked.socket { number } else { nil }
        let target: ProcessNumber? =
            if case .process(let number) = asked.target { number } else { nil }
        let details = Event.AskedHandoff(
            pid: asked.pid, target: target, socket: socket, form: asked.form, flags: asked.flags,
            lifetime: asked.lifetime)
        var meant = details
        meant.target = target ?? earlierTarget(of: asked.request)
        switch earlierAnswer(to: asked.request, content: content(of: meant), from: asked.actor) {
        case .answer(.issued(let handoff)):
            return Decision(forget(socket), reply: .issued(handoff, isRepeated: true))
        case .answer(.refused(let refusal, let handoff)):
            return Decision(forget(socket), reply: .refused(refusal, handoff))
        case .answer:
            return refuseDuplicate(asked, .requestDiffers, socket)
        case .refused(let refusal):
            return refuseDuplicate(asked, refusal, socket)
        case nil: break
        }
        do throws(Refusal) {
            let issued = try issue(asked)
            return Decision(
                [.handoffIssued(issued)], reply: .issued(nextSequence, isRepeated: false))
        } catch {
            let rule =
                asked.target.denyingRule
                ?? denyingRule(
                    error, from: processes[asked.actor]?.identity, to: target, of: socket)
            let refused = Event.RefusedHandoff(
                actor: asked.actor, asked: details, reason: error, rule: rule,
                request: asked.request)
            return Decision(
                [.handoffRefused(refused)] + forget(socket), reply: .refused(error, nil))
        }
    }

    /// The target for which this request was issued: it may have ended since, and asking again is
    /// still asking for the same.
    private func earlierTarget(of request: RequestID) -> ProcessNumber? {
        let answers = clients[request.nonce]?.answers
        let earlier = answers?.first { $0.counter == request.counter }
        guard case .issued(let number)? = earlier?.outcome else { return nil }
        return handoffs[number]?.target ?? endings[number]?.target
    }

    private func refuseDuplicate(
        _ asked: Command.Duplicate, _ reason: Refusal, _ socket: SocketNumber?
    ) -> Decision {
        var decision = refuseRequest(.duplicate, reason, asked.actor, asked.request)
        decision.contents += forget(socket)
        return decision
    }

    /// A socket that was seen only for a request which opened nothing is not followed: nothing
    /// would ever release it, and whoever keeps asking would use up the room for all others. One
    /// that is marked has to be known again.
    func forget(_ number: SocketNumber?) -> [Event.Content] {
        guard let number, sockets[number]?.quality == nil else { return [] }
        return release(of: number)
    }

    /// The checks, in Windows' order: socket, then process, then the rest.
    private func issue(_ asked: Command.Duplicate) throws(Refusal) -> Event.Issued {
        let socket = try checked(asked.socket)
        let target = try checked(asked.target)
        guard let source = processes[asked.actor] else { throw .deadSender }
        guard let catalog = socket.catalog, let entry = Catalog.entry(id: catalog) else {
            throw .unsupportedSocket
        }
        guard asked.lifetime.map({ $0 > 0 && $0 <= Limits.lifetime }) ?? true else {
            throw .invalidLifetime
        }
        let user = source.identity.effectiveUID
        try checkPolicy(from: source, to: target, of: socket)
        guard socket.quality == nil else { throw .qualityOfService }
        guard handoffs.count < rules.limits.handoffs else { throw .tooManyHandoffs }
        guard openHandoffsByUser[user, default: 0] < rules.limits.handoffsPerUser else {
            throw .tooManyForUser
        }
        try checkRoom(for: socket.number, of: source)
        return Event.Issued(
            actor: asked.actor, target: target.number, socket: socket.number, form: asked.form,
            catalog: catalog, family: entry.info.addressFamily, type: entry.info.socketType,
            protocolNumber: socket.identity.protocolNumber,
            services: entry.info.serviceFlags1.rawValue, flags: asked.flags,
            lifetime: asked.lifetime, request: asked.request)
    }

    func checked(_ fact: SocketFact) throws(Refusal) -> KnownSocket {
        switch fact {
        case .notASocket: throw .notASocket
        case .lost: throw .descriptorLimit
        case .coordinatorsOwn: throw .coordinatorsOwn
        case .carriesDescriptors: throw .queuedDescriptors
        case .untracked: throw .tooManySockets
        case .occupied: throw .socketOccupied
        case .socket(let number):
            guard let socket = sockets[number] else { throw .unknownSocket }
            return socket
        }
    }

    /// Whether this process may have one more socket followed. Those that it is handed are not
    /// asked about: they are known already, and who issued them has been.
    func checkRoom(for socket: SocketNumber, of process: KnownProcess) throws(Refusal) {
        let key = DescriptorKey(process: process.number, socket: socket)
        guard descriptors[key] == nil else { return }
        let ofUser = socketsByUser[process.identity.effectiveUID, default: 0]
        guard ofUser < rules.limits.socketsPerUser else { throw .tooManySockets }
    }

    private func checked(_ fact: TargetFact) throws(Refusal) -> KnownProcess {
        switch fact {
        case .invalid: throw .invalidProcessID
        case .missing: throw .noSuchProcess
        case .exited: throw .targetExited
        case .foreign: throw .foreignProcess
        case .unproved: throw .identityUnproved
        case .untracked: throw .tooManyProcesses
        case .denied(let refusal, _): throw refusal
        case .process(let number):
            guard let process = processes[number] else { throw .noSuchProcess }
            guard !process.hasExited else { throw .targetExited }
            return process
        }
    }

    /// By the socket's cookie, since a socket that is forgotten and seen again has a new number.
    func content(of asked: Event.AskedHandoff) -> UInt64 {
        Self.content(
            1, asked.socket.flatMap { sockets[$0]?.identity.cookie } ?? 0,
            asked.target ?? UInt64(bitPattern: asked.pid),
            UInt64(asked.form.rawValue), UInt64(asked.flags), asked.lifetime ?? 0)
    }

    // MARK: - Marks and other refusals

    private func decide(_ mark: Command.Mark) -> Decision {
        // A mark that is made again says the same again: there is no answer to remember.
        if case .refused(let refusal)? = earlierAnswer(
            to: mark.request, content: 0, from: mark.actor)
        {
            return refuseRequest(.mark, refusal, mark.actor, mark.request)
        }
        do throws(Refusal) {
            let socket = try checked(mark.socket)
            // What says nothing new is no event, as with the kernel's own marks.
            if socket.quality == mark.quality { return Decision(reply: .marked) }
            return Decision(
                [
                    .socketMarked(
                        socket: socket.number, actor: mark.actor, quality: mark.quality)
                ],
                reply: .marked)
        } catch {
            return refuseRequest(.mark, error, mark.actor, mark.request)
        }
    }

    func refuseRequest(
        _ what: RequestKind, _ reason: Refusal, _ actor: ProcessNumber,
        _ request: RequestID? = nil, handoff: HandoffNumber? = nil
    ) -> Decision {
        Decision(
            [
                .requestRefused(
                    Event.RefusedRequest(
                        actor: actor, what: what, handoff: handoff, reason: reason,
                        request: request))
            ],
            reply: .refused(reason, handoff))
    }
}
