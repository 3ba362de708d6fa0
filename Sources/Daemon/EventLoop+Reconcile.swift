import Coordinator
import Logging
import Registry
import Transport

extension EventLoop {
    enum ReconcileBounds {
        /// Sockets of which findings are written in one round.
        static let socketsPerRound = 64
    }

    func addReconciler() throws(Errno) {
        try poller.add(ends.mailbox.event, token: reconcileToken, interest: .readable)
        // What ended while no coordinator ran was told to nobody.
        noteUnheard()
        if coordinator.reading({ !$0.sockets.isEmpty }) { ends.looks.want(.start) }
    }

    func reconcile(at time: Instant) {
        ends.looks.write(
            ReconcileBounds.socketsPerRound, to: &coordinator, &ends.pending, at: time)
        guard ends.looks.begin(at: time.bootMicroseconds) else { return }
        do throws(Errno) {
            try Reconciler.start(tracked(), features, ends.mailbox)
        } catch {
            take(Findings(failure: error.name), at: time)
        }
    }

    private func tracked() -> Tracked {
        Tracked(
            by: coordinator,
            Tracked.Circumstances(
                escrow: Array(escrow.keys), unheardBelow: ends.unheardBelow,
                ends: Ends(features), seesAll: unseen.isEmpty))
    }

    /// The thread has finished.
    func takeFindings() {
        guard let findings = ends.mailbox.take() else { return }
        take(findings, at: now())
    }

    private func take(_ findings: Findings, at time: Instant) {
        if let failure = findings.failure {
            configuration.logger.error("a look at the host failed: \(failure)")
        }
        ends.looks.take(findings, to: &coordinator, at: time)
    }

    /// After a batch that could not be written.
    func takeBackFindings(of discarded: [Event]) {
        ends.pending.takeBack(discarded, in: coordinator, due: retriesAt)
        ends.looks.takeBack(discarded)
    }
}
