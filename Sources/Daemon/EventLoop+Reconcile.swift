import Coordinator
import Logging
import Registry
import Transport

extension EventLoop {
    enum ReconcileBounds {
        /// How long after one look of its own the coordinator takes the next.
        static let microseconds: Int64 = 1_000_000
        /// Sockets of which findings are written in one round.
        static let socketsPerRound = 64
    }

    func addReconciler() throws(Errno) {
        try poller.add(ends.mailbox.event, token: reconcileToken, interest: .readable)
        // What ended while no coordinator ran was told to nobody.
        noteUnheard()
        if coordinator.reading({ !$0.sockets.isEmpty }) { ends.wantedReason = .start }
    }

    func wantReconcile(_ counter: UInt64, from id: SessionID) {
        ends.lookRequests.add(counter, from: id)
        ends.wantedReason = .request
    }

    /// When there is something to do here again.
    var nextReconcile: Int64? {
        if ends.findings != nil { return 0 }
        guard let reason = ends.wantedReason, !ends.isReconciling else { return nil }
        return reason == .request ? 0 : ends.nextReconcile
    }

    func reconcile(at time: Instant) {
        writeFindings(at: time)
        guard let next = nextReconcile, ends.findings == nil, time.bootMicroseconds >= next,
            let reason = ends.wantedReason
        else { return }
        ends.wantedReason = nil
        ends.nextReconcile = time.bootMicroseconds + ReconcileBounds.microseconds
        ends.lookRequests.begin()
        ends.reason = reason
        do throws(Errno) {
            try Reconciler.start(tracked(), ends.mailbox)
            ends.isReconciling = true
        } catch {
            var findings = Findings()
            findings.failure = error.name
            begin(findings, at: time)
        }
    }

    private func isOpen(_ socket: SocketNumber) -> Bool {
        coordinator.reading { $0.sockets[socket].map { $0.openHandoffs > 0 } ?? false }
    }

    private func tracked() -> Tracked {
        let told = Ends(features)
        let hearsInternet = told?.internet ?? false
        let unheardBelow = ends.unheardBelow
        let held = coordinator.reading { registry in
            Set(escrow.keys.compactMap { registry.handoffs[$0]?.socket })
        }
        return coordinator.reading { registry in
            let holders = registry.holders(of: Set(registry.sockets.keys))
            let sockets = registry.sockets.values.sorted { $0.number < $1.number }.map {
                Tracked.Socket(
                    number: $0.number, identity: $0.identity, isInEscrow: held.contains($0.number),
                    mayHaveEndedUnheard: !hearsInternet || $0.number < unheardBelow,
                    holders: holders[$0.number] ?? [])
            }
            let processes = registry.processes.filter { !$0.value.hasExited }.mapValues {
                Tracked.Process(pid: $0.identity.pid, instance: $0.identity.instance)
            }
            return Tracked(
                sockets: sockets, processes: processes, features: features, ends: told,
                seesAll: unseen.isEmpty)
        }
    }

    /// The thread has finished.
    func takeFindings() {
        guard let findings = ends.mailbox.take() else { return }
        ends.isReconciling = false
        guard !ends.isOutdated else {
            ends.isOutdated = false
            return lookAgain()
        }
        begin(findings, at: now())
    }

    /// After a batch that could not be written. The kernel does not repeat its words, nor does a
    /// look repeat what it found; and the numbers that sockets had in the batch become those of
    /// others.
    func takeBackFindings(of discarded: [Event]) {
        ends.ended.removeAll { end in coordinator.reading { $0.sockets[end.socket] == nil } }
        for case .socketReleased(let socket, .kernel) in discarded.map(\.content)
        where coordinator.reading({ $0.sockets[socket] != nil }) {
            noteEnd(of: socket, due: retriesAt)
        }
        if ends.isReconciling { ends.isOutdated = true }
        let isOfLook = discarded.contains {
            ends.findingsCause == $0.sequence || $0.cause != nil && ends.findingsCause == $0.cause
        }
        if isOfLook || ends.findings != nil { lookAgain() }
    }

    private func lookAgain() {
        ends.findings = nil
        ends.findingsCause = nil
        ends.lookRequests.beginAgain()
        ends.wantedReason =
            ends.lookRequests.isAsked ? .request : ends.wantedReason ?? ends.reason
    }

    /// A look that found all as it should be is written only for those who asked for it, or when
    /// something may have been missed, and there is room: words can be made to overflow for ever.
    private func begin(_ findings: Findings, at time: Instant) {
        ends.reconcileCount += 1
        if let failure = findings.failure {
            configuration.logger.error("a look at the host failed: \(failure)")
        }
        let isMute = findings.closings.isEmpty && (findings.failure == nil || isStoreFull)
        if isMute, ends.reason == .start || isStoreFull && !ends.lookRequests.isAnswering { return }
        ends.findingsCause = coordinator.reading { $0.nextSequence }
        coordinator.perform(
            .reconcile(found: "reason=\(ends.reason.rawValue) \(findings.text)"), at: time)
        ends.findings = findings
    }

    /// The next portion of what was found, then the answer to those who asked.
    private func writeFindings(at time: Instant) {
        guard var findings = ends.findings, let cause = ends.findingsCause else { return }
        for closings in findings.closings.prefix(ReconcileBounds.socketsPerRound) {
            var closings = closings
            closings.cause = cause
            // Who has got a descriptor since is no longer one of those that were looked at.
            let isAsBefore = coordinator.reading { registry in
                registry.sockets[closings.socket]?.descriptors
                    == closings.closed.reduce(0) { $0 + $1.handoffs.count }
            }
            if closings.released != nil, !isAsBefore { continue }
            if let how = closings.released, isOpen(closings.socket) {
                // Its escrow was lost with an earlier coordinator: it waits for the handoff's end.
                noteEnd(
                    of: closings.socket, due: time.bootMicroseconds, isCertain: how == .kernel)
                continue
            }
            coordinator.perform(.closings(closings), at: time)
        }
        findings.closings.removeFirst(
            min(ReconcileBounds.socketsPerRound, findings.closings.count))
        ends.findings = findings
        guard findings.closings.isEmpty else { return }
        ends.findings = nil
        let text = findings.text.replacing(" ", with: "\n")
        for request in ends.lookRequests.finish() {
            coordinator.answerReconcile(
                request.counter, to: request.session, "event=\(cause)\n\(text)")
        }
    }
}
