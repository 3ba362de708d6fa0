internal import CLinux
internal import Glibc

/// One end of a Unix socket that keeps message boundaries and passes descriptors.
///
/// unix(7), SOCK_SEQPACKET
package struct Connection: ~Copyable, Sendable, NumberedDescriptor {
    private let descriptor: Descriptor

    package init(adopting descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }

    /// Connects a blocking socket to a listener at `path`.
    ///
    /// connect(2), unix(7)
    package static func connect(path: String) throws(Errno) -> Connection {
        let socket = try Syscalls.socket(family: AF_UNIX, type: CInt(SOCK_SEQPACKET.rawValue))
        let name = Array(path.utf8)
        // A path of no bytes would bind an arbitrary name, one with a leading NUL is no path.
        guard let start = name.first, start != 0 else { throw .invalidArgument }
        try socket.withNumber { (fd) throws(Errno) in try Syscalls.connectUnix(fd, name: name) }
        return Connection(adopting: try socket.identified())
    }

    /// Two connected ends, both blocking.
    ///
    /// socketpair(2)
    package static func pair() throws(Errno) -> ConnectionPair {
        let pair = try Sockets.pair(.sequencedPacket)
        return ConnectionPair(
            first: Connection(adopting: pair.first), second: Connection(adopting: pair.second))
    }

    package borrowing func withNumber<R: ~Copyable, E: Error>(
        _ body: (CInt) throws(E) -> R
    ) throws(E) -> R {
        try descriptor.withNumber(body)
    }

    /// Whether a foreign program has closed it, or put something else under its number. Only of
    /// those that `connect` made.
    package borrowing func isLost() -> Bool { descriptor.isLost() }

    /// Gives the descriptor up.
    package consuming func takeDescriptor() -> Descriptor {
        descriptor
    }

    /// Who connected, as it was then: it can have forked, changed its uid or died since.
    ///
    /// unix(7), SO_PEERCRED
    package borrowing func peer() throws(Errno) -> Peer {
        try withNumber { (fd) throws(Errno) in try Syscalls.peer(fd) }
    }

    /// The process that connected. Where the kernel has no SO_PEERPIDFD it is opened by its pid,
    /// which proves nothing if that process has died since.
    ///
    /// unix(7), SO_PEERPIDFD
    package borrowing func peerProcess() throws(Errno) -> ProcessHandle {
        do throws(Errno) {
            return ProcessHandle(
                proven: try withNumber { (fd) throws(Errno) in
                    try Syscalls.descriptor { clinux_peer_pidfd(fd) }
                })
        } catch .noProtocolOption {
            return try ProcessHandle(pid: peer().pid)
        }
    }

    /// Takes the next message. Every descriptor that comes with it is owned before anything else
    /// is looked at, and is close-on-exec.
    ///
    /// A message of no bytes reads as the end of file where its sender is not named with it: see
    /// `nameSenders()`. After `.connectionReset` further messages can follow.
    ///
    /// recvmsg(2), MSG_CMSG_CLOEXEC
    package borrowing func receive(
        into buffer: MessageBuffer, wait: Bool
    ) throws(Errno) -> Received {
        var facts = clinux_received()
        let received = try withNumber { (fd) throws(Errno) in
            try Syscalls.receive(fd, into: buffer, wait: wait, facts: &facts)
        }
        guard let byteCount = received else { return .nothing }
        let message = Message(taking: facts, byteCount: byteCount, from: buffer)
        guard byteCount > 0 || facts.control_byte_count > 0 || message.isControlTruncated else {
            return .endOfFile
        }
        return .message(message)
    }

    /// Takes the next message with at most two descriptors, without waiting for one. Nobody needs
    /// numbers for any further ones: the kernel closes them on the way, which waits for as long as
    /// the owner of a socket has set (SO_LINGER). So a message can be looked at first: if it has
    /// more than two it stays in the queue with all of them, and the connection is of no use then
    /// but to be closed. The look costs as much as to receive.
    ///
    /// For a connection whose senders are named, and that passes nothing else beside: the room is
    /// that of credentials and two descriptors.
    ///
    /// recvmsg(2), MSG_PEEK, MSG_CTRUNC
    package borrowing func receiveAtMostTwoDescriptors(
        into buffer: MessageBuffer, lookingFirst isLook: Bool
    ) throws(Errno) -> Received {
        var facts = clinux_received()
        let received = try withNumber { (fd) throws(Errno) in
            try Syscalls.receiveAtMostTwoDescriptors(
                fd, into: buffer, isLook: isLook, facts: &facts)
        }
        guard let byteCount = received else { return .nothing }
        let message = Message(
            taking: facts, byteCount: byteCount, from: buffer,
            room: isLook ? .twoOfLook : .two)
        guard byteCount > 0 || facts.control_byte_count > 0 || message.isControlTruncated else {
            return .endOfFile
        }
        // What it has is held twice until here: it is the look's that stays.
        if isLook, !message.isLeft {
            try withNumber { (fd) throws(Errno) in try Syscalls.dropMessage(fd) }
        }
        return .message(message)
    }

    /// Sends one message, whole or not at all. Without `wait` a full queue is `.again`.
    ///
    /// sendmsg(2), MSG_NOSIGNAL
    package borrowing func send(_ bytes: borrowing Span<UInt8>, wait: Bool) throws(Errno) {
        let numbers: [0 of CInt] = []
        try send(bytes, numbers: numbers.span, wait: wait)
    }

    /// Sends one message with one descriptor.
    ///
    /// sendmsg(2), SCM_RIGHTS
    package borrowing func send(
        _ bytes: borrowing Span<UInt8>,
        passing descriptor: borrowing some NumberedDescriptor & ~Copyable, wait: Bool
    ) throws(Errno) {
        try descriptor.withNumber { (number) throws(Errno) in
            let numbers: [1 of CInt] = [number]
            try send(bytes, numbers: numbers.span, wait: wait)
        }
    }

    /// Sends one message with two descriptors, which arrive in this order.
    ///
    /// sendmsg(2), SCM_RIGHTS
    package borrowing func send(
        _ bytes: borrowing Span<UInt8>,
        passing first: borrowing some NumberedDescriptor & ~Copyable,
        _ second: borrowing some NumberedDescriptor & ~Copyable, wait: Bool
    ) throws(Errno) {
        try first.withNumber { (firstNumber) throws(Errno) in
            try second.withNumber { (secondNumber) throws(Errno) in
                let numbers: [2 of CInt] = [firstNumber, secondNumber]
                try send(bytes, numbers: numbers.span, wait: wait)
            }
        }
    }

    /// Sends one message with one descriptor so many times over; at most 253.
    ///
    /// sendmsg(2), SCM_RIGHTS
    package borrowing func send(
        _ bytes: borrowing Span<UInt8>, passing descriptor: borrowing Descriptor,
        repeated count: Int, wait: Bool
    ) throws(Errno) {
        try descriptor.withNumber { (number) throws(Errno) in
            let numbers = [CInt](repeating: number, count: count)
            try send(bytes, numbers: numbers.span, wait: wait)
        }
    }

    private borrowing func send(
        _ bytes: borrowing Span<UInt8>, numbers: borrowing Span<CInt>, wait: Bool
    ) throws(Errno) {
        try withNumber { (fd) throws(Errno) in
            try Syscalls.send(fd, bytes, descriptors: numbers, wait: wait)
        }
    }
}

extension Connection {
    /// From here on every message that is received names its sender.
    ///
    /// unix(7), SO_PASSCRED
    package borrowing func nameSenders() throws(Errno) {
        try withNumber { (fd) throws(Errno) in
            try Syscalls.setOption(fd, level: SOL_SOCKET, SO_PASSCRED, 1)
        }
    }

    /// Makes whoever sends a descriptor to this end get `.notPermitted`, with nothing queued.
    /// False where the kernel cannot.
    ///
    /// SO_PASSRIGHTS, since Linux 6.16
    package borrowing func refuseDescriptors() -> Bool {
        withNumber { clinux_set_pass_rights($0, 0) } == 0
    }

    /// How much of the kernel's memory that this end has sent waits in the other end's queue; none
    /// once that has received, or closed, all of it.
    ///
    /// unix(7), SIOCOUTQ
    package borrowing func unreadByteCount() throws(Errno) -> Int {
        try withNumber { (fd) throws(Errno) in Int(try SocketCalls.unsentByteCount(fd)) }
    }

    /// Lets neither end send any more. What was sent can still be received, then comes the end.
    ///
    /// shutdown(2), SHUT_RDWR
    package borrowing func shutDown() throws(Errno) {
        try withNumber { (fd) throws(Errno) in
            try SocketCalls.shutdown(fd, how: CInt(SHUT_RDWR))
        }
    }

    /// Lets the other end send no more. What it had sent can still be received, then comes the end;
    /// it can still be answered.
    ///
    /// shutdown(2), SHUT_RD
    package borrowing func hearNoMore() throws(Errno) {
        try withNumber { (fd) throws(Errno) in
            try SocketCalls.shutdown(fd, how: CInt(SHUT_RD))
        }
    }

    /// Bounds every waiting receive, which then gives `.nothing`; 0 waits for ever.
    ///
    /// socket(7), SO_RCVTIMEO
    package borrowing func setReceiveTimeout(milliseconds: Int64) throws(Errno) {
        try withNumber { (fd) throws(Errno) in
            try Syscalls.setTimeout(fd, SO_RCVTIMEO, milliseconds: milliseconds)
        }
    }

    /// Bounds every waiting send, which then throws `.again`; 0 waits for ever.
    ///
    /// socket(7), SO_SNDTIMEO
    package borrowing func setSendTimeout(milliseconds: Int64) throws(Errno) {
        try withNumber { (fd) throws(Errno) in
            try Syscalls.setTimeout(fd, SO_SNDTIMEO, milliseconds: milliseconds)
        }
    }
}
