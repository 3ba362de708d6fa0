package import Journal
package import Registry

/// Goes through a log event by event, forwards and back, with the state after each.
package struct ReplayCursor {
    /// An event that was gone over, with what it changed.
    package struct Step: Sendable {
        package var event: Event
        package var changes: [FieldChange]
    }

    private let reader: LogReader
    /// The event that was applied last.
    package private(set) var sequence: UInt64
    package private(set) var registry: Registry
    /// Read ahead, oldest first.
    private var waiting: ArraySlice<Event> = []
    private var waypoints = Waypoints()

    /// The cursor stands on an event, whose effects are in the state.
    package init(at sequence: UInt64, in reader: LogReader) throws {
        self.reader = reader
        self.sequence = sequence
        registry = try reader.state(after: sequence + 1)
    }

    /// Forwards or back. The way back begins at a state that was kept, where one is near.
    package mutating func go(to sequence: UInt64) throws {
        waiting = []
        if sequence < self.sequence, let near = waypoints.newest(atOrBefore: sequence) {
            registry = near
        } else {
            let start = sequence - min(sequence, Waypoints.reach)
            registry = try reader.state(after: start + 1)
            waypoints.keep(registry)
        }
        self.sequence = registry.nextSequence - 1
        while self.sequence < sequence {
            let events = try reader.events(from: self.sequence + 1, below: sequence + 1)
            guard let last = events.last else { break }
            for event in events {
                registry.apply(event)
                waypoints.keep(registry)
            }
            self.sequence = last.sequence
        }
    }

    /// One event on; nil at the end of the log as it is now.
    package mutating func advance() throws -> Step? {
        if waiting.isEmpty { waiting = try reader.events(from: sequence + 1)[...] }
        guard let event = waiting.popFirst() else { return nil }
        let changes = Difference.apply(event, to: &registry)
        sequence = event.sequence
        waypoints.keep(registry)
        return Step(event: event, changes: changes)
    }

    /// On to the next event for which one of the conditions holds; the place of that condition.
    package mutating func run(
        until conditions: [ReplayCondition]
    ) throws -> (step: Step, condition: Int)? {
        while let step = try advance() {
            if let place = conditions.firstIndex(where: { $0.holds(step, registry) }) {
                return (step, place)
            }
        }
        return nil
    }
}

/// States along the way, so that a step back folds a few events and not all since a snapshot.
///
/// A state shares its memory with the next until that changes, so one in so many is kept: what a
/// large state costs is then bounded.
struct Waypoints {
    /// Between two of them.
    static let distance: UInt64 = 64
    /// How far before an instant that was gone to the first of them is: as many steps back are
    /// cheap from there.
    static let reach: UInt64 = 1024
    private static let maximum = Int(reach / distance) + 1

    /// In the order in which they were passed.
    private var states: [Registry] = []

    mutating func keep(_ state: Registry) {
        let isFirst = states.isEmpty
        guard isFirst || state.nextSequence % Self.distance == 0,
            !states.contains(where: { $0.nextSequence == state.nextSequence })
        else { return }
        states.append(state)
        if states.count > Self.maximum { states.removeFirst() }
    }

    func newest(atOrBefore sequence: UInt64) -> Registry? {
        states.filter { $0.nextSequence <= sequence + 1 }.max {
            $0.nextSequence < $1.nextSequence
        }
    }
}

/// Where to stop.
package enum ReplayCondition: Sendable, Equatable {
    case kind(EventKind)
    case outcome(Outcome)
    case reason(String)
    case handoff(UInt64)
    case pid(Int32)
    /// The field changes; to this value, where one is named.
    case field(String, value: String?)

    /// `event=handoff.voided`, `outcome=refused`, `reason=used`, `handoff=7`, `pid=812`; the path
    /// of a field alone or with a value: `handoff.7.state=reserved`. Nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "=", maxSplits: 1).map { String($0) }
        guard let name = parts.first, !name.isEmpty else { return nil }
        guard parts.count == 2 else {
            guard name.contains(".") else { return nil }
            self = EventKind(name: name).map { .kind($0) } ?? .field(name, value: nil)
            return
        }
        let value = parts[1]
        switch name {
        case "event":
            guard let kind = EventKind(name: value) else { return nil }
            self = .kind(kind)
        case "outcome":
            guard let outcome = Outcome(name: value) else { return nil }
            self = .outcome(outcome)
        case "reason": self = .reason(value)
        case "handoff":
            guard let number = UInt64(value) else { return nil }
            self = .handoff(number)
        case "pid":
            guard let pid = Int32(value) else { return nil }
            self = .pid(pid)
        default:
            guard name.contains(".") else { return nil }
            self = .field(name, value: value)
        }
    }

    func holds(_ step: ReplayCursor.Step, _ registry: borrowing Registry) -> Bool {
        let columns = EventColumns(step.event)
        switch self {
        case .kind(let kind): return columns.kind == kind
        case .outcome(let outcome): return columns.kind.outcome == outcome
        case .reason(let reason): return columns.reason == reason
        case .handoff(let number): return columns.handoff == number
        case .pid(let pid):
            if case .processSeen(let identity) = step.event.content { return identity.pid == pid }
            let gone = step.changes.contains {
                $0.field == "pid" && $0.before == .integer(Int64(pid))
            }
            return gone
                || [columns.actor, columns.target].contains { number in
                    number.flatMap { registry.processes[$0] }?.identity.pid == pid
                }
        case .field(let path, let value):
            return step.changes.contains {
                $0.path == path && (value == nil || $0.after?.text == value)
            }
        }
    }
}
