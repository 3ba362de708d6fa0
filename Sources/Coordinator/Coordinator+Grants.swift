package import Registry
import Wire

extension Coordinator {
    /// A grant that the kernel did not take for what others have in flight: its delivery has
    /// failed, and once that is durable its session is told to try again.
    package mutating func failDelivery(
        of handoff: HandoffNumber, attempt: UInt32, counter: UInt64, to id: SessionID,
        at now: Instant
    ) {
        perform(
            .deliveryFailed(handoff: handoff, actor: nil, attempt: attempt, reason: .inFlight),
            at: now)
        guard let session = session(id) else { return }
        answer(.refusal(.inFlightLimit, handoff), counter: counter, session)
    }
}
