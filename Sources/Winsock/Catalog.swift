/// The protocols whose sockets can be handed over, as the catalog of a Windows machine lists them.
///
/// The internet entries are those of a clean Windows installation. Of the Unix sockets Windows
/// has only the stream; datagram (1008) and sequenced packet (1009) are an extension of this
/// library, with the same provider and flags of their own that say what Linux does: delivery and
/// order are guaranteed, message boundaries kept. Winsock: WSAEnumProtocols.
public enum Catalog {
    /// All entries, hidden ones too, in the order of their ids 1001…1009.
    public static let entries: [CatalogEntry] = [
        internet(
            1001, "MSAFD Tcpip [TCP/IP]", .internet, .stream,
            ProtocolNumber.transmissionControl, MessageByteCount.stream),
        internet(
            1002, "MSAFD Tcpip [UDP/IP]", .internet, .datagram,
            ProtocolNumber.userDatagram, largestDatagramByteCount),
        internet(
            1003, "MSAFD Tcpip [RAW/IP]", .internet, .raw,
            ProtocolNumber.unspecified, largestRawByteCount),
        internet(
            1004, "MSAFD Tcpip [TCP/IPv6]", .internet6, .stream,
            ProtocolNumber.transmissionControl, MessageByteCount.stream),
        internet(
            1005, "MSAFD Tcpip [UDP/IPv6]", .internet6, .datagram,
            ProtocolNumber.userDatagram, largestDatagramByteCount),
        internet(
            1006, "MSAFD Tcpip [RAW/IPv6]", .internet6, .raw,
            ProtocolNumber.unspecified, largestRawByteCount),
        unix(1007, "AF_UNIX", .stream, unixStream, MessageByteCount.stream),
        // Linux limits a Unix message only by the sender's buffer, which the sender can raise.
        unix(
            1008, "AF_UNIX [DGRAM]", .datagram,
            unixStream.union([.connectionless, .messageOriented]), MessageByteCount.unlimited),
        unix(
            1009, "AF_UNIX [SEQPACKET]", .sequencedPacket,
            unixStream.union(.messageOriented), MessageByteCount.unlimited),
    ]

    /// The entry of a catalog id; nil for one that is not in the catalog.
    public static func entry(id: UInt32) -> CatalogEntry? {
        entries.first { $0.id == id }
    }

    /// The entry of a socket by what the kernel says of it; nil for one that cannot be handed
    /// over. A raw socket may have any protocol number from 0 to 255, a Unix socket has 0, and
    /// 0 stands for the usual protocol of an internet stream or datagram socket.
    public static func entry(
        family: AddressFamily, type: SocketType, protocolNumber: Int32
    ) -> CatalogEntry? {
        entries.first {
            $0.info.addressFamily == family.rawValue && $0.info.socketType == type.rawValue
                && $0.accepts(protocolNumber: protocolNumber)
        }
    }

    /// What WSAEnumProtocols lists: the entries of the given protocol numbers, nil for all;
    /// numbers without an entry are passed over. Hidden entries (RAW) are never listed.
    public static func entries(protocols: [Int32]?) -> [CatalogEntry] {
        entries.filter { entry in
            if entry.info.providerFlags.contains(.hidden) { return false }
            return protocols?.contains(entry.info.protocolNumber) ?? true
        }
    }

    private static let largestDatagramByteCount: UInt32 = 0xFFBB
    private static let largestRawByteCount: UInt32 = 0x8000

    private static let internetProvider = GUID(
        0xE70F_1AA0, 0xAB8B, 0x11CF, [0x8C, 0xA3, 0x00, 0x80, 0x5F, 0x48, 0xA1, 0x92])
    private static let internet6Provider = GUID(
        0xF9EA_B0C0, 0x26D4, 0x11D0, [0xBB, 0xBF, 0x00, 0xAA, 0x00, 0x6C, 0x34, 0xE4])
    private static let unixProvider = GUID(
        0xA009_43D9, 0x9C2E, 0x4633, [0x9B, 0x59, 0x00, 0x57, 0xA3, 0x16, 0x09, 0x94])

    private static let internetStream: ServiceFlags = [
        .guaranteedDelivery, .guaranteedOrder, .gracefulClose, .expeditedData, .systemHandles,
    ]
    private static let internetDatagram: ServiceFlags = [
        .connectionless, .messageOriented, .supportBroadcast, .supportMultipoint, .systemHandles,
    ]
    private static let unixStream: ServiceFlags = [
        .guaranteedDelivery, .guaranteedOrder, .systemHandles,
    ]

    private static func internet(
        _ id: UInt32, _ name: String, _ family: AddressFamily, _ type: SocketType,
        _ protocolNumber: Int32, _ messageByteCount: UInt32
    ) -> CatalogEntry {
        var info = base(id, name, family, type, messageByteCount)
        info.serviceFlags1 = type == .stream ? internetStream : internetDatagram
        info.providerID = family == .internet6 ? internet6Provider : internetProvider
        info.maximumAddressByteCount = family == .internet6 ? 28 : 16
        info.minimumAddressByteCount = info.maximumAddressByteCount
        info.protocolNumber = protocolNumber
        if type == .raw {
            info.providerFlags.insert(.hidden)
            info.protocolMaximumOffset = 255
        }
        return CatalogEntry(info)
    }

    private static func unix(
        _ id: UInt32, _ name: String, _ type: SocketType, _ serviceFlags: ServiceFlags,
        _ messageByteCount: UInt32
    ) -> CatalogEntry {
        var info = base(id, name, .unix, type, messageByteCount)
        info.serviceFlags1 = serviceFlags
        info.providerID = unixProvider
        info.maximumAddressByteCount = 110
        info.minimumAddressByteCount = 2
        return CatalogEntry(info)
    }

    /// What all entries have in common.
    private static func base(
        _ id: UInt32, _ name: String, _ family: AddressFamily, _ type: SocketType,
        _ messageByteCount: UInt32
    ) -> ProtocolInfo {
        var info = ProtocolInfo()
        info.providerFlags = .matchesProtocolZero
        info.catalogEntryID = id
        info.protocolChain.length = ProtocolChain.baseProtocol
        info.version = 2
        info.addressFamily = family.rawValue
        info.socketType = type.rawValue
        info.byteOrder = ByteOrder.bigEndian
        info.securityScheme = SecurityScheme.none
        info.messageByteCount = messageByteCount
        info.name = name
        return info
    }
}
