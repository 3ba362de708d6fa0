import Transport

/// What a service manager handed down.
struct Inheritance {
    /// A socket that was in escrow when a predecessor stopped.
    struct Stored {
        let cookie: UInt64
        let socket: SharedDescriptor
    }

    private(set) var listener: SharedDescriptor?
    private(set) var stored: [Stored] = []

    /// Takes all of it. What has no use here stays open.
    static func take() -> Inheritance {
        var inheritance = Inheritance()
        for inherited in ServiceManager.inherited() {
            if let cookie = StoreName.cookie(of: inherited.name) {
                inheritance.stored.append(Stored(cookie: cookie, socket: inherited.descriptor))
                continue
            }
            if inheritance.listener == nil { inheritance.listener = inherited.descriptor }
            KeptDescriptors.leave([inherited.descriptor])
        }
        return inheritance
    }

    /// In the keeper, before the first coordinator.
    func keep(in kept: KeptDescriptors) {
        if let listener { _ = kept.keep(listener, as: .inheritedListener) }
        if !stored.isEmpty { kept[.hasStored] = 1 }
        for stored in stored where kept.keep(stored.socket, as: .stored, label: stored.cookie) {
            KeptDescriptors.leave([stored.socket])
        }
    }
}

/// What a socket is called in the service manager's store.
enum StoreName {
    private static let prefix = "baton-"

    static func name(of cookie: UInt64) -> String { "\(prefix)\(cookie)" }

    static func cookie(of name: String) -> UInt64? {
        name.hasPrefix(prefix) ? UInt64(name.dropFirst(prefix.count)) : nil
    }
}

/// What the service manager's store still has room for.
struct StoreRoom {
    private(set) var capacity: Int
    /// The names of all that it keeps come back in one variable, LISTEN_FDNAMES, and Linux executes
    /// no program that has one of more than 128 KiB: with more names the service could not be
    /// started again. Some room is left for what else the unit is handed.
    ///
    /// execve(2), MAX_ARG_STRLEN
    private var nameByteCount = 120 * 1024

    init(capacity: Int) { self.capacity = capacity }

    /// False when there is no room for another descriptor of this name.
    mutating func take(_ name: String) -> Bool {
        let byteCount = name.utf8.count + 1
        guard capacity > 0, byteCount <= nameByteCount else { return false }
        capacity -= 1
        nameByteCount -= byteCount
        return true
    }
}

extension Startup {
    /// Whether a service manager listens for us: it lets nobody else do so, and the directory of
    /// its socket need not be ours.
    static func isListening(_ keeper: KeeperLink?, _ inherited: Inheritance) -> Bool {
        inherited.listener != nil
            || keeper?.kept.entries.contains { $0.kind == .inheritedListener } == true
    }

    /// The listener that the keeper has. Clients that connected while nobody listened are in its
    /// queue.
    static func keptListener(
        _ keeper: KeeperLink, path: String
    ) throws(DaemonError) -> Listening? {
        guard
            let entry = keeper.kept.entries.first(where: {
                $0.kind == .listener || $0.kind == .inheritedListener
            })
        else { return nil }
        do throws(Errno) {
            let listener = try Listener(adopting: keeper.kept.duplicate(of: entry))
            return Listening(listener: listener, ownsFile: entry.kind == .listener)
        } catch {
            throw .socketUnusable(
                path: entry.kind == .listener ? path : "the inherited socket",
                detail: "it must be a listening SOCK_SEQPACKET Unix socket (\(error))")
        }
    }

    /// Keeps another descriptor of the listener, which stays when the coordinator's is closed.
    static func keep(
        _ listener: borrowing Listener, _ keeper: KeeperLink, path: String
    ) throws(ListenError) {
        do throws(Errno) {
            let copy = SharedDescriptor(try listener.duplicate())
            guard keeper.kept.keep(copy, as: .listener) else { return }
            KeptDescriptors.leave([copy])
        } catch {
            throw .failed(error)
        }
    }
}

extension DaemonError {
    init(_ error: ListenError, path: String) {
        self =
            error == .inUse
            ? .socketInUse(path: path)
            : .socketUnusable(path: path, detail: error.description)
    }
}
