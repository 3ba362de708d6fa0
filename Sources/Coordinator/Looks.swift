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
        var found = found
        found.count(in: coordinator.registry)
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
        var left: [Command.Closings] = []
        for var closings in findings.closings.prefix(limit) {
            closings.cause = cause
            if let rest = Self.write(closings, to: &coordinator, &ends, at: time) {
                left.append(rest)
            }
        }
        let count = min(limit, findings.closings.count)
        findings.closings.replaceSubrange(..<count, with: left)
        self.findings = findings
        guard findings.closings.isEmpty else { return }
        self.findings = nil
        let text = findings.text.split(separator: " ").joined(separator: "\n")
        for request in requests.finish() {
            coordinator.answerReconcile(
                request.counter, to: request.session, "event=\(cause)\n\(text)")
        }
    }

    /// Writes a portion of what was found of one socket, and returns what is left of it.
    private static func write(
        _ closings: Command.Closings, to coordinator: inout Coordinator,
        _ ends: inout PendingEnds, at time: Instant
    ) -> Command.Closings? {
        guard let socket = coordinator.registry.sockets[closings.socket] else { return nil }
        let open = coordinator.registry.unchanged(closings)
        if let how = closings.released, !coordinator.registry.isEnd(closings, of: open) {
            // Its escrow was lost with an earlier coordinator, and it waits for the handoff's end;
            // or somebody has got a descriptor since, who is none of those that were looked at.
            ends.note(socket, at: time.bootMicroseconds, isCertain: how == .kernel)
            return nil
        }
        coordinator.perform(.closings(closings), at: time)
        var rest = closings
        rest.closed = open.compactMap { holder in
            let key = DescriptorKey(process: holder.process, socket: closings.socket)
            return coordinator.registry.descriptors[key].map {
                Command.Holder(process: holder.process, handoffs: $0)
            }
        }
        return rest.closed.isEmpty ? nil : rest
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
