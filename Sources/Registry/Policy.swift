/// Who may hand which sockets to whom: rules in an order, of which the first that matches decides.
/// Without one that matches a source hands to processes of its own user, and root to all.
package struct Policy: Sendable, Equatable {
    /// One line of the policy.
    package struct Rule: Sendable, Equatable {
        package var name: String
        package var allows: Bool
        package var source: ProcessPattern
        package var target: ProcessPattern
        package var kinds: SocketKinds

        package init(
            name: String, allows: Bool, source: ProcessPattern = ProcessPattern(),
            target: ProcessPattern = ProcessPattern(), kinds: SocketKinds = .all
        ) {
            self.name = name
            self.allows = allows
            self.source = source
            self.target = target
            self.kinds = kinds
        }
    }

    /// Rules of one policy: each may be looked at for each handoff.
    package static let ruleCount = 256
    /// Values of one selector of a rule, for the same reason.
    package static let valueCount = 64
    /// Bytes of a rule's name: it stands in every refusal of the rule.
    package static let nameByteCount = 64
    /// Bytes of the recorded configuration, all of it.
    package static let textByteCount = 65_536

    package private(set) var rules: [Rule]
    /// Whether a rule looks at what the target is.
    package let looksAtTarget: Bool
    /// Whether listening sockets are told from others.
    package let looksAtListening: Bool
    /// Who cannot be told apart here.
    package var unmapped: UnmappedIDs

    package init(rules: [Rule] = [], unmapped: UnmappedIDs = UnmappedIDs()) {
        self.rules = rules
        self.unmapped = unmapped
        looksAtTarget = rules.contains { $0.target.hasSelectors }
        looksAtListening = rules.contains { $0.kinds.looksAtListening }
    }

    /// What decides about one handoff.
    package enum Verdict: Sendable, Equatable {
        case rule(Int, allows: Bool)
        /// No rule matches.
        case otherwise(allows: Bool)

        package var allows: Bool {
            switch self {
            case .rule(_, let allows), .otherwise(let allows): allows
            }
        }

        /// What the handoff is refused with; nil when it is allowed.
        var refusal: Refusal? {
            switch self {
            case .rule(_, allows: true), .otherwise(allows: true): nil
            case .rule(_, allows: false): .deniedByPolicy
            case .otherwise(allows: false): .notPermitted
            }
        }
    }

    package func verdict(
        source: ProcessIdentity, target: ProcessIdentity, kind: SocketKinds
    ) -> Verdict {
        for (index, rule) in rules.enumerated()
        where finding(of: rule, source: source, target: target, kind: kind).applies(rule) {
            return .rule(index, allows: rule.allows)
        }
        return .otherwise(allows: allowsByDefault(source, target))
    }

    /// The rule of Windows: the same user, or root. A process is always its own user's.
    func allowsByDefault(_ source: ProcessIdentity, _ target: ProcessIdentity) -> Bool {
        if source.effectiveUID == 0 { return true }
        guard source.effectiveUID == target.effectiveUID else { return false }
        return source.effectiveUID != unmapped.user || source.instance == target.instance
    }
}

extension Policy {
    /// What a rule looks at.
    package enum Selector: String, Sendable, Equatable {
        case kinds
        case sourceUID = "source.uid"
        case sourceGID = "source.gid"
        case sourceExecutable = "source.exe"
        case sourceControlGroup = "source.cgroup"
        case sourceUnit = "source.unit"
        case targetUID = "target.uid"
        case targetGID = "target.gid"
        case targetExecutable = "target.exe"
        case targetControlGroup = "target.cgroup"
        case targetUnit = "target.unit"
    }

    /// Whether a rule is about this handoff.
    package enum Finding: Sendable, Equatable {
        case matches
        /// What the rule looks at is something else.
        case differs(Selector)
        /// The coordinator may not see it. Then a rule that allows does not match, and one that
        /// denies does: nobody gains by hiding.
        case unseen(Selector)

        package func applies(_ rule: Rule) -> Bool {
            switch self {
            case .matches: true
            case .differs: false
            case .unseen: !rule.allows
            }
        }
    }
}

extension Policy {
    package func finding(
        of rule: Rule, source: ProcessIdentity, target: ProcessIdentity, kind: SocketKinds
    ) -> Finding {
        guard rule.kinds.contains(kind) else { return .differs(.kinds) }
        var unseen: Selector?
        for (selector, match) in rule.source.matches(source, .ofSource, unmapped)
            + rule.target.matches(target, .ofTarget, unmapped)
        {
            switch match {
            case true?: continue
            case false?: return .differs(selector)
            case nil: unseen = unseen ?? selector
            }
        }
        return unseen.map { .unseen($0) } ?? .matches
    }
}

// A rule applies where it is about the source, about the target and about the kind of socket.
extension Policy {
    /// Whether a rule is about this source; what cannot be seen counts as in `Finding.unseen`.
    package func isAbout(source: ProcessIdentity, _ rule: Rule) -> Bool {
        rule.source.matches(source, .ofSource, unmapped)
            .allSatisfy { $0.match ?? !rule.allows }
    }

    /// The same of a target.
    package func isAbout(target: ProcessIdentity, _ rule: Rule) -> Bool {
        rule.target.matches(target, .ofTarget, unmapped)
            .allSatisfy { $0.match ?? !rule.allows }
    }
}

/// The kinds of socket that a rule can name; a socket is of exactly one.
package struct SocketKinds: OptionSet, Sendable, Hashable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let tcp = SocketKinds(rawValue: 1)
    package static let tcpListening = SocketKinds(rawValue: 2)
    package static let udp = SocketKinds(rawValue: 4)
    package static let raw = SocketKinds(rawValue: 8)
    package static let unixStream = SocketKinds(rawValue: 16)
    package static let unixStreamListening = SocketKinds(rawValue: 32)
    package static let unixDatagram = SocketKinds(rawValue: 64)
    package static let unixSequencedPacket = SocketKinds(rawValue: 128)
    package static let unixSequencedPacketListening = SocketKinds(rawValue: 256)

    package static let all = SocketKinds(rawValue: 511)

    /// In the order of their bits.
    package static let names: [(name: String, kind: SocketKinds)] = [
        ("tcp", .tcp), ("tcp-listening", .tcpListening), ("udp", .udp), ("raw", .raw),
        ("unix-stream", .unixStream), ("unix-stream-listening", .unixStreamListening),
        ("unix-datagram", .unixDatagram), ("unix-seqpacket", .unixSequencedPacket),
        ("unix-seqpacket-listening", .unixSequencedPacketListening),
    ]

    package init?(name: String) {
        guard let kind = Self.names.first(where: { $0.name == name })?.kind else { return nil }
        self = kind
    }

    package var names: [String] { Self.names.filter { contains($0.kind) }.map(\.name) }

    /// Whether it has one of two kinds that differ only in that.
    var looksAtListening: Bool {
        for (plain, listening) in [
            (Self.tcp, Self.tcpListening), (.unixStream, .unixStreamListening),
            (.unixSequencedPacket, .unixSequencedPacketListening),
        ] where contains(plain) != contains(listening) {
            return true
        }
        return false
    }

    /// The kind of a socket of the catalog; nil for any other.
    package init?(_ socket: SocketIdentity) {
        // Linux numbers: AF_UNIX 1, AF_INET 2, AF_INET6 10; SOCK_STREAM 1, SOCK_DGRAM 2,
        // SOCK_RAW 3, SOCK_SEQPACKET 5.
        let isListening = socket.isListening
        switch (socket.family, socket.type) {
        case (2, 1), (10, 1): self = isListening ? .tcpListening : .tcp
        case (2, 2), (10, 2): self = .udp
        case (2, 3), (10, 3): self = .raw
        case (1, 1): self = isListening ? .unixStreamListening : .unixStream
        case (1, 2): self = .unixDatagram
        case (1, 5): self = isListening ? .unixSequencedPacketListening : .unixSequencedPacket
        default: return nil
        }
    }
}
