/// What follows from one command: the events of its step, and the answer to whoever asked.
package struct Decision: Sendable {
    /// In order; the first carries the input. Empty for what changes nothing.
    package var contents: [Event.Content] = []
    /// The cause of *all* of them, where it is an earlier event (what drains after an exit).
    package var cause: UInt64?
    package var reply: Reply

    package init(_ contents: [Event.Content] = [], cause: UInt64? = nil, reply: Reply = .none) {
        self.contents = contents
        self.cause = cause
        self.reply = reply
    }
}

/// The answer, held back until the step's events are durable.
package enum Reply: Sendable, Equatable {
    case none
    /// `isRepeated`: the same request was answered before, nothing new happened.
    case issued(HandoffNumber, isRepeated: Bool)
    case granted(HandoffNumber, attempt: UInt32, notes: GrantNotes)
    case revoked(HandoffNumber)
    case marked
    case selected(RegistrationNumber)
    /// Whatever registration there was is cancelled, and none was made.
    case deselected
    case resumed
    /// The registration of this socket that was to be resumed has ended.
    case registrationLost(cookie: UInt64)
    case refused(Refusal, HandoffNumber?)
}

/// What the rules let pass but report.
package struct GrantNotes: OptionSet, Sendable, Equatable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Source and target made their sockets with different flags.
    package static let flagsDiffer = GrantNotes(rawValue: 1)
    /// The source's socket is overlapped, and the target did not ask for that.
    package static let overlappedMissing = GrantNotes(rawValue: 2)
}
