internal import CLinux
internal import Glibc

/// Why a listener could not be made.
package enum ListenError: Error, Hashable, Sendable {
    /// Another process answers on the path.
    case inUse
    /// Something that is not a socket has the path; it was left alone.
    case notASocket
    /// The path is longer than so many bytes.
    case pathTooLong(limit: Int)
    case failed(Errno)
}

extension ListenError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .inUse: "another process answers on this path"
        case .notASocket: "the path exists and is not a socket"
        case .pathTooLong(let limit): "a socket path is at most \(limit) bytes long"
        case .failed(let error): error.description
        }
    }
}

/// A connection that a listener took, and who made it.
package struct Accepted: ~Copyable {
    private let connection: Connection
    /// As it was at the connect, see `Connection.peer()`.
    package let peer: Peer

    init(connection: consuming Connection, peer: Peer) {
        self.connection = connection
        self.peer = peer
    }

    package consuming func takeConnection() -> Connection {
        connection
    }
}

/// A Unix socket at a path that takes connections without waiting for them.
///
/// Every message received on what it accepts names its sender, by its credentials alone. Its file
/// stays when it is closed.
package struct Listener: ~Copyable, Sendable, NumberedDescriptor {
    /// The longest path in bytes: sun_path of unix(7) less its NUL.
    package static let pathByteCountMaximum = 107

    private let descriptor: Descriptor

    /// Takes over a listener that another process made, systemd for example.
    ///
    /// Throws `.wrongProtocolType` where it is not a listening SOCK_SEQPACKET.
    package init(adopting descriptor: consuming Descriptor) throws(Errno) {
        try descriptor.withNumber { (fd) throws(Errno) in
            let type = try Syscalls.option(fd, level: SOL_SOCKET, SO_TYPE)
            let family = try Syscalls.option(fd, level: SOL_SOCKET, SO_DOMAIN)
            guard type == CInt(SOCK_SEQPACKET.rawValue), family == AF_UNIX else {
                throw .wrongProtocolType
            }
            guard try Syscalls.option(fd, level: SOL_SOCKET, SO_ACCEPTCONN) != 0 else {
                throw .invalidArgument
            }
            try Listener.prepare(fd)
            try Syscalls.setCloseOnExec(fd)
        }
        self.descriptor = descriptor
    }

    private init(listening descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }

    /// Another descriptor of the same queue of connections.
    package borrowing func duplicate() throws(Errno) -> Descriptor {
        try descriptor.duplicate()
    }

    /// Listens on `path`. A socket file that nobody answers on is replaced.
    ///
    /// The file has its owner and mode before the first connection can be made. Two processes that
    /// do this at once can both find the old file unanswered: hold a lock of your own around it.
    ///
    /// bind(2), listen(2), unix(7)
    package static func bind(
        path: String, mode: UInt32, group: UInt32? = nil, backlog: Int32 = 128
    ) throws(ListenError) -> Listener {
        let name = Array(path.utf8)
        guard name.count <= pathByteCountMaximum else {
            throw .pathTooLong(limit: pathByteCountMaximum)
        }
        guard !name.isEmpty, !name.contains(0) else { throw .failed(.invalidArgument) }
        try removeStale(path: path)
        do throws(Errno) {
            return try make(path: path, name: name, mode: mode, group: group, backlog: backlog)
        } catch {
            throw .failed(error)
        }
    }

    private static func make(
        path: String, name: [UInt8], mode: UInt32, group: UInt32?, backlog: Int32
    ) throws(Errno) -> Listener {
        let socket = try Syscalls.socket(family: AF_UNIX, type: CInt(SOCK_SEQPACKET.rawValue))
        try socket.withNumber { (fd) throws(Errno) in
            try prepare(fd)
            try Syscalls.bindUnix(fd, name: name)
        }
        do throws(Errno) {
            // Until listen(2) every connect is refused, so nobody slips in under the first mode.
            if let group { try Syscalls.setGroup(path: path, group) }
            try Syscalls.setMode(path: path, mode)
            try socket.withNumber { (fd) throws(Errno) in
                try Syscalls.listen(fd, backlog: backlog)
            }
        } catch {
            try Syscalls.remove(path: path)
            throw error
        }
        return Listener(listening: socket)
    }

    private static func prepare(_ fd: CInt) throws(Errno) {
        try Syscalls.setNonBlocking(fd)
        try Syscalls.setOption(fd, level: SOL_SOCKET, SO_PASSCRED, 1)
        // Who made the listener may have asked for more, which would take the room of descriptors.
        clinux_pass_only_credentials(fd)
    }

    private enum Occupant {
        case nobody, staleSocket, liveSocket, otherFile
    }

    private static func removeStale(path: String) throws(ListenError) {
        let occupant: Occupant
        do throws(Errno) {
            occupant = try self.occupant(path: path)
            if case .staleSocket = occupant { try Syscalls.remove(path: path) }
        } catch {
            throw .failed(error)
        }
        switch occupant {
        case .nobody, .staleSocket: return
        case .liveSocket: throw .inUse
        case .otherFile: throw .notASocket
        }
    }

    private static func occupant(path: String) throws(Errno) -> Occupant {
        guard let facts = try Syscalls.fileFacts(path: path) else { return .nobody }
        guard facts.isSocket else { return .otherFile }
        let socket = try Syscalls.socket(family: AF_UNIX, type: CInt(SOCK_SEQPACKET.rawValue))
        do throws(Errno) {
            try socket.withNumber { (fd) throws(Errno) in
                try Syscalls.setNonBlocking(fd)
                try Syscalls.connectUnix(fd, name: Array(path.utf8))
            }
            return .liveSocket
        } catch .connectionRefused {
            return .staleSocket
        } catch .wrongProtocolType, .again {
            // A socket of another type, or one whose queue is full: somebody is there.
            return .liveSocket
        }
    }

    package borrowing func withNumber<R: ~Copyable, E: Error>(
        _ body: (CInt) throws(E) -> R
    ) throws(E) -> R {
        try descriptor.withNumber(body)
    }

    /// The next connection, or nil when none waits or its peer has gone already.
    ///
    /// Throws `.tooManyOpenFiles` and its kin, after which the connection still waits.
    ///
    /// accept4(2)
    package borrowing func accept() throws(Errno) -> Accepted? {
        do throws(Errno) {
            let connection = Connection(
                adopting: try withNumber { (fd) throws(Errno) in
                    Descriptor(foreign: try Syscalls.accept(fd, nonBlocking: true).release())
                })
            let peer = try connection.peer()
            return Accepted(connection: connection, peer: peer)
        } catch .again, .connectionAborted {
            return nil
        }
    }
}
