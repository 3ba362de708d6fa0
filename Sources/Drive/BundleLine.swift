/// One line of a bundle that is no event: a flat JSON object of texts, with `bundle` first. Events
/// have no such key, so the first bytes of a line tell what it is.
struct BundleLine: Equatable {
    /// What the line is.
    enum Kind: String, CaseIterable {
        case header
        case snapshot
        /// What the log's coordinator signed.
        case checkpoint
        /// That the events, or keys, are what was signed.
        case proof
    }

    static let prefix = Array("{\"bundle\":".utf8)

    var kind: Kind
    private var members: [(name: String, value: String)]

    init(_ kind: Kind, _ members: [(name: String, value: String)]) {
        self.kind = kind
        self.members = members
    }

    static func == (a: BundleLine, b: BundleLine) -> Bool { a.text == b.text }

    var text: String {
        let all = [("bundle", kind.rawValue)] + members
        return "{" + all.map { "\"\($0.0)\":\"\($0.1)\"" }.joined(separator: ",") + "}"
    }

    subscript(name: String) -> String? { members.first { $0.name == name }?.value }

    /// Reads what `text` writes, and nothing else.
    init(_ bytes: [UInt8], line: Int) throws(BundleError) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .damaged(line, "it is not UTF-8")
        }
        var reader = Reader(rest: text[...], line: line)
        var found: [(name: String, value: String)] = []
        try reader.take("{")
        repeat {
            if !found.isEmpty { try reader.take(",") }
            guard found.count < Self.memberMaximum else { throw .damaged(line, "too many members") }
            let name = try reader.takeText()
            try reader.take(":")
            guard !found.contains(where: { $0.name == name }) else {
                throw .damaged(line, "“\(name)” is there twice")
            }
            found.append((name, try reader.takeText()))
        } while reader.rest.hasPrefix(",")
        try reader.take("}")
        guard reader.rest.isEmpty else { throw .damaged(line, "something follows the object") }
        let word = found.removeFirst().value
        guard let kind = Kind(rawValue: word) else {
            throw .notOurs(line, "there is no line of the kind “\(word)” in this version")
        }
        self.kind = kind
        members = found
    }

    private struct Reader {
        var rest: Substring
        let line: Int

        mutating func take(_ word: String) throws(BundleError) {
            guard rest.hasPrefix(word) else {
                throw .damaged(line, "it is no object of texts, as {\"bundle\":\"…\"}")
            }
            rest = rest.dropFirst(word.count)
        }

        mutating func takeText() throws(BundleError) -> String {
            try take("\"")
            let value = rest.prefix { $0 != "\"" && $0 != "\\" && $0 >= " " }
            rest = rest.dropFirst(value.count)
            try take("\"")
            return String(value)
        }
    }

    /// More than any line has.
    private static let memberMaximum = 16

    /// A number in decimal digits, written as a 64-bit identifier is in events.
    func number(_ name: String, line: Int) throws(BundleError) -> UInt64 {
        guard let text = self[name] else { throw .damaged(line, "“\(name)” is missing") }
        guard let number = UInt64(text), "\(number)" == text else {
            throw .damaged(line, "“\(name)” is not a number of 64 bits: \(text.prefix(40))")
        }
        return number
    }
}
