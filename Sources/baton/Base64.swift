/// Bytes as text that survives a terminal, a form and a mail, by RFC 4648.
enum Base64 {
    private static let digits = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding = UInt8(ascii: "=")

    static func text(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = bytes[start..<min(start + 3, bytes.count)]
            var bits: UInt32 = 0
            for index in 0..<3 {
                let byte = index < part.count ? part[start + index] : 0
                bits = bits << 8 | UInt32(byte)
            }
            for index in 0..<4 {
                let digit = digits[Int(bits >> (18 - 6 * UInt32(index)) & 63)]
                text.append(index <= part.count ? digit : padding)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil for what is not base64. Spaces and line ends between the digits are passed over.
    static func bytes(_ text: [UInt8]) -> [UInt8]? {
        var digits = text.filter { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }[...]
        guard digits.count % 4 == 0 else { return nil }
        var paddingCount = 0
        while paddingCount < 2, digits.last == padding {
            digits.removeLast()
            paddingCount += 1
        }
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var bitCount: UInt32 = 0
        for digit in digits {
            guard let value = Self.value(of: digit) else { return nil }
            bits = bits << 6 | value
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> bitCount))
            }
        }
        // Bits that no byte takes must be zero, so that each record has one text.
        return bits & (1 << bitCount - 1) == 0 ? bytes : nil
    }

    private static func value(of digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
