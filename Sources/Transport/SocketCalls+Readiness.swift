internal import CLinux
internal import Glibc

/// What poll(2) says of a socket at one moment.
package struct PolledSocket: Sendable, Hashable {
    /// Something to receive, a connection to accept, or the end of what comes.
    package var isReadable: Bool
    /// Room to send, or the end of a connect.
    package var isWritable: Bool
    /// Data out of band.
    package var isUrgent: Bool
    /// Nothing more comes: the peer or the program itself has ended that side.
    package var isReadingOver: Bool
    /// Both sides are down; a stream that was never connected says so too.
    package var isHungUp: Bool
    /// An error waits to be fetched.
    package var hasError: Bool
}

/// Where a stream is in its life. tcp(7), TCP_INFO.
package enum StreamState: Sendable, Hashable {
    /// Not connected, or not any more.
    case closed
    case connecting
    case listening
    /// Connected, and the peer may still send.
    case open
    /// The peer has ended its side.
    case endedByPeer
}

extension SocketCalls {
    /// poll(2), without waiting.
    package static func poll(_ fd: Int32) throws(Errno) -> PolledSocket {
        let wanted = POLLIN | POLLOUT | POLLPRI | CInt(CLINUX_PEER_HANG_UP)
        let events = try Syscalls.poll(fd, events: wanted, timeoutMilliseconds: 0)
        return PolledSocket(
            isReadable: events & POLLIN != 0, isWritable: events & POLLOUT != 0,
            isUrgent: events & POLLPRI != 0,
            isReadingOver: events & CInt(CLINUX_PEER_HANG_UP) != 0,
            isHungUp: events & POLLHUP != 0, hasError: events & POLLERR != 0)
    }

    /// Fetches the pending error, nil for none: nobody else gets it from here on.
    ///
    /// socket(7), SO_ERROR
    package static func takeError(of fd: Int32) throws(Errno) -> Errno? {
        let error = try Syscalls.option(fd, level: SOL_SOCKET, SO_ERROR)
        return error == 0 ? nil : Errno(rawValue: error)
    }

    /// Whether there is a byte or a message to receive. False at the end of a stream.
    ///
    /// recv(2), MSG_PEEK
    package static func hasData(_ fd: Int32) throws(Errno) -> Bool {
        do throws(Errno) {
            return try Syscalls.value { clinux_peek(fd) } > 0
        } catch .again {
            return false
        }
    }

    /// Whether sockets of this type are a stream, with a connection that begins and ends.
    ///
    /// socket(7), SO_TYPE
    package static func isStream(_ fd: Int32) throws(Errno) -> Bool {
        let type = try Syscalls.option(fd, level: SOL_SOCKET, SO_TYPE)
        return type == CInt(SOCK_STREAM.rawValue) || type == CInt(SOCK_SEQPACKET.rawValue)
    }

    /// Of streams other than TCP it is not known which side has ended it.
    ///
    /// tcp(7), TCP_INFO
    package static func streamState(of fd: Int32) throws(Errno) -> StreamState {
        if try Syscalls.option(fd, level: SOL_SOCKET, SO_ACCEPTCONN) != 0 { return .listening }
        let state: CInt
        do throws(Errno) {
            state = try Syscalls.value { clinux_tcp_state(fd) }
        } catch {
            guard hasPeer(fd) else { return .closed }
            return try poll(fd).isReadingOver ? .endedByPeer : .open
        }
        switch Int(state) {
        case TCP_ESTABLISHED, TCP_FIN_WAIT1, TCP_FIN_WAIT2: return .open
        case TCP_SYN_SENT, TCP_SYN_RECV: return .connecting
        case TCP_LISTEN: return .listening
        case TCP_CLOSE: return .closed
        default: return .endedByPeer
        }
    }

    /// Whether data out of band comes in line.
    ///
    /// socket(7), SO_OOBINLINE
    package static func isUrgentInline(_ fd: Int32) throws(Errno) -> Bool {
        try Syscalls.option(fd, level: SOL_SOCKET, SO_OOBINLINE) != 0
    }

    /// getpeername(2)
    private static func hasPeer(_ fd: Int32) -> Bool {
        do throws(Errno) {
            var address = sockaddr_storage()
            var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
            try Syscalls.done {
                unsafe withUnsafeMutableBytes(of: &address) {
                    unsafe getpeername(
                        fd, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), &size)
                }
            }
            return true
        } catch {
            return false
        }
    }
}
