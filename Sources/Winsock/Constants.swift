/// Values that stand for something other than what their type suggests. Winsock: WinSock2.h.
public enum Sentinel {
    /// As family, type or protocol of WSASocket: take it from the record. FROM_PROTOCOL_INFO.
    public static let fromProtocolInfo: Int32 = -1
    /// A call failed; WSAGetLastError has the code. SOCKET_ERROR.
    public static let socketError: Int32 = -1
    /// No socket: all bits of a pointer-sized integer. INVALID_SOCKET.
    public static let invalidSocket: UInt = .max
}

/// The values of a record's byte order field. Winsock: WSAPROTOCOL_INFO, iNetworkByteOrder.
public enum ByteOrder {
    /// BIGENDIAN.
    public static let bigEndian: Int32 = 0
    /// LITTLEENDIAN.
    public static let littleEndian: Int32 = 1
}

/// The values of a record's security field. Winsock: WSAPROTOCOL_INFO, iSecurityScheme.
public enum SecurityScheme {
    /// SECURITY_PROTOCOL_NONE.
    public static let none: Int32 = 0
}

/// The special values of a record's message size. Winsock: WSAPROTOCOL_INFO, dwMessageSize.
public enum MessageByteCount {
    /// A stream, which has no messages.
    public static let stream: UInt32 = 0
    /// Known only once the socket is bound: ask SO_MAX_MSG_SIZE.
    public static let knownWhenBound: UInt32 = 1
    /// The protocol sets no limit.
    public static let unlimited: UInt32 = 0xFFFF_FFFF
}

/// Protocol numbers of the internet families, the same on Windows and Linux. Winsock: IPPROTO.
public enum ProtocolNumber {
    /// The protocol of a Unix socket, and "the default" in a call of WSASocket.
    public static let unspecified: Int32 = 0
    /// IPPROTO_ICMP.
    public static let controlMessages: Int32 = 1
    /// IPPROTO_TCP.
    public static let transmissionControl: Int32 = 6
    /// IPPROTO_UDP.
    public static let userDatagram: Int32 = 17
    /// IPPROTO_ICMPV6.
    public static let controlMessages6: Int32 = 58
}
