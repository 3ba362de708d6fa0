import Registry
import Wire

extension Coordinator {
    /// Gives the source or the target of a handoff what the log has of it, which can be compared
    /// with a proof later. Nothing is written of it, but of its refusal.
    mutating func receive(
        receiptOf handoff: HandoffNumber, counter: UInt64, _ session: Session, _ facts: Facts,
        at now: Instant
    ) {
        let request = Request.receipt(counter: counter, handoff: handoff)
        let reason = precheck(request, session, facts)
        guard reason == nil, let receipt = facts.receipt else {
            return refuse(
                request.kind, reason ?? .unknownHandoff, counter: counter, session, facts, at: now)
        }
        answer(.report(receipt), counter: counter, session)
    }
}
