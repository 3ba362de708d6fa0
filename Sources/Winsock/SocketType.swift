/// The socket types; the numbers are the same on Windows and Linux. Winsock: SOCK.
///
/// Linux adds SOCK_CLOEXEC and SOCK_NONBLOCK as bits of the same word: take them off first.
public enum SocketType: Int32, Sendable, Hashable, CaseIterable {
    /// SOCK_STREAM.
    case stream = 1
    /// SOCK_DGRAM.
    case datagram = 2
    /// SOCK_RAW.
    case raw = 3
    /// SOCK_RDM.
    case reliablyDeliveredMessage = 4
    /// SOCK_SEQPACKET.
    case sequencedPacket = 5
}
