// A rule is recorded as one line, so that a history can be decided again by the policy of its time:
//
//     rule=allow name=web source.uid=33 target.exe=/usr/sbin/nginx kinds=tcp,tcp-listening

extension Policy.Rule {
    /// What follows `rule=`.
    package var text: String {
        var words = [allows ? "allow" : "deny", "name=\(Escaped.text(Array(name.utf8)))"]
        for (prefix, pattern) in [("source", source), ("target", target)] {
            func add(_ selector: String, _ values: [String]) {
                guard !values.isEmpty else { return }
                words.append("\(prefix).\(selector)=\(values.joined(separator: ","))")
            }
            add("uid", pattern.uids.map { "\($0)" })
            add("gid", pattern.gids.map { "\($0)" })
            add("exe", pattern.executables.map { Escaped.text($0.text) })
            add("cgroup", pattern.controlGroups.map { Escaped.text($0) })
            add("unit", pattern.units.map { Escaped.text($0.text) })
        }
        if kinds != .all { words.append("kinds=\(kinds.names.joined(separator: ","))") }
        return words.joined(separator: " ")
    }

    /// Reads `text` back. What a later version recorded and this one cannot read denies everything:
    /// to pass over it could allow what was denied.
    package init(text: String) {
        self = Self.read(text) ?? Policy.Rule(name: "unreadable", allows: false)
    }

    private static func read(_ text: String) -> Policy.Rule? {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard let action = words.first, action == "allow" || action == "deny" else { return nil }
        var rule = Policy.Rule(name: "", allows: action == "allow")
        for word in words.dropFirst() {
            let parts = word.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            let values = parts[1].split(separator: ",", omittingEmptySubsequences: false)
            guard values.count <= Policy.valueCount, rule.read(String(parts[0]), values) else {
                return nil
            }
        }
        return rule.name.isEmpty ? nil : rule
    }

    private mutating func read(_ key: String, _ values: [Substring]) -> Bool {
        switch key {
        case "name":
            guard values.count == 1, let bytes = Escaped.bytes(values[0]),
                let text = String(validating: bytes, as: UTF8.self)
            else { return false }
            name = text
            return true
        case "kinds":
            kinds = []
            for value in values {
                guard let kind = SocketKinds(name: String(value)) else { return false }
                kinds.insert(kind)
            }
            return true
        default:
            let parts = key.split(separator: ".")
            guard parts.count == 2 else { return false }
            switch parts[0] {
            case "source": return source.read(parts[1], values)
            case "target": return target.read(parts[1], values)
            default: return false
            }
        }
    }
}

extension ProcessPattern {
    fileprivate mutating func read(_ selector: Substring, _ values: [Substring]) -> Bool {
        switch selector {
        case "uid": uids = values.compactMap { UInt32($0) }
        case "gid": gids = values.compactMap { UInt32($0) }
        case "exe": executables = values.compactMap(Self.pattern)
        case "cgroup": controlGroups = values.compactMap(Escaped.bytes)
        case "unit": units = values.compactMap(Self.pattern)
        default: return false
        }
        let counts = [
            "uid": uids.count, "gid": gids.count, "exe": executables.count,
            "cgroup": controlGroups.count, "unit": units.count,
        ]
        return counts[String(selector)] == values.count
    }

    private static func pattern(_ text: Substring) -> NamePattern? {
        Escaped.bytes(text).flatMap { NamePattern($0) }
    }
}

/// Bytes as printable ASCII without the characters that separate words and values: those and all
/// that is no plain character stand as `%` and two hexadecimal digits.
enum Escaped {
    private static let plain = Set("/.-_@:+*~".utf8)
    private static let digits = Array("0123456789abcdef".utf8)

    static func text(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for byte in bytes {
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte)
                || (0x61...0x7a).contains(byte) || plain.contains(byte)
            if isPlain {
                text.append(byte)
            } else {
                text += [
                    UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)],
                ]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil for what `text` never gives.
    static func bytes(_ text: Substring) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap({ digits.firstIndex(of: $0) }),
                let low = rest.popFirst().flatMap({ digits.firstIndex(of: $0) })
            else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return self.text(bytes) == text ? bytes : nil
    }
}
