import Coordinator
import Registry
import Wire

// The stand-in for the daemon's event loop: it finds facts, commits and runs effects as that does.

extension World {
    /// The time as the rules are told it.
    var now: Instant {
        let wall = boot + wallOffset
        return Instant(
            wallMicroseconds: wall, bootMicroseconds: mutant == .wallClock ? wall : boot)
    }

    // MARK: - The round

    func serve(_ end: Action.RoundEnd) {
        guard let shell else { return }
        rounds += 1
        noticeEnds()
        auditor.moment += 1
        takeWords(shell)
        noteClock(shell)
        performFacts(shell)
        let messages = inbox
        inbox.removeAll(keepingCapacity: true)
        for message in messages where connections[message.connection].isServed {
            decide(message, shell)
        }
        endExited(shell)
        let questions = shell.coordinator.takeQuestions(at: now.bootMicroseconds)
        shell.coordinator.settle(questions, observed: found(questions), at: now)
        shell.coordinator.tick(at: now)
        if shell.coordinator.hasExits { shell.coordinator.drain(at: now) }
        writeEnds(shell)
        reconcile(shell)
        noteDecisions(shell)
        if end == .later, !shell.coordinator.isAwaited { return }
        commit(end, shell)
        forgetClosed()
        guard self.shell != nil else { return }
        auditEscrow()
        if end == .whole { auditor.checkEnds(at: boot) }
    }

    private func noteClock(_ shell: Shell) {
        defer { shell.clockOffset = wallOffset }
        guard let before = shell.clockOffset, abs(wallOffset - before) > Bounds.clockStep else {
            return
        }
        shell.facts.append(.stepClock(by: wallOffset - before))
    }

    /// They are written with the batch, or with a later one where that cannot be written.
    private func performFacts(_ shell: Shell) {
        for fact in shell.facts { shell.coordinator.perform(fact, at: now) }
        shell.factsInBatch += shell.facts
        shell.facts.removeAll(keepingCapacity: true)
    }

    private func endExited(_ shell: Shell) {
        for id in shell.exits where mutant != .exitDoesNotVoid {
            // What was seen of it says which process a number means, even where a mutant takes
            // another for the same.
            guard let number = number(of: id, shell),
                shell.coordinator.reading({
                    $0.processes[number]?.identity.start == UInt64(id)
                })
            else { continue }
            shell.coordinator.perform(.exit(process: number, status: 0), at: now)
            shell.ended.append(id)
        }
        shell.exits.removeAll(keepingCapacity: true)
    }

    /// An event is judged by the time at which it was decided.
    func noteDecisions(_ shell: Shell) {
        let count = shell.coordinator.events.count
        while shell.decided.count < count { shell.decided.append(boot) }
    }

    // MARK: - Decisions

    private func decide(_ message: Message, _ shell: Shell) {
        let connection = connections[message.connection]
        let peer = connection.process
        guard let sender = processes[message.sender], let maker = processes[peer] else { return }
        var facts = Coordinator.Facts(actor: nil, sender: .genuine)
        if sender.pid != maker.pid {
            facts.sender = .foreign(pid: sender.pid, uid: sender.user)
        } else if !maker.isAlive {
            facts.sender = .dead
        }
        facts.actor = actor(peer, shell)
        if shell.isStoreFull, isNewBusiness(message.request, shell) {
            return shell.coordinator.refuseUnwritten(message.request, from: connection.session)
        }
        if case .reconcile(let counter) = message.request {
            let isAdministrator = facts.actor != nil && maker.isAdministrator
            if shell.coordinator.mayReconcile(
                counter, from: connection.session, isAdministrator: isAdministrator, facts,
                at: now)
            {
                shell.looks.ask(counter, from: connection.session)
            }
            return
        }
        if facts.sender == .genuine,
            shell.coordinator.accepts(message.request, from: connection.session)
        {
            findFacts(message, connection.session, shell, &facts)
        }
        let reply = shell.coordinator.receive(
            mutated(message.request, shell), from: connection.session, facts, at: now)
        if case .issued(let handoff, isRepeated: false) = reply, let socket = message.socket {
            shell.escrow[handoff] = socket
            if mutant == .noSingleUse,
                let issued = shell.coordinator.reading({ $0.handoffs[handoff] })
            {
                shell.issued[handoff] = (issued, socket)
            }
        }
        if mutant == .consumeOnRefusal, case .refused(_, let handoff?) = reply {
            shell.coordinator.perform(.expire(handoff: handoff), at: now)
        }
    }

    /// What is refused while nothing can be written, as in the daemon: what ends something is not.
    private func isNewBusiness(_ request: Request, _ shell: Shell) -> Bool {
        switch request {
        case .duplicate, .reconcile: return true
        case .redeem(let redeem):
            guard case .ticket(let handoff, _, _, _) = redeem.record else { return false }
            let attempt = shell.coordinator.reading { $0.handoffs[handoff]?.attempt }
            return attempt.map { $0 >= Bounds.attemptsWithoutSpace } ?? false
        default: return false
        }
    }

    private func mutated(_ request: Request, _ shell: Shell) -> Request {
        guard mutant == .skipCookie, case .confirm(let handoff, let attempt, _) = request else {
            return request
        }
        let expected = shell.coordinator.reading { registry in
            registry.handoffs[handoff].flatMap { registry.sockets[$0.socket]?.identity.cookie }
        }
        return .confirm(handoff: handoff, attempt: attempt, cookie: expected ?? 0)
    }

    private func findFacts(
        _ message: Message, _ session: SessionID, _ shell: Shell,
        _ facts: inout Coordinator.Facts
    ) {
        switch message.request {
        case .duplicate(let asked):
            facts.socket = socketFact(message.socket, session, shell)
            facts.target = target(Int32(clamping: asked.pid), session, shell, facts)
        case .redeem(let asked):
            guard case .ticket(let handoff, let secret, _, _) = asked.record else { return }
            facts.catalog = shell.coordinator.reading { $0.handoffs[handoff]?.catalog }
            facts.isHeld = held(handoff, shell) != nil
            facts.isGenuine = secret == self.secret(of: handoff) || mutant == .anySecret
        default: break
        }
    }

    private func held(_ handoff: HandoffNumber, _ shell: Shell) -> Int? {
        shell.escrow[handoff] ?? shell.issued[handoff]?.socket
    }

    private func socketFact(_ socket: Int?, _ session: SessionID, _ shell: Shell) -> SocketFact {
        guard let socket else { return .notASocket }
        let cookie = Self.cookie(of: socket)
        if let known = shell.coordinator.reading({ $0.socketNumber(cookie: cookie) }) {
            return .socket(known)
        }
        guard shell.coordinator.mayObserve(for: session, at: now) else { return .untracked }
        shell.coordinator.perform(
            .observeSocket(
                identity(of: socket)),
            at: now)
        return shell.coordinator.reading { $0.socketNumber(cookie: cookie) }.map { .socket($0) }
            ?? .untracked
    }

    private func identity(of socket: Int) -> SocketIdentity {
        let cookie = Self.cookie(of: socket)
        let kind = sockets[socket] ?? .told
        return SocketIdentity(
            cookie: cookie, inode: cookie, networkNamespace: kind == .foreign ? 2 : 1,
            family: kind == .unix ? 1 : 2, type: 1, protocolNumber: kind == .unix ? 0 : 6)
    }

    private func target(
        _ pid: Int32, _ session: SessionID, _ shell: Shell, _ facts: Coordinator.Facts
    ) -> TargetFact {
        guard pid > 0 else { return .invalid }
        guard let id = living[pid] else { return .missing }
        if mutant == .othersAreMissing, processes[id]?.isReadable != true { return .missing }
        if let known = number(of: id, shell) { return .process(known) }
        guard shell.coordinator.mayObserve(for: session, at: now) else { return .untracked }
        if let process = processes[id], let source = facts.actor,
            let denied = shell.coordinator.reading({
                $0.denial(to: identity(of: process), from: source, of: facts.socket)
            })
        {
            return denied
        }
        return observe(id, shell).map { .process($0) } ?? .untracked
    }

    // MARK: - Identity

    /// What a process is told apart by: unlike its pid, never used again.
    func instance(of process: SimulatedProcess) -> UInt64 {
        mutant == .bindByNumber ? UInt64(process.pid) : 1_000_000 + UInt64(process.id)
    }

    func number(of id: Int, _ shell: Shell) -> ProcessNumber? {
        guard let process = processes[id] else { return nil }
        let instance = instance(of: process)
        return shell.coordinator.reading { $0.processNumber(instance: instance) }
    }

    /// The number of a process, which is written down while it lives.
    private func observe(_ id: Int, _ shell: Shell) -> ProcessNumber? {
        if let known = number(of: id, shell) { return known }
        guard let process = processes[id], process.isAlive else { return nil }
        shell.coordinator.perform(.observeProcess(identity(of: process)), at: now)
        return number(of: id, shell)
    }

    /// Who is new has nothing to end while nothing can be written, but may revoke as administrator.
    private func actor(_ id: Int, _ shell: Shell) -> ProcessNumber? {
        guard shell.isStoreFull, processes[id]?.isAdministrator != true else {
            return observe(id, shell)
        }
        return number(of: id, shell)
    }

    private func identity(of process: SimulatedProcess) -> ProcessIdentity {
        ProcessIdentity(
            pid: process.pid, instance: instance(of: process), start: UInt64(process.id),
            uid: process.user, gid: process.user, effectiveUID: process.user)
    }

    // MARK: - The commit

    private func commit(_ end: Action.RoundEnd, _ shell: Shell) {
        switch end {
        case .crashBeforeCommit, .unknown(isPresent: false):
            if mutant == .sendBeforeCommit { run(shell.coordinator.effects, limit: .max, shell) }
            return crash(shell)
        case .unknown(isPresent: true):
            write(shell)
            return crash(shell)
        case .full where !shell.coordinator.events.isEmpty: return discard(shell)
        case .whole, .later, .full, .crashAfter: break
        }
        var limit = Int.max
        if case .crashAfter(let effects) = end { limit = effects }
        let effects = shell.coordinator.effects
        if mutant == .sendBeforeCommit { run(effects, limit: limit, shell) }
        write(shell)
        _ = shell.coordinator.takeBatch()
        shell.decided.removeAll(keepingCapacity: true)
        shell.ended.removeAll(keepingCapacity: true)
        shell.factsInBatch.removeAll(keepingCapacity: true)
        takeBack(shell)
        if disk.eventsSinceSnapshot >= Bounds.eventsPerSnapshot, shell.coordinator.events.isEmpty {
            disk.keep(shell.coordinator.reading { $0.snapshot() })
        }
        if mutant != .sendBeforeCommit { run(effects, limit: limit, shell) }
        noteDecisions(shell)
        if limit != .max { return crash(shell) }
        if rounds % Bounds.roundsPerReplay == 0 { auditReplay() }
    }

    func write(_ shell: Shell) {
        let events = shell.coordinator.events
        guard !events.isEmpty else { return }
        disk.append(events)
        auditor.processes = processes
        auditor.committed(events.map(\.event), decided: shell.decided)
        auditor.processes = [:]
    }

    /// Nothing could be written: those who wait are told so, and the state is read back.
    private func discard(_ shell: Shell) {
        shell.isStoreFull = true
        discarded += 1
        shell.decided.removeAll(keepingCapacity: true)
        let restored = disk.restore(fromSnapshot: true)
        for handoff in shell.escrow.keys.sorted() where restored.handoffs[handoff] == nil {
            shell.escrow[handoff] = nil
        }
        // An exit that was not written is told again.
        shell.exits += shell.ended
        shell.ended.removeAll(keepingCapacity: true)
        shell.facts += shell.factsInBatch
        shell.factsInBatch.removeAll(keepingCapacity: true)
        let discarded = shell.coordinator.events.map(\.event)
        let effects = shell.coordinator.discardBatch(restored: restored)
        takeBackEnds(discarded, shell)
        run(effects, limit: .max, shell)
        noteDecisions(shell)
    }

    /// What a mutant undoes after each commit.
    private func takeBack(_ shell: Shell) {
        guard mutant == .noSingleUse || mutant == .repeatExecutesTwice else { return }
        var registry = shell.coordinator.registry
        if mutant == .repeatExecutesTwice { registry.forgetAnswers() }
        for number in shell.issued.keys.sorted()
        where registry.endings[number]?.how == .delivered {
            if let issued = shell.issued[number] { registry.reopen(issued.handoff) }
        }
        _ = shell.coordinator.discardBatch(restored: registry)
    }

    // MARK: - Effects

    private func run(_ effects: [Effect], limit: Int, _ shell: Shell) {
        for effect in effects.prefix(limit) {
            switch effect {
            case .answer(let id, let answer), .push(let id, let answer):
                _ = send(answer, to: id, shell)
            case .record(let id, let record):
                let content = Answer.Content.record(
                    handoff: record.handoff.number, isRepeated: record.isRepeated, bytes: [])
                _ = send(
                    Answer(
                        counter: record.counter, acknowledged: record.acknowledged,
                        content: content),
                    to: id, shell)
            case .grant(let id, let answer, let handoff): grant(answer, handoff, to: id, shell)
            case .report: break
            case .dropEscrow(let handoff):
                shell.escrow[handoff] = nil
            case .disconnect(let id):
                if let index = connection(of: id, shell) { connections[index].isServed = false }
            }
        }
    }

    private func connection(of id: SessionID, _ shell: Shell) -> Int? {
        guard let index = shell.places[id.index], connections[index].session == id,
            connections[index].isServed, !connections[index].holders.isEmpty
        else { return nil }
        return index
    }

    /// A client that does not read is dropped, as in the daemon.
    private func send(
        _ answer: Answer, with socket: Int? = nil, to id: SessionID, _ shell: Shell
    ) -> Bool {
        guard let index = connection(of: id, shell) else { return false }
        guard connections[index].answers.count < Bounds.queue else {
            connections[index].isServed = false
            dropped += 1
            return false
        }
        connections[index].answers.append(Delivery(answer: answer, socket: socket))
        if socket != nil { carrying.insert(index) }
        let peer = connections[index].process
        auditor.sent(
            answer, cookie: socket.map { Self.cookie(of: $0) }, to: peer,
            nonce: connections[index].nonce)
        return true
    }

    private func grant(
        _ answer: Answer, _ handoff: HandoffNumber, to id: SessionID, _ shell: Shell
    ) {
        guard case .grant(_, let attempt, _) = answer.content else { return }
        if let socket = held(handoff, shell), send(answer, with: socket, to: id, shell) {
            if mutant == .dropEscrowAtReserve { shell.escrow[handoff] = nil }
            return
        }
        shell.coordinator.perform(
            .deliveryFailed(handoff: handoff, actor: nil, attempt: attempt, reason: .unsent),
            at: now)
    }

    /// Forgets the connections that ended, after their messages were decided.
    private func forgetClosed() {
        guard let shell else { return }
        for place in shell.places.keys.sorted() {
            guard let index = shell.places[place] else { continue }
            if !connections[index].holders.isEmpty, connections[index].isServed { continue }
            connections[index].isServed = false
            shell.places[place] = nil
            shell.coordinator.disconnect(connections[index].session)
        }
    }
}
