/// How a catalog entry takes part in choosing a protocol.
///
/// Winsock: WSAPROTOCOL_INFO, dwProviderFlags.
public struct ProviderFlags: OptionSet, Sendable, Hashable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// One of several entries of the same protocol. PFL_MULTIPLE_PROTO_ENTRIES.
    public static let multipleProtocolEntries = ProviderFlags(rawValue: 0x1)
    /// The entry to prefer among several. PFL_RECOMMENDED_PROTO_ENTRY.
    public static let recommendedProtocolEntry = ProviderFlags(rawValue: 0x2)
    /// Not listed by WSAEnumProtocols. PFL_HIDDEN.
    public static let hidden = ProviderFlags(rawValue: 0x4)
    /// Protocol 0 in a call of WSASocket chooses this entry. PFL_MATCHES_PROTOCOL_ZERO.
    public static let matchesProtocolZero = ProviderFlags(rawValue: 0x8)
    /// A NetworkDirect provider. PFL_NETWORKDIRECT_PROVIDER.
    public static let networkDirectProvider = ProviderFlags(rawValue: 0x10)

    /// The C spellings of the bits set, lowest first; bits of no name follow as one `0x…`.
    public var names: [String] {
        Winsock.names(of: rawValue, in: Self.table)
    }

    private static let table: [(flag: UInt32, name: String)] = [
        (0x1, "PFL_MULTIPLE_PROTO_ENTRIES"),
        (0x2, "PFL_RECOMMENDED_PROTO_ENTRY"),
        (0x4, "PFL_HIDDEN"),
        (0x8, "PFL_MATCHES_PROTOCOL_ZERO"),
        (0x10, "PFL_NETWORKDIRECT_PROVIDER"),
    ]
}
