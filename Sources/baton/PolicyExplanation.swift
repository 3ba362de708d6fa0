import Registry

/// Why a policy decides as it does, rule by rule.
struct PolicyExplanation {
    let policy: Policy
    let source: ProcessIdentity
    let target: ProcessIdentity
    let kind: SocketKinds
    /// Of the coordinator that decides; nil where nobody could be asked for it.
    let sight: CoordinatorSight?

    init(
        policy: Policy, source: ProcessIdentity, target: ProcessIdentity, kind: SocketKinds,
        sight: CoordinatorSight?
    ) {
        self.policy = policy
        self.source = sight?.seen(source) ?? source
        self.target = sight?.seen(target) ?? target
        self.kind = kind
        self.sight = sight
    }

    var verdict: Policy.Verdict {
        policy.verdict(source: source, target: target, kind: kind)
    }

    /// What each rule up to the deciding one says.
    private var findings: [(rule: Policy.Rule, finding: Policy.Finding)] {
        let count =
            if case .rule(let index, _) = verdict { index + 1 } else { policy.rules.count }
        return policy.rules.prefix(count).map { rule in
            (rule, policy.finding(of: rule, source: source, target: target, kind: kind))
        }
    }

    private func value(_ selector: Policy.Selector) -> String {
        func text(_ bytes: [UInt8]?) -> String {
            bytes.map { String(decoding: $0, as: UTF8.self) } ?? "not to be seen"
        }
        func unit(_ process: ProcessIdentity) -> [UInt8]? {
            process.controlGroup.map { ProcessPattern.unit(of: $0) ?? Array("none".utf8) }
        }
        return switch selector {
        case .kinds: kind.names.joined()
        case .sourceUID: "\(source.effectiveUID)"
        case .sourceGID: "\(source.effectiveGID)"
        case .sourceExecutable: text(source.executable)
        case .sourceControlGroup: text(source.controlGroup)
        case .sourceUnit: text(unit(source))
        case .targetUID: "\(target.effectiveUID)"
        case .targetGID: "\(target.effectiveGID)"
        case .targetExecutable: text(target.executable)
        case .targetControlGroup: text(target.controlGroup)
        case .targetUnit: text(unit(target))
        }
    }

    private func reason(_ rule: Policy.Rule, _ finding: Policy.Finding) -> String {
        switch finding {
        case .matches: "matches"
        case .differs(let selector):
            "does not match: \(selector.rawValue) is \(value(selector))"
        case .unseen(let selector):
            rule.allows
                ? "does not match: \(selector.rawValue) is not to be seen"
                : "matches, because \(selector.rawValue) is not to be seen"
        }
    }

    private var otherwise: String {
        verdict.allows
            ? "same user, or the source is root"
            : "another user, and the source is not root"
    }

    var lines: [String] {
        var lines = sight == nil ? ["no coordinator was asked: by what this user can see"] : []
        lines += findings.map { rule, finding in
            PrintableText.escaped("\(rule.name): \(reason(rule, finding))")
        }
        let word = verdict.allows ? "allowed" : "denied"
        switch verdict {
        case .rule(let index, _):
            lines.append(PrintableText.escaped("\(word) by rule \(policy.rules[index].name)"))
        case .otherwise: lines.append("\(word) without a rule: \(otherwise)")
        }
        return lines
    }

    var json: JSONValue {
        var object = JSONObject()
        object["allowed"] = .bool(verdict.allows)
        object["seen_by"] = .text(sight == nil ? "user" : "coordinator")
        if case .rule(let index, _) = verdict {
            object["rule"] = .text(policy.rules[index].name)
        } else {
            object["otherwise"] = .text(otherwise)
        }
        object["rules"] = .array(
            findings.map { rule, finding in
                .object(
                    JSONObject([
                        ("name", .text(rule.name)),
                        ("matches", .bool(finding.applies(rule))),
                        ("why", .text(reason(rule, finding))),
                    ]))
            })
        return .object(object)
    }
}
