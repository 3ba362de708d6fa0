/// `value` in hexadecimal, padded with zeros on the left to at least `digitCount` digits.
func hexadecimal(_ value: some FixedWidthInteger, digitCount: Int, uppercase: Bool) -> String {
    let digits = String(value, radix: 16, uppercase: uppercase)
    return String(repeating: "0", count: max(0, digitCount - digits.count)) + digits
}

/// The value of one ASCII hexadecimal digit of either case; nil for any other byte.
func hexadecimalDigit(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
    default: nil
    }
}
