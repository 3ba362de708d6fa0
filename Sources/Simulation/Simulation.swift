import Registry

/// Runs worlds from a seed until one breaks a promise.
///
/// A run is a row of worlds, each of `actionsPerWorld` actions, in the last of which the faults
/// cease. So a failure is short from the start, and liveness is checked as often as safety.
package struct Simulation: Sendable {
    /// Long enough for several restarts and for snapshots, short enough to shrink in seconds.
    package static let actionsPerWorld = 1_000

    package struct Failure: Sendable {
        package let violation: Violation
        /// Steps of the run until the promise was broken.
        package let steps: Int
        package let scenario: [Action]
    }

    package let seed: UInt64
    package let mutant: Mutant?

    package init(seed: UInt64, mutant: Mutant? = nil) {
        self.seed = seed
        self.mutant = mutant
    }

    /// Nil when all promises are kept.
    package func run(steps: Int) -> Failure? {
        for number in 0..<Self.worldCount(steps: steps) {
            if let failure = run(world: number, of: steps) { return failure }
        }
        return nil
    }

    package static func worldCount(steps: Int) -> Int {
        (steps + actionsPerWorld - 1) / actionsPerWorld
    }

    /// One world of a run. They know nothing of each other.
    package func run(world number: Int, of steps: Int) -> Failure? {
        let done = number * Self.actionsPerWorld
        let count = min(Self.actionsPerWorld, steps - done)
        guard let failure = run(World(mutant: mutant), UInt64(number), steps: count) else {
            return nil
        }
        return Failure(
            violation: failure.violation, steps: done + failure.scenario.count,
            scenario: failure.scenario)
    }

    /// The first actions of a world; all but the last are performed. Nil when one of those breaks a
    /// promise.
    package func beginning(ofWorld number: Int, of steps: Int, count: Int) -> [Action]? {
        let world = World(mutant: mutant)
        let last = min(Self.actionsPerWorld, steps - number * Self.actionsPerWorld)
        var chooser = chooser(UInt64(number))
        var scenario: [Action] = []
        for step in 1...count {
            if let action = scenario.last { world.perform(action) }
            if world.auditor.violation != nil { return nil }
            scenario.append(step == last ? .settle : chooser.next(in: world))
        }
        return scenario
    }

    private func chooser(_ number: UInt64) -> ActionChooser {
        ActionChooser(seed: SeededGenerator.mix(seed &+ SeededGenerator.mix(number)))
    }

    func run(
        _ world: World, _ number: UInt64, steps: Int
    ) -> (violation: Violation, scenario: [Action])? {
        var chooser = chooser(number)
        var scenario: [Action] = []
        for step in 1...steps {
            let action = step == steps ? .settle : chooser.next(in: world)
            scenario.append(action)
            world.perform(action)
            if let violation = world.auditor.violation { return (violation, scenario) }
        }
        return nil
    }

    /// What a scenario breaks; nil when it keeps all promises. `log` is given each action and what
    /// it wrote into the log.
    package static func run(
        _ scenario: [Action], mutant: Mutant? = nil, log: ((Action, [String]) -> Void)? = nil
    ) -> Violation? {
        let world = World(mutant: mutant)
        for action in scenario {
            let count = world.disk.events.count
            world.perform(action)
            log?(action, world.disk.events[count...].map { "\($0.sequence) \($0.content)" })
            if let violation = world.auditor.violation { return violation }
        }
        return nil
    }
}
