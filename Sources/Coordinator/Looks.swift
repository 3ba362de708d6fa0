package import Registry

/// Looks at all that is tracked: why the next one is due, who waits for it, and what the last one
/// found and is not yet written.
package struct Looks: Sendable {
    /// Why all that is tracked is looked at.
    package enum Reason: String, Sendable {
        /// A coordinator has started, and sockets can have ended before.
        case start
        /// There was no room for what the kernel said.
        case overflow
        case request
    }

    /// How long after one look of its own the coordinator takes the next.
    private let pauseMicroseconds: Int64
    /// Why the next look is due, where one is.
    private var wanted: Reason?
    /// Of the present one.
    private var reason = Reason.start
    /// When the coordinator looks by itself again at the earliest.
    private var nextOwn: Int64 = 0
    private var isLooking = false
    /// What the present look knew was taken back: it has to begin again.
    private var isOutdated = false
    private var requests = LookRequests()
    /// What was found and is not yet written, and the event that says so.
    private var findings: Findings?
    private var cause: UInt64?
    /// How many looks there were.
    package private(set) var count: UInt64 = 0

    package init(pauseMicroseconds: Int64 = 1_000_000) {
        self.pauseMicroseconds = pauseMicroseconds
    }

    // MARK: - Why

    /// Something may have been missed. What is wanted already stays so.
    package mutating func want(_ reason: Reason) { wanted = wanted ?? reason }

    package func hasRoom(for session: SessionID) -> Bool { requests.hasRoom(for: session) }

    package mutating func ask(_ counter: UInt64, from session: SessionID) {
        requests.add(counter, from: session)
        wanted = .request
    }

    /// When there is something to do here again.
    package var next: Int64? {
        if findings != nil { return 0 }
        guard let wanted, !isLooking else { return nil }
        return wanted == .request ? 0 : nextOwn
    }

    // MARK: - The look

    /// Whether a look is to be taken now; then what it found has to follow.
    package mutating func begin(at now: Int64) -> Bool {
        guard findings == nil, let next, now >= next, let wanted else { return false }
        self.wanted = nil
        reason = wanted
        nextOwn = now + pauseMicroseconds
        requests.begin()
        isLooking = true
        return true
    }

    /// A look that found all as it should be is written only for those who asked for it, or when
    /// something may have been missed, and there is room: words can be made to overflow for ever.
    package mutating func take(
        _ found: Findings, to coordinator: inout Coordinator, at time: Instant
    ) {
        isLooking = false
        guard !isOutdated else {
            isOutdated = false
            return beginAgain()
        }
        count += 1
        let isFull = coordinator.isStoreFull
        let isMute = found.closings.isEmpty && (found.failure == nil || isFull)
        if isMute, reason == .start || isFull && !requests.isAnswering { return }
        cause = coordinator.registry.nextSequence
        coordinator.perform(
            .reconcile(found: "reason=\(reason.rawValue) \(found.text)"), at: time)
        findings = found
    }

    /// Writes what was found of so many sockets, and in the end the answer to those who asked.
    package mutating func write(
        _ limit: Int, to coordinator: inout Coordinator, _ ends: inout PendingEnds,
        at time: Instant
    ) {
        guard var findings, let cause else { return }
        for var closings in findings.closings.prefix(limit) {
            closings.cause = cause
            let socket = coordinator.registry.sockets[closings.socket]
            // Who has got a descriptor since is no longer one of those that were looked at.
            let isAsBefore =
                socket?.descriptors == closings.closed.reduce(0) { $0 + $1.handoffs.count }
            if closings.released != nil, !isAsBefore { continue }
            if let how = closings.released, let socket, socket.openHandoffs > 0 {
                // Its escrow was lost with an earlier coordinator: it waits for the handoff's end.
                ends.note(socket.number, due: time.bootMicroseconds, isCertain: how == .kernel)
                continue
            }
            coordinator.perform(.closings(closings), at: time)
        }
        findings.closings.removeFirst(min(limit, findings.closings.count))
        self.findings = findings
        guard findings.closings.isEmpty else { return }
        self.findings = nil
        let text = findings.text.split(separator: " ").joined(separator: "\n")
        for request in requests.finish() {
            coordinator.answerReconcile(
                request.counter, to: request.session, "event=\(cause)\n\(text)")
        }
    }

    // MARK: - What was not written

    /// After a batch that could not be written: no look repeats what it found, and the numbers
    /// that sockets had in the batch become those of others.
    package mutating func takeBack(_ discarded: [Event]) {
        if isLooking { isOutdated = true }
        let isOfLook = discarded.contains {
            cause == $0.sequence || $0.cause != nil && cause == $0.cause
        }
        if isOfLook || findings != nil { beginAgain() }
    }

    private mutating func beginAgain() {
        findings = nil
        cause = nil
        requests.beginAgain()
        wanted = requests.isAsked ? .request : wanted ?? reason
    }
}
