/// The closed list of what the log can hold. Numbers are written once and never used again.
package enum EventKind: UInt8, Sendable, CaseIterable {
    case logOpened = 1
    case logClosed = 2
    case bootObserved = 3
    case clockStepped = 4
    case coordinatorStarted = 5
    case coordinatorStopped = 6
    case coordinatorRecovered = 7
    case configurationChanged = 8
    case processSeen = 9
    case processExited = 10
    case socketSeen = 11
    case socketMarked = 12
    case handoffIssued = 13
    case handoffRefused = 14
    case handoffReserved = 15
    case redemptionRefused = 16
    case handoffDelivered = 17
    case deliveryFailed = 18
    case handoffRevoked = 19
    case handoffExpired = 20
    case handoffVoided = 21
    case descriptorClosed = 22
    case socketReleased = 23
    case notificationSelected = 24
    case notificationCancelled = 25
    case requestRefused = 26
    case requestsSuppressed = 27
    case reconcileFound = 28
    case keeperLost = 29
    case storeFull = 30
    case keyRotated = 31
    case retentionPruned = 32
    case redactionApplied = 33

    /// The name in bodies, the command line and the documents.
    package var name: String {
        switch self {
        case .logOpened: "log.opened"
        case .logClosed: "log.closed"
        case .bootObserved: "boot.observed"
        case .clockStepped: "clock.stepped"
        case .coordinatorStarted: "coordinator.started"
        case .coordinatorStopped: "coordinator.stopped"
        case .coordinatorRecovered: "coordinator.recovered"
        case .configurationChanged: "configuration.changed"
        case .processSeen: "process.seen"
        case .processExited: "process.exited"
        case .socketSeen: "socket.seen"
        case .socketMarked: "socket.marked"
        case .handoffIssued: "handoff.issued"
        case .handoffRefused: "handoff.refused"
        case .handoffReserved: "handoff.reserved"
        case .redemptionRefused: "redemption.refused"
        case .handoffDelivered: "handoff.delivered"
        case .deliveryFailed: "delivery.failed"
        case .handoffRevoked: "handoff.revoked"
        case .handoffExpired: "handoff.expired"
        case .handoffVoided: "handoff.voided"
        case .descriptorClosed: "descriptor.closed"
        case .socketReleased: "socket.released"
        case .notificationSelected: "notification.selected"
        case .notificationCancelled: "notification.cancelled"
        case .requestRefused: "request.refused"
        case .requestsSuppressed: "requests.suppressed"
        case .reconcileFound: "reconcile.found"
        case .keeperLost: "keeper.lost"
        case .storeFull: "store.full"
        case .keyRotated: "key.rotated"
        case .retentionPruned: "retention.pruned"
        case .redactionApplied: "redaction.applied"
        }
    }

    /// The kind with this name, or nil for a stranger's.
    package init?(name: String) {
        guard let kind = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = kind
    }

    /// What kind of answer or fact this event is; a function of the kind alone.
    package var outcome: Outcome {
        switch self {
        case .handoffIssued, .handoffReserved, .handoffDelivered, .handoffRevoked,
            .socketMarked, .notificationSelected:
            .accepted
        case .handoffRefused, .redemptionRefused, .requestRefused, .requestsSuppressed:
            .refused
        case .deliveryFailed, .handoffExpired, .handoffVoided, .keeperLost, .storeFull:
            .failed
        case .logOpened, .logClosed, .bootObserved, .clockStepped, .coordinatorStarted,
            .coordinatorStopped, .coordinatorRecovered, .configurationChanged, .processSeen,
            .processExited, .socketSeen, .descriptorClosed, .socketReleased,
            .notificationCancelled, .reconcileFound, .keyRotated, .retentionPruned,
            .redactionApplied:
            .observed
        }
    }
}

/// The column `outcome`.
package enum Outcome: UInt8, Sendable, CaseIterable {
    /// A request was carried out.
    case accepted = 1
    /// A rule said no.
    case refused = 2
    /// Something that had been promised did not come to pass.
    case failed = 3
    /// A fact, not an answer.
    case observed = 4

    package var name: String {
        switch self {
        case .accepted: "accepted"
        case .refused: "refused"
        case .failed: "failed"
        case .observed: "observed"
        }
    }

    package init?(name: String) {
        guard let outcome = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = outcome
    }
}
