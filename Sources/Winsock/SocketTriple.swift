/// Family, type and protocol as a program gives them to WSASocket or `socket`, by their Windows
/// numbers. Any number may be there: 0 leaves the choice open, −1 means the record's own.
///
/// Winsock: WSASocket, af, type, protocol.
package struct SocketTriple: Sendable, Hashable {
    package var family: Int32
    package var type: Int32
    package var protocolNumber: Int32

    package init(family: Int32, type: Int32, protocolNumber: Int32) {
        self.family = family
        self.type = type
        self.protocolNumber = protocolNumber
    }

    /// All three from the record. FROM_PROTOCOL_INFO, three times.
    package static let fromRecord = SocketTriple(
        family: Sentinel.fromProtocolInfo, type: Sentinel.fromProtocolInfo,
        protocolNumber: Sentinel.fromProtocolInfo)

    /// The socket to make: the first entry of the catalog, hidden ones too, that has all that is
    /// given.
    ///
    /// Of a record without a ticket only family, type and protocol count, and only where the
    /// argument is 0 or −1: an explicit argument wins. Without a record −1 is a number like any
    /// other that is not in the catalog.
    ///
    /// Throws WSAEINVAL when neither family nor protocol is given, WSAEAFNOSUPPORT,
    /// WSAESOCKTNOSUPPORT or WSAEPROTONOSUPPORT for what the catalog does not have. Winsock
    /// programs are used to a family, type and protocol that do not fit together being answered
    /// by the last of these, and not by the page's WSAEINVAL. Winsock: WSASocket.
    package func resolved(with record: ProtocolInfo? = nil) throws(WSAError) -> ResolvedSocket {
        let asked = record.map { completed(from: $0) } ?? self
        if asked.family == 0 {
            if asked.protocolNumber == 0 { throw .invalidArgument }
            if record != nil { throw .addressFamilyNotSupported }
        }
        // The type is looked at first, by itself: one that no family has is the answer even when
        // the family is unknown too.
        var entries = Catalog.entries
        if asked.type != 0, !entries.contains(where: { $0.info.socketType == asked.type }) {
            throw .socketTypeNotSupported
        }
        if asked.family != 0 {
            entries.removeAll { $0.info.addressFamily != asked.family }
            if entries.isEmpty { throw .addressFamilyNotSupported }
        }
        if asked.type != 0 {
            entries.removeAll { $0.info.socketType != asked.type }
            if entries.isEmpty { throw .socketTypeNotSupported }
        }
        guard let entry = entries.first(where: { $0.accepts(protocolNumber: asked.protocolNumber) })
        else { throw .protocolNotSupported }
        return ResolvedSocket(entry, protocolNumber: asked.protocolNumber)
    }

    /// Whether the arguments say nothing against a record that carries a ticket: each is 0, −1 or
    /// what the record says itself. Winsock: WSASocket, FROM_PROTOCOL_INFO.
    package func agrees(with record: ProtocolInfo) -> Bool {
        func agrees(_ argument: Int32, _ own: Int32) -> Bool {
            argument == 0 || argument == Sentinel.fromProtocolInfo || argument == own
        }
        return agrees(family, record.addressFamily) && agrees(type, record.socketType)
            && agrees(protocolNumber, record.protocolNumber)
    }

    /// This triple with its gaps filled from a record; what the record leaves open too is 0.
    private func completed(from record: ProtocolInfo) -> SocketTriple {
        func choice(_ argument: Int32, _ own: Int32) -> Int32 {
            let isOpen = argument == 0 || argument == Sentinel.fromProtocolInfo
            let chosen = isOpen ? own : argument
            return chosen == Sentinel.fromProtocolInfo ? 0 : chosen
        }
        return SocketTriple(
            family: choice(family, record.addressFamily), type: choice(type, record.socketType),
            protocolNumber: choice(protocolNumber, record.protocolNumber))
    }
}

/// A socket of the catalog, with nothing left open. Winsock: WSASocket.
package struct ResolvedSocket: Sendable, Hashable {
    package let entry: CatalogEntry
    package let family: AddressFamily
    package let type: SocketType
    /// The entry's own, for a raw socket the one that was given.
    package let protocolNumber: Int32

    /// A socket of `entry`, which must accept `protocolNumber`.
    init(_ entry: CatalogEntry, protocolNumber: Int32) {
        precondition(
            entry.accepts(protocolNumber: protocolNumber),
            "Protocol \(protocolNumber) does not belong to catalog entry \(entry.id).")
        guard let family = AddressFamily(rawValue: entry.info.addressFamily),
            let type = SocketType(rawValue: entry.info.socketType)
        else { preconditionFailure("Catalog entry \(entry.id) is of an unknown kind.") }
        self.entry = entry
        self.family = family
        self.type = type
        self.protocolNumber = type == .raw ? protocolNumber : entry.info.protocolNumber
    }

    /// The Windows numbers.
    package var triple: SocketTriple {
        SocketTriple(
            family: family.rawValue, type: type.rawValue, protocolNumber: protocolNumber)
    }

    /// What to set right after the socket is made, so that it is as on Windows: an IPv6 stream or
    /// datagram socket takes no IPv4 peers unless the program asks for that. Winsock: IPV6_V6ONLY.
    package var initialOptions: [LinuxOption] {
        guard family == .internet6, type != .raw else { return [] }
        return [LinuxOption(level: 41, name: 26, value: [1, 0, 0, 0])]
    }
}

/// A call of Linux' setsockopt, by its own numbers. setsockopt(2).
package struct LinuxOption: Sendable, Hashable {
    package let level: Int32
    package let name: Int32
    package let value: [UInt8]

    package init(level: Int32, name: Int32, value: [UInt8]) {
        self.level = level
        self.name = name
        self.value = value
    }
}
