package import Registry

/// Deliveries that nobody has confirmed, and about which the shell is asked whether the target has
/// the socket.
struct Doubts: Sendable {
    /// How long after a start a grant that was under way has arrived, if it ever does.
    static let secondLookMicroseconds: Int64 = 3_000_000

    /// Those about which the shell was asked, with their grants: none is void before it answers.
    fileprivate(set) var asked: [HandoffNumber: UInt32] = [:]
    /// Those whose confirm may be lost, because it went to a predecessor, or was not written.
    private var unsure: [HandoffNumber: UInt32] = [:]
    /// When they are asked about.
    private(set) var due: Int64?

    mutating func lookAgain(at time: Int64, _ unconfirmed: [HandoffNumber: UInt32]) {
        unsure.merge(unconfirmed) { $1 }
        // The later time is right for all: there is one look at each.
        due = unsure.isEmpty ? nil : max(time, due ?? time)
    }

    fileprivate mutating func takeUnsure(at now: Int64) -> [HandoffNumber: UInt32] {
        guard let due, due <= now else { return [:] }
        defer { (self.due, unsure) = (nil, [:]) }
        return unsure
    }
}

// The confirm of a delivery can be lost with whoever should have written it, where the target has
// become another program or does not speak to Baton any more. So its target is looked at some
// seconds after a start, and before the delivery is void.

extension Coordinator {
    /// Which deliveries the shell is to look for now; mostly none. None of them is void before
    /// `settle` has said what was found, and none is asked about again.
    package mutating func takeQuestions(at now: Int64) -> [DeliveryQuestion] {
        let overdue = registry.due(at: now, limit: .max)
        let unsure = doubts.takeUnsure(at: now).filter {
            registry.handoffs[$0.key]?.attempt == $0.value
        }
        guard !overdue.isEmpty || !unsure.isEmpty else { return [] }
        let wanted = Set(overdue).union(unsure.keys).filter { doubts.asked[$0] == nil }
        let questions = questions(about: wanted.sorted())
        for question in questions { doubts.asked[question.handoff] = question.attempt }
        return questions
    }

    /// What was found: a delivery whose socket is there was confirmed by that, unless it was
    /// declined in the meantime. What is overdue and was not found is void.
    package mutating func settle(
        _ questions: [DeliveryQuestion], observed: Set<HandoffNumber>, at now: Instant
    ) {
        for question in questions {
            doubts.asked[question.handoff] = nil
            guard let handoff = registry.handoffs[question.handoff], handoff.isReserved,
                handoff.attempt == question.attempt
            else { continue }
            if observed.contains(question.handoff) {
                perform(.observeDelivery(handoff: question.handoff), at: now)
            } else if handoff.isOverdue(at: now) {
                perform(.expire(handoff: question.handoff), at: now)
            }
        }
    }
}
