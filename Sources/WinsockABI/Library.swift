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
                before: { Library.lockTables() }, inParent: { Library.unlockTables() },
                inChild: { Library.unlockTables() })
            return true
        } catch {
            return false
        }
    }()

    private static func lockTables() {
        sockets.lock()
        events.lock()
        windows.lock()
    }

    private static func unlockTables() {
        windows.unlock()
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
}

/// What is known of one descriptor of this process.
struct OpenSocket: Sendable {
    /// As it was made. Winsock: WSASocket, dwFlags.
    var flags: SocketFlags
    /// What identifies the socket while it is shared; 0 before.
    var cookie: UInt64 = 0
    /// The process whose descriptor the coordinator knows: nobody handed over a forked child's copy.
    var sharedBy: Int32 = 0
    /// It came from accept: there is no FD_CONNECT for it.
    var isAccepted = false

    /// Whether the coordinator is to be told when this process closes it.
    var isShared: Bool { cookie != 0 && sharedBy == HostFacts.ownPID() }
}

extension Library {
    /// The number of a descriptor that is a socket: one of the table, or any other that the program
    /// came by, as a child that inherited it. Winsock: WSAENOTSOCK.
    static func descriptor(of socket: SOCKET) throws(CallFailure) -> Int32 {
        guard let number = Int32(exactly: socket) else { throw CallFailure(.notASocket) }
        if sockets.withLock({ $0[number] != nil }) { return number }
        guard SocketCalls.isSocket(number) else { throw CallFailure(.notASocket) }
        return number
    }

    /// Puts a new descriptor into the table, and gives the program its number.
    static func add(
        _ number: Int32, flags: SocketFlags, cookie: UInt64 = 0
    ) -> SOCKET {
        sockets.withLock {
            $0[number] = OpenSocket(
                flags: flags, cookie: cookie, sharedBy: cookie == 0 ? 0 : HostFacts.ownPID())
        }
        return SOCKET(number)
    }
}
