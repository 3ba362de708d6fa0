internal import CLinux
internal import Glibc
internal import Synchronization

/// What waits in a socket to be received or to be accepted, and what was received so far, as the
/// kernel tells it to everybody who has a descriptor.
package struct ReceiveQueue: Sendable, Hashable {
    /// Of a TCP connection all bytes that were received through any descriptor, exactly.
    package var takenByteCount: UInt64?
    /// How much waits: connections, bytes, or of datagrams the memory they take. It falls when
    /// somebody receives.
    package var level: UInt64 = 0
    /// Of messages the bytes of the next one.
    package var headByteCount: Int32 = 0
    /// The level falls with every receive.
    package var isLevelExact = true

    package init() {}
}

/// The sending side of a TCP connection at one moment.
package struct SendQueue: Sendable, Hashable {
    /// As a number of tcp(7): 1 is established.
    package var state: Int32
    /// Bytes that the peer has acknowledged since the connection began.
    package var acknowledgedByteCount: UInt64
}

/// Asks the kernel about single sockets.
///
/// sock_diag(7)
package final class QueueDiagnosis: Sendable {
    private let descriptor: Descriptor
    private let questionCount = Atomic<UInt32>(0)

    package init() throws(Errno) {
        descriptor = try Syscalls.descriptor { clinux_diagnosis_socket() }.identified()
    }

    /// The memory that the messages of a UDP socket take. Nil where the kernel gives no answer: to
    /// a process in another network namespace than the socket, of one of several that share a
    /// port, or where it was built without.
    func datagramMemory(of fd: Int32) -> UInt64? {
        if descriptor.isLost() { return nil }
        let number = questionCount.wrappingAdd(1, ordering: .relaxed).newValue
        var memory: UInt32 = 0
        do throws(Errno) {
            try descriptor.withNumber { (diagnosis) throws(Errno) in
                try Syscalls.done { unsafe clinux_datagram_queue(diagnosis, fd, number, &memory) }
            }
            return UInt64(memory)
        } catch {
            return nil
        }
    }
}

extension SocketCalls {
    /// tcp(7), TCP_INFO and SIOCINQ; of a listener `tcpi_unacked`; udp(7), SIOCINQ and SO_MEMINFO;
    /// unix(7), SIOCINQ.
    package static func receiveQueue(
        of fd: Int32, diagnosis: QueueDiagnosis? = nil
    ) throws(Errno) -> ReceiveQueue {
        var queue = ReceiveQueue()
        if let flow = try tcpFlow(of: fd) {
            if Int(flow.state) == TCP_LISTEN {
                queue.level = UInt64(flow.waiting)
            } else {
                queue.takenByteCount = try takenByteCount(fd, since: flow)
            }
            return queue
        }
        if try Syscalls.option(fd, level: SOL_SOCKET, SO_ACCEPTCONN) != 0 {
            // Of listeners that are not TCP nobody says how many connections wait.
            queue.isLevelExact = false
            return queue
        }
        let waiting = try control(fd, request: UInt(FIONREAD))
        if try isStream(fd) {
            queue.level = UInt64(max(0, waiting))
            return queue
        }
        queue.headByteCount = waiting
        if try Syscalls.option(fd, level: SOL_SOCKET, SO_PROTOCOL) == CInt(IPPROTO_UDP),
            let memory = diagnosis?.datagramMemory(of: fd)
        {
            queue.level = memory
            return queue
        }
        var memory: UInt32 = 0
        try Syscalls.done { unsafe clinux_receive_memory(fd, &memory) }
        queue.level = UInt64(memory)
        // Of UDP the memory is given back for several messages together, and a message between
        // Unix sockets takes none of the receiver's.
        queue.isLevelExact = false
        return queue
    }

    /// Nil for all that is not TCP.
    package static func sendQueue(of fd: Int32) throws(Errno) -> SendQueue? {
        try tcpFlow(of: fd).map {
            SendQueue(state: $0.state, acknowledgedByteCount: $0.acknowledged)
        }
    }

    /// socket(7), SO_SNDBUF
    package static func sendBufferByteCount(_ fd: Int32) throws(Errno) -> Int32 {
        try Syscalls.option(fd, level: SOL_SOCKET, SO_SNDBUF)
    }

    /// The kernel counts what came. What has come and does not wait was received, if nothing comes
    /// between the two questions; a peer that always sends something makes the number too small,
    /// and what it sends makes the caller look again.
    private static func takenByteCount(
        _ fd: Int32, since first: clinux_tcp_flow
    ) throws(Errno) -> UInt64 {
        var flow = first
        var taken: UInt64 = 0
        for _ in 0..<questionCountMaximum {
            let waiting = UInt64(max(0, try control(fd, request: UInt(FIONREAD))))
            // The end of the stream counts as a byte that came.
            let ended = [TCP_CLOSE_WAIT, TCP_LAST_ACK, TCP_CLOSING].contains(Int(flow.state))
            taken = flow.received &- waiting &- (ended ? 1 : 0)
            let again = try tcpFlow(of: fd) ?? flow
            if again.received == flow.received, again.state == flow.state { break }
            flow = again
        }
        return taken
    }

    /// A peer that never pauses must not hold up who watches many sockets.
    private static let questionCountMaximum = 16

    private static func tcpFlow(of fd: Int32) throws(Errno) -> clinux_tcp_flow? {
        var flow = clinux_tcp_flow()
        do throws(Errno) {
            try Syscalls.done { unsafe clinux_tcp_flow(fd, &flow) }
            return flow
        } catch .badDescriptor {
            throw .badDescriptor
        } catch {
            return nil
        }
    }
}
