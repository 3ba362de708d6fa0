import Registry
import Testing

/// The row `reserved` of the state table.
struct ReservedTests {
    @Test func `redeemed by the target again, it is granted again as the same delivery`() {
        var scene = Scene(.reserved)
        let step = scene.world.redeem(scene.handoff, by: scene.target)
        #expect(step.contents == [scene.reserved(attempt: 2)])
        #expect(step.reply == .granted(scene.handoff, attempt: 2, notes: []))
        let confirmed = scene.world.confirm(
            scene.handoff, by: scene.target, cookie: scene.cookie)
        #expect(
            confirmed.contents == [.handoffDelivered(handoff: scene.handoff, how: .confirmed)])
        #expect(scene.world.registry.sockets[scene.socket]?.descriptors == 2)
    }

    @Test func `what is being delivered is counted`() {
        var scene = Scene(.reserved)
        #expect(scene.world.registry.reservedHandoffs == 1)
        _ = scene.world.redeem(scene.handoff, by: scene.target)
        #expect(scene.world.registry.reservedHandoffs == 1, "granted again")
        _ = scene.world.perform(
            .deliveryFailed(handoff: scene.handoff, actor: nil, attempt: 2, reason: .unsent))
        #expect(scene.world.registry.reservedHandoffs == 0)
        _ = scene.world.redeem(scene.handoff, by: scene.target)
        #expect(scene.world.registry.reservedHandoffs == 1)
        _ = scene.world.confirm(scene.handoff, by: scene.target, cookie: scene.cookie)
        #expect(scene.world.registry.reservedHandoffs == 0)
    }

    @Test func `a ticket that never arrives is granted only so often`() {
        var scene = Scene(.reserved)
        for attempt in 2...Limits.attemptsPerHandoff {
            let step = scene.world.redeem(scene.handoff, by: scene.target)
            #expect(step.contents == [scene.reserved(attempt: attempt)])
        }
        let step = scene.world.redeem(scene.handoff, by: scene.target)
        #expect(step.contents == [scene.refusedRedemption(by: scene.target, .tooManyAttempts)])
        // The last grant may still arrive.
        let confirmed = scene.world.confirm(
            scene.handoff, by: scene.target, cookie: scene.cookie)
        #expect(
            confirmed.contents == [.handoffDelivered(handoff: scene.handoff, how: .confirmed)])
    }

    @Test func `anyone else is refused, the source's own user and root too`() {
        var scene = Scene(.reserved)
        for actor in [scene.stranger, scene.source, scene.root, scene.otherUser] {
            let step = scene.world.redeem(scene.handoff, by: actor)
            #expect(step.contents == [scene.refusedRedemption(by: actor, .wrongProcess)])
        }
    }

    @Test func `the right cookie delivers it`() {
        var scene = Scene(.reserved)
        let step = scene.world.confirm(scene.handoff, by: scene.target, cookie: scene.cookie)
        #expect(step.contents == [.handoffDelivered(handoff: scene.handoff, how: .confirmed)])
        #expect(step.reply == .none)
        let registry = scene.world.registry
        #expect(registry.handoffs.isEmpty)
        #expect(registry.endings[scene.handoff]?.how == .delivered)
        #expect(scene.world.descriptors(of: scene.target, scene.socket) == [scene.handoff])
    }

    @Test func `a wrong cookie is refused and leaves it reserved`() {
        var scene = Scene(.reserved)
        for cookie in [scene.cookie + 1, 0, .max] {
            let step = scene.world.confirm(scene.handoff, by: scene.target, cookie: cookie)
            #expect(
                step.contents == [scene.refusedRequest(.confirm, by: scene.target, .cookieDiffers)])
            #expect(step.reply == .refused(.cookieDiffers, scene.handoff))
        }
        #expect(scene.world.registry.handoffs[scene.handoff]?.isReserved == true)
    }

    @Test func `only the target confirms`() {
        var scene = Scene(.reserved)
        let step = scene.world.confirm(scene.handoff, by: scene.stranger, cookie: scene.cookie)
        #expect(
            step.contents == [scene.refusedRequest(.confirm, by: scene.stranger, .wrongProcess)])
    }

    @Test(arguments: DeliveryFailure.allCases)
    func `a decline, or a grant that was not sent, makes it issued again`(
        reason: DeliveryFailure
    ) {
        var scene = Scene(.reserved)
        let actor = reason == .unsent ? nil : scene.target
        let step = scene.world.perform(
            .deliveryFailed(handoff: scene.handoff, actor: actor, reason: reason))
        #expect(step.contents == [.deliveryFailed(handoff: scene.handoff, reason: reason)])
        #expect(step.reply == .none)
        #expect(scene.world.registry.handoffs[scene.handoff]?.isReserved == false)
        let again = scene.world.redeem(scene.handoff, by: scene.target)
        #expect(again.contents == [scene.reserved(attempt: 2)])
    }

    @Test func `word of an earlier grant that comes late changes nothing`() {
        var scene = Scene(.reserved)
        _ = scene.world.redeem(scene.handoff, by: scene.target)
        for actor in [scene.target, nil] {
            let step = scene.world.perform(
                .deliveryFailed(
                    handoff: scene.handoff, actor: actor, attempt: 1, reason: .unsent))
            #expect(step.contents.isEmpty)
            #expect(scene.world.registry.handoffs[scene.handoff]?.isReserved == true)
        }
        let present = scene.world.perform(
            .deliveryFailed(
                handoff: scene.handoff, actor: scene.target, attempt: 2, reason: .truncated))
        #expect(present.contents == [.deliveryFailed(handoff: scene.handoff, reason: .truncated)])
    }

    @Test func `a stranger cannot decline it`() {
        var scene = Scene(.reserved)
        let step = scene.world.perform(
            .deliveryFailed(handoff: scene.handoff, actor: scene.stranger, reason: .truncated))
        #expect(
            step.contents == [scene.refusedRequest(.decline, by: scene.stranger, .wrongProcess)])
        #expect(scene.world.registry.handoffs[scene.handoff]?.isReserved == true)
    }

    @Test func `its deadline voids it as unconfirmed`() {
        var scene = Scene(.reserved, lifetime: 5_000_000)
        scene.world.now += 5_000_000
        let step = scene.world.perform(.expire(handoff: scene.handoff))
        #expect(step.contents == [.handoffVoided(handoff: scene.handoff, reason: .unconfirmed)])
        let late = scene.world.confirm(scene.handoff, by: scene.target, cookie: scene.cookie)
        #expect(late.contents == [scene.refusedRequest(.confirm, by: scene.target, .voided)])
    }

    @Test(arguments: [true, false])
    func `a redemption after the deadline voids it in the same step`(isSameRequest: Bool) {
        var scene = Scene(.reserved, lifetime: 5_000_000)
        scene.world.now += 5_000_000
        let request = isSameRequest ? scene.latestRequest(of: scene.target) : nil
        let step = scene.world.redeem(scene.handoff, by: scene.target, request: request)
        #expect(
            step.contents == [
                scene.refusedRedemption(by: scene.target, .expired),
                .handoffVoided(handoff: scene.handoff, reason: .unconfirmed),
            ])
        #expect(step.reply == .refused(.expired, scene.handoff))
    }

    @Test func `nobody can revoke it while it is being delivered`() {
        var scene = Scene(.reserved)
        for actor in [scene.source, scene.root] {
            let step = scene.world.revoke(scene.handoff, by: actor)
            #expect(
                step.contents == [
                    scene.refusedRequest(.revoke, by: actor, .inDelivery, hasID: true)
                ])
        }
        let step = scene.world.revoke(scene.handoff, by: scene.otherUser)
        #expect(step.reply == .refused(.notOwner, scene.handoff))
        #expect(scene.world.registry.handoffs[scene.handoff]?.isReserved == true)
    }

    @Test func `the target's exit voids it as unconfirmed`() {
        var scene = Scene(.reserved)
        let exit = scene.world.exit(scene.target)
        let drain = scene.world.perform(.drain)
        #expect(drain.contents == [.handoffVoided(handoff: scene.handoff, reason: .unconfirmed)])
        #expect(drain.cause == exit.first)
    }

    @Test func `a confirm that the target sent before its exit still delivers`() {
        var scene = Scene(.reserved)
        let exit = scene.world.exit(scene.target)
        let confirmed = scene.world.confirm(
            scene.handoff, by: scene.target, cookie: scene.cookie)
        #expect(
            confirmed.contents == [.handoffDelivered(handoff: scene.handoff, how: .confirmed)])
        let drain = scene.world.perform(.drain)
        #expect(
            drain.contents == [
                .descriptorClosed(process: scene.target, socket: scene.socket, how: .exit)
            ])
        #expect(drain.cause == exit.first)
        #expect(scene.world.registry.processes[scene.target] == nil)
    }

    @Test func `a confirm after the exit is worked off comes too late`() {
        var scene = Scene(.reserved)
        _ = scene.world.exit(scene.target)
        scene.world.perform(.drain)
        let step = scene.world.confirm(scene.handoff, by: scene.target, cookie: scene.cookie)
        #expect(step.contents == [scene.refusedRequest(.confirm, by: scene.target, .voided)])
        #expect(scene.world.registry.sockets[scene.socket]?.descriptors == 1)
    }

    @Test func `a confirm of what was declined and then revoked hears of the revocation`() {
        var scene = Scene(.reserved)
        scene.world.perform(
            .deliveryFailed(handoff: scene.handoff, actor: nil, reason: .unsent))
        let revoked = scene.world.revoke(scene.handoff, by: scene.source)
        #expect(revoked.reply == .revoked(scene.handoff))
        let step = scene.world.confirm(scene.handoff, by: scene.target, cookie: scene.cookie)
        #expect(step.contents == [scene.refusedRequest(.confirm, by: scene.target, .revoked)])
    }
}
