package import Evidence

/// What is wrong with a log.
package struct Finding: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// What is stored contradicts itself, or what was signed.
        case tampered
        /// An older checkpoint is of a longer log, or of another history.
        case forked
    }

    package let kind: Kind
    /// The first event that is not what it was, or those of which it is one.
    package let events: ClosedRange<UInt64>?
    package let text: String

    init(_ text: String, kind: Kind = .tampered, events: ClosedRange<UInt64>? = nil) {
        self.kind = kind
        self.events = events
        self.text = text
    }
}

/// What `Verification` found out.
package struct VerificationReport: Sendable {
    package internal(set) var origin = ""
    package internal(set) var findings: [Finding] = []
    package internal(set) var eventCount: UInt64 = 0
    /// How many of them the newest checkpoint covers.
    package internal(set) var covered: UInt64 = 0
    package internal(set) var checkpointCount = 0
    package internal(set) var tileCount: UInt64 = 0
    /// The root over all events, when all of them could be hashed.
    package internal(set) var root: TreeHash?
    /// The keys that the log says are its own, the present one last.
    package internal(set) var keys: [VerifierKey] = []
    /// Whether typed columns, projections and snapshots were derived again.
    package internal(set) var isDeep = false

    package var uncovered: UInt64 { eventCount - min(covered, eventCount) }
}
