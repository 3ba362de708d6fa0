// The policy is asked at issue, by what source, target and socket are then, and again at
// redemption, by what the target is now and by the rules in force: what was allowed to one program
// or user is not handed to another, and a rule that was loaded in between holds.

extension Registry {
    /// The policy's word on a handoff; nil when something that it is about is not known any more.
    package func verdict(
        from source: ProcessIdentity?, to target: ProcessNumber, of socket: SocketNumber
    ) -> Policy.Verdict? {
        guard let source, let target = processes[target]?.identity,
            let kind = sockets[socket].flatMap({ SocketKinds($0.identity) })
        else { return nil }
        return rules.policy.verdict(source: source, target: target, kind: kind)
    }

    /// What a process is to a duplicate call by this source while the log does not have it: nil
    /// when it may be written down. What anybody could have written down would fill the log, and
    /// count as a process of its user, who did not ask for it.
    package func denial(
        to target: ProcessIdentity, from source: ProcessNumber, of socket: SocketFact
    ) -> TargetFact? {
        guard let source = processes[source]?.identity else { return nil }
        var kind: SocketKinds?
        if case .socket(let number) = socket {
            kind = sockets[number].flatMap { SocketKinds($0.identity) }
        }
        // Without a kind the call is refused in any case, and the rules decide as if for each.
        let verdict = rules.policy.verdict(source: source, target: target, kind: kind ?? [])
        guard let refusal = verdict.refusal else { return nil }
        guard case .rule(let index, _) = verdict else { return .denied(refusal, rule: nil) }
        return .denied(refusal, rule: rules.policy.rules[index].name)
    }

    /// Throws what a duplicate call is refused with.
    func checkPolicy(
        from source: KnownProcess, to target: KnownProcess, of socket: KnownSocket
    ) throws(Refusal) {
        guard !rules.policy.rules.isEmpty else {
            // The rule of Windows, without the cost of looking for others.
            guard rules.policy.allowsByDefault(source.identity, target.identity) else {
                throw .notPermitted
            }
            return
        }
        let verdict = verdict(from: source.identity, to: target.number, of: socket.number)
        if let refusal = verdict?.refusal { throw refusal }
    }

    /// Throws what a redemption is refused with. A handoff that was issued while there were no
    /// rules stays good: nobody looked at what its source was.
    func checkPolicyAgain(for handoff: Handoff) throws(Refusal) {
        guard !rules.policy.rules.isEmpty, let source = handoff.sourceIdentity?.wrappedValue else {
            return
        }
        let verdict = verdict(from: source, to: handoff.target, of: handoff.socket)
        if let refusal = verdict?.refusal { throw refusal }
    }

    /// The name of the rule that denies what was asked; nil when it was something else.
    func denyingRule(
        _ reason: Refusal, from source: ProcessIdentity?, to target: ProcessNumber?,
        of socket: SocketNumber?
    ) -> String? {
        guard reason == .deniedByPolicy, let target, let socket,
            case .rule(let index, allows: false)? = verdict(from: source, to: target, of: socket)
        else { return nil }
        return rules.policy.rules[index].name
    }
}

extension TargetFact {
    /// The name of the rule that denied it before the log knew it.
    var denyingRule: String? {
        guard case .denied(_, let rule) = self else { return nil }
        return rule
    }
}
