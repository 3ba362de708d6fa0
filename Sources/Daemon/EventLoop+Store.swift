import Coordinator
import Logging
import Registry
import Transport

extension EventLoop {
    /// How long a stop waits for the service manager to take what it is given.
    private static let storeMilliseconds: Int32 = 5000

    /// At a stop: gives the sockets in escrow to the service manager, where the unit lets it keep
    /// some (FileDescriptorStoreMax=). It keeps one descriptor of a socket, whatever number of
    /// handoffs it is held for. One that does not say how many it keeps is given all: what it does
    /// not take is no worse off.
    func storeEscrow() {
        guard !escrow.isEmpty else { return }
        let told = ServiceManager.storeCapacity
        var room = StoreRoom(capacity: told ?? Int.max)
        guard room.capacity > 0 else {
            return configuration.logger.warning(
                "nobody keeps what is in escrow: there is no store (FileDescriptorStoreMax=)",
                metadata: ["lost": "\(escrow.count)"])
        }
        var stored: Set<UInt64> = []
        var surplus = 0
        do throws(Errno) {
            for handoff in escrow.keys.sorted() {
                guard let socket = escrow[handoff]?.socket, let cookie = cookie(of: handoff),
                    !stored.contains(cookie)
                else { continue }
                let name = StoreName.name(of: cookie)
                guard room.take(name) else {
                    surplus += 1
                    continue
                }
                // FDPOLL=0: a socket whose other end has gone is still what was promised.
                try ServiceManager.notify(
                    "FDSTORE=1\nFDNAME=\(name)\nFDPOLL=0", passing: socket)
                stored.insert(cookie)
            }
            if try !ServiceManager.awaitReading(milliseconds: Self.storeMilliseconds) {
                configuration.logger.error("the service manager does not say that it has read")
            }
        } catch {
            configuration.logger.error("cannot store what is in escrow: \(error)")
        }
        configuration.logger.log(
            level: surplus > 0 ? .error : .info, "stored",
            metadata: [
                "sockets": "\(stored.count)", "lost": "\(surplus)",
                "room": "\(told.map(String.init) ?? "not told")",
            ])
    }

    private func cookie(of handoff: HandoffNumber) -> UInt64? {
        coordinator.reading { registry in
            registry.handoffs[handoff].flatMap { registry.sockets[$0.socket]?.identity.cookie }
        }
    }

    /// After a start: what the service manager kept is in escrow again, or void.
    func emptyStore() {
        defer { storedCookies = [] }
        do throws(Errno) {
            for cookie in storedCookies {
                try ServiceManager.notify(
                    "FDSTOREREMOVE=1\nFDNAME=\(StoreName.name(of: cookie))")
            }
        } catch {
            configuration.logger.warning("cannot empty the service manager's store: \(error)")
        }
    }
}
