import Simulation
import Transport

/// A run in which each world has a process of its own: a broken precondition of the rules ends
/// that, and is found as any other broken promise is.
struct Run {
    let simulation: Simulation
    let steps: Int

    /// Nil when all promises are kept.
    func broken() throws(Errno) -> Broken? {
        for world in 0..<Simulation.worldCount(steps: steps) {
            let status = try Attempt.run {
                simulation.run(world: world, of: steps) == nil ? 0 : 1
            }
            switch status {
            case .code(0): continue
            case .code: return failure(in: world)
            case .signal(let signal): return try trap(in: world, signal)
            }
        }
        return nil
    }

    private func failure(in world: Int) -> Broken? {
        simulation.run(world: world, of: steps).map {
            Broken(
                simulation: simulation, steps: $0.steps, what: "\($0.violation)",
                scenario: $0.scenario, signal: nil)
        }
    }

    /// The action that ends the process is found by halves: whatever comes before it can be
    /// performed here.
    private func trap(in world: Int, _ signal: Int32) throws(Errno) -> Broken? {
        var (safe, fatal) = (1, min(Simulation.actionsPerWorld, steps) + 1)
        while fatal - safe > 1 {
            let middle = (safe + fatal) / 2
            let status = try Attempt.run(isQuiet: true) {
                _ = simulation.beginning(ofWorld: world, of: steps, count: middle)
                return 0
            }
            if case .signal = status { fatal = middle } else { safe = middle }
        }
        // What was chosen last and not performed is what ends it.
        return simulation.beginning(ofWorld: world, of: steps, count: safe).map {
            Broken(
                simulation: simulation, steps: world * Simulation.actionsPerWorld + $0.count,
                what: Broken.text(signal), scenario: $0, signal: signal)
        }
    }
}

/// A scenario that breaks a promise, or ends its process.
struct Broken {
    let simulation: Simulation
    let steps: Int
    let what: String
    let scenario: [Action]
    /// Which ended the process.
    let signal: Int32?

    static func text(_ signal: Int32) -> String {
        "precondition: signal \(signal) ended the process, as said above"
    }

    func shrink() throws(Errno) -> [Action] {
        guard let signal else {
            return Shrinker(mutant: simulation.mutant).shrink(scenario)
        }
        return try Shrinker.shrink(scenario) { (candidate) throws(Errno) in
            let status = try Attempt.run(isQuiet: true) {
                _ = Simulation.run(candidate, mutant: simulation.mutant)
                return 0
            }
            return status == .signal(signal)
        }
    }
}
