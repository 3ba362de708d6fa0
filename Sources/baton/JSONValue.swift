/// A JSON text on one line, by RFC 8259.
enum JSONValue: Equatable, CustomStringConvertible {
    case integer(Int64)
    case unsigned(UInt64)
    case text(String)
    case bool(Bool)
    case array([JSONValue])
    indirect case object(JSONObject)

    /// The largest integer that every reader keeps exact.
    private static let exactMaximum: UInt64 = (1 << 53) - 1

    /// A number, or a decimal string where readers would round it.
    init(exact number: UInt64) {
        self = number <= Self.exactMaximum ? .unsigned(number) : .text("\(number)")
    }

    /// A number, or a decimal string where readers would round it.
    init(exact number: Int64) {
        self = number.magnitude <= Self.exactMaximum ? .integer(number) : .text("\(number)")
    }

    var description: String {
        var text = ""
        append(to: &text)
        return text
    }

    /// A text as it is, and anything else as JSON has it; of several texts one after the other.
    var plain: String {
        switch self {
        case .text(let text): text
        case .array(let values): values.map(\.plain).joined(separator: " ")
        default: description
        }
    }

    fileprivate func append(to text: inout String) {
        switch self {
        case .integer(let value): text += "\(value)"
        case .unsigned(let value): text += "\(value)"
        case .text(let value): Self.append(value, to: &text)
        case .bool(let value): text += value ? "true" : "false"
        case .array(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += "," }
                value.append(to: &text)
            }
            text += "]"
        case .object(let object):
            text += "{"
            for (index, member) in object.members.enumerated() {
                if index > 0 { text += "," }
                Self.append(member.name, to: &text)
                text += ":"
                member.value.append(to: &text)
            }
            text += "}"
        }
    }

    /// A JSON text with what a terminal would obey escaped.
    static func harmless(_ json: String) -> String {
        guard json.unicodeScalars.contains(where: PrintableText.isHarmful) else { return json }
        var text = ""
        for scalar in json.unicodeScalars {
            if PrintableText.isHarmful(scalar) {
                appendEscape(of: scalar, to: &text)
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    private static func appendEscape(of scalar: Unicode.Scalar, to text: inout String) {
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }

    private static func append(_ value: String, to text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            // More than the standard asks for: a terminal obeys these too.
            case _ where PrintableText.isHarmful(scalar): appendEscape(of: scalar, to: &text)
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

/// The members of a JSON object, in the order in which they were set. What is nil is absent.
struct JSONObject: Equatable {
    struct Member: Equatable {
        var name: String
        var value: JSONValue
    }

    private(set) var members: [Member] = []

    init(_ members: [(String, JSONValue)] = []) {
        for (name, value) in members { self[name] = value }
    }

    subscript(name: String) -> JSONValue? {
        get { members.first { $0.name == name }?.value }
        set {
            let place = members.firstIndex { $0.name == name }
            switch (place, newValue) {
            case (let place?, let value?): members[place].value = value
            case (let place?, nil): members.remove(at: place)
            case (nil, let value?): members.append(Member(name: name, value: value))
            case (nil, nil): break
            }
        }
    }
}
