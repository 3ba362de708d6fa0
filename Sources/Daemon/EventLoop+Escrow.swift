import Coordinator
import Journal
import Logging
import Registry
import Transport

/// What is held for one handoff.
struct Escrow {
    let socket: SharedDescriptor
    /// Of its ticket, so that it is made once.
    let secret: UInt64
}

extension EventLoop {
    /// Takes a socket into escrow, and says so to the keeper.
    func hold(_ socket: SharedDescriptor, for handoff: HandoffNumber) {
        escrow[handoff] = Escrow(socket: socket, secret: key.secret(of: handoff))
        guard let keeper else { return }
        let epoch = coordinator.reading { $0.epoch }
        if !keeper.kept.keep(socket, as: .escrow, label: handoff, epoch: epoch) {
            configuration.logger.warning("a descriptor number is too high to be kept")
        }
    }

    func dropEscrow(of handoff: HandoffNumber) {
        guard let held = escrow.removeValue(forKey: handoff), !leavesStored(held.socket) else {
            return
        }
        keeper?.kept.forget(held.socket)
        released.append(held.socket)
    }

    /// Takes over what recovery found, and closes what nothing needs.
    func adopt(_ search: EscrowSearch) {
        var unclaimed: [SharedDescriptor] = []
        for step in search.plan.steps {
            switch step {
            case .adopt(let handoff, let place):
                guard let keeper, let entry = search.entry(at: place) else {
                    hold(search.socket(at: place), for: handoff)
                    continue
                }
                let socket = SharedDescriptor(keeper.kept.descriptor(of: entry))
                // Of what was stored the keeper does not know yet whose it is.
                guard entry.kind == .escrow else {
                    hold(socket, for: handoff)
                    continue
                }
                escrow[handoff] = Escrow(socket: socket, secret: key.secret(of: handoff))
            case .hold(let handoff):
                if let socket = search.copies[handoff] { hold(socket, for: handoff) }
            case .close(let place):
                guard let keeper, let entry = search.entry(at: place) else { continue }
                let descriptor = SharedDescriptor(keeper.kept.descriptor(of: entry))
                if entry.kind == .stored {
                    storedSockets.append(descriptor)
                    continue
                }
                keeper.kept.forget(descriptor)
                unclaimed.append(descriptor)
            }
        }
        storedCookies = search.storedCookies
        if let keeper, keeper.kept[.hasStored] != 0 {
            let known = Set(storedCookies)
            storedCookies += escrowCookies.subtracting(known)
        }
        closer.close(&unclaimed)
    }

    /// Of those that a predecessor may have taken out of the store without having emptied it.
    private var escrowCookies: Set<UInt64> {
        coordinator.reading { registry in
            Set(
                escrow.keys.compactMap { handoff in
                    registry.handoffs[handoff].flatMap {
                        registry.sockets[$0.socket]?.identity.cookie
                    }
                })
        }
    }

    // MARK: - The keeper

    func addKeeper() throws(Errno) {
        guard let keeper else { return }
        switch keeper.handle {
        case .some(let handle):
            try poller.add(handle, token: keeperToken, interest: .readable)
        case nil: break
        }
    }

    /// Its end leaves nothing behind that would keep the escrow; what to do then is configured.
    func noteKeeperLoss() {
        guard let keeper, !keeper.isLost else { return }
        keeper.isLost = true
        let next =
            switch configuration.keeperLoss {
            case .stop: "stopping"
            case .replace: "taking its place"
            case .goOn: "going on without"
            }
        configuration.logger.error(
            "the keeper has ended", metadata: ["pid": "\(keeper.pid)", "next": "\(next)"])
        coordinator.perform(.loseKeeper(found: "pid \(keeper.pid), \(next)"), at: now())
        // Until it is in the log, for whoever takes over should this process not get to it.
        keeper.kept[.lostKeeper] = keeper.pid
        // Who was told to stop does not go on as a keeper.
        replacesKeeper = configuration.keeperLoss == .replace && !isStopping
        if configuration.keeperLoss != .goOn { isStopping = true }
    }

    /// What a predecessor could not write before it became this one's keeper.
    func tellKeeperLoss() {
        guard let pid = keeper?.kept[.lostKeeper], pid != 0 else { return }
        coordinator.perform(.loseKeeper(found: "pid \(pid), its place was taken"), at: now())
    }

    /// Once a batch is durable, all that was told before is.
    func noteKeeperLossTold() {
        guard let keeper, keeper.kept[.lostKeeper] != 0 else { return }
        keeper.kept[.lostKeeper] = 0
    }

    /// Returns only by throwing.
    func becomeKeeper(because error: DaemonError? = nil) throws(DaemonError) -> Never {
        guard let keeper else { preconditionFailure("There was no keeper to replace.") }
        if let error {
            configuration.logger.error("becoming the keeper without a stop in order: \(error)")
        }
        do throws(Errno) {
            try keeper.kept.executeAgain(arguments: CommandLine.arguments)
        } catch {
            throw .keeperUnusable(detail: "this coordinator cannot become one: \(error)")
        }
    }

    /// For `baton status`: the keeper's pid.
    var keeperText: String {
        guard let keeper else { return "none" }
        return keeper.isLost ? "lost" : "\(keeper.pid)"
    }
}
