internal import Baton
internal import CWinsock2
internal import Synchronization
internal import Transport
internal import Winsock

/// What this process has of Winsock.
///
/// A child made by fork(2) goes on with what its parent had: the count of startups, the sockets and
/// the event objects, which are inherited descriptors. Its connection to the coordinator, and the
/// nonce of its requests, are its own. Registrations of network events stay the parent's.
enum Library {
    /// How many successful WSAStartup have no WSACleanup yet. Winsock: WSAStartup.
    static let startups = Atomic<Int>(0)

    static let sockets = ForkSafeLock(SocketTable())

    /// Connects when it is first needed, and again in a forked child.
    static let client = Client()

    /// Winsock: WSANOTINITIALISED.
    static func requireStartup() throws(CallFailure) {
        guard startups.load(ordering: .relaxed) > 0 else {
            throw CallFailure(.notInitialised, "WSAStartup was not called, or was undone")
        }
    }

    /// Keeps the tables whole in children that fork while another thread changes them. Once for the
    /// process, however often it starts up.
    static let watchesForks: Bool = {
        do throws(Errno) {
            try Forks.watch(
                before: {
                    Notifier.pauseForFork()
                    Library.lockTables()
                },
                inParent: {
                    Library.unlockTables()
                    Notifier.goOnAfterFork()
                },
                inChild: {
                    Library.unlockTables()
                    Notifier.endForkInChild()
                })
            return true
        } catch {
            return false
        }
    }()

    private static func lockTables() {
        sockets.lock()
        events.lock()
        windowLock.lock()
    }

    private static func unlockTables() {
        windowLock.unlock()
        events.unlock()
        sockets.unlock()
    }
}

/// The descriptors that this library made, by their numbers. A program's SOCKET is the number.
struct SocketTable {
    private var sockets: [Int32: OpenSocket] = [:]

    subscript(number: Int32) -> OpenSocket? {
        get { sockets[number] }
        set { sockets[number] = newValue }
    }

    var numbers: [Int32] { sockets.keys.sorted() }

    /// Another descriptor of a socket that is shared; the first, so that there is no choice. Of
    /// others there is one.
    func successor(of socket: OpenSocket) -> Int32? {
        guard socket.sharedBy != nil else { return nil }
        return sockets.lazy.filter { $0.value.cookie == socket.cookie }.map(\.key).min()
    }
}

/// What is known of one descriptor of this process.
struct OpenSocket: Sendable {
    /// As it was made. Winsock: WSASocket, dwFlags.
    var flags: SocketFlags
    /// What identifies the socket. A number that names another one, or none, is not its number any
    /// more.
    var cookie: UInt64
    /// The process whose descriptor the coordinator knows, of a socket that is shared: nobody
    /// handed over a forked child's copy.
    var sharedBy: OwnProcess?
    /// It came from accept: there is no FD_CONNECT for it.
    var isAccepted = false
    /// What it is, once that was asked.
    var type: SocketType?
    /// It has an address, as far as was seen.
    var isBound = false
    /// A connect that did not wait has begun, and was not seen to succeed.
    var isConnecting = false
    /// What this process has shut down.
    var isSendShutDown = false
    var isReceiveShutDown = false
    /// Connections that the condition function of WSAAccept put off.
    var deferred: [DeferredConnection] = []

    /// Whether the coordinator is to be told when this process closes it.
    var isShared: Bool { sharedBy == .current }

    func closeDeferred() {
        for connection in deferred {
            SocketCalls.close(connection.number, ofCookie: connection.cookie)
        }
    }
}

/// A connection that waits for the next accept. Winsock: WSAAccept, CF_DEFER.
struct DeferredConnection: Sendable {
    let number: Int32
    /// What identifies it.
    let cookie: UInt64
    /// As the kernel gave it.
    let peer: [UInt8]
}

extension Library {
    /// The number of a descriptor that is a socket: one of the table, or any other that the program
    /// came by, as a child that inherited it. Winsock: WSAENOTSOCK.
    ///
    /// The kernel is asked each time, because the program may have closed the number without this
    /// library, or have something else under it. What another thread does with it after that is not
    /// seen before the next call.
    static func descriptor(of socket: SOCKET) throws(CallFailure) -> Int32 {
        guard let number = Int32(exactly: socket) else { throw CallFailure(.notASocket) }
        let cookie = cookie(of: number)
        if let known = sockets.withLock({ $0[number]?.cookie }), known != cookie {
            forget(number)
        }
        guard cookie != nil else { throw CallFailure(.notASocket) }
        return number
    }

    /// What identifies the socket that the number names now, if it names one.
    static func cookie(of number: Int32) -> UInt64? {
        do throws(Errno) {
            return try SocketCalls.cookie(of: number)
        } catch {
            return nil
        }
    }

    /// Drops from the table what the program has closed itself. The number is not closed: it is the
    /// program's. The coordinator learns of the close when this process ends.
    static func forget(_ number: Int32) {
        let (forgotten, successor) = sockets.withLock { table -> (OpenSocket?, Int32?) in
            // Another thread may have closed it with closesocket meanwhile, and have a new one.
            guard let socket = table[number], socket.cookie != cookie(of: number) else {
                return (nil, nil)
            }
            table[number] = nil
            return (socket, table.successor(of: socket))
        }
        guard let forgotten else { return }
        Notifier.remove(number, successor: successor)
        forgotten.closeDeferred()
    }

    /// Puts a new descriptor into the table, and gives the program its number. `isShared` says that
    /// the coordinator knows of it.
    static func add(
        _ number: Int32, cookie: UInt64, flags: SocketFlags, isShared: Bool = false
    ) -> SOCKET {
        sockets.withLock {
            $0[number] = OpenSocket(
                flags: flags, cookie: cookie, sharedBy: isShared ? .current : nil)
        }
        return SOCKET(number)
    }

    /// What is known of a descriptor; nothing of one that the program came by otherwise.
    static func known(_ number: Int32) -> OpenSocket? { sockets.withLock { $0[number] } }

    /// Changes what is known of a descriptor, where anything is.
    static func note(_ number: Int32, _ change: (inout OpenSocket) -> Void) {
        sockets.withLock { table in
            guard var socket = table[number] else { return }
            change(&socket)
            table[number] = socket
        }
    }

    /// The type of a socket, asked once of those in the table.
    static func type(of number: Int32) throws(CallFailure) -> SocketType {
        if let type = known(number)?.type { return type }
        let raw = try asking { () throws(Errno) in try SocketCalls.type(of: number) }
        guard let type = SocketType(rawValue: raw) else {
            throw CallFailure(.socketTypeNotSupported)
        }
        note(number) { $0.type = type }
        return type
    }

    /// The catalog's entry of a socket.
    static func entry(of number: Int32) throws(CallFailure) -> CatalogEntry {
        let kind = try asking { () throws(Errno) in try SocketCalls.kind(of: number) }
        guard let family = AddressFamily(linux: kind.family),
            let type = SocketType(rawValue: kind.type),
            let entry = Catalog.entry(
                family: family, type: type, protocolNumber: kind.protocolNumber)
        else {
            throw CallFailure(.operationNotSupported, "the catalog has no such socket")
        }
        return entry
    }

    /// The number of a SOCKET, after the checks that come first. Winsock: WSANOTINITIALISED,
    /// WSAENOTSOCK.
    static func started(_ socket: SOCKET) throws(CallFailure) -> Int32 {
        try requireStartup()
        return try descriptor(of: socket)
    }
}
