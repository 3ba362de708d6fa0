/// One protocol of the catalog, with its record encoded beforehand in both forms.
///
/// Winsock: WSAEnumProtocols.
public struct CatalogEntry: Sendable {
    /// The plain record, without a ticket.
    public let info: ProtocolInfo
    private let ansiTemplate: [UInt8]
    private let wideTemplate: [UInt8]

    init(_ info: ProtocolInfo) {
        precondition(info.ticket == nil, "A catalog entry carries no ticket.")
        self.info = info
        ansiTemplate = info.encoded(as: .ansi)
        wideTemplate = info.encoded(as: .wide)
    }

    /// The catalog entry id by which a record names this protocol.
    public var id: UInt32 { info.catalogEntryID }

    /// Whether a socket of this entry's family and type may have this protocol number: a raw
    /// socket any from 0 to 255, another the entry's own, or 0 where that means the same.
    public func accepts(protocolNumber: Int32) -> Bool {
        let own = info.protocolNumber
        if own == protocolNumber { return true }
        if protocolNumber == 0 { return info.providerFlags.contains(.matchesProtocolZero) }
        return protocolNumber > own && protocolNumber <= own + info.protocolMaximumOffset
    }

    /// The record of a duplicated socket: this entry's, with the ticket in its reserved words.
    public func record(with ticket: Ticket, as form: ProtocolInfo.Form) -> [UInt8] {
        var record = template(form)
        ticket.write(to: &record)
        return record
    }

    /// The record of a duplicated socket whose protocol number is `protocolNumber`, which this
    /// entry must accept. The record of a raw socket carries it; others carry the entry's own.
    public func record(
        with ticket: Ticket, as form: ProtocolInfo.Form, protocolNumber: Int32
    ) -> [UInt8] {
        precondition(
            accepts(protocolNumber: protocolNumber),
            "Protocol \(protocolNumber) does not belong to catalog entry \(id).")
        var record = record(with: ticket, as: form)
        if isRaw {
            record.setSignedWord(protocolNumber, at: FieldOffset.protocolNumber)
        }
        return record
    }

    /// Whether the first 116 bytes of a record are this entry's, whatever its ticket and name.
    /// In a raw entry's record the protocol number may be any from 0 to 255. Does not allocate.
    public func matchesPrefix(of record: borrowing Span<UInt8>) -> Bool {
        guard record.count >= ProtocolInfo.prefixByteCount else { return false }
        for offset in 0..<ProtocolInfo.prefixByteCount where record[offset] != ansiTemplate[offset]
        {
            switch offset {
            case FieldOffset.serviceFlags2..<FieldOffset.providerFlags,
                FieldOffset.providerReserved..<FieldOffset.name:
                continue
            case FieldOffset.protocolNumber where isRaw:
                // The lowest byte of the number; the three above it are zero in the template.
                continue
            default:
                return false
            }
        }
        return true
    }

    private var isRaw: Bool { info.socketType == SocketType.raw.rawValue }

    private func template(_ form: ProtocolInfo.Form) -> [UInt8] {
        switch form {
        case .ansi: ansiTemplate
        case .wide: wideTemplate
        }
    }
}

// The templates follow from the record, so comparing them would say nothing more.
extension CatalogEntry: Hashable {
    public static func == (left: CatalogEntry, right: CatalogEntry) -> Bool {
        left.info == right.info
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(info)
    }
}
