import Registry

// The file that is read as a configuration: what `init(yaml:)` reads, the other way round.

extension ConfigurationFile {
    /// A file that says this. Limits that have their default are left to it. Throws for what no
    /// file can say: a recorded policy may come from anybody.
    package func yaml() throws(ConfigurationError) -> String {
        var lines = ["strict: \(rules.isStrict)"]
        if let grade = rules.minimumGrade { lines.append("grade: \(grade.rawValue)") }
        if let count = rules.minimumFreeBytes { lines.append("minimum_free_bytes: \(count)") }
        let usual = Rules()
        let limits = Rules.numbers.filter { rules[keyPath: $0.path] != usual[keyPath: $0.path] }
        if !limits.isEmpty { lines.append("limits:") }
        lines += limits.map { "  \($0.name): \(rules[keyPath: $0.path])" }
        if !rules.policy.rules.isEmpty { lines.append("rules:") }
        for rule in rules.policy.rules { lines += try Self.lines(rule) }
        let text = lines.map { "\($0)\n" }.joined()
        // What the kernel tells is not in a file.
        var meant = self
        meant.rules.ends = nil
        meant.rules.keepsEvidence = true
        meant.rules.policy.unmapped = UnmappedIDs()
        guard try ConfigurationFile(yaml: Array(text.utf8)) == meant else {
            throw ConfigurationError("no file says this")
        }
        return text
    }

    private static func lines(_ rule: Policy.Rule) throws(ConfigurationError) -> [String] {
        var lines = [
            "  - name: \(try quoted(Array(rule.name.utf8)))",
            "    action: \(rule.allows ? "allow" : "deny")",
        ]
        for (side, pattern) in [("source", rule.source), ("target", rule.target)] {
            let selectors = try Self.selectors(pattern)
            if !selectors.isEmpty { lines.append("    \(side):") }
            lines += selectors.map { "      \($0.key): [\($0.values.joined(separator: ", "))]" }
        }
        if rule.kinds != .all {
            lines.append("    kinds: [\(rule.kinds.names.joined(separator: ", "))]")
        }
        return lines
    }

    private static func selectors(
        _ pattern: ProcessPattern
    ) throws(ConfigurationError) -> [(key: String, values: [String])] {
        func texts(_ values: [[UInt8]]) throws(ConfigurationError) -> [String] {
            var texts: [String] = []
            for value in values { texts.append(try quoted(value)) }
            return texts
        }
        let all = [
            ("uid", pattern.uids.map { "\($0)" }), ("gid", pattern.gids.map { "\($0)" }),
            ("exe", try texts(pattern.executables.map(\.text))),
            ("cgroup", try texts(pattern.controlGroups)),
            ("unit", try texts(pattern.units.map(\.text))),
        ]
        return all.filter { !$0.1.isEmpty }.map { (key: $0.0, values: $0.1) }
    }

    /// A text between double quotes, in plain ASCII.
    private static func quoted(_ bytes: [UInt8]) throws(ConfigurationError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError("has a name or path that is not UTF-8")
        }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case " "..."~": quoted.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
            }
        }
        return quoted + "\""
    }
}
