import Registry

// A coordinator looks at no more than its rules want to know. Under other rules it would have
// looked at more, and what it would have seen is not in the log.

extension Registry {
    /// An input as other rules take it, with what they would look at and the log does not have;
    /// `self` is the state before it, with the rules of its time.
    func input(_ input: RecordedInput, under other: Rules) -> RecordedInput {
        switch input {
        case .asRecorded: return input
        case .exact(let command):
            let unseen = unseen(by: command, under: other)
            return unseen.isEmpty ? input : .likely(command, missing: Self.words(unseen))
        case .likely(let command, let missing):
            let unseen = unseen(by: command, under: other)
            return .likely(command, missing: Self.words([missing] + unseen))
        }
    }

    private static func words(_ facts: [String]) -> String { facts.joined(separator: ", and ") }

    private func unseen(by command: Command, under other: Rules) -> [String] {
        switch command {
        case .duplicate(let asked): unseen(by: asked, under: other)
        case .redeem(let redeem): unseen(by: redeem, under: other)
        default: []
        }
    }

    // MARK: - Duplicate

    private func unseen(by asked: Command.Duplicate, under other: Rules) -> [String] {
        switch asked.target {
        case .denied, .untracked:
            return ["the process that it named, which was refused and not written down"]
        case .invalid, .missing, .exited, .foreign, .unproved: return []
        case .process: break
        }
        guard case .socket(let number) = asked.socket, let socket = sockets[number] else {
            return asked.socket == .untracked
                ? ["the socket, which was refused and not written down"] : []
        }
        var unseen: [String] = []
        if other.isStrict, !rules.isStrict, socket.quality == nil {
            unseen.append("marks of quality of service that the kernel had")
        }
        guard case .process(let target) = asked.target,
            let source = processes[asked.actor]?.identity,
            let target = processes[target]?.identity, let kind = SocketKinds(socket.identity)
        else { return unseen }
        let consulted = other.policy.rulesUpToVerdict(source, target, kind)
        if rules.policy.rules.isEmpty, consulted.contains(where: \.looksAtLabels) {
            unseen.append("what source and target had become since they were seen")
        } else if !rules.policy.looksAtExecutables, Policy(rules: consulted).looksAtExecutables {
            unseen.append("whether their executables were the files at these paths")
        }
        if Policy(rules: consulted).looksAtListening, !rules.policy.looksAtListening,
            !rules.isStrict,
            kind.canListen
        {
            unseen.append("whether the socket was listening by then")
        }
        return unseen
    }

    // MARK: - Redeem

    private func unseen(by redeem: Command.Redeem, under other: Rules) -> [String] {
        guard case .ticket(let number, _, _) = redeem.record, let handoff = handoffs[number],
            handoff.target == redeem.actor, !other.policy.rules.isEmpty
        else { return [] }
        var unseen: [String] = []
        if handoff.sourceIdentity == nil {
            unseen.append("what the source was when it handed over")
        }
        guard other.policy.looksAtTarget else { return unseen }
        if !rules.policy.looksAtTarget {
            unseen.append("what the target had become since it was seen")
        } else if !rules.policy.looksAtExecutables, other.policy.looksAtExecutables {
            unseen.append("whether their executables were the files at these paths")
        }
        return unseen
    }

    /// The state as other rules would have made it, as far as one redemption looks at it: while
    /// there are rules, a handoff has with it what its source was.
    mutating func addSource(to redeem: Command.Redeem) {
        guard case .ticket(let number, _, _) = redeem.record, let handoff = handoffs[number],
            handoff.sourceIdentity == nil, let source = processes[handoff.source]
        else { return }
        handoffs[number]?.sourceIdentity = Boxed(wrappedValue: source.identity)
    }
}

extension SocketKinds {
    /// Whether there are listening ones and others of its kind.
    fileprivate var canListen: Bool {
        let pairs: [SocketKinds] = [
            .tcp, .tcpListening, .unixStream, .unixStreamListening, .unixSequencedPacket,
            .unixSequencedPacketListening,
        ]
        return pairs.contains(self)
    }
}

extension Policy {
    /// The rules that are looked at until one decides; all of them where none does.
    fileprivate func rulesUpToVerdict(
        _ source: ProcessIdentity, _ target: ProcessIdentity, _ kind: SocketKinds
    ) -> [Rule] {
        guard case .rule(let index, _) = verdict(source: source, target: target, kind: kind)
        else { return rules }
        return Array(rules.prefix(index + 1))
    }

    fileprivate var looksAtExecutables: Bool {
        rules.contains { !$0.source.executables.isEmpty || !$0.target.executables.isEmpty }
    }
}

extension Policy.Rule {
    /// Whether it looks at more than the effective user, who is that of now without rules as well.
    fileprivate var looksAtLabels: Bool {
        [source, target].contains { side in
            var users = ProcessPattern()
            users.uids = side.uids
            return side != users
        }
    }
}
