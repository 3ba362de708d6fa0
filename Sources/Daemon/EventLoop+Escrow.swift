import Coordinator
import Journal
import Logging
import Registry
import Transport

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
        guard let held = escrow.removeValue(forKey: handoff) else { return }
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
                keeper.kept.forget(descriptor)
                unclaimed.append(descriptor)
            }
        }
        storedCookies = search.storedCookies
        closer.close(&unclaimed)
    }

    /// Before the process ends without having stopped in order: what the keeper has stays open.
    func leaveEscrow() {
        guard keeper != nil else { return }
        KeptDescriptors.leave(escrow.values.map(\.socket))
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
        // Who was told to stop does not go on as a keeper.
        replacesKeeper = configuration.keeperLoss == .replace && !isStopping
        if configuration.keeperLoss != .goOn { isStopping = true }
    }

    /// After a stop in order. Returns only by throwing.
    func becomeKeeper() throws(DaemonError) -> Never {
        guard let keeper else { preconditionFailure("There was no keeper to replace.") }
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
