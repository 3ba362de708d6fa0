internal import Glibc

/// Socket addresses as people write them: `127.0.0.1:80`, `[::1]:80`, `[fe80::1%2]:80`, the path of
/// a Unix socket, or `@` and an abstract name.
///
/// In paths and names every byte that is not a printable ASCII character, the backslash, and an `@`
/// that begins a path are written as `\x` and two hexadecimal digits.
enum SocketAddressText {
    /// The text of a raw struct sockaddr; nil for one that names nothing.
    ///
    /// ```
    ///   0  family, 2 bytes in host order
    ///   2  AF_INET   port, 2 bytes in network order     AF_UNIX  name, up to the end
    ///   4            address, 4 bytes
    ///   2  AF_INET6  port, 2 bytes in network order
    ///   8            address, 16 bytes
    ///  24            scope, 4 bytes in host order
    /// ```
    ///
    /// ip(7), ipv6(7), unix(7)
    static func text(_ address: borrowing Span<UInt8>) -> String? {
        guard address.count >= 2 else { return nil }
        switch CInt(UInt16(address[0]) | UInt16(address[1]) << 8) {
        case AF_INET where address.count >= 8: return internet(address)
        case AF_INET6 where address.count >= 28: return internet6(address)
        case AF_UNIX: return unixName(address)
        default: return nil
        }
    }

    /// The port of a raw internet address; nil for other families.
    static func port(_ address: borrowing Span<UInt8>) -> UInt16? {
        guard address.count >= 8 else { return nil }
        let family = CInt(UInt16(address[0]) | UInt16(address[1]) << 8)
        guard family == AF_INET || family == AF_INET6 else { return nil }
        return UInt16(address[2]) << 8 | UInt16(address[3])
    }

    private static func internet(_ address: borrowing Span<UInt8>) -> String? {
        let port = UInt16(address[2]) << 8 | UInt16(address[3])
        let bytes = KernelText.bytes(4..<8, of: address)
        if port == 0, bytes.allSatisfy({ $0 == 0 }) { return nil }
        return "\(bytes[0]).\(bytes[1]).\(bytes[2]).\(bytes[3]):\(port)"
    }

    private static func internet6(_ address: borrowing Span<UInt8>) -> String? {
        let port = UInt16(address[2]) << 8 | UInt16(address[3])
        let bytes = KernelText.bytes(8..<24, of: address)
        if port == 0, bytes.allSatisfy({ $0 == 0 }) { return nil }
        var scope: UInt32 = 0
        for index in 0..<4 { scope |= UInt32(address[24 + index]) << (8 * UInt32(index)) }
        let suffix = scope == 0 ? "" : "%\(scope)"
        return "[\(internet6Text(bytes))\(suffix)]:\(port)"
    }

    /// inet_ntop(3)
    private static func internet6Text(_ bytes: [UInt8]) -> String {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            let text = unsafe bytes.withUnsafeBytes { bytes in
                unsafe inet_ntop(
                    AF_INET6, bytes.baseAddress, buffer.baseAddress, socklen_t(buffer.count))
            }
            guard let text = unsafe text else { preconditionFailure("An address has 16 bytes.") }
            return unsafe String(cString: text)
        }
    }

    private static func unixName(_ address: borrowing Span<UInt8>) -> String? {
        guard address.count > 2 else { return nil }
        if address[2] == 0 {
            return "@" + escaped(KernelText.bytes(3..<address.count, of: address))
        }
        let name = KernelText.bytes(2..<address.count, of: address).prefix { $0 != 0 }
        let text = escaped(Array(name))
        return text.hasPrefix("@") ? "\\x40" + text.dropFirst() : text
    }

    private static func escaped(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            if byte >= 0x20, byte < 0x7F, byte != UInt8(ascii: "\\") {
                text.append(byte)
            } else {
                text += [UInt8(ascii: "\\"), UInt8(ascii: "x")]
                text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
