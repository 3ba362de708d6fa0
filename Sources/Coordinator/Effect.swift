package import Registry
package import Wire

/// Names one connection: a place in the shell's table, and how often that place was taken, so that
/// an answer can never reach a later connection in the same place.
package struct SessionID: Sendable, Hashable {
    package var index: Int
    package var generation: UInt32

    package init(index: Int, generation: UInt32) {
        self.index = index
        self.generation = generation
    }
}

/// What the shell does once the events before it are durable, in this order.
package enum Effect: Sendable, Equatable {
    case answer(SessionID, Answer)
    /// The protocol info of a handoff; its secret is the shell's to add.
    case record(SessionID, RecordAnswer)
    /// The grant goes out with the handoff's descriptor.
    case grant(SessionID, Answer, HandoffNumber)
    /// An answer that nobody asked for.
    case push(SessionID, Answer)
    case report(SessionID, counter: UInt64, acknowledged: UInt64)
    case dropEscrow(HandoffNumber)
    case disconnect(SessionID)

    /// Whether somebody waits for it. The others may ride on a later commit.
    package var isAwaited: Bool {
        switch self {
        case .dropEscrow, .push: false
        case .answer, .record, .grant, .report, .disconnect: true
        }
    }
}

/// What a protocol info is made of, but for its secret.
package struct RecordAnswer: Sendable, Equatable {
    package var counter: UInt64
    package var acknowledged: UInt64
    package var handoff: Handoff
    package var protocolNumber: Int32
    package var isRepeated: Bool
}
