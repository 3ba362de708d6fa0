/// Why a body is not one that this program wrote.
package enum BodyError: Error, Equatable, Sendable {
    case notCanonical(atOffset: Int)
    case unknownKey(String)
    case missing(Key)
    case wrongType(Key)
    case unknownValue(Key, String)
    case unknownKind(String)
    case unknownVersion(Int64)
}

extension BodyError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notCanonical(let offset): "its byte \(offset) is not as a body has it"
        case .unknownKey(let key): "it has the unknown key \(key)"
        case .missing(let key): "its key \(key.name) is missing"
        case .wrongType(let key): "the value of its key \(key.name) is of another type"
        case .unknownValue(let key, let value): "its \(key.name) has the unknown value \(value)"
        case .unknownKind(let kind): "it is of the unknown kind \(kind)"
        case .unknownVersion(let version): "it is of the unknown version \(version)"
        }
    }
}

/// One body taken apart: its keys and values, in order. Reads what `CanonicalWriter` writes, and
/// nothing else. One that reads many bodies keeps its memory from one to the next.
struct Body {
    /// Small and without references, as each is copied for each of millions of events.
    enum Value {
        case integer(Int64)
        /// Where a text of ASCII without escapes is in the bytes.
        case plain(Range<Int>)
        /// The place of any other text among the `strings`.
        case text(Int)
        /// The place among the `lists`.
        case texts(Int)
        case bool(Bool)
    }

    private(set) var bytes: [UInt8] = []
    private(set) var fields: [(key: Key, value: Value)] = []
    private var strings: [String] = []
    private var lists: [[String]] = []
    /// For each key, one more than the place of its field; 0 where there is none.
    private var places = [UInt8](repeating: 0, count: Key.allCases.count)

    /// For each key the one that came after it last: events of one kind mostly have the same keys.
    private var followers = [Key?](repeating: nil, count: Key.allCases.count)

    init() { fields.reserveCapacity(24) }

    init(_ bytes: [UInt8]) throws(BodyError) {
        self.init()
        try read(bytes.span)
    }

    mutating func read(_ source: Span<UInt8>) throws(BodyError) {
        bytes.removeAll(keepingCapacity: true)
        unsafe source.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
        for field in fields { places[Int(field.key.rawValue)] = 0 }
        fields.removeAll(keepingCapacity: true)
        var reader = CanonicalReader(bytes)
        try readFields(&reader)
        strings = reader.strings
        lists = reader.lists
    }

    private mutating func readFields(_ reader: inout CanonicalReader) throws(BodyError) {
        try reader.expect(UInt8(ascii: "{"))
        if reader.skip(UInt8(ascii: "}")) {
            try reader.expectEnd()
            return
        }
        try append(try reader.key(), &reader)
        while let key = try nextKey(&reader) { try append(key, &reader) }
        try reader.expect(UInt8(ascii: "}"))
        try reader.expectEnd()
    }

    private mutating func append(
        _ key: Key, _ reader: inout CanonicalReader
    ) throws(BodyError) {
        fields.append((key, try reader.value()))
        // There are fewer keys than a byte has values, and each comes once.
        places[Int(key.rawValue)] = UInt8(fields.count)
    }

    /// Nil where there is no comma.
    private mutating func nextKey(_ reader: inout CanonicalReader) throws(BodyError) -> Key? {
        let last = fields[fields.count - 1].key
        if let key = followers[Int(last.rawValue)], reader.skip(Key.prefixes[Int(key.rawValue)]) {
            return key
        }
        guard reader.skip(UInt8(ascii: ",")) else { return nil }
        let key = try reader.key()
        guard last < key else { throw .notCanonical(atOffset: reader.offset) }
        followers[Int(last.rawValue)] = key
        return key
    }

    /// Whether these of the bytes are those.
    func isEqual(_ range: Range<Int>, _ text: [UInt8]) -> Bool {
        guard range.count == text.count else { return false }
        for index in text.indices where bytes[range.lowerBound + index] != text[index] {
            return false
        }
        return true
    }

    func value(_ key: Key) -> Value? {
        let place = Int(places[Int(key.rawValue)])
        return place == 0 ? nil : fields[place - 1].value
    }

    /// Nil for what is no text.
    func text(_ value: Value) -> String? {
        switch value {
        case .plain(let range): String(decoding: bytes[range], as: UTF8.self)
        case .text(let place): strings[place]
        case .integer, .texts, .bool: nil
        }
    }

    /// Nil for what is no list of texts.
    func texts(_ value: Value) -> [String]? {
        if case .texts(let place) = value { lists[place] } else { nil }
    }
}

private struct CanonicalReader {
    private let bytes: [UInt8]
    private(set) var offset = 0
    private(set) var strings: [String] = []
    private(set) var lists: [[String]] = []

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private var error: BodyError { .notCanonical(atOffset: offset) }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    mutating func skip(_ text: [UInt8]) -> Bool {
        guard bytes.count - offset >= text.count else { return false }
        for index in text.indices where bytes[offset + index] != text[index] { return false }
        offset += text.count
        return true
    }

    mutating func expect(_ byte: UInt8) throws(BodyError) {
        guard skip(byte) else { throw error }
    }

    func expectEnd() throws(BodyError) {
        guard offset == bytes.count else { throw error }
    }

    mutating func value() throws(BodyError) -> Body.Value {
        guard offset < bytes.count else { throw error }
        switch bytes[offset] {
        case UInt8(ascii: "\""): return try textValue()
        case UInt8(ascii: "["):
            offset += 1
            var texts: [String] = []
            if !skip(UInt8(ascii: "]")) {
                repeat { texts.append(try text()) } while skip(UInt8(ascii: ","))
                try expect(UInt8(ascii: "]"))
            }
            lists.append(texts)
            return .texts(lists.count - 1)
        case UInt8(ascii: "t"):
            for byte in "true".utf8 { try expect(byte) }
            return .bool(true)
        case UInt8(ascii: "f"):
            for byte in "false".utf8 { try expect(byte) }
            return .bool(false)
        default: return .integer(try integer())
        }
    }

    private mutating func integer() throws(BodyError) -> Int64 {
        let isNegative = skip(UInt8(ascii: "-"))
        let start = offset
        var value: Int64 = 0
        while offset < bytes.count, (0x30...0x39).contains(bytes[offset]) {
            value = value * 10 + Int64(bytes[offset] - 0x30)
            guard value <= CanonicalWriter.integerMaximum else { throw error }
            offset += 1
        }
        let isPadded = offset - start > 1 && bytes[start] == 0x30
        guard offset > start, !isPadded, !(isNegative && value == 0) else { throw error }
        return isNegative ? -value : value
    }

    /// A key and the colon after it.
    mutating func key() throws(BodyError) -> Key {
        let key = try quotedKey()
        try expect(UInt8(ascii: ":"))
        return key
    }

    private mutating func quotedKey() throws(BodyError) -> Key {
        let start = offset
        if let range = plain() {
            if let key = Key(name: bytes[range]) { return key }
            offset = start
        }
        let name = try text()
        guard let key = Key(name: name) else { throw .unknownKey(name) }
        return key
    }

    private mutating func textValue() throws(BodyError) -> Body.Value {
        if let range = plain() { return .plain(range) }
        strings.append(try text())
        return .text(strings.count - 1)
    }

    /// Goes over a text of ASCII without escapes; stays where it is before any other.
    private mutating func plain() -> Range<Int>? {
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") else { return nil }
        var end = offset + 1
        while end < bytes.count {
            switch bytes[end] {
            case UInt8(ascii: "\""):
                defer { offset = end + 1 }
                return offset + 1..<end
            case UInt8(ascii: "\\"), 0..<0x20, 0x80...: return nil
            default: end += 1
            }
        }
        return nil
    }

    mutating func text() throws(BodyError) -> String {
        try expect(UInt8(ascii: "\""))
        let start = offset
        while offset < bytes.count, bytes[offset] >= 0x20, bytes[offset] != UInt8(ascii: "\\") {
            if bytes[offset] == UInt8(ascii: "\"") {
                offset += 1
                return try validated(bytes[start..<offset - 1])
            }
            offset += 1
        }
        return try escapedText(from: start)
    }

    private mutating func escapedText(from start: Int) throws(BodyError) -> String {
        var text = Array(bytes[start..<offset])
        while offset < bytes.count {
            let byte = bytes[offset]
            offset += 1
            switch byte {
            case UInt8(ascii: "\""): return try validated(text[...])
            case UInt8(ascii: "\\"): text.append(try escape())
            case 0..<0x20: throw error
            default: text.append(byte)
            }
        }
        throw error
    }

    private mutating func escape() throws(BodyError) -> UInt8 {
        guard offset < bytes.count else { throw error }
        defer { offset += 1 }
        switch bytes[offset] {
        case UInt8(ascii: "\""): return UInt8(ascii: "\"")
        case UInt8(ascii: "\\"): return UInt8(ascii: "\\")
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "n"): return 0x0a
        case UInt8(ascii: "f"): return 0x0c
        case UInt8(ascii: "r"): return 0x0d
        case UInt8(ascii: "u"): return try hexadecimalEscape()
        default: throw error
        }
    }

    /// `\u00xx` of a control character that has no short form; anything else is not canonical.
    private mutating func hexadecimalEscape() throws(BodyError) -> UInt8 {
        guard offset + 4 < bytes.count, bytes[offset + 1] == 0x30, bytes[offset + 2] == 0x30
        else { throw error }
        var value: UInt8 = 0
        for byte in bytes[offset + 3...offset + 4] {
            switch byte {
            case 0x30...0x39: value = value << 4 | (byte - 0x30)
            case 0x61...0x66: value = value << 4 | (byte - 0x61 + 10)
            default: throw error
            }
        }
        guard value < 0x20, ![0x08, 0x09, 0x0a, 0x0c, 0x0d].contains(value) else { throw error }
        offset += 4
        return value
    }

    private func validated(_ bytes: ArraySlice<UInt8>) throws(BodyError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw error }
        return text
    }
}
