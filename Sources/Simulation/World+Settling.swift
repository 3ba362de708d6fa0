import Coordinator
import Registry

extension World {
    // MARK: - Checks of the state

    /// Escrow is compared only when the batch is written and its effects are done.
    func auditEscrow() {
        guard let shell, shell.coordinator.events.isEmpty else { return }
        auditor.checkEscrow(shell.escrow.mapValues { Self.cookie(of: $0) })
    }

    /// Folding the log gives the state that is in memory; so does a snapshot with the rest.
    func auditReplay() {
        let folded = disk.restore(fromSnapshot: false, mutant).snapshot()
        if disk.restore(fromSnapshot: true, mutant).snapshot() != folded {
            auditor.report(.replay, "the snapshot and the rest are not the whole log")
        }
        guard let shell, shell.coordinator.events.isEmpty else { return }
        let isEqual = shell.coordinator.reading { registry in
            registry.checkInvariants()
            return registry.snapshot() == folded
        }
        if !isEqual { auditor.report(.replay, "the log replayed is not the state in memory") }
    }

    // MARK: - The end of a world

    func settle() {
        if shell == nil { startCoordinator(.kept) }
        shell?.isStoreFull = false
        askEverythingAgain()
        redeemEverything()
        guard auditor.violation == nil, let shell else { return }
        if shell.escrow.count != auditor.open.count(where: { shell.escrow[$0] != nil }) {
            auditor.report(.leak, "escrow holds what no open handoff needs")
        }
        for id in order { exit(id) }
        serveUntilQuiet()
        checkEmpty(shell)
        auditReplay()
    }

    private func serveUntilQuiet() {
        for _ in 0..<Bounds.settlingRounds {
            serve(.whole)
            for id in order where processes[id]?.isAlive == true {
                while let index = processes[id]?.client.connection,
                    !connections[index].answers.isEmpty
                { receive(id, .whole) }
            }
            if inbox.isEmpty, shell?.coordinator.hasExits != true,
                shell?.coordinator.events.isEmpty == true
            {
                return
            }
        }
    }

    private func askEverythingAgain() {
        for _ in 0..<3 {
            for id in order where processes[id]?.isAlive == true {
                connect(id)
                serveUntilQuiet()
                for label in processes[id]?.client.outstanding ?? [] {
                    askAgain(label)
                    serveUntilQuiet()
                }
            }
            // A user whose refusals were too many is heard again after a second.
            boot += 2_000_000
        }
    }

    /// Whoever has a record of an open handoff for itself, asks, and gets the descriptor.
    private func redeemEverything() {
        var label = (requests.keys.max() ?? 0) + 1
        for record in requests.keys.sorted() {
            guard let number = requests[record]?.record, let handoff = auditor.handoffs[number],
                processes[handoff.target]?.isAlive == true
            else { continue }
            let isAsked = auditor.open.contains(number)
            guard isAsked else { continue }
            connect(handoff.target)
            serveUntilQuiet()
            ask(label, by: handoff.target, .redeem(record: record, .genuine))
            label += 1
            serveUntilQuiet()
            if auditor.open.contains(number), auditor.violation == nil {
                auditor.report(
                    .liveness, "the target of \(number) lives and asks, and does not get it")
            }
        }
        // A socket that was received back can be sent once more.
        askEverythingAgain()
        for id in order where processes[id]?.isAlive == true {
            if let label = processes[id]?.client.outstanding.first(where: canBeAnswered) {
                auditor.report(.liveness, "request \(label) has no answer")
            }
        }
    }

    /// A duplicate whose socket was closed cannot be asked again.
    private func canBeAnswered(_ label: Int) -> Bool {
        guard let request = requests[label] else { return false }
        if case .duplicate(let socket, _, _) = request.what {
            return processes[request.process]?.descriptors[socket] != nil
        }
        return true
    }

    /// With everybody gone, nothing is left.
    private func checkEmpty(_ shell: Shell) {
        if let number = auditor.open.first {
            auditor.report(.exit, "\(number) is open after the exit of its target")
        }
        if !shell.escrow.isEmpty { auditor.report(.leak, "escrow is left") }
        shell.coordinator.reading { registry in
            if !registry.handoffs.isEmpty || !registry.processes.isEmpty
                || !registry.sockets.isEmpty || !registry.clients.isEmpty
                || !registry.descriptors.isEmpty
            {
                auditor.report(.leak, "the state of a world without processes is not empty")
            }
        }
        if shell.coordinator.sessionCount > 0 { auditor.report(.leak, "sessions are left") }
    }
}
