package import Registry
import Winsock

/// A body read back.
package struct DecodedEvent: Sendable {
    package var event: Event
    package var log: String

    /// Reads one body. Everything that `EventEncoder` did not write is an error.
    package init(_ body: [UInt8]) throws(BodyError) {
        let fields = FieldReader(body: try Body(body))
        let version = try fields.integer(.v, as: Int64.self)
        guard EventEncoder.versions.contains(version) else { throw .unknownVersion(version) }
        let name = try fields.text(.event)
        guard let kind = EventKind(name: name) else { throw .unknownKind(name) }
        let time = try fields.text(.time)
        guard let wall = Timestamp(time), wall.description == time else {
            throw .unknownValue(.time, time)
        }
        log = try fields.text(.log)
        event = Event(
            sequence: try fields.integer(.seq),
            time: Instant(
                wallMicroseconds: wall.microseconds,
                bootMicroseconds: try fields.integer(.mono)),
            cause: try fields.optionalInteger(.cause),
            content: try fields.content(of: kind))
        // A key of another kind, a path in hexadecimal that is text, a code that is not its
        // reason's: each can be read, and none of them was written by the encoder.
        var encoder = EventEncoder(log: log)
        let canonical = encoder.encode(event)
        guard canonical == body else {
            let common = zip(canonical, body).prefix { $0 == $1 }.count
            throw .notCanonical(atOffset: common)
        }
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
        guard case .text(let text) = value else { throw .wrongType(key) }
        return text
    }

    func texts(_ key: Key) throws(BodyError) -> [String] {
        guard let value = body.value(key) else { throw .missing(key) }
        guard case .texts(let texts) = value else { throw .wrongType(key) }
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
        guard let text = try optionalText(key) else { return nil }
        guard let value = UInt64(text), "\(value)" == text else { throw .unknownValue(key, text) }
        return value
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
        guard let text = try optionalText(.request) else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let nonce = UInt64(parts[0]), let counter = UInt64(parts[1]),
            let watermark = UInt64(parts[2]), counter > 0,
            "\(nonce).\(counter).\(watermark)" == text
        else { throw .unknownValue(.request, text) }
        return RequestID(nonce: nonce, counter: counter, watermark: watermark)
    }

    func form() throws(BodyError) -> ProtocolInfo.Form {
        let letter = try text(.form)
        guard let form = ProtocolInfo.Form.allCases.first(where: { $0.letter == letter }) else {
            throw .unknownValue(.form, letter)
        }
        return form
    }
}
