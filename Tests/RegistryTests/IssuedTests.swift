import Registry
import Testing

/// The row `issued` of the state table.
struct IssuedTests {
    @Test func `redeemed by the target, it is reserved and granted`() {
        var scene = Scene(.issued)
        let step = scene.world.redeem(scene.handoff, by: scene.target)
        #expect(step.contents == [scene.reserved(attempt: 1)])
        #expect(step.reply == .granted(scene.handoff, attempt: 1, notes: []))
        #expect(scene.world.registry.handoffs[scene.handoff]?.isReserved == true)
    }

    @Test func `anyone else is refused, and nothing is consumed`() {
        var scene = Scene(.issued)
        for actor in [scene.stranger, scene.source, scene.root, scene.otherUser] {
            let step = scene.world.redeem(scene.handoff, by: actor)
            #expect(step.contents == [scene.refusedRedemption(by: actor, .wrongProcess)])
            #expect(step.reply == .refused(.wrongProcess, scene.handoff))
        }
        let step = scene.world.redeem(scene.handoff, by: scene.target)
        #expect(step.reply == .granted(scene.handoff, attempt: 1, notes: []))
    }

    @Test(arguments: [
        (RecordFact.malformed, Refusal.malformedRecord), (.plain, .plainRecord),
    ])
    func `what is no ticket names no handoff`(record: RecordFact, refusal: Refusal) {
        var scene = Scene(.issued)
        let step = scene.world.redeem(record, by: scene.target)
        #expect(
            step.contents == [
                scene.refusedRedemption(
                    by: scene.target, refusal, genuine: false, hasHandoff: false)
            ])
        #expect(step.reply == .refused(refusal, nil))
        #expect(scene.world.registry.handoffs[scene.handoff]?.isReserved == false)
    }

    @Test func `a forged ticket is refused without saying whose handoff it names`() {
        var scene = Scene(.issued)
        for number in [scene.handoff, 0, .max] {
            let record = RecordFact.ticket(handoff: number, genuine: false, altered: true)
            let step = scene.world.redeem(record, by: scene.target)
            #expect(
                step.contents == [
                    scene.refusedRedemption(
                        by: scene.target, .forged, genuine: false, hasHandoff: false)
                ])
            #expect(step.reply == .refused(.forged, nil))
        }
        let step = scene.world.redeem(scene.handoff, by: scene.target)
        #expect(step.reply == .granted(scene.handoff, attempt: 1, notes: []))
    }

    @Test func `an altered record is refused, the whole one still works`() {
        var scene = Scene(.issued)
        let record = RecordFact.ticket(handoff: scene.handoff, genuine: true, altered: true)
        let step = scene.world.redeem(record, by: scene.target)
        #expect(step.contents == [scene.refusedRedemption(by: scene.target, .alteredRecord)])
        let whole = scene.world.redeem(scene.handoff, by: scene.target)
        #expect(whole.reply == .granted(scene.handoff, attempt: 1, notes: []))
    }

    @Test func `a confirm is refused with the right cookie and with a wrong one`() {
        var scene = Scene(.issued)
        for cookie in [scene.cookie, scene.cookie + 1, 0] {
            let step = scene.world.confirm(scene.handoff, by: scene.target, cookie: cookie)
            #expect(
                step.contents == [scene.refusedRequest(.confirm, by: scene.target, .notReserved)])
            #expect(step.reply == .refused(.notReserved, scene.handoff))
        }
        let step = scene.world.confirm(scene.handoff, by: scene.stranger, cookie: scene.cookie)
        #expect(
            step.contents == [scene.refusedRequest(.confirm, by: scene.stranger, .wrongProcess)])
    }

    @Test func `a decline is refused, a grant that was never sent changes nothing`() {
        var scene = Scene(.issued)
        let declined = scene.world.perform(
            .deliveryFailed(handoff: scene.handoff, actor: scene.target, reason: .truncated))
        #expect(
            declined.contents == [scene.refusedRequest(.decline, by: scene.target, .notReserved)])
        let unsent = scene.world.perform(
            .deliveryFailed(handoff: scene.handoff, actor: nil, reason: .unsent))
        #expect(unsent.contents.isEmpty)
        #expect(unsent.reply == .none)
    }

    @Test func `its deadline ends it as expired`() {
        var scene = Scene(.issued, lifetime: 5_000_000)
        let issuedAt = scene.world.now
        #expect(scene.world.registry.nextDeadline == issuedAt + 5_000_000)
        #expect(scene.world.registry.due(at: issuedAt + 4_999_999, limit: 9).isEmpty)
        #expect(scene.world.registry.due(at: issuedAt + 5_000_000, limit: 9) == [scene.handoff])
        scene.world.now = issuedAt + 5_000_000
        let step = scene.world.perform(.expire(handoff: scene.handoff))
        #expect(step.contents == [.handoffExpired(handoff: scene.handoff)])
        #expect(scene.world.registry.nextDeadline == nil)
        let again = scene.world.perform(.expire(handoff: scene.handoff))
        #expect(again.contents.isEmpty)
        let late = scene.world.redeem(scene.handoff, by: scene.target)
        #expect(late.contents == [scene.refusedRedemption(by: scene.target, .expired)])
    }

    @Test func `a redemption at the deadline ends it in the same step`() {
        var scene = Scene(.issued, lifetime: 5_000_000)
        scene.world.now += 5_000_000
        let step = scene.world.redeem(scene.handoff, by: scene.target)
        #expect(
            step.contents == [
                scene.refusedRedemption(by: scene.target, .expired),
                .handoffExpired(handoff: scene.handoff),
            ])
        #expect(step.reply == .refused(.expired, scene.handoff))
        #expect(scene.world.events.last?.cause == step.first)
    }

    @Test func `a redemption just before the deadline is granted`() {
        var scene = Scene(.issued, lifetime: 5_000_000)
        scene.world.now += 4_999_999
        let step = scene.world.redeem(scene.handoff, by: scene.target)
        #expect(step.reply == .granted(scene.handoff, attempt: 1, notes: []))
    }

    @Test func `a stranger's redemption after the deadline leaves the end to the deadline`() {
        var scene = Scene(.issued, lifetime: 5_000_000)
        scene.world.now += 5_000_000
        let step = scene.world.redeem(scene.handoff, by: scene.stranger)
        #expect(step.contents == [scene.refusedRedemption(by: scene.stranger, .wrongProcess)])
    }

    @Test func `the source's user and root may revoke it`() {
        for byRoot in [false, true] {
            var scene = Scene(.issued)
            let actor = byRoot ? scene.root : scene.stranger
            let step = scene.world.revoke(scene.handoff, by: actor, text: "wrong worker")
            #expect(
                step.contents == [
                    .handoffRevoked(
                        Event.Revoked(
                            handoff: scene.handoff, actor: actor, text: "wrong worker",
                            request: scene.latestRequest(of: actor)))
                ])
            #expect(step.reply == .revoked(scene.handoff))
            let late = scene.world.redeem(scene.handoff, by: scene.target)
            #expect(late.contents == [scene.refusedRedemption(by: scene.target, .revoked)])
        }
    }

    @Test func `another user may not revoke it`() {
        var scene = Scene(.issued)
        let step = scene.world.revoke(scene.handoff, by: scene.otherUser)
        #expect(
            step.contents == [
                scene.refusedRequest(.revoke, by: scene.otherUser, .notOwner, hasID: true)
            ])
        #expect(step.reply == .refused(.notOwner, scene.handoff))
        #expect(scene.world.registry.handoffs[scene.handoff] != nil)
    }

    @Test func `the target's exit alone makes it unredeemable, the drain voids it`() {
        var scene = Scene(.issued)
        let exit = scene.world.exit(scene.target)
        #expect(exit.contents == [.processExited(process: scene.target, status: 9)])
        let late = scene.world.redeem(scene.handoff, by: scene.target)
        #expect(late.contents == [scene.refusedRedemption(by: scene.target, .targetExited)])
        let drain = scene.world.perform(.drain)
        #expect(
            drain.contents == [.handoffVoided(handoff: scene.handoff, reason: .targetExited)])
        #expect(drain.cause == exit.first)
        #expect(scene.world.registry.exiting.isEmpty)
    }

    @Test func `a descriptor that is not in escrow any more voids it at redemption`() {
        var scene = Scene(.issued)
        let step = scene.world.redeem(scene.handoff, by: scene.target, isHeld: false)
        #expect(
            step.contents == [
                scene.refusedRedemption(by: scene.target, .escrowLost),
                .handoffVoided(handoff: scene.handoff, reason: .escrowLost),
            ])
        #expect(step.reply == .refused(.escrowLost, scene.handoff))
        let late = scene.world.redeem(scene.handoff, by: scene.target)
        #expect(late.reply == .refused(.escrowLost, scene.handoff))
    }

    @Test func `the source's exit leaves the ticket usable`() {
        var scene = Scene(.issued)
        let exit = scene.world.exit(scene.source)
        let drain = scene.world.perform(.drain)
        #expect(
            drain.contents == [
                .descriptorClosed(process: scene.source, socket: scene.socket, how: .exit)
            ])
        #expect(drain.cause == exit.first)
        #expect(scene.world.registry.processes[scene.source] == nil)
        let step = scene.world.redeem(scene.handoff, by: scene.target)
        #expect(step.reply == .granted(scene.handoff, attempt: 1, notes: []))
    }
}
