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

    /// The cursor stands on an event, whose effects are in the state.
    package init(at sequence: UInt64, in reader: LogReader) throws {
        self.reader = reader
        self.sequence = sequence
        registry = try reader.state(after: sequence + 1)
    }

    package mutating func go(to sequence: UInt64) throws {
        waiting = []
        registry = try reader.state(after: sequence + 1)
        self.sequence = sequence
    }

    /// One event on; nil at the end of the log as it is now.
    package mutating func advance() throws -> Step? {
        if waiting.isEmpty { waiting = try reader.events(from: sequence + 1)[...] }
        guard let event = waiting.popFirst() else { return nil }
        let changes = Difference.apply(event, to: &registry)
        sequence = event.sequence
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
