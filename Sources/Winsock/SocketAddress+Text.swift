// Addresses as text: `192.0.2.1:80`, `[2001:db8::1%3]:80`, and without the port, which 0 stands
// for, `192.0.2.1`, `2001:db8::1%3`. A Unix path is itself.
// Winsock: WSAAddressToString, WSAStringToAddress; RFC 5952, RFC 4007.

extension SocketAddress {
    /// What WSAAddressToString says of an address. WSAEFAULT when the bytes are too few,
    /// WSAEINVAL for a family without a provider and for a Unix name that is no text.
    package static func text(windows bytes: [UInt8]) throws(WSAError) -> String {
        let address: SocketAddress
        do throws(WSAError) {
            address = try SocketAddress(windows: bytes)
        } catch {
            throw error == .addressFamilyNotSupported ? .invalidArgument : error
        }
        guard let text = address.text else { throw .invalidArgument }
        return text
    }

    /// The text of the address; nil for an abstract Unix name, and for a path that is not UTF-8.
    package var text: String? {
        switch self {
        case .internet(let address, let port):
            return port == 0 ? address.description : "\(address):\(port)"
        case .internet6(let address, let port, _, let scope):
            let text = scope == 0 ? address.description : "\(address)%\(scope)"
            return port == 0 ? text : "[\(text)]:\(port)"
        case .unix(let path):
            return path.first == 0 ? nil : String(validating: path, as: UTF8.self)
        }
    }

    /// Reads the text of an address of one family, by its Windows number. WSAEINVAL for another
    /// family than those of the catalog and for text that is none of its addresses.
    ///
    /// Numbers are decimal and have no zeros before them; a scope is a number, not the name of an
    /// interface. IPv4 addresses have four parts: the older forms with fewer, and with octal or
    /// hexadecimal parts, are not read. Winsock: WSAStringToAddress.
    package init(_ text: String, family number: Int32) throws(WSAError) {
        guard let family = AddressFamily(rawValue: number),
            let address = Self.parsed(text[...], family)
        else { throw .invalidArgument }
        self = address
    }

    private static func parsed(_ text: Substring, _ family: AddressFamily) -> SocketAddress? {
        switch family {
        case .internet:
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard let address = InternetAddress(parts[0]) else { return nil }
            if parts.count == 1 { return .internet(address: address, port: 0) }
            guard let port = UInt16(decimal: parts[1]) else { return nil }
            return .internet(address: address, port: port)
        case .internet6:
            return parsed6(text)
        case .unix:
            let path = Array(text.utf8)
            guard !path.isEmpty, path.count <= 108, !path.contains(0) else { return nil }
            return .unix(path: path)
        }
    }

    private static func parsed6(_ text: Substring) -> SocketAddress? {
        var inside = text
        var port: UInt16 = 0
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { return nil }
            inside = text[..<end].dropFirst()
            let after = text[end...].dropFirst()
            if !after.isEmpty {
                guard after.first == ":", let number = UInt16(decimal: after.dropFirst()) else {
                    return nil
                }
                port = number
            }
        }
        let parts = inside.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = InternetAddress6(parts[0]) else { return nil }
        if parts.count == 1 { return .internet6(address: address, port: port) }
        guard let scope = UInt32(decimal: parts[1]) else { return nil }
        return .internet6(address: address, port: port, scope: scope)
    }
}
