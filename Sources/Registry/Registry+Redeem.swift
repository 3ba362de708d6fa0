import Winsock

extension Registry {
    func decide(_ redeem: Command.Redeem, at now: Instant) -> Decision {
        let (handoff, genuine) = redeem.record.claim
        switch earlierAnswer(
            to: redeem.request, content: Self.content(ofRedeeming: genuine ? handoff : nil),
            from: redeem.actor)
        {
        case .answer(.reserved(let number)):
            if let repeated = decideRepeated(number, redeem: redeem, at: now) { return repeated }
        case .answer(.refused(let refusal, let number)):
            return Decision(reply: .refused(refusal, number))
        case .answer:
            return refuseRequest(.redeem, .requestDiffers, redeem.actor, redeem.request)
        case .refused(let refusal):
            return refuseRequest(.redeem, refusal, redeem.actor, redeem.request)
        case nil: break
        }
        do throws(Refusal) {
            return reserve(try redeemable(redeem, at: now), for: redeem)
        } catch {
            return refuse(redeem, handoff: genuine ? handoff : nil, because: error, at: now)
        }
    }

    /// What a redemption asks for; nothing when the record names no handoff of ours.
    static func content(ofRedeeming handoff: HandoffNumber?) -> UInt64 { content(2, handoff ?? 0) }

    /// The same request id again: what it was granted, if that still stands. Nil when the grant
    /// was declined in between, so that the handoff has to be reserved anew, or when the ticket
    /// has become worthless, which the usual checks find out.
    private func decideRepeated(
        _ number: HandoffNumber, redeem: Command.Redeem, at now: Instant
    ) -> Decision? {
        guard let handoff = handoffs[number] else {
            let how = endings[number]?.how
            let refusal = how == .delivered ? .alreadyDelivered : how?.refusal ?? .ended
            return Decision(reply: .refused(refusal, number))
        }
        guard handoff.isReserved, redeem.isHeld, !handoff.isOverdue(at: now) else { return nil }
        return Decision(
            reply: .granted(
                number, attempt: handoff.attempt, notes: notes(handoff.flags, redeem.flags)))
    }

    /// The open handoff that this record redeems. A refusal consumes nothing.
    private func redeemable(
        _ redeem: Command.Redeem, at now: Instant
    ) throws(Refusal) -> Handoff {
        guard case .ticket(let number, let genuine, let altered) = redeem.record else {
            throw redeem.record == .plain ? .plainRecord : .malformedRecord
        }
        guard genuine else { throw .forged }
        guard !altered else { throw .alteredRecord }
        guard let handoff = handoffs[number] else { throw refusal(ofEnded: number, redeem.actor) }
        guard handoff.target == redeem.actor else { throw .wrongProcess }
        guard processes[redeem.actor]?.hasExited == false else { throw .targetExited }
        guard !handoff.isOverdue(at: now) else { throw .expired }
        guard redeem.isHeld else { throw .escrowLost }
        guard handoff.attempt < Limits.attemptsPerHandoff else { throw .tooManyAttempts }
        guard handoff.isReserved || hasRoom(for: redeem.actor) else { throw .tooManyDescriptors }
        if rules.isStrict {
            let notes = notes(handoff.flags, redeem.flags)
            if notes.contains(.overlappedMissing) { throw .overlappedMissing }
            if notes.contains(.flagsDiffer) { throw .flagsDiffer }
        }
        try checkPolicyAgain(for: handoff)
        return handoff
    }

    /// Whether a process may have one more descriptor. What is being delivered counts already, or
    /// whoever redeems all before it confirms would have more than it may.
    private func hasRoom(for target: ProcessNumber) -> Bool {
        guard delivered + reservedHandoffs < rules.limits.descriptors else { return false }
        guard let user = processes[target]?.identity.effectiveUID else { return true }
        let count = deliveredByUser[user, default: 0] + reservedByUser[user, default: 0]
        return count < rules.limits.descriptorsPerUser
    }

    private func refusal(ofEnded number: HandoffNumber, _ actor: ProcessNumber) -> Refusal {
        guard let ending = endings[number] else { return .ended }
        guard ending.target == actor else { return .wrongProcess }
        return ending.how.refusal
    }

    private func reserve(_ handoff: Handoff, for redeem: Command.Redeem) -> Decision {
        let attempt = handoff.attempt + 1
        let reserved = Event.Reserved(
            actor: redeem.actor, handoff: handoff.number, attempt: attempt, flags: redeem.flags,
            program: redeem.program, request: redeem.request)
        return Decision(
            [.handoffReserved(reserved)],
            reply: .granted(
                handoff.number, attempt: attempt, notes: notes(handoff.flags, redeem.flags)))
    }

    /// A refusal that finds the ticket worthless also ends the handoff, in the same step.
    private func refuse(
        _ redeem: Command.Redeem, handoff number: HandoffNumber?, because reason: Refusal,
        at now: Instant
    ) -> Decision {
        let handoff = number.flatMap { handoffs[$0] }
        let rule = denyingRule(
            reason, from: handoff?.sourceIdentity?.wrappedValue, to: handoff?.target,
            of: handoff?.socket)
        let refused = Event.RefusedRedemption(
            actor: redeem.actor, handoff: number, genuine: redeem.record.claim.genuine,
            reason: reason, rule: rule, request: redeem.request)
        var contents: [Event.Content] = [.redemptionRefused(refused)]
        if let number, let handoff {
            if reason == .expired {
                contents += expiry(of: handoff)
            } else if reason == .escrowLost {
                contents += [.handoffVoided(handoff: number, reason: .escrowLost)]
                contents += release(of: handoff.socket, handoffs: 1)
            }
        }
        return Decision(contents, reply: .refused(reason, number))
    }

    private func notes(_ source: UInt32, _ target: UInt32) -> GrantNotes {
        let overlapped = SocketFlags.overlapped.rawValue
        var notes: GrantNotes = []
        if source != target { notes.insert(.flagsDiffer) }
        if source & overlapped != 0, target & overlapped == 0 { notes.insert(.overlappedMissing) }
        return notes
    }
}

extension RecordFact {
    /// The handoff that the record names, and whether its secret is the right one.
    package var claim: (handoff: HandoffNumber?, genuine: Bool) {
        if case .ticket(let handoff, let genuine, _) = self { return (handoff, genuine) }
        return (nil, false)
    }
}
