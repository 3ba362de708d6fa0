/// An address of one of the catalog's families. Windows and Linux lay it out alike; the number of
/// IPv6 differs.
///
/// ```
///           IPv4                    IPv6                         Unix
/// 0     2   family                  family                       family
/// 2     2   port, network order     port, network order          path, up to 108, to the NUL
/// 4     4   address                 flow information
/// 8     8   zero                    address, 16 bytes
/// 24    4                           scope
/// ```
///
/// Winsock: sockaddr_in, sockaddr_in6, sockaddr_un.
package enum SocketAddress: Sendable, Hashable {
    case internet(address: InternetAddress, port: UInt16)
    /// The flow information is kept as it stands, in network order.
    case internet6(address: InternetAddress6, port: UInt16, flow: UInt32 = 0, scope: UInt32 = 0)
    /// The bytes of a path without its NUL: none for a socket without a name. A name that begins
    /// with NUL is Linux' abstract one, and keeps all its bytes.
    case unix(path: [UInt8])

    /// Reads what a Windows program passes; bytes beyond the address are ignored. WSAEFAULT when
    /// it is too short for its family, WSAEAFNOSUPPORT for a family that is not in the catalog.
    /// Winsock: bind, connect.
    package init(windows bytes: [UInt8]) throws(WSAError) {
        try self.init(bytes) { AddressFamily(rawValue: $0) }
    }

    /// Reads what the kernel gives, with the same errors. getsockname(2).
    package init(linux bytes: [UInt8]) throws(WSAError) {
        try self.init(bytes) { AddressFamily(linux: $0) }
    }

    package var family: AddressFamily {
        switch self {
        case .internet: .internet
        case .internet6: .internet6
        case .unix: .unix
        }
    }

    /// The bytes for a Windows program: 16, 28 or 110; fewer for an abstract Unix name, to which
    /// zeros at its end would belong.
    package var windowsBytes: [UInt8] {
        var bytes = encoded(familyNumber: family.rawValue)
        if case .unix(let path) = self, path.first != 0 {
            bytes += [UInt8](repeating: 0, count: Self.unixByteCount - bytes.count)
        }
        return bytes
    }

    /// The bytes for the kernel: 16, 28, or as many as a path needs. unix(7).
    package var linuxBytes: [UInt8] {
        var bytes = encoded(familyNumber: family.linux)
        if case .unix(let path) = self, let first = path.first, first != 0,
            bytes.count < Self.unixByteCount
        {
            bytes.append(0)
        }
        return bytes
    }

    private static let internetByteCount = 16
    private static let internet6ByteCount = 28
    private static let unixByteCount = 110

    private init(
        _ bytes: [UInt8], familyOf: (Int32) -> AddressFamily?
    ) throws(WSAError) {
        guard bytes.count >= 2 else { throw .badAddress }
        guard let family = familyOf(Int32(bytes.halfWord(at: 0))) else {
            throw .addressFamilyNotSupported
        }
        switch family {
        case .internet:
            guard bytes.count >= Self.internetByteCount else { throw .badAddress }
            self = .internet(
                address: InternetAddress(bytes[4..<8]), port: bytes.halfWord(at: 2).byteSwapped)
        case .internet6:
            guard bytes.count >= Self.internet6ByteCount else { throw .badAddress }
            self = .internet6(
                address: InternetAddress6(bytes[8..<24]), port: bytes.halfWord(at: 2).byteSwapped,
                flow: bytes.word(at: 4), scope: bytes.word(at: 24))
        case .unix:
            let name = bytes.prefix(Self.unixByteCount).dropFirst(2)
            let isAbstract = name.first == 0 && name.contains { $0 != 0 }
            self = .unix(path: Array(isAbstract ? name : name.prefix { $0 != 0 }))
        }
    }

    private func encoded(familyNumber: Int32) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 2)
        bytes.setHalfWord(UInt16(truncatingIfNeeded: familyNumber), at: 0)
        switch self {
        case .internet(let address, let port):
            bytes += [UInt8](repeating: 0, count: Self.internetByteCount - 2)
            bytes.setHalfWord(port.byteSwapped, at: 2)
            bytes.replaceSubrange(4..<8, with: address.bytes)
        case .internet6(let address, let port, let flow, let scope):
            bytes += [UInt8](repeating: 0, count: Self.internet6ByteCount - 2)
            bytes.setHalfWord(port.byteSwapped, at: 2)
            bytes.setWord(flow, at: 4)
            bytes.replaceSubrange(8..<24, with: address.bytes)
            bytes.setWord(scope, at: 24)
        case .unix(let path):
            bytes += path.prefix(Self.unixByteCount - 2)
        }
        return bytes
    }
}
