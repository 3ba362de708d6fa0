import Coordinator
import Registry
import Transport

/// What the present policy wants to know beyond what every handoff tells: without rules nothing.
struct PolicyNeeds {
    /// Source and target as they are when a handoff is asked for.
    let identities: Bool
    /// The target as it is when it redeems.
    let targetLabels: Bool
    /// Paths of executables that can be relied on.
    let executables: Bool
    /// Which sockets listen.
    let listening: Bool

    init(_ policy: Policy) {
        identities = !policy.rules.isEmpty
        targetLabels = policy.looksAtTargetLabels
        executables = policy.rules.contains {
            !$0.source.executables.isEmpty || !$0.target.executables.isEmpty
        }
        listening = policy.looksAtListening
    }
}

/// The bounds of a round by the present configuration, where the loop has them at hand.
struct RoundLimits {
    let requestsInFlight: Int
    let requestsInFlightPerUser: Int

    init(_ limits: AdmissionLimits) {
        requestsInFlight = limits.requestsInFlight
        requestsInFlightPerUser = limits.requestsInFlightPerUser
    }
}

extension EventLoop {
    /// Takes over what the rules in force say about the loop itself.
    func adopt(_ rules: Rules) {
        policyNeeds = PolicyNeeds(rules.policy)
        roundLimits = RoundLimits(rules.admission)
    }

    /// What an exec or a change of ids has made of a process since it was seen.
    func lookAgain(at process: WatchedProcess, for id: SessionID) {
        if coordinator.mayObserve(for: id, at: now()) { observe(process) }
    }
}
