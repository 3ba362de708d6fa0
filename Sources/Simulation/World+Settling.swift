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
        let folded = disk.restore(fromSnapshot: false).snapshot()
        if disk.restore(fromSnapshot: true).snapshot() != folded {
            auditor.report(.replay, "the snapshot and the rest are not the whole log")
        }
        guard let shell, shell.coordinator.events.isEmpty else { return }
        // This one changes the state without the log.
        guard mutant != .noSingleUse else { return }
        let (broken, isEqual) = shell.coordinator.reading { registry in
            (registry.brokenInvariant(), registry.snapshot() == folded)
        }
        if let broken { auditor.report(.invariant, "it does not hold that \(broken)") }
        if !isEqual { auditor.report(.replay, "the log replayed is not the state in memory") }
    }

    // MARK: - The end of a world

    func settle() {
        if shell == nil { startCoordinator(.kept, .whole) }
        shell?.isStoreFull = false
        askEverythingAgain()
        redeemEverything()
        settleEnds()
        guard auditor.violation == nil, let shell else { return }
        checkEnded(shell)
        if shell.escrow.count != auditor.open.count(where: { shell.escrow[$0] != nil }) {
            auditor.report(.leak, "escrow holds what no open handoff needs")
        }
        for id in order { exit(id) }
        serveUntilQuiet()
        settleEnds()
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
                shell?.coordinator.events.isEmpty == true, shell?.words.isEmpty == true,
                shell?.looks.next == nil
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

    /// Time for what the coordinator lets wait.
    private func settleEnds() {
        for _ in 0..<Bounds.endSettlings {
            boot += Bounds.endSettling
            serveUntilQuiet()
        }
    }

    /// What has ended is released, but for what nobody can know of: its end was told while no
    /// coordinator listened. What awaits a handoff's end is left alone.
    private func checkEnded(_ shell: Shell) {
        let tracked = shell.coordinator.reading { registry in
            registry.sockets.values.filter { $0.openHandoffs == 0 }.map(\.identity.cookie)
        }
        for cookie in tracked.sorted() where auditor.isHeard(cookie) {
            auditor.report(.release, "the socket \(cookie) has ended, and is not released")
        }
        if auditor.isKeeperLossUntold {
            auditor.report(.liveness, "the keeper was lost, of which the log has nothing")
        }
    }

    /// With everybody gone, nothing is left.
    private func checkEmpty(_ shell: Shell) {
        if let number = auditor.open.first {
            auditor.report(.exit, "\(number) is open after the exit of its target")
        }
        if !shell.escrow.isEmpty { auditor.report(.leak, "escrow is left") }
        if !extant.isEmpty { auditor.report(.leak, "a socket is left") }
        checkEnded(shell)
        shell.coordinator.reading { registry in
            if !registry.handoffs.isEmpty || !registry.processes.isEmpty
                || !registry.clients.isEmpty || !registry.descriptors.isEmpty
            {
                auditor.report(.leak, "the state of a world without processes is not empty")
            }
        }
        if shell.coordinator.sessionCount > 0 { auditor.report(.leak, "sessions are left") }
    }
}
