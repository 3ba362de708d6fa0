// The options of each level: the Windows name, then the Linux level and name.
// Winsock: SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP Socket Options; socket(7), ip(7),
// ipv6(7), tcp(7).

extension SocketOption {
    /// SOL_SOCKET.
    ///
    /// SO_REUSEADDR goes to Linux' option of that name, which is the narrower one. On Windows it
    /// lets any number of sockets have one address, even one that somebody listens on, and takes
    /// the address over; on Linux only datagram sockets can share an address by it, a listener's
    /// is never taken, and a stream socket may be bound although old connections of that address
    /// are not forgotten yet. Windows allows the last without any option: a server that must
    /// start again at once sets SO_REUSEADDR here.
    ///
    /// SO_DEBUG needs a privilege on Linux: WSAEACCES without.
    static let socketOptions: [Int32: SocketOption] = [
        0x0001: SocketOption("SO_DEBUG", 1, 1, .boolean),
        0x0002: SocketOption("SO_ACCEPTCONN", 1, 30, .boolean, uses: [.read]),
        0x0004: SocketOption("SO_REUSEADDR", 1, 2, .boolean),
        0x0008: SocketOption("SO_KEEPALIVE", 1, 9, .boolean),
        0x0010: SocketOption("SO_DONTROUTE", 1, 5, .boolean),
        0x0020: SocketOption("SO_BROADCAST", 1, 6, .boolean),
        0x0080: SocketOption("SO_LINGER", 1, 13, .linger),
        0x0100: SocketOption("SO_OOBINLINE", 1, 10, .boolean),
        ~0x0080: SocketOption("SO_DONTLINGER", 1, 13, .noLinger),
        ~0x0004: SocketOption("SO_EXCLUSIVEADDRUSE", 1, 2, .exclusiveUse),
        0x1001: SocketOption("SO_SNDBUF", 1, 7, .bufferByteCount),
        0x1002: SocketOption("SO_RCVBUF", 1, 8, .bufferByteCount),
        0x1005: SocketOption("SO_SNDTIMEO", 1, 21, .timeout),
        0x1006: SocketOption("SO_RCVTIMEO", 1, 20, .timeout),
        0x1007: SocketOption("SO_ERROR", 1, 4, .error, uses: [.read]),
        0x1008: SocketOption("SO_TYPE", 1, 3, .integer, uses: [.read]),
        0x2003: SocketOption("SO_MAX_MSG_SIZE", .maximumMessageByteCount, uses: [.read]),
        0x2004: SocketOption("SO_PROTOCOL_INFOA", .protocolInfo(.ansi), uses: [.read]),
        0x2005: SocketOption("SO_PROTOCOL_INFOW", .protocolInfo(.wide), uses: [.read]),
        0x7008: SocketOption("SO_OPENTYPE", .openType, uses: [.read, .write]),
        0x7009: SocketOption("SO_MAXDG", .maximumMessageByteCount, uses: [.read]),
        0x700A: SocketOption("SO_MAXPATHDG", .maximumMessageByteCount, uses: [.read]),
    ]

    /// IPPROTO_IP.
    ///
    /// IP_MULTICAST_LOOP is the receiver's choice on Windows and the sender's on Linux: programs
    /// that set it on both sides work on both.
    static let internetOptions: [Int32: SocketOption] = [
        1: SocketOption("IP_OPTIONS", 0, 4, .bytes),
        2: SocketOption("IP_HDRINCL", 0, 3, .boolean),
        3: SocketOption("IP_TOS", 0, 1, .integer),
        4: SocketOption("IP_TTL", 0, 2, .integer),
        9: SocketOption("IP_MULTICAST_IF", 0, 32, .multicastInterface),
        10: SocketOption("IP_MULTICAST_TTL", 0, 33, .integer),
        11: SocketOption("IP_MULTICAST_LOOP", 0, 34, .boolean),
        12: SocketOption("IP_ADD_MEMBERSHIP", 0, 35, .membership, uses: [.write]),
        13: SocketOption("IP_DROP_MEMBERSHIP", 0, 36, .membership, uses: [.write]),
        14: SocketOption("IP_DONTFRAGMENT", 0, 10, .noFragments),
        15: SocketOption("IP_ADD_SOURCE_MEMBERSHIP", 0, 39, .sourceMembership, uses: [.write]),
        16: SocketOption("IP_DROP_SOURCE_MEMBERSHIP", 0, 40, .sourceMembership, uses: [.write]),
        17: SocketOption("IP_BLOCK_SOURCE", 0, 38, .sourceMembership, uses: [.write]),
        18: SocketOption("IP_UNBLOCK_SOURCE", 0, 37, .sourceMembership, uses: [.write]),
        19: SocketOption("IP_PKTINFO", 0, 8, .boolean),
        21: SocketOption("IP_RECVTTL", 0, 12, .boolean),
        31: SocketOption("IP_UNICAST_IF", 0, 50, .integer),
        40: SocketOption("IP_RECVTOS", 0, 13, .boolean),
        71: SocketOption("IP_MTU_DISCOVER", 0, 10, .pathDiscovery),
        73: SocketOption("IP_MTU", 0, 14, .integer, uses: [.read]),
    ]

    /// IPPROTO_IPV6.
    static let internet6Options: [Int32: SocketOption] = [
        4: SocketOption("IPV6_UNICAST_HOPS", 41, 16, .integer),
        9: SocketOption("IPV6_MULTICAST_IF", 41, 17, .integer),
        10: SocketOption("IPV6_MULTICAST_HOPS", 41, 18, .integer),
        11: SocketOption("IPV6_MULTICAST_LOOP", 41, 19, .boolean),
        12: SocketOption("IPV6_ADD_MEMBERSHIP", 41, 20, .membership6, uses: [.write]),
        13: SocketOption("IPV6_DROP_MEMBERSHIP", 41, 21, .membership6, uses: [.write]),
        14: SocketOption("IPV6_DONTFRAG", 41, 62, .boolean),
        19: SocketOption("IPV6_PKTINFO", 41, 49, .boolean),
        21: SocketOption("IPV6_HOPLIMIT", 41, 51, .boolean),
        26: SocketOption("IPV6_CHECKSUM", 41, 7, .integer),
        27: SocketOption("IPV6_V6ONLY", 41, 26, .boolean),
        31: SocketOption("IPV6_UNICAST_IF", 41, 76, .reversedInteger),
        39: SocketOption("IPV6_TCLASS", 41, 67, .integer),
        40: SocketOption("IPV6_RECVTCLASS", 41, 66, .boolean),
        71: SocketOption("IPV6_MTU_DISCOVER", 41, 23, .pathDiscovery),
        72: SocketOption("IPV6_MTU", 41, 24, .integer, uses: [.read]),
    ]

    /// IPPROTO_TCP. The times are in seconds on both systems.
    static let transmissionControlOptions: [Int32: SocketOption] = [
        1: SocketOption("TCP_NODELAY", 6, 1, .boolean),
        3: SocketOption("TCP_KEEPIDLE", 6, 4, .integer),
        4: SocketOption("TCP_MAXSEG", 6, 2, .integer),
        16: SocketOption("TCP_KEEPCNT", 6, 6, .integer),
        17: SocketOption("TCP_KEEPINTVL", 6, 5, .integer),
    ]
}
