import Logging
import Transport

/// Gives what is in escrow to the service manager, where the unit lets it keep some
/// (FileDescriptorStoreMax=), because the process that holds it is about to end.
enum EscrowStore {
    /// How long the end waits for the service manager to take what it is given.
    private static let milliseconds: Int32 = 5000

    /// The manager keeps one descriptor of a socket, whatever number of handoffs it is held for.
    /// One that does not say how many it keeps is given all: what it does not take is no worse off.
    static func store(_ sockets: [SharedDescriptor], _ logger: Logger) {
        guard !sockets.isEmpty else { return }
        let told = ServiceManager.storeCapacity
        var room = StoreRoom(capacity: told ?? Int.max)
        guard room.capacity > 0 else {
            return logger.warning(
                "nobody keeps what is in escrow: there is no store (FileDescriptorStoreMax=)",
                metadata: ["lost": "\(sockets.count)"])
        }
        var stored: Set<UInt64> = []
        var surplus = 0
        do throws(Errno) {
            for socket in sockets {
                let cookie = try Sockets.cookie(of: socket.descriptor)
                guard !stored.contains(cookie) else { continue }
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
            if try !ServiceManager.awaitReading(milliseconds: milliseconds) {
                logger.error("the service manager does not say that it has read")
            }
        } catch {
            logger.error("cannot store what is in escrow: \(error)")
        }
        logger.log(
            level: surplus > 0 ? .error : .info, "stored",
            metadata: [
                "sockets": "\(stored.count)", "lost": "\(surplus)",
                "room": "\(told.map(String.init) ?? "not told")",
            ])
    }
}
