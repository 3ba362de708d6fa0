internal import Glibc

// A socket's life in separate calls, for programs that bring one into a given state.
extension Sockets {
    /// A socket of any kind, neither bound nor connected.
    ///
    /// socket(2)
    package static func make(
        family: Int32, type: Int32, protocolNumber: Int32
    ) throws(Errno) -> Descriptor {
        try Syscalls.socket(family: family, type: type, protocolNumber: protocolNumber)
    }

    /// Binds a socket to `127.0.0.1:0`, `[::1]:0` or `unix:/path`.
    ///
    /// bind(2)
    package static func bind(
        _ socket: borrowing Descriptor, to endpoint: String
    ) throws(EndpointError) {
        try use(socket, endpoint, passive: true) { (fd, address) throws(Errno) in
            switch address {
            case .unix(let name): try Syscalls.bindUnix(fd, name: name)
            case .internet(let bytes): try Syscalls.bind(fd, address: bytes)
            }
        }
    }

    /// Connects a socket to `127.0.0.1:80`, `[::1]:80` or `unix:/path`.
    ///
    /// connect(2)
    package static func connect(
        _ socket: borrowing Descriptor, to endpoint: String
    ) throws(EndpointError) {
        try use(socket, endpoint, passive: false) { (fd, address) throws(Errno) in
            switch address {
            case .unix(let name): try Syscalls.connectUnix(fd, name: name)
            case .internet(let bytes): try Syscalls.connect(fd, address: bytes)
            }
        }
    }

    /// listen(2)
    package static func listen(_ socket: borrowing Descriptor) throws(Errno) {
        try socket.withNumber { (fd) throws(Errno) in try Syscalls.listen(fd, backlog: 128) }
    }

    private static func use(
        _ socket: borrowing Descriptor, _ endpoint: String, passive: Bool,
        _ body: (CInt, SocketAddress) throws(Errno) -> Void
    ) throws(EndpointError) {
        let address: SocketAddress
        switch try Endpoint(endpoint) {
        case .unix(let name): address = .unix(name)
        case .internet(let host, let port):
            // Of streams or not: a numeric address is the same for both.
            let found = try Syscalls.resolve(
                host: host, port: port, kind: .stream, passive: passive)
            guard let first = found.first else { throw .unknownHost(host) }
            address = first.address
        }
        do throws(Errno) {
            try socket.withNumber { (fd) throws(Errno) in try body(fd, address) }
        } catch {
            throw .failed(error)
        }
    }
}
