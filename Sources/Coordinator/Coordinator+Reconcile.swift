package import Registry
import Wire

extension Coordinator {
    /// Whether a request to reconcile is carried out: the shell answers it when it is done. What
    /// is said against it goes into the log.
    package mutating func mayReconcile(
        _ counter: UInt64, from id: SessionID, isAdministrator: Bool, _ facts: Facts,
        at now: Instant
    ) -> Bool {
        guard let session = session(id) else { return false }
        let request = Request.reconcile(counter: counter)
        let reason = precheck(request, session, facts)
        guard reason == nil, isAdministrator else {
            refuse(
                .reconcile, reason ?? .notAdministrator, counter: counter, session, facts, at: now)
            return false
        }
        return true
    }

    /// Tells whoever asked, once the events so far are durable.
    package mutating func answerReconcile(_ counter: UInt64, to id: SessionID, _ text: String) {
        guard let session = session(id) else { return }
        answer(.report(text), counter: counter, session)
    }
}
