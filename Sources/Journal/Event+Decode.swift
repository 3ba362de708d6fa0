package import Registry
import Winsock

/// A body read back.
package struct DecodedEvent: Sendable {
    package var event: Event
    package var log: String

    /// Reads one body. Everything that `EventEncoder` did not write is an error.
    package init(_ body: [UInt8]) throws(BodyError) {
        var decoder = EventDecoder()
        self = try decoder.decode(body)
    }

    fileprivate init(event: Event, log: String) {
        self.event = event
        self.log = log
    }
}

/// Reads many bodies, and keeps what they have in common from one to the next.
package struct EventDecoder {
    /// What a body must be.
    package enum Form: Sendable {
        /// The very bytes that `EventEncoder` writes for its event.
        case canonical
        /// Enough to know the event: for a history that something else has proved, or will.
        case readable
    }

    private let form: Form
    private var body = Body()
    /// Of the log of the last body.
    private var encoder: EventEncoder?
    private var log: (bytes: [UInt8], text: String) = ([], "")
    /// The second of the last body's time, as text up to the point, and when it began.
    private var second: (text: [UInt8], start: Int64) = ([], 0)

    package init(_ form: Form = .canonical) { self.form = form }

    package mutating func decode(_ bytes: [UInt8]) throws(BodyError) -> DecodedEvent {
        try decode(bytes.span)
    }

    package mutating func decode(_ bytes: Span<UInt8>) throws(BodyError) -> DecodedEvent {
        try body.read(bytes)
        let fields = FieldReader(body: body)
        let version = try fields.integer(.v, as: Int64.self)
        guard EventEncoder.versions.contains(version) else { throw .unknownVersion(version) }
        let kind = try fields.kind()
        let wall = try wallMicroseconds(fields)
        let log = try log(fields)
        let event = Event(
            sequence: try fields.integer(.seq),
            time: Instant(
                wallMicroseconds: wall, bootMicroseconds: try fields.integer(.mono)),
            cause: try fields.optionalInteger(.cause),
            content: try fields.content(of: kind))
        if form == .canonical { try compare(event, with: body.bytes) }
        return DecodedEvent(event: event, log: log)
    }

    /// A key of another kind, a path in hexadecimal that is text, a code that is not its reason's:
    /// each can be read, and none of them was written by the encoder.
    private mutating func compare(_ event: Event, with bytes: [UInt8]) throws(BodyError) {
        if encoder == nil { encoder = EventEncoder(log: log.text) }
        let common: Int? = encoder?.withEncoded(event) { canonical in
            var index = 0
            while index < min(canonical.count, bytes.count), canonical[index] == bytes[index] {
                index += 1
            }
            return index == canonical.count && index == bytes.count ? nil : index
        }
        if let common { throw .notCanonical(atOffset: common) }
    }

    private mutating func log(_ fields: FieldReader) throws(BodyError) -> String {
        if case .plain(let range)? = body.value(.log), body.isEqual(range, log.bytes) {
            return log.text
        }
        let text = try fields.text(.log)
        log = (Array(text.utf8), text)
        encoder = nil
        return text
    }

    /// Events come many in a second: of the last one's time only the fraction has changed.
    private mutating func wallMicroseconds(_ fields: FieldReader) throws(BodyError) -> Int64 {
        let prefixCount = 19
        if case .plain(let range)? = body.value(.time), range.count == prefixCount + 8 {
            let point = range.lowerBound + prefixCount
            if let fraction = Self.fraction(body.bytes[point..<range.upperBound]) {
                if !body.isEqual(range.lowerBound..<point, second.text) {
                    let text = try fields.text(.time)
                    guard let wall = Timestamp(text), wall.description == text else {
                        throw .unknownValue(.time, text)
                    }
                    second = (
                        Array(body.bytes[range.lowerBound..<point]), wall.microseconds - fraction
                    )
                }
                return second.start + fraction
            }
        }
        throw .unknownValue(.time, try fields.text(.time))
    }

    /// A point, six digits and a Z.
    private static func fraction(_ text: ArraySlice<UInt8>) -> Int64? {
        guard text.first == UInt8(ascii: "."), text.last == UInt8(ascii: "Z") else { return nil }
        var value: Int64 = 0
        for byte in text.dropFirst().dropLast() {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        return value
    }
}

/// Typed access to the fields of one body.
struct FieldReader {
    let body: Body

    func integer<T: FixedWidthInteger>(_ key: Key, as type: T.Type = T.self) throws(BodyError) -> T
    {
        guard let value: T = try optionalInteger(key) else { throw .missing(key) }
        return value
    }

    func optionalInteger<T: FixedWidthInteger>(_ key: Key) throws(BodyError) -> T? {
        guard let value = body.value(key) else { return nil }
        guard case .integer(let number) = value, let exact = T(exactly: number) else {
            throw .wrongType(key)
        }
        return exact
    }

    func text(_ key: Key) throws(BodyError) -> String {
        guard let text = try optionalText(key) else { throw .missing(key) }
        return text
    }

    func optionalText(_ key: Key) throws(BodyError) -> String? {
        guard let value = body.value(key) else { return nil }
        guard let text = body.text(value) else { throw .wrongType(key) }
        return text
    }

    func kind() throws(BodyError) -> EventKind {
        if case .plain(let range)? = body.value(.event),
            let kind = Self.kinds.find(body.bytes[range])
        {
            return kind
        }
        throw .unknownKind(try text(.event))
    }

    private static let kinds = NameTable(EventKind.allCases.map { (Array($0.name.utf8), $0) })

    /// A number without a sign and without zeros before it.
    private func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        guard let first = digits.first, digits.count == 1 || first != UInt8(ascii: "0") else {
            return nil
        }
        var value: UInt64 = 0
        for byte in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            let (shifted, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let digit = UInt64(byte - UInt8(ascii: "0"))
            let (sum, isTooLargeToo) = shifted.addingReportingOverflow(digit)
            guard !isTooLarge, !isTooLargeToo else { return nil }
            value = sum
        }
        return value
    }

    func texts(_ key: Key) throws(BodyError) -> [String] {
        guard let value = body.value(key) else { throw .missing(key) }
        guard let texts = body.texts(value) else { throw .wrongType(key) }
        return texts
    }

    func bool(_ key: Key) throws(BodyError) -> Bool {
        guard let value = body.value(key) else { throw .missing(key) }
        guard case .bool(let bool) = value else { throw .wrongType(key) }
        return bool
    }

    /// A key that is there only when it is true.
    func flag(_ key: Key) throws(BodyError) -> Bool {
        guard body.value(key) != nil else { return false }
        guard try bool(key) else { throw .wrongType(key) }
        return true
    }

    func identifier(_ key: Key) throws(BodyError) -> UInt64 {
        guard let value = try optionalIdentifier(key) else { throw .missing(key) }
        return value
    }

    func optionalIdentifier(_ key: Key) throws(BodyError) -> UInt64? {
        if case .plain(let range)? = body.value(key), let value = number(body.bytes[range]) {
            return value
        }
        guard let text = try optionalText(key) else { return nil }
        throw .unknownValue(key, text)
    }

    func word<T: RawRepresentable<String>>(_ key: Key) throws(BodyError) -> T {
        let text = try text(key)
        guard let value = T(rawValue: text) else { throw .unknownValue(key, text) }
        return value
    }

    func bytes(text key: Key, hex: Key) throws(BodyError) -> [UInt8]? {
        if let text = try optionalText(key) { return Array(text.utf8) }
        guard let text = try optionalText(hex) else { return nil }
        guard let bytes = Hexadecimal.bytes(text) else { throw .unknownValue(hex, text) }
        return bytes
    }

    func refusal() throws(BodyError) -> Refusal {
        let name = try text(.reason)
        guard let refusal = Refusal(name: name) else { throw .unknownValue(.reason, name) }
        return refusal
    }

    func request() throws(BodyError) -> RequestID {
        guard let request = try optionalRequest() else { throw .missing(.request) }
        return request
    }

    func optionalRequest() throws(BodyError) -> RequestID? {
        guard let value = body.value(.request) else { return nil }
        if case .plain(let range) = value {
            let text = body.bytes[range]
            if let first = text.firstIndex(of: UInt8(ascii: ".")),
                let second = text[(first + 1)...].firstIndex(of: UInt8(ascii: ".")),
                let nonce = number(text[..<first]), let counter = number(text[first + 1..<second]),
                let watermark = number(text[(second + 1)...]), counter > 0
            {
                return RequestID(nonce: nonce, counter: counter, watermark: watermark)
            }
        }
        throw .unknownValue(.request, try text(.request))
    }

    func form() throws(BodyError) -> ProtocolInfo.Form {
        let letter = try text(.form)
        guard let form = ProtocolInfo.Form.allCases.first(where: { $0.letter == letter }) else {
            throw .unknownValue(.form, letter)
        }
        return form
    }
}
