package import Registry
package import Wire

extension Coordinator {
    /// A new connection. Nothing is written for it: that begins with its first request.
    package mutating func connect(_ id: SessionID, uid: UInt32) -> Bool {
        guard let user = admission.connect(uid: uid) else { return false }
        precondition(sessions[id.index] == nil, "one session in each place")
        sessionsSoFar += 1
        sessions[id.index] = Session(id: id, number: sessionsSoFar, uid: uid, user: user)
        return true
    }

    /// When there is no connection left for this user: the one that is to end for it. Who has most
    /// of them gives the oldest that has not said its startup, or else its newest.
    package func connectionToGiveUp(for uid: UInt32) -> SessionID? {
        guard let giver = admission.giver(to: uid) else { return nil }
        var silent: Session?
        var newest: Session?
        for session in sessions.values where session.uid == giver {
            if session.role == nil, session.number < silent?.number ?? .max { silent = session }
            if session.number > newest?.number ?? 0 { newest = session }
        }
        return (silent ?? newest)?.id
    }

    package mutating func disconnect(_ id: SessionID) {
        guard let session = session(id) else { return }
        sessions[id.index] = nil
        admission.disconnect(user: session.user)
    }

    package var sessionCount: Int { sessions.count }

    /// The session with this id; nil once it has ended, though another has its place.
    func session(_ id: SessionID) -> Session? {
        sessions[id.index].flatMap { $0.id == id ? $0 : nil }
    }

    package func isQuery(_ id: SessionID) -> Bool { session(id)?.role == .query }

    /// Whether the session was greeted as one that may ask this.
    package func accepts(_ request: Request, from id: SessionID) -> Bool {
        guard let session = session(id) else { return false }
        return session.role != nil && (request.role == nil || session.role == request.role)
    }

    /// Counts a request, before anything is found out for it. False when its user, or all of them,
    /// have asked for too much in this second. What gives something back is never too fast, or
    /// whoever has reached a limit could not go below it again.
    package mutating func admits(
        _ request: Request, from id: SessionID, at now: Instant
    ) -> Bool {
        guard !request.givesBack else { return true }
        guard let session = session(id) else { return true }
        return admission.request(user: session.user, at: now.bootMicroseconds)
    }

    /// Whether what this session names may be written into the log before its request is decided.
    /// Not once its user's refusals are only counted: else they would fill the log by what they
    /// name. Nor while the store is full: a process can become something else as often as it likes.
    package func mayObserve(for id: SessionID, at now: Instant) -> Bool {
        guard !isStoreFull, let session = session(id) else { return false }
        return !admission.isExhausted(uid: session.uid, at: now.bootMicroseconds)
    }

    /// Who sent a message, as the kernel says.
    package enum Sender: Sendable, Equatable {
        case genuine
        /// Not the process that made the connection: a forked child, for instance.
        case foreign(pid: Int32, uid: UInt32)
        /// The process that made the connection ended before it was known to have sent this.
        case dead
    }

    /// What the shell found out for a request before it is decided.
    package struct Facts: Sendable {
        /// Nil when the limit on processes leaves no room to watch it.
        package var actor: ProcessNumber?
        package var sender: Sender
        package var socket: SocketFact = .notASocket
        package var target: TargetFact = .missing
        package var isGenuine = false
        package var isHeld = false
        /// The catalog entry of the handoff that a record names, while that is open.
        package var catalog: UInt32?
        /// The receipt that was asked for; nil when the handoff is none of the actor's.
        package var receipt: String?

        package init(actor: ProcessNumber?, sender: Sender) {
            self.actor = actor
            self.sender = sender
        }
    }

    /// A frame that cannot be read, or came with the wrong number of descriptors.
    package mutating func receiveMalformed(
        _ what: RequestKind, counter: UInt64, reason: Refusal, from id: SessionID, _ facts: Facts,
        at now: Instant
    ) {
        guard let session = session(id) else { return }
        switch what {
        case .confirm, .decline, .close: acknowledge(session)
        default: break
        }
        refuse(what, reason, counter: counter, session, facts, at: now)
    }

    /// One request. Returns the reply, so that the shell knows what to keep in escrow.
    @discardableResult
    package mutating func receive(
        _ request: Request, from id: SessionID, _ facts: Facts, at now: Instant
    ) -> Reply {
        guard let session = session(id) else { return .none }
        let counter = request.counter
        if case .status = request {
            add(.report(id, counter: counter, acknowledged: session.acknowledged))
            return .none
        }
        if case .startup(let startup) = request {
            receive(startup, session, facts, at: now)
            return .none
        }
        if case .receipt(_, let handoff) = request {
            receive(receiptOf: handoff, counter: counter, session, facts, at: now)
            return .none
        }
        if counter == 0 { acknowledge(session) }
        guard let reason = precheck(request, session, facts) else {
            guard let actor = facts.actor else { return .none }
            let before = (events.count, effects.count)
            let reply = decide(request, session, actor: actor, facts, at: now)
            // What gives something back is never too fast, but this gave nothing back.
            if request.givesBack, (events.count, effects.count) == before,
                !admission.request(user: session.user, at: now.bootMicroseconds)
            {
                refuse(request.kind, .tooFast, counter: counter, session, facts, at: now)
                return .none
            }
            answer(reply, counter: counter, id)
            return reply
        }
        refuse(request.kind, reason, counter: counter, session, facts, at: now)
        return .none
    }

    /// Counts a frame without an answer; the count is told only once the batch is durable.
    private mutating func acknowledge(_ session: Session) {
        sessions[session.id.index]?.acknowledged += 1
        guard session.unsettledBatch != batchNumber else { return }
        sessions[session.id.index]?.unsettledBatch = batchNumber
        unsettled.append(session.id)
    }

    /// A refusal without an event, for the one case in which none can be written.
    package mutating func refuseUnwritten(_ request: Request, from id: SessionID) {
        answer(.refused(.storeFull, nil), counter: request.counter, id)
    }

    /// What has to hold before a request is looked at.
    func precheck(_ request: Request, _ session: Session, _ facts: Facts) -> Refusal? {
        switch facts.sender {
        case .genuine: break
        case .foreign: return .foreignSender
        case .dead:
            // What a process said before it died still tells what happened to its descriptors.
            switch request {
            case .confirm, .close: break
            default: return .deadSender
            }
        }
        guard accepts(request, from: session.id) else { return .notStarted }
        guard facts.actor == nil else { return nil }
        return facts.sender == .dead ? .deadSender : .tooManyProcesses
    }

    private mutating func receive(
        _ startup: Request.Startup, _ session: Session, _ facts: Facts, at now: Instant
    ) {
        let reason: Refusal? =
            switch facts.sender {
            case .foreign: .foreignSender
            case .dead: .deadSender
            case .genuine:
                if let role = session.role,
                    role != startup.role || session.nonce != startup.nonce
                {
                    // What a connection is does not change. The same startup may come again: by
                    // its answer a client learns what of it has been acknowledged.
                    .malformedRequest
                } else if !startup.versions.contains(Frame.version) {
                    .unsupportedVersion
                } else if startup.role != .query, facts.actor == nil {
                    .tooManyProcesses
                } else {
                    nil
                }
            }
        if let reason {
            refuse(.startup, reason, counter: startup.counter, session, facts, at: now)
            return
        }
        sessions[session.id.index]?.role = startup.role
        sessions[session.id.index]?.nonce = startup.nonce
        answer(
            .welcome(epoch: registry.epoch, pid: coordinatorPID, version: Frame.version),
            counter: startup.counter, session)
    }

    private mutating func decide(
        _ request: Request, _ session: Session, actor: ProcessNumber, _ facts: Facts,
        at now: Instant
    ) -> Reply {
        let command = Command(request, nonce: session.nonce, actor: actor, facts)
        let reply = performRefusable(command, session, at: now)
        if case .resume(let resume) = command, reply == .resumed,
            let socket = registry.socketNumber(cookie: resume.cookie)
        {
            notifiers[socket] = session.id
        }
        return reply
    }

    /// Performs a command whose refusal is charged to the session's user.
    private mutating func performRefusable(
        _ command: Command, _ session: Session, at now: Instant
    ) -> Reply {
        let decision = registry.decide(command, at: now)
        if case .refused(let reason, _) = decision.reply, !decision.contents.isEmpty {
            guard
                admission.mayRecordRefusal(
                    uid: session.uid, reason: reason, at: now.bootMicroseconds)
            else {
                // The end of an open handoff is worth its record: it makes room in the end.
                if admission.isStoreFull {
                    guard decision.contents.count > 1 else { return .refused(.storeFull, nil) }
                    return commit(decision, at: now, for: session.id)
                }
                add(.disconnect(session.id))
                return .none
            }
        }
        return commit(decision, at: now, for: session.id)
    }

    mutating func refuse(
        _ what: RequestKind, _ reason: Refusal, counter: UInt64, _ session: Session,
        _ facts: Facts, at now: Instant
    ) {
        var refused = Event.RefusedRequest(actor: facts.actor, what: what, reason: reason)
        if case .foreign(let pid, let uid) = facts.sender {
            refused.actor = nil
            refused.pid = pid
            refused.uid = uid
        } else if facts.actor == nil {
            refused.uid = session.uid
        }
        if counter != 0, session.nonce != 0 {
            refused.request = RequestID(nonce: session.nonce, counter: counter, watermark: 0)
        }
        let reply = performRefusable(.refuse(refused), session, at: now)
        answer(reply, counter: counter, session.id)
    }

    /// Puts an answer into the batch's effects.
    mutating func answer(_ content: Answer.Content, counter: UInt64, _ session: Session) {
        let answer = Answer(
            counter: counter, acknowledged: session.acknowledged, content: content)
        add(.answer(session.id, answer))
    }

    /// Puts the reply into the batch's effects; frames with counter 0 get none.
    private mutating func answer(_ reply: Reply, counter: UInt64, _ id: SessionID) {
        guard counter != 0, let session = sessions[id.index] else { return }
        switch reply {
        case .none: break
        case .issued(let number, let isRepeated):
            guard let handoff = registry.handoffs[number] else {
                // Asked again after its end: the record would be worthless.
                let reason = registry.endings[number]?.how.refusal ?? .ended
                return answer(.refusal(reason, number), counter: counter, session)
            }
            let socket = registry.sockets[handoff.socket]
            add(
                .record(
                    id,
                    RecordAnswer(
                        counter: counter, acknowledged: session.acknowledged, handoff: handoff,
                        protocolNumber: socket?.identity.protocolNumber ?? 0,
                        isRepeated: isRepeated)))
        case .granted(let handoff, let attempt, let notes):
            let grant = Answer(
                counter: counter, acknowledged: session.acknowledged,
                content: .grant(handoff: handoff, attempt: attempt, notes: notes))
            add(.grant(id, grant, handoff))
        case .revoked, .marked, .deselected, .resumed: answer(.done, counter: counter, session)
        case .selected(let registration):
            answer(.selected(registration), counter: counter, session)
        case .registrationLost(let cookie):
            answer(.notificationCancelled(cookie: cookie), counter: counter, session)
        case .refused(let reason, let handoff):
            answer(.refusal(reason, handoff), counter: counter, session)
        }
    }
}

extension Answer.Content {
    static func refusal(_ reason: Refusal, _ handoff: HandoffNumber?) -> Answer.Content {
        .refusal(reason: reason, code: reason.code, handoff: handoff)
    }
}

extension Request {
    /// Whether it gives something back, so that whoever has reached a limit gets below it again.
    fileprivate var givesBack: Bool {
        switch self {
        case .confirm, .decline, .close, .revoke: true
        case .startup, .duplicate, .redeem, .mark, .select, .resume, .status, .reconcile,
            .receipt:
            false
        }
    }
}

extension Command {
    /// The command for a request of a started session, with the facts that go into it.
    fileprivate init(
        _ request: Request, nonce: UInt64, actor: ProcessNumber, _ facts: Coordinator.Facts
    ) {
        func id(_ counter: UInt64, _ watermark: UInt64) -> RequestID {
            RequestID(nonce: nonce, counter: counter, watermark: watermark)
        }
        switch request {
        case .duplicate(let asked):
            self = .duplicate(
                Duplicate(
                    actor: actor, socket: facts.socket, target: facts.target, pid: asked.pid,
                    form: asked.form, flags: asked.flags, lifetime: asked.lifetime,
                    request: id(asked.counter, asked.watermark)))
        case .redeem(let asked):
            let record: RecordFact =
                switch asked.record {
                case .malformed: .malformed
                case .plain: .plain
                case .ticket(let handoff, _, let catalog, let isAltered):
                    .ticket(
                        handoff: handoff, genuine: facts.isGenuine,
                        altered: isAltered || catalog != facts.catalog ?? catalog)
                }
            self = .redeem(
                Redeem(
                    actor: actor, record: record, isHeld: facts.isHeld, flags: asked.flags,
                    program: asked.program, request: id(asked.counter, asked.watermark)))
        case .confirm(let handoff, _, let cookie):
            self = .confirm(Confirm(actor: actor, handoff: handoff, cookie: cookie))
        case .decline(let handoff, let attempt, let reason):
            self = .deliveryFailed(
                handoff: handoff, actor: actor, attempt: attempt, reason: reason)
        case .close(let cookie, let how):
            self = .close(Close(actor: actor, cookie: cookie, how: how))
        case .revoke(let counter, let watermark, let handoff, let text):
            self = .revoke(
                Revoke(
                    actor: actor, handoff: handoff, text: text.isEmpty ? nil : text,
                    request: id(counter, watermark)))
        case .mark(let counter, let watermark, let quality):
            self = .mark(
                Mark(
                    actor: actor, socket: facts.socket, quality: quality,
                    request: id(counter, watermark)))
        case .select(let counter, let watermark, let mask):
            self = .select(
                Select(
                    actor: actor, socket: facts.socket, mask: mask,
                    request: id(counter, watermark)))
        case .resume(_, let cookie, let registration):
            self = .resume(Resume(actor: actor, cookie: cookie, registration: registration))
        case .startup, .status, .reconcile, .receipt:
            preconditionFailure("a session or the shell answers these itself")
        }
    }
}
