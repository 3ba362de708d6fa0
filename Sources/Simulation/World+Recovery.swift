import Coordinator
import Registry

// How a coordinator dies, and how the next one begins, as the daemon does it.

extension World {
    // MARK: - Death and birth

    func crash(_ shell: Shell) {
        kept = isKeeperLost ? [:] : shell.escrow
        end(shell)
    }

    private func end(_ shell: Shell) {
        auditor.lostCoordinator()
        for index in connections.indices { connections[index].isServed = false }
        inbox.removeAll(keepingCapacity: true)
        self.shell = nil
    }

    func startCoordinator(_ how: Action.Start) {
        guard shell == nil else { return }
        if how == .lost || isKeeperLost {
            kept = [:]
            auditor.lostEscrow()
        }
        isKeeperLost = false
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
        if registry.nextSequence > 0 { recover(shell, registry) }
        noteDecisions(shell)
        write(shell)
        _ = shell.coordinator.takeBatch()
        shell.decided.removeAll(keepingCapacity: true)
        // Of what was kept, only what recovery left open.
        for handoff in kept.keys.sorted()
        where shell.coordinator.reading({ $0.handoffs[handoff] != nil })
            && isKept(handoff, registry)
        {
            shell.escrow[handoff] = kept[handoff]
        }
        kept = [:]
        self.shell = shell
        shell.ends.wantsLook = shell.coordinator.reading { !$0.sockets.isEmpty }
        noticeEnds()
        auditEscrow()
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
        rules.limits.handoffs = 10
        rules.limits.handoffsPerUser = 8
        rules.limits.sockets = 18
        rules.limits.unheldSockets = Bounds.unheldSockets
        rules.ends = Ends(networkNamespace: 1, internet: true, unix: true)
        rules.limits.clientsPerProcess = 4
        return rules
    }

    /// The kernel's cookie decides, not what the keeper's table says.
    private func isKept(_ handoff: HandoffNumber, _ registry: Registry) -> Bool {
        guard let socket = kept[handoff], let known = registry.handoffs[handoff] else {
            return false
        }
        return registry.sockets[known.socket]?.identity.cookie == Self.cookie(of: socket)
    }

    private func recover(_ shell: Shell, _ registry: Registry) {
        var living: Set<ProcessNumber> = []
        for id in order where processes[id]?.isAlive == true || mutant == .exitDoesNotVoid {
            if let number = number(of: id, shell) { living.insert(number) }
        }
        var observed = found(
            shell.coordinator.deliveryQuestions.filter { living.contains($0.target) })
        if mutant == .recoveryDelivers {
            observed = Set(registry.handoffs.values.filter(\.isReserved).map(\.number))
        }
        let found = Command.Recovery(
            pid: 1, epoch: shell.coordinator.registry.epoch,
            kept: Set(kept.keys.filter { isKept($0, registry) }), observed: observed)
        shell.coordinator.recover(found, living: living, at: now)
    }

    /// In which of the targets, of those that let themselves be looked at, the socket is there.
    func found(_ questions: [Coordinator.DeliveryQuestion]) -> Set<HandoffNumber> {
        Set(
            questions.filter { question in
                guard let target = holder(question.instance), target.isReadable else {
                    return false
                }
                return target.descriptors.keys.contains {
                    Self.cookie(of: $0) == question.cookie
                }
            }.map(\.handoff))
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

    // MARK: - The keeper

    func loseKeeper(_ loss: Action.KeeperLoss) {
        guard let shell, !isKeeperLost else { return }
        isKeeperLost = true
        auditor.lostKeeper()
        shell.facts.append(.loseKeeper(found: loss.rawValue))
        guard loss != .continued else { return }
        serve(.whole)
        shell.coordinator.perform(
            .stop(pid: 1, epoch: shell.coordinator.reading { $0.epoch }), at: now)
        noteDecisions(shell)
        write(shell)
        // Executed anew, it hands the escrow to itself.
        kept = loss == .replace ? shell.escrow : [:]
        isKeeperLost = loss != .replace
        end(shell)
    }
}
