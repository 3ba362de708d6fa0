public import CWinsock2
internal import Transport
internal import Winsock

/// Winsock: bind.
@c @implementation
public func ws2_bind(_ s: SOCKET, _ name: UnsafePointer<sockaddr>?, _ namelen: Int32) -> Int32 {
    attempt { () throws(CallFailure) in
        let number = try Library.started(s)
        let address = unsafe try callerAddress(at: name, byteCount: namelen, for: number)
        try asking { () throws(Errno) in try SocketCalls.bind(number, to: address.linuxBytes) }
    }
}

/// Winsock: listen. A socket without an address is refused, where Linux would choose one.
@c @implementation
public func ws2_listen(_ s: SOCKET, _ backlog: Int32) -> Int32 {
    attempt { () throws(CallFailure) in
        let number = try Library.started(s)
        if try Library.type(of: number) == .stream {
            if try Library.isConnected(number) { throw CallFailure(.alreadyConnected) }
            guard try Library.isBound(number) else {
                throw CallFailure(.invalidArgument, "the socket has not been bound")
            }
        }
        // SOMAXCONN_HINT gives a negative number.
        let length = backlog < 0 ? Int32(clamping: -Int64(backlog)) : backlog
        try asking { () throws(Errno) in try SocketCalls.listen(number, backlog: length) }
        NetworkEventHooks.called(number, .listen)
    }
}

/// Winsock: shutdown.
@c @implementation
public func ws2_shutdown(_ s: SOCKET, _ how: Int32) -> Int32 {
    attempt { () throws(CallFailure) in
        let number = try Library.started(s)
        let direction = try deciding { () throws(WSAError) in
            try ShutdownDirection(windows: how)
        }
        let type = try Library.type(of: number)
        // Linux would end the listening.
        let isListening = try asking { () throws(Errno) in try SocketCalls.isListening(number) }
        if isListening { throw CallFailure(.notConnected) }
        do throws(Errno) {
            try SocketCalls.shutdown(number, how: direction.rawValue)
        } catch .notConnected where type == .datagram {
            // It is shut down nevertheless.
        } catch {
            throw CallFailure(error)
        }
        Library.note(number) {
            if direction != .receive { $0.isSendShutDown = true }
            if direction != .send { $0.isReceiveShutDown = true }
        }
    }
}

/// Winsock: getsockname.
@c @implementation
public func ws2_getsockname(
    _ s: SOCKET, _ name: UnsafeMutablePointer<sockaddr>?, _ namelen: UnsafeMutablePointer<Int32>?
) -> Int32 {
    attempt { () throws(CallFailure) in
        let number = try Library.started(s)
        let room = unsafe try AddressRoom(needing: name, namelen)
        guard try Library.hasAddress(number) else {
            throw CallFailure(.invalidArgument, "the socket has not been bound")
        }
        let bytes = try asking { () throws(Errno) in
            try SocketCalls.address(of: number, ofPeer: false)
        }
        unsafe try room.write(linux: bytes)
    }
}

/// Winsock: getpeername.
@c @implementation
public func ws2_getpeername(
    _ s: SOCKET, _ name: UnsafeMutablePointer<sockaddr>?, _ namelen: UnsafeMutablePointer<Int32>?
) -> Int32 {
    attempt { () throws(CallFailure) in
        let number = try Library.started(s)
        let room = unsafe try AddressRoom(needing: name, namelen)
        let bytes = try asking { () throws(Errno) in
            try SocketCalls.address(of: number, ofPeer: true)
        }
        unsafe try room.write(linux: bytes)
    }
}

extension Library {
    /// Bound, or connected without a name of its own, as Unix sockets can be.
    static func hasAddress(_ number: Int32) throws(CallFailure) -> Bool {
        if try isBound(number) { return true }
        return try isConnected(number)
    }

    /// Whether a socket has an address of its own: a port, a path, or on a raw socket a host.
    static func isBound(_ number: Int32) throws(CallFailure) -> Bool {
        if known(number)?.isBound == true { return true }
        let bytes = try asking { () throws(Errno) in
            try SocketCalls.address(of: number, ofPeer: false)
        }
        let address = try deciding { () throws(WSAError) in try SocketAddress(linux: bytes) }
        let isBound: Bool
        switch address {
        case .internet(let host, let port): isBound = port != 0 || host.number != 0
        case .internet6(let host, let port, _, _):
            isBound = port != 0 || host.high != 0 || host.low != 0
        case .unix(let path): isBound = !path.isEmpty
        }
        if isBound { note(number) { $0.isBound = true } }
        return isBound
    }

    /// Whether a socket has a peer now.
    static func isConnected(_ number: Int32) throws(CallFailure) -> Bool {
        do throws(Errno) {
            _ = try SocketCalls.address(of: number, ofPeer: true)
            return true
        } catch .notConnected {
            return false
        } catch {
            throw CallFailure(error)
        }
    }
}
