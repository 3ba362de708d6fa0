internal import Baton
public import CWinsock2
internal import Transport
internal import Winsock

/// Winsock: closesocket. Frees this descriptor; the socket lives while any other does.
@c @implementation
public func closesocket(_ s: SOCKET) -> Int32 {
    attempt { () throws(CallFailure) in
        try Library.requireStartup()
        let number = try Library.descriptor(of: s)
        if try Library.mustWait(toClose: number) {
            throw CallFailure(.wouldBlock, "data waits to be sent: close again when it has gone")
        }
        Library.close(number)
    }
}

extension Library {
    /// Whether a socket that does not wait would have to: it lingers, and has something to send.
    /// Of a shared one nobody knows whether this descriptor is the last.
    /// Winsock: closesocket, WSAEWOULDBLOCK.
    fileprivate static func mustWait(toClose number: Int32) throws(CallFailure) -> Bool {
        if known(number)?.sharedBy != nil { return false }
        return try asking { () throws(Errno) in
            guard try SocketCalls.isNonBlocking(number),
                let seconds = try SocketCalls.linger(of: number), seconds > 0
            else { return false }
            return try SocketCalls.unsentByteCount(number) > 0
        }
    }

    /// Takes a descriptor out of the table, ends its network events, closes it, and tells the
    /// coordinator of one it knows. The number must just have been found to be the socket's: one
    /// that another thread of the program closes and uses for something else in between is lost.
    static func close(_ number: Int32, atCleanup isCleanup: Bool = false) {
        let (socket, successor) = sockets.withLock { table in
            let socket = table[number]
            table[number] = nil
            return (socket, socket.flatMap { table.successor(of: $0) })
        }
        Notifier.remove(number, successor: successor)
        SocketCalls.close(number)
        socket?.closeDeferred()
        guard let socket, socket.isShared else { return }
        if isCleanup {
            client.reportCleanedUp(cookie: socket.cookie)
        } else {
            client.reportClosed(cookie: socket.cookie)
        }
    }
}
