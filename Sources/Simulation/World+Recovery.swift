import Coordinator
import Registry

// How a coordinator dies, and how the next one begins, as the daemon does it.

extension World {
    // MARK: - Death and birth

    func crash(_ shell: Shell) {
        kept = isKeeperLost ? [] : table(shell)
        end(shell)
    }

    /// The keeper's table while this coordinator runs.
    private func table(_ shell: Shell) -> [KeptSocket] {
        shell.escrow.keys.sorted().compactMap { handoff in
            shell.escrow[handoff].map { KeptSocket(handoff: handoff, socket: $0) }
        }
    }

    private func end(_ shell: Shell) {
        auditor.lostCoordinator()
        for index in connections.indices { connections[index].isServed = false }
        inbox.removeAll(keepingCapacity: true)
        self.shell = nil
    }

    func startCoordinator(_ how: Action.Start, _ end: Action.StartEnd) {
        guard shell == nil else { return }
        find(how)
        // What ends while no coordinator listens is told to nobody.
        noticeEnds()
        auditReplay()
        let registry = disk.restore(fromSnapshot: how == .snapshot)
        disk.runs += 1
        var limits = Admission.Limits()
        limits.refusalsPerSecond = Bounds.refusals
        let shell = Shell(
            coordinator: Coordinator(registry: registry, pid: 1, limits: limits), escrow: [:])
        begin(shell)
        var plan = RecoveryPlan(closing: Array(kept.indices))
        var copies: [HandoffNumber: Int] = [:]
        if registry.nextSequence > 0 {
            plan = recover(shell, mayFetch: how != .lost, &copies)
        }
        noteDecisions(shell)
        guard end != .crashBeforeCommit else {
            if mutant == .takeBeforeCommit { kept = [] }
            return
        }
        write(shell)
        _ = shell.coordinator.takeBatch()
        shell.decided.removeAll(keepingCapacity: true)
        guard takeOver(plan, copies, end, shell) else { return }
        self.shell = shell
        if shell.coordinator.reading({ !$0.sockets.isEmpty }) { shell.looks.want(.start) }
        noticeEnds()
        auditEscrow()
    }

    /// What is there of the escrow, in truth. What nobody kept stays so until it is in escrow
    /// again.
    private func find(_ how: Action.Start) {
        if how == .lost || how == .fetched || isKeeperLost {
            kept = []
            unkept.formUnion(auditor.open)
        }
        isKeeperLost = false
        auditor.lostEscrow {
            unkept.contains($0)
        } isFound: { handoff in
            let socket = Self.socket(of: handoff.cookie)
            return kept.contains {
                $0.socket == socket && ($0.handoff ?? handoff.number) == handoff.number
            } || how != .lost && has(handoff.source, socket)
        }
    }

    /// Whether a process has the socket, as far as the coordinator may see.
    private func has(_ id: Int, _ socket: Int) -> Bool {
        guard let process = processes[id], process.isAlive, process.isReadable else { return false }
        return process.descriptors[socket] != nil
    }

    /// Takes over what was found, one step after the other. False when the coordinator dies before
    /// it is through: then the keeper has what it had, and what was given to it since.
    private func takeOver(
        _ plan: RecoveryPlan, _ copies: [HandoffNumber: Int], _ end: Action.StartEnd,
        _ shell: Shell
    ) -> Bool {
        var limit = Int.max
        if case .crashAfter(let steps) = end { limit = steps }
        var closed: Set<Int> = []
        var given: [KeptSocket] = []
        for step in plan.steps.prefix(limit) {
            switch step {
            case .adopt(let handoff, let place):
                kept[place] = KeptSocket(handoff: handoff, socket: kept[place].socket)
                shell.escrow[handoff] = kept[place].socket
            case .hold(let handoff):
                guard let socket = copies[handoff] else { continue }
                shell.escrow[handoff] = socket
                given.append(KeptSocket(handoff: handoff, socket: socket))
            case .close(let place): closed.insert(place)
            }
        }
        guard limit != .max else {
            kept = []
            unkept = []
            return true
        }
        kept = kept.indices.filter { !closed.contains($0) }.map { kept[$0] } + given
        unkept.subtract(given.compactMap(\.handoff))
        return false
    }

    private func begin(_ shell: Shell) {
        let isFirst = shell.coordinator.registry.nextSequence == 0
        let epoch = shell.coordinator.registry.epoch + 1
        if isFirst {
            shell.coordinator.perform(
                .openLog(Event.LogIdentity(origin: "simulated", program: "1", schema: 1)), at: now)
        }
        shell.coordinator.perform(
            .observeBoot(
                Event.Boot(id: "simulated", kernel: "6.12", features: [], grade: .instance)),
            at: now)
        if isFirst {
            shell.coordinator.perform(.configure(digest: "00", content: rules.text), at: now)
        }
        shell.coordinator.perform(.start(pid: 1, epoch: epoch), at: now)
        shell.clockOffset = wallOffset
    }

    private var rules: Rules {
        var rules = Rules()
        rules.limits.handoffs = Bounds.handoffs
        rules.limits.handoffsPerUser = Bounds.handoffsPerUser
        rules.limits.sockets = Bounds.sockets
        rules.limits.unheldSockets = Bounds.unheldSockets
        rules.ends = Ends(networkNamespace: 1, internet: true, unix: true)
        rules.limits.clientsPerProcess = 4
        if mutant == .anyoneMayHand {
            rules.policy = Policy(rules: [Policy.Rule(name: "all", allows: true)])
        }
        return rules
    }

    /// As the daemon's search does it, with the same plan.
    private func recover(
        _ shell: Shell, mayFetch: Bool, _ copies: inout [HandoffNumber: Int]
    ) -> RecoveryPlan {
        var living: Set<ProcessNumber> = []
        for id in order where processes[id]?.isAlive == true || mutant == .exitDoesNotVoid {
            if let number = number(of: id, shell) { living.insert(number) }
        }
        func seen(_ look: RecoveryPlan.Look) -> Set<UInt64> {
            guard living.contains(look.process),
                let instance = shell.coordinator.reading({
                    $0.processes[look.process]?.identity.instance
                }),
                let process = holder(instance)
            else { return [] }
            return Set(
                look.sockets.map(\.cookie).filter { has(process.id, Self.socket(of: $0)) })
        }
        let offered = kept.enumerated().map { place, one in
            RecoveryPlan.Kept(
                place: place, label: one.handoff.map { .escrow($0) } ?? .stored,
                cookie: Self.cookie(of: one.socket))
        }
        var plan = RecoveryPlan(offered, for: shell.coordinator)
        for copy in plan.copies { copies[copy.handoff] = Self.socket(of: copy.cookie) }
        for look in plan.deliveryLooks {
            let instance = shell.coordinator.reading {
                $0.processes[look.process]?.identity.instance
            }
            let ancestors = instance.flatMap { holder($0) }.map { self.ancestors(of: $0) }
            plan.saw(seen(look), in: look.process, ancestors: ancestors)
        }
        for look in plan.sourceLooks where mayFetch {
            for copy in plan.took(seen(look), from: look.process) {
                copies[copy.handoff] = Self.socket(of: copy.cookie)
            }
        }
        var found = plan.findings(
            pid: 1, epoch: shell.coordinator.reading { $0.epoch })
        if mutant == .recoveryDelivers {
            found.observed = shell.coordinator.reading { registry in
                Set(registry.handoffs.values.filter(\.isReserved).map(\.number))
            }
        }
        shell.coordinator.recover(found, living: living, at: now)
        plan.settle(for: shell.coordinator.registry)
        return plan
    }

    /// In which of the targets, of those that let themselves be looked at, the socket is there.
    func found(_ questions: [Coordinator.DeliveryQuestion]) -> Set<HandoffNumber> {
        Set(
            questions.filter { question in
                guard let target = holder(question.instance), target.isReadable else {
                    return false
                }
                return question.isProvable(ancestors: ancestors(of: target))
                    && target.descriptors.keys.contains {
                        Self.cookie(of: $0) == question.cookie
                    }
            }.map(\.handoff))
    }

    /// The instances of its parent and of that one's; whose parent has ended has lost the others.
    private func ancestors(of process: SimulatedProcess) -> Set<UInt64> {
        var found: Set<UInt64> = []
        var next = process.parent
        while let id = next, let parent = processes[id], parent.isAlive,
            found.insert(instance(of: parent)).inserted
        {
            next = parent.parent
        }
        return found
    }

    private func holder(_ instance: UInt64) -> SimulatedProcess? {
        for id in order.reversed() {
            if let process = processes[id], process.isAlive, self.instance(of: process) == instance
            {
                return process
            }
        }
        return nil
    }

    // MARK: - Stops

    func loseKeeper(_ loss: Action.KeeperLoss) {
        guard let shell, !isKeeperLost else { return }
        isKeeperLost = true
        auditor.lostKeeper()
        shell.facts.append(.loseKeeper(found: loss.rawValue))
        guard loss != .continued else { return }
        stop(shell)
        // Executed anew, it hands the escrow to itself.
        kept = loss == .replace ? table(shell) : []
        isKeeperLost = loss != .replace
    }

    /// A service manager takes one descriptor for each socket, and not more than it may.
    func stopCoordinator() {
        guard let shell else { return }
        stop(shell)
        kept = []
        unkept = []
        for one in table(shell) {
            let isKept = kept.contains { $0.socket == one.socket }
            if !isKept, kept.count < Bounds.stored {
                kept.append(KeptSocket(handoff: nil, socket: one.socket))
            } else if !isKept, let handoff = one.handoff {
                unkept.insert(handoff)
            }
        }
        isKeeperLost = false
    }

    private func stop(_ shell: Shell) {
        serve(.whole)
        shell.coordinator.stop(pid: 1, at: now)
        noteDecisions(shell)
        write(shell)
        end(shell)
    }
}
