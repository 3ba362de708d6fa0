// The closed lists of words that events carry. The raw values are what the log holds.

/// How it is known that the target holds the descriptor.
package enum DeliveryProof: String, Sendable, CaseIterable {
    /// The target sent back the `SO_COOKIE` of what it received.
    case confirmed
    /// The socket was found among the target's descriptors after a restart.
    case observed
}

/// Why a grant did not arrive; the handoff is issued again.
package enum DeliveryFailure: String, Sendable, CaseIterable {
    /// The target says that the descriptor was lost on the way (`MSG_CTRUNC`).
    case truncated
    /// The target says that it received something else.
    case mismatched
    /// The target's connection was gone or full.
    case unsent
    /// The kernel passes no more descriptors of the coordinator's user: others wait unread.
    case inFlight = "in-flight limit"
}

/// Why an open handoff ended without its ticket being used, revoked or expired.
package enum VoidReason: String, Sendable, CaseIterable {
    case targetExited = "target exited"
    /// A grant was sent, and nobody confirmed it before the target's exit or the deadline.
    case unconfirmed
    /// The coordinator died with the only descriptor.
    case escrowLost = "escrow lost"
}

/// How it is known that a process closed its descriptor.
package enum CloseProof: String, Sendable, CaseIterable {
    case closesocket
    case cleanup
    case exit
    case observed
}

/// How it is known that no descriptor of a socket is left.
package enum ReleaseProof: String, Sendable, CaseIterable {
    case kernel
    /// All descriptors that Baton knew of are closed.
    case counted
    case observed
}

/// What a client asked for; names the request in `request.refused`.
package enum RequestKind: String, Sendable, CaseIterable {
    case startup
    case duplicate
    case redeem
    case confirm
    case decline
    case close
    case revoke
    case mark
    case select
    case resume
    case reconcile
    case query
    case unknown
}
