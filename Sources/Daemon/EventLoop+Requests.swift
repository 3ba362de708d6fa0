import Coordinator
import Journal
import Logging
import Registry
import Transport
import Wire

extension EventLoop {
    /// Decides all that was received.
    func decideInbound() {
        for message in inbound { decide(message) }
        inbound.removeAll(keepingCapacity: true)
        executablesOfRound.removeAll(keepingCapacity: true)
        inboundRound += 1
    }

    /// Finds out what a message's decision needs to know, and decides it.
    func decide(_ message: Inbound) {
        let client = message.connection
        var isKept = false
        // What came with it goes, unless it is put into escrow.
        defer {
            if !isKept, let first = message.first { released.append(first) }
            if let second = message.second { released.append(second) }
        }
        var facts = Coordinator.Facts(actor: nil, sender: sender(of: message))
        guard let request = readRequest(message, facts) else { return }
        func refuse(_ reason: Refusal) {
            coordinator.receiveMalformed(
                request.kind, counter: request.counter, reason: reason, from: client.id, facts,
                at: now())
        }
        let isAdmitted = coordinator.admits(request, from: client.id, at: now())
        if request.leavesNoEvent, isAdmitted, !message.hasDescriptors {
            coordinator.receive(request, from: client.id, facts, at: now())
            if case .startup = request, coordinator.isQuery(client.id) {
                refuseDescriptors(of: client)
            }
            return
        }
        lacksDescriptors = false
        facts.actor = actor(of: client, message.credentials)
        guard isAdmitted else { return refuse(.tooFast) }
        guard hasExpectedDescriptors(message, request) else {
            return refuse(.unexpectedDescriptors)
        }
        if facts.actor == nil, facts.sender == .genuine, lacksDescriptors {
            return refuse(.descriptorLimit)
        }
        if let reason = refusal(of: request, from: client) { return refuse(reason) }
        // Where the rules look at it in any case, that tells its user too.
        if request.needsRights, !policyNeeds.includeSender(of: request), facts.sender == .genuine,
            !knowsUser(of: client, message.credentials)
        {
            // What it has become cannot be written, and nothing is decided by what it was.
            if lacksDescriptors { return refuse(.descriptorLimit) }
            if isStoreFull { return coordinator.refuseUnwritten(request, from: client.id) }
            facts.sender = .dead
        }
        if isStoreFull, isNewBusiness(request) {
            return coordinator.refuseUnwritten(request, from: client.id)
        }
        if case .reconcile(let counter) = request {
            guard ends.looks.hasRoom(for: client.id) else { return refuse(.tooFast) }
            return askForLook(counter, client, facts)
        }
        // Looking at a socket is written down, so it is done only for those who may ask.
        if facts.sender == .genuine, coordinator.accepts(request, from: client.id) {
            switch lookAgain(at: client, for: request) {
            case .known: findFacts(for: request, message, into: &facts)
            case .gone: facts.sender = .dead
            case .unknown:
                if lacksDescriptors { return refuse(.descriptorLimit) }
                if isStoreFull { return coordinator.refuseUnwritten(request, from: client.id) }
                return refuse(.tooFast)
            }
        }
        let reply = coordinator.receive(request, from: client.id, facts, at: now())
        noteGrants(request, reply, of: client)
        if case .issued(let handoff, isRepeated: false) = reply, let socket = message.first {
            hold(socket, for: handoff)
            isKept = true
        }
    }

    /// The request; nil where there is none in the message, which is refused then.
    private func readRequest(_ message: Inbound, _ facts: Coordinator.Facts) -> Request? {
        switch message.content {
        case .success(let request): return request
        case .failure(let error):
            let client = message.connection
            var facts = facts
            facts.actor = actor(of: client, message.credentials)
            var reason = Refusal.malformedRequest
            if case .unsupportedVersion = error { reason = .unsupportedVersion }
            coordinator.receiveMalformed(
                .unknown, counter: message.counter, reason: reason, from: client.id, facts,
                at: now())
            return nil
        }
    }

    private func askForLook(
        _ counter: UInt64, _ client: ClientConnection, _ facts: Coordinator.Facts
    ) {
        let isAdministrator = isAdministrator(facts.actor)
        if coordinator.mayReconcile(
            counter, from: client.id, isAdministrator: isAdministrator, facts, at: now())
        {
            ends.looks.ask(counter, from: client.id)
        }
    }

    /// Whether it is refused while there is too little space: what ends something must still fit.
    private func isNewBusiness(_ request: Request) -> Bool {
        switch request {
        case .duplicate, .mark: return true
        // It is written though nothing is found, and the coordinator looks by itself.
        case .reconcile: return true
        case .select(_, _, let mask): return mask != 0
        case .redeem(let redeem):
            guard case .ticket(let handoff, _, _, _) = redeem.record else { return false }
            let attempt = coordinator.reading { $0.handoffs[handoff]?.attempt }
            return attempt.map { $0 >= Bounds.attemptsWithoutSpace } ?? false
        default: return false
        }
    }

    private func sender(of message: Inbound) -> Coordinator.Sender {
        let client = message.connection
        guard let credentials = message.credentials else {
            return .foreign(pid: 0, uid: client.peer.uid)
        }
        // A process of another PID namespace is number 0 here, like every other one of them.
        guard credentials.pid == client.peer.pid, credentials.pid != 0 else {
            return .foreign(pid: credentials.pid, uid: credentials.uid)
        }
        // The number was this process's when the message was sent, if the process was alive after
        // the message had been received.
        return client.process.exitNoticed == nil ? .genuine : .dead
    }

    /// The number of the client's process, which is written into the log when it is not there yet
    /// or has changed.
    private func actor(of client: ClientConnection, _ credentials: Peer?) -> ProcessNumber? {
        let process = client.process
        if let known = number(of: process),
            client.observedUID == credentials?.uid
        {
            return known
        }
        // Who is new has nothing here to end: its own record is not worth the space. Root and the
        // coordinator's own user may still revoke, from a process that has just begun.
        if isStoreFull {
            let known = knownActor(process, uid: credentials?.uid)
            let isAdministrators =
                credentials?.uid == 0 || credentials?.uid == HostFacts.effectiveUID()
            guard known == nil, isAdministrators else { return known }
        }
        seeAgain(process)
        client.observedUID = credentials?.uid
        return number(of: process)
    }

    /// The number of a process, if it is as the log has it.
    private func knownActor(_ process: WatchedProcess, uid: UInt32?) -> ProcessNumber? {
        coordinator.reading { registry in
            let known = registry.process(instance: process.instance)
            return known?.identity.uid == uid ? known?.number : nil
        }
    }

    /// The number of a process in the log; nil when it is not there, or has exited.
    func number(of process: WatchedProcess) -> ProcessNumber? {
        coordinator.reading { $0.processNumber(instance: process.instance) }
    }

    /// Writes what the kernel says of a process into the log, unless it is there already. Whether
    /// it said anything.
    @discardableResult
    func observe(_ process: WatchedProcess) -> Bool {
        guard let identity = look(at: process) else { return false }
        coordinator.perform(.observeProcess(identity), at: now())
        return true
    }

    /// What the kernel says of a process now; nil when it says nothing.
    func look(at process: WatchedProcess) -> ProcessIdentity? {
        do throws(Errno) {
            let facts = try process.handle.facts(features: features)
            var identity = ProcessIdentity(facts, grade: features.grade)
            if policyNeeds.executables { identity.executable = facts.provedExecutable }
            return identity
        } catch .noSuchProcess, .remote {
            // It has ended, or is outside of our PID namespace: then there is nothing to tell, and
            // its requests are refused.
            return nil
        } catch {
            noteUnseen(process, error)
            return nil
        }
    }

    private func hasExpectedDescriptors(_ message: Inbound, _ request: Request) -> Bool {
        if message.isControlTruncated { return request.descriptorCount > 0 }
        // A duplicate call without a socket is one for something that is none.
        if message.descriptorCount == 0 { return true }
        return message.descriptorCount == request.descriptorCount
    }

    private func refuseDescriptors(of client: ClientConnection) {
        if features.passRights { _ = client.connection.refuseDescriptors() }
    }

    // MARK: - Facts

    private func findFacts(
        for request: Request, _ message: Inbound, into facts: inout Coordinator.Facts
    ) {
        switch request {
        case .duplicate(let duplicate):
            let client = message.connection
            facts.socket = withoutQueuedDescriptors(
                message.first, socketFact(message, actor: facts.actor))
            if message.isControlTruncated {
                facts.target = .invalid
            } else if duplicate.hasPidfd {
                facts.target =
                    message.second.map { target(pidfd: $0, for: client, facts.socket) }
                    ?? .invalid
            } else {
                facts.target = target(pid: duplicate.pid, for: client, facts.socket)
            }
        case .mark, .select: facts.socket = socketFact(message, actor: facts.actor)
        case .receipt(_, let handoff): facts.receipt = receipt(of: handoff, for: facts.actor)
        case .redeem(let redeem):
            guard case .ticket(let handoff, let secret, _, _) = redeem.record else { return }
            facts.catalog = coordinator.reading { $0.handoffs[handoff]?.catalog }
            let held = escrow[handoff]
            facts.isHeld = held != nil
            facts.isGenuine = TicketKey.areEqual(secret, held?.secret ?? key.secret(of: handoff))
        default: break
        }
    }

    private func socketFact(_ message: Inbound, actor: ProcessNumber?) -> SocketFact {
        if message.isControlTruncated { return .lost }
        guard let socket = message.first, let cookie = message.cookie else { return .notASocket }
        if case .occupied = message.names { return .occupied }
        do throws(Errno) {
            if isStoreFull {
                // One of which the log has nothing has nothing to end.
                let known = coordinator.reading { $0.socketNumber(cookie: cookie) }
                return known.map { .socket($0) } ?? .untracked
            }
            if !configuration.isStrict,
                let known = coordinator.reading({ $0.socket(cookie: cookie) }),
                isUnchanged(known.identity, socket, message.knownNames)
            {
                return .socket(known.number)
            }
            let facts = try Sockets.facts(
                of: socket.descriptor, named: message.knownNames, quality: configuration.isStrict)
            if isCoordinatorsOwn(facts) { return .coordinatorsOwn }
            guard coordinator.mayObserve(for: message.connection.id, at: now()) else {
                return .untracked
            }
            coordinator.perform(.observeSocket(SocketIdentity(facts)), at: now())
            guard let known = coordinator.reading({ $0.socketNumber(cookie: cookie) }) else {
                return .untracked
            }
            if let actor, let quality = QualityOfService(facts) {
                coordinator.perform(
                    .observeQuality(socket: known, actor: actor, quality: quality.text), at: now())
            }
            return .socket(known)
        } catch {
            return .notASocket
        }
    }

    /// Whether a socket is as the log has it, in what is different at different times.
    private func isUnchanged(
        _ known: SocketIdentity, _ socket: SharedDescriptor, _ names: SocketNames?
    ) -> Bool {
        let names = names ?? Sockets.names(of: socket.descriptor, quality: false)
        guard known.local == names.local, known.remote == names.remote else { return false }
        return !policyNeeds.listening
            || Sockets.isListening(socket.descriptor) == known.isListening
    }

    private func isCoordinatorsOwn(_ facts: SocketFacts) -> Bool {
        // Whoever made the listener may have named it otherwise than we are told to.
        guard let ownName else { return false }
        return facts.local == ownName || facts.remote == ownName
    }

    private func target(
        pid: Int64, for client: ClientConnection, _ socket: SocketFact
    ) -> TargetFact {
        guard pid > 0, var number = Int32(exactly: pid) else { return .invalid }
        if !client.process.sharesOurNumbers {
            // The number is that of another process here.
            do throws(Errno) {
                number = try client.process.handle.translate(number)
            } catch .noSuchProcess {
                return .missing
            } catch {
                return .foreign
            }
        }
        if let process = processes.living(pid: number) {
            return target(process, for: client, socket)
        }
        do throws(Errno) {
            return target(handle: try ProcessHandle(pid: number), for: client, socket)
        } catch {
            return .missing
        }
    }

    private func target(
        pidfd: SharedDescriptor, for client: ClientConnection, _ socket: SocketFact
    ) -> TargetFact {
        do throws(Errno) {
            return target(
                handle: try ProcessHandle(adopting: try pidfd.descriptor.duplicate()), for: client,
                socket)
        } catch {
            return .invalid
        }
    }

    private func target(
        handle: consuming ProcessHandle, for client: ClientConnection, _ socket: SocketFact
    ) -> TargetFact {
        guard !handle.hasExited() else { return .exited }
        do throws(Errno) {
            return target(try processes.watch(handle, features: features), for: client, socket)
        } catch {
            return .missing
        }
    }

    private func target(
        _ process: WatchedProcess, for client: ClientConnection, _ socket: SocketFact
    ) -> TargetFact {
        guard IdentityGrade(features.grade).rank >= configuration.minimumGrade.rank else {
            return .unproved
        }
        if let known = number(of: process) {
            guard policyNeeds.identities else {
                if knowsUser(of: process, askedBy: client) { return .process(known) }
                return process.handle.hasExited() ? .exited : .untracked
            }
            switch lookAgain(at: process, for: client.id) {
            case .known: return .process(known)
            case .gone: return .exited
            case .unknown: return .untracked
            }
        }
        defer { forgetIfUnused(process) }
        guard coordinator.mayObserve(for: client.id, at: now()) else { return .untracked }
        guard let identity = look(at: process) else {
            if process.handle.hasExited() { return .exited }
            return process.pid == 0 ? .foreign : .untracked
        }
        if let source = number(of: client.process),
            let denied = coordinator.reading({ $0.denial(to: identity, from: source, of: socket) })
        {
            return denied
        }
        coordinator.perform(.observeProcess(identity), at: now())
        return number(of: process).map { .process($0) } ?? .untracked
    }
}

extension Request {
    /// Whether it is of a query connection, which the log does not know.
    fileprivate var leavesNoEvent: Bool {
        switch self {
        case .status: true
        case .startup(let startup): startup.role == .query
        default: false
        }
    }
}
