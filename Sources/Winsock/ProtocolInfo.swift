/// The record that describes a protocol and, with a ticket, stands for a duplicated socket.
///
/// Every field is data: decoding keeps whatever the sender wrote, and encoding gives it back.
/// Numbers are Windows' own (see `AddressFamily`). Winsock: WSAPROTOCOL_INFO.
public struct ProtocolInfo: Sendable, Hashable {
    /// The two layouts of the record, which differ only in how the name is written.
    public enum Form: UInt8, Sendable, CaseIterable {
        /// WSAPROTOCOL_INFOA: the name as bytes.
        case ansi = 0
        /// WSAPROTOCOL_INFOW: the name as UTF-16.
        case wide = 1

        /// The size of the encoded record.
        public var byteCount: Int {
            switch self {
            case .ansi: 372
            case .wide: 628
            }
        }

        /// The letter by which Windows tells the two apart.
        public var letter: String {
            switch self {
            case .ansi: "A"
            case .wide: "W"
            }
        }
    }

    /// The bytes before the name, which are the same in both forms.
    public static let prefixByteCount = 116
    /// How long a name may be: bytes in the A form, UTF-16 units in the W form.
    /// WSAPROTOCOL_LEN.
    public static let maximumNameUnitCount = 255

    /// dwServiceFlags1.
    public var serviceFlags1 = ServiceFlags()
    /// dwServiceFlags2; part of the ticket.
    public var serviceFlags2: UInt32 = 0
    /// dwServiceFlags3; part of the ticket.
    public var serviceFlags3: UInt32 = 0
    /// dwServiceFlags4; part of the ticket.
    public var serviceFlags4: UInt32 = 0
    /// dwProviderFlags.
    public var providerFlags = ProviderFlags()
    /// ProviderId.
    public var providerID = GUID(0, 0, 0, [8 of UInt8](repeating: 0))
    /// dwCatalogEntryId.
    public var catalogEntryID: UInt32 = 0
    /// ProtocolChain.
    public var protocolChain = ProtocolChain()
    /// iVersion: of the protocol, by its own count.
    public var version: Int32 = 0
    /// iAddressFamily, by its Windows number.
    public var addressFamily: Int32 = 0
    /// iMaxSockAddr: the longest address, in bytes.
    public var maximumAddressByteCount: Int32 = 0
    /// iMinSockAddr: the shortest address, in bytes.
    public var minimumAddressByteCount: Int32 = 0
    /// iSocketType.
    public var socketType: Int32 = 0
    /// iProtocol.
    public var protocolNumber: Int32 = 0
    /// iProtocolMaxOffset: how far above `protocolNumber` a call of WSASocket may go.
    public var protocolMaximumOffset: Int32 = 0
    /// iNetworkByteOrder: see `ByteOrder`.
    public var byteOrder: Int32 = 0
    /// iSecurityScheme: see `SecurityScheme`.
    public var securityScheme: Int32 = 0
    /// dwMessageSize, in bytes: see `MessageByteCount` for the special values.
    public var messageByteCount: UInt32 = 0
    /// dwProviderReserved; part of the ticket.
    public var providerReserved: UInt32 = 0
    /// szProtocol. Encoding cuts a name that is too long for the form and one that contains a
    /// NUL before it; see `encoded(as:)`.
    public var name = ""

    /// A record of zeros, without a name.
    public init() {}

    /// The ticket in the record's reserved words; nil when all four are zero.
    public var ticket: Ticket? {
        get {
            Ticket(
                providerReserved: providerReserved, serviceFlags2: serviceFlags2,
                serviceFlags3: serviceFlags3, serviceFlags4: serviceFlags4)
        }
        set {
            providerReserved = newValue?.providerReserved ?? 0
            serviceFlags2 = newValue?.serviceFlags2 ?? 0
            serviceFlags3 = newValue?.serviceFlags3 ?? 0
            serviceFlags4 = newValue?.serviceFlags4 ?? 0
        }
    }

    /// The record for display: the handoff number is kept, the secret is zero.
    public func withTicketMasked() -> ProtocolInfo {
        var masked = self
        masked.serviceFlags3 = 0
        masked.serviceFlags4 = 0
        return masked
    }
}

extension ProtocolInfo: CustomStringConvertible {
    /// One line without the secret, so that a record can be printed.
    public var description: String {
        let entry = "\(name) (catalog entry \(catalogEntryID))"
        guard let ticket else { return entry }
        return "\(entry), \(ticket)"
    }
}
