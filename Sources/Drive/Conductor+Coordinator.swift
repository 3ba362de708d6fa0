import Registry
import Transport

extension Conductor {
    /// The rules that the first coordinator has.
    private var firstRules: Rules {
        guard bundle.first == 0 else { return bundle.start.rules }
        for step in score.scenes.first?.steps ?? [] {
            if case .configurationChanged(_, let text) = step.first.content {
                return Rules(text: text)
            }
        }
        return Rules()
    }

    /// Starts it with the recorded rules, or so that all that was open can be made.
    func startCoordinator() throws {
        do {
            let rules = firstRules
            try stage.configure(
                try bundle.first > 0 ? casting.openingFile(rules) : casting.file(rules))
        } catch let obstacle as Unperformable {
            throw DriveError.cannotBegin(obstacle.reason)
        }
        stage.isOpen = casting.playsUsers
        try stage.start()
    }

    /// From here on the rules hold that held when the bundle begins.
    func endOpening() throws {
        try reconfigure(firstRules)
        let end = Clock.bootMicroseconds() + Stage.patienceMilliseconds * 1000
        while Clock.bootMicroseconds() < end {
            for event in try stage.newEvents() {
                comparison.meet(event)
                if case .configurationChanged = event.content { return }
            }
            Clock.sleep(milliseconds: 1)
        }
        throw DriveError.failed("the coordinator does not take the recorded rules")
    }

    /// Reads the file again while it serves.
    func reconfigure(_ rules: Rules) throws {
        try takeOver(rules)
        try stage.reload()
    }

    /// Writes a configuration that is never the one before, for what makes them differ may be
    /// nothing that is performed.
    private func takeOver(_ rules: Rules) throws {
        try stage.configure(try casting.file(rules, isOther: !isOtherConfiguration))
        isOtherConfiguration.toggle()
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
            case .configurationChanged(_, let text): try takeOver(Rules(text: text))
            default: throw Unperformable("after another boot, or on another kernel")
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
