import Registry
import Yams

/// One value of the file with the key that leads to it, for errors that say where.
struct ConfigurationNode {
    let node: Node
    let key: String

    init(_ node: Node, key: String = "") {
        self.node = node
        self.key = key
    }

    func error(_ message: String) -> ConfigurationError {
        ConfigurationError(line: node.mark?.line, key: key, message)
    }

    // MARK: - What holds others

    /// The pairs of a mapping that may have these keys.
    func mapping(
        of known: [String]
    ) throws(ConfigurationError) -> [(key: String, value: ConfigurationNode)] {
        try requireValue()
        guard case .mapping(let mapping) = node else {
            throw error("must be a mapping with the keys \(known.joined(separator: ", "))")
        }
        var pairs: [(key: String, value: ConfigurationNode)] = []
        for (name, value) in mapping {
            guard case .scalar(let scalar) = name, known.contains(scalar.string) else {
                let found = name.scalar?.string ?? "that is no text"
                throw ConfigurationError(
                    line: name.mark?.line, key: key,
                    "there is no key \(Self.shown(found)); \(known.joined(separator: ", ")) are")
            }
            let path = key.isEmpty ? scalar.string : "\(key).\(scalar.string)"
            pairs.append((scalar.string, ConfigurationNode(value, key: path)))
        }
        return pairs
    }

    func sequence(atMost count: Int) throws(ConfigurationError) -> [ConfigurationNode] {
        try requireValue()
        guard case .sequence(let sequence) = node else { throw error("must be a list") }
        guard sequence.count <= count else { throw error("has more than \(count) entries") }
        return sequence.enumerated().map { ConfigurationNode($1, key: "\(key)[\($0 + 1)]") }
    }

    /// One value or a list of them: never none, which would look like a rule about nobody and be
    /// one about everybody.
    func values() throws(ConfigurationError) -> [ConfigurationNode] {
        guard case .sequence = node else { return [self] }
        let values = try sequence(atMost: Policy.valueCount)
        guard !values.isEmpty else { throw error("is empty: leave the key away, or give a value") }
        return values
    }

    /// A file that was cut off can end behind a key. Taken for a value without entries, that would
    /// be no rules at all, or a rule about everybody.
    private func requireValue() throws(ConfigurationError) {
        if isEmpty { throw error("has no value: give one, or leave the key away") }
    }

    /// Whether nothing stands there; quotes are a text, if an empty one.
    var isEmpty: Bool {
        guard case .scalar(let scalar) = node else { return false }
        return scalar.string.isEmpty && scalar.style != .singleQuoted
            && scalar.style != .doubleQuoted
    }

    // MARK: - Values

    private func scalar(_ expected: String) throws(ConfigurationError) -> Node.Scalar {
        guard case .scalar(let scalar) = node else { throw error("must be \(expected)") }
        return scalar
    }

    func text(_ expected: String = "a text") throws(ConfigurationError) -> String {
        let text = try scalar(expected).string
        guard !text.isEmpty else { throw error("must be \(expected), and is empty") }
        return text
    }

    /// YAML's own words and no others: `yes` and `on` are texts in some versions of it.
    func bool() throws(ConfigurationError) -> Bool {
        try word([("true", true), ("false", false)])
    }

    func word<T>(_ words: [(name: String, value: T)]) throws(ConfigurationError) -> T {
        let expected = words.map(\.name).joined(separator: ", ")
        let text = try scalar("one of \(expected)").string
        guard let value = words.first(where: { $0.name == text })?.value else {
            throw error("must be one of \(expected), and is \(Self.shown(text))")
        }
        return value
    }

    /// Decimal digits only: YAML would take 010 for 8, and 1_000 for 1000.
    func integer(_ range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
        let expected = "an integer from \(range.lowerBound) to \(range.upperBound)"
        let text = try scalar(expected).string
        guard let value = Int(text), range.contains(value), "\(value)" == text else {
            throw error("must be \(expected), and is \(Self.shown(text))")
        }
        return value
    }

    /// A user or group id; the last number means none to the kernel.
    func identifier() throws(ConfigurationError) -> UInt32 {
        UInt32(try integer(0...Int(UInt32.max) - 1))
    }

    func name(byteCount: Int) throws(ConfigurationError) -> String {
        let text = try text()
        guard text.utf8.count <= byteCount else { throw error("has more than \(byteCount) bytes") }
        return text
    }

    func path() throws(ConfigurationError) -> String {
        let text = try text("an absolute path")
        guard text.utf8.first == UInt8(ascii: "/"), text.utf8.count <= 4096 else {
            throw error("must be an absolute path, and is \(Self.shown(text))")
        }
        // A group stands for all below it with and without slashes at its end.
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        guard let last = parts.lastIndex(where: { !$0.isEmpty }) else { return "/" }
        // The kernel writes no path so, and a rule that denies would be about nobody.
        guard !parts[...last].contains(where: { ["", ".", ".."].contains($0) }) else {
            throw error("must be a path without //, /./ and /../, and is \(Self.shown(text))")
        }
        return "/" + parts[...last].joined(separator: "/")
    }

    func pattern(isPath: Bool) throws(ConfigurationError) -> NamePattern {
        let text = isPath ? try path() : try name(byteCount: 256)
        guard let pattern = NamePattern(Array(text.utf8)) else {
            throw error("may have one * that stands for any bytes, and is \(Self.shown(text))")
        }
        return pattern
    }

    /// What the file has, short enough for a message.
    private static func shown(_ text: String) -> String {
        text.count > 64 ? "\(text.prefix(64))…" : text
    }
}
