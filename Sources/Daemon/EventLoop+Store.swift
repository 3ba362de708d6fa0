import Coordinator
import Journal
import Logging
import Registry
import Transport

extension EventLoop {
    /// How long the service manager is left alone when it did not read.
    private static let storeRetryMicroseconds: Int64 = 1_000_000

    /// At a stop.
    func storeEscrow() {
        EscrowStore.store(
            escrow.keys.sorted().compactMap { escrow[$0]?.socket }, configuration.logger)
    }

    /// Before the process ends without having stopped in order: what the keeper has stays open, and
    /// it stores that itself when both are to end. Without one that is done here.
    func leaveEscrow() {
        if let keeper, !keeper.isLost || replacesKeeper {
            KeptDescriptors.leave(escrow.values.map(\.socket) + storedSockets)
        } else if isStopping {
            storeEscrow()
        }
    }

    /// After a start what the service manager kept is in escrow again, or void, and its copies are
    /// to go. Where it does not read, it is told again later: what it keeps stays open.
    ///
    /// - Parameter patience: whether to wait a moment for it; clients wait as well.
    func emptyStore(patience: Bool) {
        do throws(Errno) {
            while let cookie = storedCookies.last {
                try ServiceManager.notify(
                    "FDSTOREREMOVE=1\nFDNAME=\(StoreName.name(of: cookie))",
                    patience: patience)
                storedCookies.removeLast()
            }
        } catch {
            if nextStoreTry == 0 {
                configuration.logger.warning("cannot empty the service manager's store: \(error)")
            }
            nextStoreTry = Clock.bootMicroseconds() + Self.storeRetryMicroseconds
            return
        }
        keeper?.kept[.hasStored] = 0
        for socket in storedSockets { keeper?.kept.forget(socket) }
        released += storedSockets
        storedSockets.removeAll()
    }

    func emptyStoreIfDue(at time: Instant) {
        guard !storedCookies.isEmpty, time.bootMicroseconds >= nextStoreTry else { return }
        emptyStore(patience: false)
    }

    /// Leaves a socket that is out of escrow with the keeper as long as the service manager may
    /// have it too: its name must be known to whoever empties the store. Whether it was left.
    func leavesStored(_ socket: SharedDescriptor) -> Bool {
        guard let keeper, !storedCookies.isEmpty else { return false }
        do throws(Errno) {
            let cookie = try Sockets.cookie(of: socket.descriptor)
            guard storedCookies.contains(cookie),
                keeper.kept.keep(socket, as: .stored, label: cookie)
            else { return false }
        } catch {
            // Its name is among those that this process still removes.
            return false
        }
        storedSockets.append(socket)
        return true
    }
}
