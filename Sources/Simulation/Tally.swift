import Registry

/// How often what happened, so that a test can say that a run came to all of it.
package struct Tally: Sendable {
    package private(set) var counts: [String: Int] = [:]

    mutating func count(_ world: World) {
        for event in world.disk.events {
            if let name = Self.name(event.content) { counts[name, default: 0] += 1 }
        }
        counts["restart", default: 0] += world.disk.runs - 1
        counts["client dropped", default: 0] += world.dropped
        counts["pid used again", default: 0] += world.order.count - Set(world.pids).count
        counts["repeated grant", default: 0] += world.auditor.repeatedGrants
        counts["full", default: 0] += world.discarded
    }

    private static func name(_ content: Event.Content) -> String? {
        switch content {
        case .clockStepped: "clock stepped"
        case .processExited: "exited"
        case .handoffIssued: "issued"
        case .handoffReserved: "reserved"
        case .handoffDelivered(_, let how): how.rawValue
        case .deliveryFailed(_, let reason): "failed: \(reason.rawValue)"
        case .handoffRevoked: "revoked"
        case .handoffExpired: "expired"
        case .handoffVoided(_, let reason): "voided: \(reason.rawValue)"
        case .descriptorClosed(_, _, let how): "closed: \(how.rawValue)"
        case .socketReleased(_, let how): "released: \(how.rawValue)"
        case .reconcileFound: "looked"
        case .keeperLost: "keeper lost"
        case .handoffRefused(let refused): "refused: \(refused.reason.name)"
        case .redemptionRefused(let refused): "refused: \(refused.reason.name)"
        case .requestRefused(let refused): "refused: \(refused.reason.name)"
        case .requestsSuppressed: "suppressed"
        default: nil
        }
    }
}

extension Simulation {
    /// What happens in a run that keeps all promises.
    package func tally(steps: Int) -> Tally {
        var tally = Tally()
        var number: UInt64 = 0
        while number * UInt64(Self.actionsPerWorld) < UInt64(steps) {
            let world = World(mutant: mutant)
            _ = run(world, number, steps: Self.actionsPerWorld)
            tally.count(world)
            number += 1
        }
        return tally
    }
}
