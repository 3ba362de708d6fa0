internal import CLinux
internal import Glibc

/// Two connected sockets.
package struct SocketPair: ~Copyable {
    package var first: Descriptor
    package var second: Descriptor

    /// Keeps one end and closes the other.
    package consuming func takeFirst() -> Descriptor { first }

    /// Keeps one end and closes the other.
    package consuming func takeSecond() -> Descriptor { second }

    /// Hands both ends on.
    package consuming func take<R: ~Copyable, E: Error>(
        _ body: (consuming Descriptor, consuming Descriptor) throws(E) -> R
    ) throws(E) -> R {
        try body(first, second)
    }
}

/// Two connected ends of one channel.
package struct ConnectionPair: ~Copyable {
    package var first: Connection
    package var second: Connection

    /// Keeps one end and closes the other.
    package consuming func takeFirst() -> Connection { first }

    /// Keeps one end and closes the other.
    package consuming func takeSecond() -> Connection { second }

    /// Hands both ends on.
    package consuming func take<R: ~Copyable, E: Error>(
        _ body: (consuming Connection, consuming Connection) throws(E) -> R
    ) throws(E) -> R {
        try body(first, second)
    }
}

/// Makes and questions the sockets that are handed over.
package enum Sockets {
    /// SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET
    package enum Kind: Sendable, CaseIterable {
        case stream, datagram, sequencedPacket

        var number: CInt {
            switch self {
            case .stream: CInt(SOCK_STREAM.rawValue)
            case .datagram: CInt(SOCK_DGRAM.rawValue)
            case .sequencedPacket: CInt(SOCK_SEQPACKET.rawValue)
            }
        }
    }

    /// Two connected Unix sockets.
    ///
    /// socketpair(2)
    package static func pair(_ kind: Kind) throws(Errno) -> SocketPair {
        var numbers: [2 of CInt] = [-1, -1]
        var span = numbers.mutableSpan
        try unsafe span.withUnsafeMutableBufferPointer { (buffer) throws(Errno) in
            try Syscalls.done {
                unsafe clinux_socket_pair(AF_UNIX, kind.number, buffer.baseAddress)
            }
        }
        return SocketPair(
            first: Descriptor(owning: numbers[0]), second: Descriptor(owning: numbers[1]))
    }

    /// Connects a socket to `127.0.0.1:80`, `[::1]:80`, `localhost:80` or `unix:/path`, trying all
    /// addresses of a host in turn. The result is blocking; so is the call.
    ///
    /// connect(2), getaddrinfo(3)
    package static func connect(
        _ endpoint: String, kind: Kind = .stream
    ) throws(EndpointError) -> Descriptor {
        try make(endpoint, kind: kind, passive: false) { (fd, address) throws(Errno) in
            switch address {
            case .unix(let name): try Syscalls.connectUnix(fd, name: name)
            case .internet(let bytes): try Syscalls.connect(fd, address: bytes)
            }
        }
    }

    /// Binds a socket, and listens on it unless it is of datagrams. Port 0 takes a free one.
    ///
    /// bind(2), listen(2), getaddrinfo(3)
    package static func listen(
        _ endpoint: String, kind: Kind = .stream, backlog: Int32 = 128
    ) throws(EndpointError) -> Descriptor {
        try make(endpoint, kind: kind, passive: true) { (fd, address) throws(Errno) in
            switch address {
            case .unix(let name):
                try Syscalls.bindUnix(fd, name: name)
            case .internet(let bytes):
                // A port whose last connections still wait out their time can be bound again.
                try Syscalls.setOption(fd, level: SOL_SOCKET, SO_REUSEADDR, 1)
                try Syscalls.bind(fd, address: bytes)
            }
            if kind != .datagram { try Syscalls.listen(fd, backlog: backlog) }
        }
    }

    /// Waits for the next connection.
    ///
    /// accept4(2)
    package static func accept(_ listener: borrowing Descriptor) throws(Errno) -> Descriptor {
        try listener.withNumber { (fd) throws(Errno) in
            try Syscalls.accept(fd, nonBlocking: false)
        }
    }

    /// The port that an internet socket is bound to, 0 while it is not.
    ///
    /// getsockname(2)
    package static func localPort(
        _ socket: borrowing some NumberedDescriptor & ~Copyable
    ) throws(Errno) -> UInt16 {
        let port: UInt16? = try socket.withNumber { (fd) throws(Errno) in
            try unsafe Syscalls.withTemporaryBytes(capacity: 128) { (buffer) throws(Errno) in
                let count = try unsafe Syscalls.name(fd, ofPeer: false, into: buffer)
                let part = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<count])
                return unsafe SocketAddressText.port(part.bindMemory(to: UInt8.self).span)
            }
        }
        guard let port else { throw .notSupported }
        return port
    }

    /// What a stream has sent, at most so many bytes; none at its end.
    ///
    /// read(2)
    package static func read(
        _ socket: borrowing Descriptor, atMost count: Int
    ) throws(Errno) -> [UInt8] {
        try socket.withNumber { (fd) throws(Errno) in try Syscalls.readSome(fd, atMost: count) }
    }

    /// Sends all bytes into a stream. A peer that has gone is `.brokenPipe`, without SIGPIPE.
    ///
    /// send(2), MSG_NOSIGNAL
    package static func write(
        _ socket: borrowing Descriptor, _ bytes: [UInt8]
    ) throws(Errno) {
        try socket.withNumber { (fd) throws(Errno) in try Syscalls.sendAll(fd, bytes) }
    }

    /// Makes a close wait for unsent data so long; 0 throws it away and resets the connection.
    ///
    /// socket(7), SO_LINGER
    package static func setLinger(
        _ socket: borrowing Descriptor, seconds: Int32
    ) throws(Errno) {
        try socket.withNumber { (fd) throws(Errno) in
            try Syscalls.setLinger(fd, seconds: seconds)
        }
    }

    /// fcntl(2), O_NONBLOCK
    package static func setNonBlocking(
        _ socket: borrowing some NumberedDescriptor & ~Copyable
    ) throws(Errno) {
        try socket.withNumber { (fd) throws(Errno) in try Syscalls.setNonBlocking(fd) }
    }

    /// A TCP or UDP socket over IPv4 that is neither bound nor connected.
    ///
    /// socket(2)
    package static func unbound(_ kind: Kind) throws(Errno) -> Descriptor {
        try Syscalls.socket(family: AF_INET, type: kind.number)
    }

    /// SO_KEEPALIVE, an option that all descriptors of a socket share.
    ///
    /// socket(7)
    package static func setKeepAlive(
        _ socket: borrowing some NumberedDescriptor & ~Copyable, _ isOn: Bool
    ) throws(Errno) {
        try socket.withNumber { (fd) throws(Errno) in
            try Syscalls.setOption(fd, level: SOL_SOCKET, SO_KEEPALIVE, isOn ? 1 : 0)
        }
    }

    /// socket(7)
    package static func isKeptAlive(
        _ socket: borrowing some NumberedDescriptor & ~Copyable
    ) throws(Errno) -> Bool {
        try socket.withNumber { (fd) throws(Errno) in
            try Syscalls.option(fd, level: SOL_SOCKET, SO_KEEPALIVE) != 0
        }
    }

    private static func make(
        _ endpoint: String, kind: Kind, passive: Bool,
        _ use: (CInt, SocketAddress) throws(Errno) -> Void
    ) throws(EndpointError) -> Descriptor {
        let candidates: [ResolvedAddress]
        switch try Endpoint(endpoint) {
        case .unix(let name):
            candidates = [ResolvedAddress(family: AF_UNIX, address: .unix(name))]
        case .internet(let host, let port):
            candidates = try Syscalls.resolve(
                host: host, port: port, kind: kind, passive: passive)
        }
        var failure = Errno.addressNotAvailable
        for candidate in candidates {
            do throws(Errno) {
                let socket = try Syscalls.socket(family: candidate.family, type: kind.number)
                try socket.withNumber { (fd) throws(Errno) in try use(fd, candidate.address) }
                return socket
            } catch {
                failure = error
            }
        }
        throw .failed(failure)
    }
}
