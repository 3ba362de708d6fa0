import Journal
package import Registry

/// Decides a recorded history again, each step by the rules of this program against the state that
/// was recorded, and notes where it would decide otherwise.
package struct Redecision {
    package struct Difference: Sendable {
        /// Of the first event of the step.
        package var sequence: UInt64
        package var time: Instant
        package var recorded: [Event.Content]
        package var decided: [Event.Content]
        /// What the log does not say of the input; nil when it says all.
        package var missing: String?
    }

    package private(set) var eventCount: UInt64 = 0
    package private(set) var stepCount: UInt64 = 0
    package private(set) var exactCount: UInt64 = 0
    /// Inputs of which the log does not say all, counted by what is missing.
    package private(set) var likely: [String: UInt64] = [:]
    /// Steps that are no decisions, or whose input the log does not have, by why.
    package private(set) var asRecorded: [String: UInt64] = [:]
    package private(set) var differenceCount: UInt64 = 0
    /// The first of them, up to `differencesMaximum`.
    package private(set) var differences: [Difference] = []

    /// More than anybody reads; the count goes on.
    package static let differencesMaximum = 1_000

    private var registry: Registry
    private let rules: Rules?
    /// The events of the step that is being read.
    private var step: [Event] = []

    /// - Parameters:
    ///   - registry: the state from which the events go on.
    ///   - rules: instead of those that the log had at each time.
    package init(from registry: Registry = Registry(), rules: Rules? = nil) {
        self.registry = registry
        self.rules = rules
    }

    /// Takes in the next event. A step is decided once all of its events are there.
    package mutating func add(_ event: Event) {
        eventCount += 1
        if !belongs(event) { close() }
        step.append(event)
    }

    /// Decides the last step.
    package mutating func finish() { close() }

    /// What an exit leaves is drained in portions, which are steps of their own.
    private func belongs(_ event: Event) -> Bool {
        guard let first = step.first, let cause = event.cause else { return false }
        if case .processExited = first.content { return false }
        return cause == first.sequence || cause == first.cause
    }

    private mutating func close() {
        guard let first = step.first else { return }
        if first.cause != nil, first.isFinding {
            decide(step[...], .asRecorded("found by the look at the host that is its cause"))
        } else if first.cause != nil {
            decideDrains()
        } else {
            decide(step[...], registry.input(of: step))
        }
        step.removeAll(keepingCapacity: true)
    }

    /// Several portions can follow one another.
    private mutating func decideDrains() {
        var rest = step[...]
        while let first = rest.first {
            let decided = registryWithRules.decide(.drain, at: first.time)
            let count = max(1, decided.contents.count)
            decide(rest.prefix(count), .exact(.drain), decided)
            rest = rest.dropFirst(count)
        }
    }

    private var registryWithRules: Registry {
        guard let rules else { return registry }
        var registry = registry
        // What the kernel tells is not configured.
        let (ends, unmapped) = (registry.rules.ends, registry.rules.policy.unmapped)
        registry.rules = rules
        registry.rules.ends = ends
        registry.rules.policy.unmapped = unmapped
        return registry
    }

    private mutating func decide(
        _ events: ArraySlice<Event>, _ input: RecordedInput, _ known: Decision? = nil
    ) {
        guard let first = events.first else { return }
        stepCount += 1
        var missing: String?
        var input = input
        if rules != nil { input = registry.input(input, under: registryWithRules.rules) }
        switch input {
        case .asRecorded(let why):
            asRecorded[why, default: 0] += 1
        case .exact(let command):
            exactCount += 1
            let decided = known ?? decideNow(command, at: first.time)
            compare(events, decided.contents, missing: nil)
        case .likely(let command, let what):
            missing = what
            likely[what, default: 0] += 1
            let decided = decideNow(command, at: first.time)
            compare(events, decided.contents, missing: missing)
        }
        for event in events { registry.apply(event) }
    }

    private func decideNow(_ command: Command, at time: Instant) -> Decision {
        var registry = registryWithRules
        if rules != nil, case .redeem(let redeem) = command { registry.addSource(to: redeem) }
        return registry.decide(command, at: time)
    }

    private mutating func compare(
        _ events: ArraySlice<Event>, _ decided: [Event.Content], missing: String?
    ) {
        guard let first = events.first else { return }
        let recorded = events.map(\.content)
        guard recorded != decided else { return }
        differenceCount += 1
        guard differences.count < Self.differencesMaximum else { return }
        differences.append(
            Difference(
                sequence: first.sequence, time: first.time, recorded: recorded, decided: decided,
                missing: missing))
    }
}
