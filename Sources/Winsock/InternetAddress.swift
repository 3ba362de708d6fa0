/// An IPv4 address. RFC 791.
package struct InternetAddress: Sendable, Hashable, CustomStringConvertible {
    /// The four bytes, the first one highest.
    package let number: UInt32

    package init(number: UInt32) {
        self.number = number
    }

    /// The address of four bytes in network order.
    init(_ bytes: ArraySlice<UInt8>) {
        precondition(bytes.count == 4, "An IPv4 address has 4 bytes.")
        number = bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Reads `192.0.2.1`: four decimal parts without zeros before them. Nil for anything else.
    package init?(_ text: Substring) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var number: UInt32 = 0
        for part in parts {
            guard let byte = UInt8(decimal: part) else { return nil }
            number = number << 8 | UInt32(byte)
        }
        self.number = number
    }

    var bytes: [UInt8] {
        stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    package var description: String {
        bytes.map { String($0) }.joined(separator: ".")
    }
}

extension FixedWidthInteger {
    /// Reads decimal digits without a sign and without zeros before them.
    init?(decimal text: Substring) {
        let digits = text.utf8
        guard let first = digits.first, first != UInt8(ascii: "0") || digits.count == 1,
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        self.init(text, radix: 10)
    }
}
