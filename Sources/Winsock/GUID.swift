/// The identity of a protocol's provider. Winsock: GUID.
public struct GUID: Sendable, CustomStringConvertible {
    public var data1: UInt32
    public var data2: UInt16
    public var data3: UInt16
    public var data4: [8 of UInt8]

    public init(_ data1: UInt32, _ data2: UInt16, _ data3: UInt16, _ data4: [8 of UInt8]) {
        self.data1 = data1
        self.data2 = data2
        self.data3 = data3
        self.data4 = data4
    }

    /// Reads `{E70F1AA0-AB8B-11CF-8CA3-00805F48A192}`: digits of either case, the braces both or
    /// neither. Nil for anything else.
    public init?(_ text: String) {
        var characters = Array(text.utf8)
        if characters.count == 38 {
            guard characters.removeFirst() == UInt8(ascii: "{"),
                characters.removeLast() == UInt8(ascii: "}")
            else { return nil }
        }
        guard characters.count == 36 else { return nil }
        var digits: [UInt8] = []
        for (index, character) in characters.enumerated() {
            if [8, 13, 18, 23].contains(index) {
                guard character == UInt8(ascii: "-") else { return nil }
            } else {
                guard let digit = hexadecimalDigit(character) else { return nil }
                digits.append(digit)
            }
        }
        func number(_ range: Range<Int>) -> UInt32 {
            digits[range].reduce(0) { $0 << 4 | UInt32($1) }
        }
        self.init(
            number(0..<8), UInt16(number(8..<12)), UInt16(number(12..<16)),
            [8 of UInt8] { index in digits[16 + 2 * index] << 4 | digits[17 + 2 * index] })
    }

    /// The registry form: upper case, in braces.
    public var description: String {
        var text = "{" + hexadecimal(data1, digitCount: 8, uppercase: true)
        text += "-" + hexadecimal(data2, digitCount: 4, uppercase: true)
        text += "-" + hexadecimal(data3, digitCount: 4, uppercase: true) + "-"
        for index in data4.indices {
            if index == 2 { text += "-" }
            text += hexadecimal(data4[index], digitCount: 2, uppercase: true)
        }
        return text + "}"
    }
}

extension GUID: Hashable {
    public static func == (left: GUID, right: GUID) -> Bool {
        guard left.data1 == right.data1, left.data2 == right.data2, left.data3 == right.data3
        else { return false }
        return left.data4.indices.allSatisfy { left.data4[$0] == right.data4[$0] }
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(data1)
        hasher.combine(data2)
        hasher.combine(data3)
        for index in data4.indices {
            hasher.combine(data4[index])
        }
    }
}

// In memory the first three fields are little-endian and the last eight bytes stand as written.
extension GUID {
    static let byteCount = 16

    init(_ bytes: [UInt8], at offset: Int) {
        self.init(
            bytes.word(at: offset), bytes.halfWord(at: offset + 4), bytes.halfWord(at: offset + 6),
            [8 of UInt8] { index in bytes[offset + 8 + index] })
    }

    func write(to bytes: inout [UInt8], at offset: Int) {
        bytes.setWord(data1, at: offset)
        bytes.setHalfWord(data2, at: offset + 4)
        bytes.setHalfWord(data3, at: offset + 6)
        for index in data4.indices {
            bytes[offset + 8 + index] = data4[index]
        }
    }
}
