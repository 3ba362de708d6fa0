package import Registry
import Yams

/// The configuration file: YAML, of which every key is known and every value checked. What it does
/// not name has its default.
///
///     strict: false
///     grade: held
///     minimum_free_bytes: 16777216
///     limits:
///       handoffs_per_user: 1000
///     rules:
///       - name: web workers
///         action: allow
///         source: {unit: nginx.service}
///         target: {uid: [33, 34], exe: /usr/lib/web/worker}
///         kinds: [tcp, tcp-listening]
package struct ConfigurationFile: Sendable, Equatable {
    /// Strictness, limits and policy; grade and least free space where the file names them.
    package var rules = Rules()

    /// Bytes of a file; the longest policy that can be recorded fits.
    package static let byteCount = 131_072
    /// The largest number of any limit: a descriptor each is the most that Linux can have.
    package static let limitMaximum = 1_048_576

    package init() {}

    /// Reads the contents of a file. One without any key is refused: an editor that truncates
    /// before it writes and a full disk leave one behind, and it would take all rules away.
    package init(yaml bytes: [UInt8]) throws(ConfigurationError) {
        guard bytes.count <= Self.byteCount else {
            throw ConfigurationError("has more than \(Self.byteCount) bytes")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError("is not UTF-8")
        }
        var pairs: [(key: String, value: ConfigurationNode)] = []
        if let root = try Self.parse(text).map({ ConfigurationNode($0) }), !root.isEmpty {
            pairs = try root.mapping(
                of: ["strict", "grade", "minimum_free_bytes", "limits", "rules"])
        }
        guard !pairs.isEmpty else {
            throw ConfigurationError("is empty; write “rules: []” to have no rules")
        }
        for (key, value) in pairs {
            switch key {
            case "strict": rules.isStrict = try value.bool()
            case "grade":
                rules.minimumGrade = try value.word(Grade.allCases.map { ($0.rawValue, $0) })
            case "minimum_free_bytes":
                rules.minimumFreeBytes = UInt64(try value.integer(0...Int(Int64.max)))
            case "limits": try readLimits(value)
            default: rules.policy = try Self.policy(value)
            }
        }
        let size = rules.text.utf8.count
        guard size <= Policy.textByteCount else {
            throw ConfigurationError(
                "is recorded in \(size) bytes, and at most \(Policy.textByteCount) are")
        }
    }

    private static func parse(_ text: String) throws(ConfigurationError) -> Node? {
        if let unneeded = YAMLEvents.firstUnneeded(in: text) { throw unneeded }
        do {
            // Named, since a variable of the environment says else which it is.
            return try Parser(yaml: text, encoding: .utf8).singleRoot()
        } catch let error as YamlError {
            throw ConfigurationError(error)
        } catch {
            throw ConfigurationError("\(error)")
        }
    }

    private mutating func readLimits(_ node: ConfigurationNode) throws(ConfigurationError) {
        let numbers = Rules.numbers
        for (key, value) in try node.mapping(of: numbers.map(\.name)) {
            guard let path = numbers.first(where: { $0.name == key })?.path else { continue }
            rules[keyPath: path] = try value.integer(1...Self.limitMaximum)
        }
    }

    // MARK: - The policy

    private static func policy(_ node: ConfigurationNode) throws(ConfigurationError) -> Policy {
        var rules: [Policy.Rule] = []
        let nodes = try node.sequence(atMost: Policy.ruleCount)
        for node in nodes {
            let rule = try rule(node)
            guard !rules.contains(where: { $0.name == rule.name }) else {
                throw node.error("another rule has the name \(rule.name)")
            }
            rules.append(rule)
        }
        return Policy(rules: rules)
    }

    private static func rule(_ node: ConfigurationNode) throws(ConfigurationError) -> Policy.Rule {
        let pairs = try node.mapping(of: ["name", "action", "source", "target", "kinds"])
        var rule = Policy.Rule(name: "", allows: false)
        var hasAction = false
        for (key, value) in pairs {
            switch key {
            case "name": rule.name = try value.name(byteCount: Policy.nameByteCount)
            case "action":
                rule.allows = try value.word([("allow", true), ("deny", false)])
                hasAction = true
            case "source": rule.source = try pattern(value)
            case "target": rule.target = try pattern(value)
            default:
                rule.kinds = []
                for kind in try value.values() {
                    rule.kinds.insert(
                        try kind.word(SocketKinds.names.map { ($0.name, $0.kind) }))
                }
            }
        }
        guard !rule.name.isEmpty else { throw node.error("needs a name") }
        guard hasAction else { throw node.error("needs an action: allow or deny") }
        return rule
    }

    private static func pattern(
        _ node: ConfigurationNode
    ) throws(ConfigurationError) -> ProcessPattern {
        var pattern = ProcessPattern()
        for (key, value) in try node.mapping(of: ["uid", "gid", "exe", "cgroup", "unit"]) {
            for value in try value.values() {
                switch key {
                case "uid": pattern.uids.append(try value.identifier())
                case "gid": pattern.gids.append(try value.identifier())
                case "exe": pattern.executables.append(try value.pattern(isPath: true))
                case "cgroup": pattern.controlGroups.append(Array(try value.path().utf8))
                default: pattern.units.append(try value.pattern(isPath: false))
                }
            }
        }
        return pattern
    }
}

extension ConfigurationError {
    /// What the parser says, in one line.
    fileprivate init(_ error: YamlError) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            self.init(line: mark.line, problem)
        case .reader(let problem, _, _, _): self.init("cannot be read as YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let keys = duplicates.sorted()
            self.init(
                line: context.mark.line,
                "has twice the key \(keys.joined(separator: ", "))")
        default: self.init("cannot be read as YAML: \(error)")
        }
    }
}
