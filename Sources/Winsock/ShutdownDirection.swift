/// Which way of a connection is shut down; the numbers are the same on Linux. Winsock: shutdown.
package enum ShutdownDirection: Int32, Sendable, Hashable, CaseIterable {
    /// SD_RECEIVE; SHUT_RD.
    case receive = 0
    /// SD_SEND; SHUT_WR.
    case send = 1
    /// SD_BOTH; SHUT_RDWR.
    case both = 2

    /// The direction of an argument of shutdown; WSAEINVAL for a number that is none.
    package init(windows number: Int32) throws(WSAError) {
        guard let direction = Self(rawValue: number) else { throw .invalidArgument }
        self = direction
    }
}
