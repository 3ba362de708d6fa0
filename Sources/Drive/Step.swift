import Journal
import Registry
import Transport

/// All events that followed from one input: the first one, and its consequences in order.
struct Step: Sendable {
    var first: Event
    var consequences: [Event] = []

    var events: [Event] { [first] + consequences }

    /// The steps in the order of their first events. What exits leave behind can come between other
    /// steps, in portions, and belongs to the exit all the same.
    static func all(of events: [Event]) -> [Step] {
        var steps: [Step] = []
        var index: [UInt64: Int] = [:]
        for event in events {
            if let cause = event.cause, let position = index[cause] {
                steps[position].consequences.append(event)
            } else {
                index[event.sequence] = steps.count
                steps.append(Step(first: event))
            }
        }
        return steps
    }
}

extension Step {
    /// Whether the host told of it by itself, at a moment of its own: nobody asks for it, so it is
    /// neither performed nor compared.
    var isToldByHost: Bool {
        switch first.content {
        case .socketReleased(_, .kernel), .socketReleased(_, .observed),
            .descriptorClosed(_, _, .observed), .reconcileFound, .keeperLost:
            true
        default: false
        }
    }

    /// The steps that somebody brings about.
    static func performed(in events: [Event]) -> [Step] {
        all(of: events).filter { !$0.isToldByHost }
    }
}

/// Steps that one action brings about: a request, and what had to be looked at for it.
struct Scene: Sendable {
    var steps: [Step]

    /// The step of the request itself.
    var main: Step { steps[steps.count - 1] }

    /// What the coordinator sees of a socket, it sees because of the request that follows, and so
    /// with a target that it sees after the socket. A process alone is seen when it connects.
    static func all(of steps: [Step]) -> [Scene] {
        var scenes: [Scene] = []
        var open: [Step] = []
        for (index, step) in steps.enumerated() {
            open.append(step)
            let next = index + 1 < steps.count ? steps[index + 1] : nil
            if isObservation(step, after: open.dropLast(), before: next) { continue }
            scenes.append(Scene(steps: open))
            open = []
        }
        if !open.isEmpty { scenes.append(Scene(steps: open)) }
        return scenes
    }

    private static func isObservation(
        _ step: Step, after open: ArraySlice<Step>, before next: Step?
    ) -> Bool {
        switch step.first.content {
        case .socketSeen, .logOpened, .bootObserved: true
        case .configurationChanged: next?.first.content.kind == .coordinatorStarted
        case .processSeen: !open.isEmpty
        case .socketMarked(_, _, let quality):
            !open.isEmpty && QualityOfService(text: quality) != nil
        default: false
        }
    }
}
