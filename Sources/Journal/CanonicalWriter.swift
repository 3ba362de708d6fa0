// The bodies of events are canonical JSON, by the rules of RFC 8785 narrowed down: one line, no
// spaces, keys in the order of their bytes, integers within ±(2^53 − 1), 64-bit identifiers as
// decimal strings, bytes as lower-case hexadecimal, nothing for what is absent.

/// Writes one body into a buffer that is kept from body to body.
struct CanonicalWriter {
    /// The largest integer that every JSON reader keeps exact.
    static let integerMaximum: Int64 = (1 << 53) - 1

    private(set) var bytes: [UInt8] = []
    /// The number of the key that may come next at the earliest.
    private var next: UInt8 = 0
    private let prefixes = Key.prefixes
    /// Where the last event's second began, and its text up to the point.
    private var second: (start: Int64, text: [UInt8]) = (0, [])

    init() { bytes.reserveCapacity(1024) }

    mutating func open() {
        bytes.removeAll(keepingCapacity: true)
        next = 0
    }

    mutating func close() {
        // In place of the first key's comma.
        bytes[0] = UInt8(ascii: "{")
        bytes.append(UInt8(ascii: "}"))
    }

    private mutating func start(_ key: Key) {
        precondition(key.rawValue >= next, "keys are written in the order of their bytes")
        next = key.rawValue + 1
        bytes += prefixes[Int(key.rawValue)]
    }

    mutating func write(_ key: Key, _ value: Int64) {
        precondition(value.magnitude <= Self.integerMaximum, "integers are within 2^53")
        start(key)
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        appendDecimal(value.magnitude)
    }

    mutating func write(_ key: Key, _ value: some FixedWidthInteger) {
        write(key, Int64(value))
    }

    mutating func write(_ key: Key, _ value: Bool) {
        start(key)
        append(value ? "true" : "false")
    }

    /// A 64-bit identifier: a string, because JSON readers round large numbers.
    mutating func write(_ key: Key, identifier value: UInt64) {
        start(key)
        bytes.append(Self.quote)
        appendDecimal(value)
        bytes.append(Self.quote)
    }

    /// A text with its quotes, which is known to need no escapes.
    mutating func write(_ key: Key, quoted value: [UInt8]) {
        start(key)
        bytes += value
    }

    mutating func write(_ key: Key, _ value: String) {
        start(key)
        appendQuoted(value)
    }

    mutating func write(_ key: Key, _ values: [String]) {
        start(key)
        bytes.append(UInt8(ascii: "["))
        for (index, value) in values.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            appendQuoted(value)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// Nonce, counter and watermark of a request, as `nonce.counter.watermark`.
    mutating func write(_ key: Key, nonce: UInt64, counter: UInt64, watermark: UInt64) {
        start(key)
        bytes.append(Self.quote)
        appendDecimal(nonce)
        bytes.append(UInt8(ascii: "."))
        appendDecimal(counter)
        bytes.append(UInt8(ascii: "."))
        appendDecimal(watermark)
        bytes.append(Self.quote)
    }

    /// Microseconds since 1970 as RFC 3339 in UTC with six digits.
    mutating func write(_ key: Key, time microseconds: Int64) {
        start(key)
        bytes.append(Self.quote)
        // Events come many in a second: of the last one's text only the fraction changes.
        let fraction = microseconds - second.start
        if fraction >= 0, fraction < 1_000_000, !second.text.isEmpty {
            bytes += second.text
        } else {
            let start = bytes.count
            Timestamp(microseconds: microseconds).append(to: &bytes)
            second.text = Array(bytes[start..<bytes.count - 7])
            bytes.removeLast(7)
            second.start = Timestamp.secondStart(of: microseconds)
        }
        appendFraction(UInt64(microseconds - second.start))
        bytes.append(Self.quote)
    }

    /// Six digits and the Z.
    private mutating func appendFraction(_ value: UInt64) {
        var text = [7 of UInt8](repeating: UInt8(ascii: "Z"))
        var rest = value
        for index in stride(from: 5, through: 0, by: -1) {
            text[index] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        unsafe text.span.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    }

    private static let quote = UInt8(ascii: "\"")

    private mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
    }

    private mutating func appendDecimal(_ value: UInt64) {
        // The largest has 20 digits. They come last first.
        var digits = [20 of UInt8](repeating: 0)
        var first = 20
        var rest = value
        repeat {
            first -= 1
            digits[first] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        } while rest > 0
        unsafe digits.span.extracting(first..<20).withUnsafeBufferPointer {
            unsafe bytes.append(contentsOf: $0)
        }
    }

    private mutating func appendQuoted(_ text: String) {
        bytes.append(Self.quote)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            case 0x08: append("\\b")
            case 0x09: append("\\t")
            case 0x0a: append("\\n")
            case 0x0c: append("\\f")
            case 0x0d: append("\\r")
            case 0..<0x20:
                append("\\u00")
                bytes.append(Self.digits[Int(byte >> 4)])
                bytes.append(Self.digits[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        bytes.append(Self.quote)
    }

    private static let digits = Array("0123456789abcdef".utf8)
}
