import Coordinator
import Journal
import Logging
import Registry
import Transport

extension EventLoop {
    /// One log line and, under a service manager, the word that clients can connect.
    func announce() {
        configuration.logger.info(
            "ready",
            metadata: [
                "socket": "\(configuration.socketPath)", "database": "\(journal.path)",
                "pid": "\(HostFacts.ownPID())", "grade": "\(features.grade.rawValue)",
                "events": "\(coordinator.registry.nextSequence)",
            ])
        keeper?.kept[.hasServed] = 1
        do throws(Errno) {
            let mainPID = keeper?.pid ?? HostFacts.ownPID()
            try ServiceManager.notify("READY=1\nMAINPID=\(mainPID)")
        } catch {
            configuration.logger.warning("cannot notify the service manager: \(error)")
        }
        emptyStore(patience: true)
    }

    /// Runs until stopped. Throws when it cannot go on; whatever was answered is in the log.
    func run() throws(DaemonError) {
        tellKeeperLoss()
        if keeper?.isGoneAlready == true { noteKeeperLoss() }
        let led = LedLoop(self)
        let succession = succession
        succession.prepare { led.leadToTheEnd(isTakingOver: true, succession) }
        do throws(Errno) {
            // Not on the caller's, which must come back whatever the thread that leads is kept in.
            try Threads.start { led.leadToTheEnd(isTakingOver: false, succession) }
        } catch {
            led.leadToTheEnd(isTakingOver: false, succession)
        }
        try succession.outcome()
    }

    /// Leads until the loop is over; nil where another thread leads since.
    fileprivate func leadToTheEnd(isTakingOver: Bool) -> Result<Void, DaemonError>? {
        let outcome: Result<Void, DaemonError>
        do throws(DaemonError) {
            guard try lead(isTakingOver: isTakingOver) else { return nil }
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        hangUp()
        return outcome
    }

    /// A thread that is kept in a call has the loop, and its connections, as long. Their clients
    /// are not to wait for that. What they were answered they still receive.
    private func hangUp() {
        for client in connections.values { shutDown(client) }
    }

    /// False where another thread leads since: this one must touch nothing here any more.
    private func lead(isTakingOver: Bool) throws(DaemonError) -> Bool {
        if isTakingOver { leaveCall() }
        // What the round that broke off has decided waits for its commit.
        var timeout = isTakingOver ? 0 : timeoutMilliseconds()
        while !isStopping {
            guard try round(timeout: timeout) else { return false }
            timeout = timeoutMilliseconds()
        }
        try finish()
        return true
    }

    /// Answers what was received, writes the stop, and takes a snapshot for the next start.
    private func finish() throws(DaemonError) {
        // A successor is at hand for what clients still send: they ask it again.
        if !replacesKeeper { try finishListening() }
        coordinator.stop(pid: HostFacts.ownPID(), at: now())
        try commit()
        putCheckpoint()
        do throws(JournalError) {
            // After a batch that could not be written the state can be ahead of the log.
            if coordinator.events.isEmpty {
                try journal.takeSnapshot(of: coordinator.registry)
            }
            try journal.close()
        } catch {
            throw DaemonError(error)
        }
        if !replacesKeeper { storeEscrow() }
        configuration.logger.info(
            "stopped", metadata: ["held": "\(escrow.count)", "database": "\(journal.path)"])
    }

    /// Whether messages wait for threads that can be kept, for two seconds at most.
    private var isKeepingBack: Bool { !namer.isEmpty || !reception.isEmpty }

    private func finishListening() throws(DaemonError) {
        do throws(Errno) {
            try poller.remove(listener)
            if ownsSocketFile { try SystemFiles.remove(configuration.socketPath) }
        } catch {
            configuration.logger.warning("cannot remove the socket file: \(error)")
        }
        hearNoMore()
        var quiet = 0
        // Without room for it, what is left of exits is worked off by the next coordinator.
        while quiet < 1 || isKeepingBack
            || (coordinator.hasExits || !exits.isEmpty) && Clock.bootMicroseconds() >= retriesAt
        {
            let before = coordinator.registry.nextSequence
            // Nothing that may not return is called on this thread any more.
            _ = try round(timeout: isKeepingBack ? 1 : 0)
            quiet = coordinator.registry.nextSequence == before ? quiet + 1 : 0
        }
    }
}

/// The loop, for the threads that lead it one after the other: who takes over has it alone.
private final class LedLoop: @unchecked Sendable {
    private var loop: EventLoop?

    init(_ loop: EventLoop) { self.loop = loop }

    func leadToTheEnd(isTakingOver: Bool, _ succession: Succession) {
        guard let outcome = loop?.leadToTheEnd(isTakingOver: isTakingOver) else { return }
        // Before it is said to be over: whoever ran it is the last to have it, and closes it.
        loop = nil
        succession.finish(outcome)
    }
}
