import Registry
import Transport

extension Conductor {
    /// What `baton serve` is started with for the rules that the bundle was recorded by.
    static func arguments(_ bundle: HistoryBundle) -> [String] {
        var rules = bundle.start.rules
        if bundle.first == 0 {
            for event in bundle.events.prefix(8) {
                if case .configurationChanged(_, let text) = event.content {
                    rules = Rules(text: text)
                    break
                }
            }
        }
        return arguments(rules)
    }

    private static func arguments(_ rules: Rules) -> [String] {
        var arguments = rules.isStrict ? ["--strict"] : []
        if rules.limits.handoffs > 0 {
            arguments += ["--max-handoffs", "\(rules.limits.handoffs)"]
        }
        if rules.limits.handoffsPerUser > 0 {
            arguments += ["--max-handoffs-per-user", "\(rules.limits.handoffsPerUser)"]
        }
        return arguments
    }

    /// Starts and stops, and all that nobody brings about on purpose.
    func performOfCoordinator(_ scene: Scene) throws {
        let event = scene.main.first
        switch event.content {
        case .coordinatorStarted:
            // The first one has been started already.
            if case .logOpened = scene.steps[0].first.content { return }
            if event.sequence == 0 { return }
            try restart(scene)
        case .coordinatorRecovered: return
        case .coordinatorStopped:
            try stage.stop()
            hasCoordinator = false
        default: throw Unperformable("nobody brings it about on purpose")
        }
    }

    private func restart(_ scene: Scene) throws {
        for step in scene.steps.dropLast() {
            switch step.first.content {
            case .configurationChanged(_, let text):
                let arguments = Self.arguments(Rules(text: text))
                guard arguments != stage.arguments else {
                    throw Unperformable("a configuration that baton serve has no options for")
                }
                stage.arguments = arguments
            default: throw Unperformable("a start on another kernel")
            }
        }
        if hasCoordinator {
            try stage.crash { try leave() }
        } else {
            try leave()
        }
        try stage.startAgain()
        hasCoordinator = true
    }

    /// What happened while there was no coordinator.
    private func leave() throws {
        for number in score.missedExits[position] ?? [] {
            if let actor = actors[number], !actor.isGone { try actor.kill(9) }
        }
        for actor in actors.values where !actor.isGone { try actor.closeAllSlots() }
        try dropUnobserved()
    }

    /// A target in which the recovery did not find what it was granted had closed it by then.
    private func dropUnobserved() throws {
        let observed = score.observed(after: position)
        for number in handoffs.keys.sorted() where !observed.contains(number) {
            guard let name = handoffs[number]?.granted,
                let target = reservation(of: number)?.actor ?? openings[number]?.actor,
                let actor = actors[target], !actor.isGone
            else { continue }
            try actor.drop(name)
            handoffs[number]?.granted = nil
        }
    }
}
