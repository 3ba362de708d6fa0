/// What an observer found out about a socket at one moment. poll(2), ioctl_tty(2), tcp(7).
package struct SocketReadiness: Sendable, Hashable {
    /// Bytes or a message can be read. The end of the stream alone does not count.
    package var isReadable = false
    /// The peer has ended its side. That the program itself has shut down receiving, which Linux'
    /// poll reports in the same way, does not count.
    package var isAtEnd = false
    /// A connection waits to be accepted.
    package var isAcceptable = false
    /// There is room to send; on a socket that is connecting, the attempt is over.
    package var isWritable = false
    /// Data out of band waits, and SO_OOBINLINE is off.
    package var isUrgent = false
    /// Both sides are down.
    package var isHungUp = false
    /// The pending error. Asking the kernel for it takes it away, so who asks must keep it for the
    /// program's next call.
    package var error: WSAError?

    package init() {}

    /// Facts worth waiting for. Winsock: WSAEventSelect.
    package struct Interest: OptionSet, Sendable, Hashable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// Something to read or to accept.
        package static let readable = Interest(rawValue: 1)
        /// Room to send, or the end of connecting.
        package static let writable = Interest(rawValue: 2)
        /// Data out of band.
        package static let urgent = Interest(rawValue: 4)
        /// The end of the connection: the peer's, both sides', or an error.
        package static let end = Interest(rawValue: 8)
    }
}
