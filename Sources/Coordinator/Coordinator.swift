package import Registry
import Wire

/// Sessions, admission, and one step of orchestration: a request with its facts goes in, events
/// and held-back effects come out. Pure; the shell (`Daemon`) does what it says.
///
/// Noncopyable, because there is one state, and so that no read of it copies it by accident.
package struct Coordinator: ~Copyable, Sendable {
    @usableFromInline package private(set) var registry: Registry
    package var admission: Admission
    /// The events since the last `takeBatch`, applied but not yet durable.
    package private(set) var events: [AppliedEvent] = []
    /// What may be done once `events` are durable.
    package private(set) var effects: [Effect] = []
    /// Told to clients at startup.
    let coordinatorPID: Int32
    var sessions: [Int: Session] = [:]
    /// How many there have been.
    var sessionsSoFar: UInt64 = 0
    var notifiers = Notifiers()
    var doubts = Doubts()
    /// The sessions whose frames without an answer are in the batch, each once, in their order.
    var unsettled: [SessionID] = []
    private(set) var batchNumber: UInt64 = 1
    /// How many events at the beginning of the batch are facts of a discarded one.
    private var retoldCount = 0

    /// - Parameter uid: the user that the coordinator runs as.
    package init(
        registry: Registry, pid: Int32, uid: UInt32 = 0,
        limits: Admission.Limits = Admission.Limits()
    ) {
        self.registry = registry
        coordinatorPID = pid
        admission = Admission(limits: limits, ownUID: uid)
    }

    /// Looks at the state where it is: it is large, and reading it through the property from
    /// another module copies it.
    @inlinable @inline(__always)
    package func reading<R, E: Error>(_ look: (borrowing Registry) throws(E) -> R) throws(E) -> R {
        try look(registry)
    }

    /// Whether there is too little room for anything but what ends something.
    package var isStoreFull: Bool {
        get { admission.isStoreFull }
        set { admission.isStoreFull = newValue }
    }

    // MARK: - The step

    /// Decides a command, applies its events, and puts them into the batch.
    @discardableResult
    package mutating func perform(_ command: Command, at now: Instant) -> Reply {
        commit(registry.decide(command, at: now), at: now)
    }

    /// `asking` is the session whose request this is, which learns the outcome by its answer.
    mutating func commit(
        _ decision: Decision, at now: Instant, for asking: SessionID? = nil
    ) -> Reply {
        let first = registry.nextSequence
        for (index, content) in decision.contents.enumerated() {
            let event = Event(
                sequence: registry.nextSequence, time: now,
                cause: decision.cause ?? (index == 0 ? nil : first), content: content)
            let applied = registry.apply(event)
            events.append(AppliedEvent(event: event, applied: applied))
            switch content {
            case .handoffDelivered(let handoff, _), .handoffExpired(let handoff),
                .handoffVoided(let handoff, _):
                effects.append(.dropEscrow(handoff))
            case .handoffRevoked(let revoked): effects.append(.dropEscrow(revoked.handoff))
            case .configurationChanged: admission.limits = registry.rules.admission
            case .notificationSelected(_, let socket, _): notifiers[socket] = asking
            case .notificationCancelled(_, let socket, _, _):
                pushCancellation(of: socket, unlessTo: asking)
            default: break
            }
        }
        return decision.reply
    }

    /// Tells the session that made the registration, where it is still connected. Another one of
    /// its process asks by a resume.
    private mutating func pushCancellation(of socket: SocketNumber, unlessTo asking: SessionID?) {
        let loser = notifiers[socket]
        notifiers[socket] = nil
        guard let loser, loser != asking, let session = sessions[loser.index],
            session.id == loser, let cookie = registry.sockets[socket]?.identity.cookie
        else { return }
        effects.append(
            .push(
                loser,
                Answer(
                    counter: 0, acknowledged: session.acknowledged,
                    content: .notificationCancelled(cookie: cookie))))
    }

    mutating func add(_ effect: Effect) { effects.append(effect) }

    /// Hands over the batch: the events to make durable, then the effects to run. Once it is
    /// taken it can no longer be discarded.
    package mutating func takeBatch() -> (events: [AppliedEvent], effects: [Effect]) {
        defer {
            events.removeAll(keepingCapacity: true)
            effects.removeAll(keepingCapacity: true)
            unsettled.removeAll(keepingCapacity: true)
            notifiers.settle()
            batchNumber += 1
            retoldCount = 0
        }
        return (events, effects)
    }

    /// Whether the batch has nothing but facts of a discarded one.
    package var isRetold: Bool {
        !events.isEmpty && events.count == retoldCount && effects.isEmpty
    }

    /// Whether somebody waits for what the batch holds back.
    package var isAwaited: Bool { effects.contains { $0.isAwaited } }

    /// The batch could not be written, and nothing of it happened: its requests get an answer that
    /// says so, and the state is the one read back from the log. Sessions that sent frames without
    /// an answer are disconnected: counting on would acknowledge what is lost, and their clients
    /// send again what was not acknowledged once they are back. What nobody would tell again
    /// begins the next batch.
    package mutating func discardBatch(restored: Registry) -> [Effect] {
        let sent = unsettled.filter { sessions[$0.index]?.id == $0 }
        notifiers.revert()
        let (discarded, effects) = takeBatch()
        registry = restored
        admission.limits = restored.rules.admission
        for event in discarded.lazy.map(\.event) {
            guard let fact = Self.factToldOnce(event.content) else { continue }
            // At its own time, before all that is decided from here on.
            perform(fact, at: event.time)
        }
        retoldCount = events.count
        // A confirm was perhaps among what was not written.
        doubts.lookAgain(at: 0, unconfirmed(in: restored))
        return effects.compactMap(Self.discarded) + sent.map { .disconnect($0) }
    }

    /// The input again, where it was a fact that nobody repeats. Requests are repeated by their
    /// clients, exits and what was found out about sockets by the shell.
    private static func factToldOnce(_ content: Event.Content) -> Command? {
        switch content {
        case .clockStepped(let by): .stepClock(by: by)
        case .keeperLost(let found): .loseKeeper(found: found)
        case .storeFull(let found): .storeFull(found: found)
        case .requestsSuppressed(let suppressed): .suppress(suppressed)
        case .requestRefused(let refused) where refused.isOfConnection: .refuse(refused)
        default: nil
        }
    }

    private static func discarded(_ effect: Effect) -> Effect? {
        let (session, counter): (SessionID, UInt64)
        switch effect {
        case .answer(let id, let answer), .grant(let id, let answer, _):
            (session, counter) = (id, answer.counter)
        case .record(let id, let record): (session, counter) = (id, record.counter)
        case .report(let id, let count, _): return .report(id, counter: count, acknowledged: 0)
        case .disconnect: return effect
        case .dropEscrow, .push: return nil
        }
        // Nothing without an answer is acknowledged: those frames must come again.
        return .answer(
            session,
            Answer(
                counter: counter, acknowledged: 0,
                content: .refusal(
                    reason: .storeFull, code: Refusal.storeFull.code, handoff: nil)))
    }

    // MARK: - Time

    /// The next moment, in CLOCK_BOOTTIME microseconds, at which `tick` has something to do.
    package var nextTick: Int64? {
        [
            registry.nextDeadline(except: doubts.asked), doubts.due, admission.nextSuppression,
        ].compactMap(\.self).min()
    }

    /// Ends what is overdue, but for what is being looked for, and writes what was suppressed. At
    /// most `limit` handoffs at once.
    package mutating func tick(at now: Instant, limit: Int = Limits.drainPortion) {
        let examined = doubts.asked.isEmpty ? limit : .max
        let due = registry.due(at: now.bootMicroseconds, limit: examined)
        for handoff in due.filter({ doubts.asked[$0] == nil }).prefix(limit) {
            perform(.expire(handoff: handoff), at: now)
        }
        for suppressed in admission.takeSuppressed(at: now.bootMicroseconds) {
            perform(.suppress(suppressed), at: now)
        }
    }

    /// The last that is written: what was suppressed in a second that is not over, and the stop.
    package mutating func stop(pid: Int32, at now: Instant) {
        for suppressed in admission.takeSuppressed(at: now.bootMicroseconds, isLast: true) {
            perform(.suppress(suppressed), at: now)
        }
        perform(.stop(pid: pid, epoch: registry.epoch), at: now)
    }

    /// Whether exited processes still have handoffs or descriptors to end.
    package var hasExits: Bool { !registry.exiting.isEmpty }

    /// The next portion of what exited processes leave.
    package mutating func drain(at now: Instant) { perform(.drain, at: now) }
}

extension Event.RefusedRequest {
    /// A connection was closed before it said anything: no client has an answer to miss.
    fileprivate var isOfConnection: Bool {
        what == .startup && request == nil && pid != nil
            && (reason == .tooManyConnections || reason == .descriptorLimit)
    }
}
