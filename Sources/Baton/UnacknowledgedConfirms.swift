/// Confirms that were sent, and of which the coordinator has not yet said that they are durable.
///
/// Frames without an answer are counted on each connection from 1; answers say up to which of them
/// everything is durable.
struct UnacknowledgedConfirms: Sendable {
    struct Confirm: Sendable, Equatable {
        var handoff: UInt64
        var attempt: UInt32
        var cookie: UInt64
        /// Its place among the connection's frames without an answer; 0 while it is unsent.
        var ordinal: UInt64
    }

    /// Answers come in the order of the frames, so more than a few wait only where a coordinator
    /// never acknowledges; one that does not keep to the protocol must not fill the memory.
    static let countMaximum = 1024

    private(set) var confirms: [Confirm] = []

    mutating func add(handoff: UInt64, attempt: UInt32, cookie: UInt64) {
        if confirms.count == Self.countMaximum { confirms.removeFirst() }
        confirms.append(Confirm(handoff: handoff, attempt: attempt, cookie: cookie, ordinal: 0))
    }

    func contains(handoff: UInt64) -> Bool {
        confirms.contains { $0.handoff == handoff }
    }

    mutating func markSent(at index: Int, ordinal: UInt64) {
        confirms[index].ordinal = ordinal
    }

    mutating func acknowledge(through ordinal: UInt64) {
        confirms.removeAll { $0.ordinal != 0 && $0.ordinal <= ordinal }
    }

    /// The connection is gone, and its count with it: all have to be sent again.
    mutating func loseConnection() {
        for index in confirms.indices { confirms[index].ordinal = 0 }
    }
}
