import Registry
import Testing

/// The row `delivered` of the state table, and the other ends.
struct DeliveredTests {
    @Test func `redeemed again by the target, it is used`() {
        var scene = Scene(.delivered)
        let step = scene.world.redeem(scene.handoff, by: scene.target)
        #expect(step.contents == [scene.refusedRedemption(by: scene.target, .used)])
        #expect(step.reply == .refused(.used, scene.handoff))
    }

    @Test func `the same request again is told that it was answered, without an event`() {
        var scene = Scene(.delivered)
        let request = scene.latestRequest(of: scene.target)
        let step = scene.world.redeem(scene.handoff, by: scene.target, request: request)
        #expect(step.contents.isEmpty)
        #expect(step.reply == .refused(.alreadyDelivered, scene.handoff))
    }

    @Test func `anyone else is refused without hearing how it ended`() {
        var scene = Scene(.delivered)
        for actor in [scene.stranger, scene.source, scene.root] {
            let step = scene.world.redeem(scene.handoff, by: actor)
            #expect(step.contents == [scene.refusedRedemption(by: actor, .wrongProcess)])
        }
    }

    @Test func `a repeated confirm says nothing new, whatever its cookie`() {
        var scene = Scene(.delivered)
        for cookie in [scene.cookie, scene.cookie + 1] {
            let step = scene.world.confirm(scene.handoff, by: scene.target, cookie: cookie)
            #expect(step.contents.isEmpty)
            #expect(step.reply == .none)
        }
        let step = scene.world.confirm(scene.handoff, by: scene.stranger, cookie: scene.cookie)
        #expect(
            step.contents == [scene.refusedRequest(.confirm, by: scene.stranger, .wrongProcess)])
        #expect(scene.world.registry.sockets[scene.socket]?.descriptors == 2)
    }

    @Test func `a decline comes too late, a failure to send changes nothing`() {
        var scene = Scene(.delivered)
        let declined = scene.world.perform(
            .deliveryFailed(handoff: scene.handoff, actor: scene.target, reason: .mismatched))
        #expect(
            declined.contents == [scene.refusedRequest(.decline, by: scene.target, .notReserved)])
        let unsent = scene.world.perform(
            .deliveryFailed(handoff: scene.handoff, actor: nil, reason: .unsent))
        #expect(unsent.contents.isEmpty)
    }

    @Test func `its deadline is gone`() {
        var scene = Scene(.delivered, lifetime: 5_000_000)
        #expect(scene.world.registry.nextDeadline == nil)
        scene.world.now += 10_000_000
        let step = scene.world.perform(.expire(handoff: scene.handoff))
        #expect(step.contents.isEmpty)
        let late = scene.world.redeem(scene.handoff, by: scene.target)
        #expect(late.reply == .refused(.used, scene.handoff))
    }

    @Test func `nobody can revoke it any more`() {
        var scene = Scene(.delivered)
        for actor in [scene.source, scene.root] {
            let step = scene.world.revoke(scene.handoff, by: actor)
            #expect(
                step.contents == [scene.refusedRequest(.revoke, by: actor, .used, hasID: true)])
        }
    }

    @Test func `the target's exit closes the descriptor`() {
        var scene = Scene(.delivered)
        let exit = scene.world.exit(scene.target)
        #expect(exit.contents == [.processExited(process: scene.target, status: 9)])
        let drain = scene.world.perform(.drain)
        #expect(
            drain.contents == [
                .descriptorClosed(process: scene.target, socket: scene.socket, how: .exit)
            ])
        #expect(drain.cause == exit.first)
    }

    @Test func `recovery leaves it delivered`() {
        var scene = Scene(.delivered)
        let step = scene.world.recover(kept: [], observed: [scene.handoff])
        #expect(
            step.contents == [
                .coordinatorRecovered(
                    Event.Recovered(pid: 2, epoch: 2, held: 0, matched: 0, lost: 0))
            ])
        #expect(scene.world.registry.endings[scene.handoff]?.how == .delivered)
    }

    @Test func `a ticket with a number that no handoff has is refused as ended`() {
        var scene = Scene(.delivered)
        let step = scene.world.redeem(scene.handoff + 1000, by: scene.target)
        #expect(step.reply == .refused(.ended, scene.handoff + 1000))
        let confirmed = scene.world.confirm(
            scene.handoff + 1000, by: scene.target, cookie: scene.cookie)
        #expect(confirmed.reply == .refused(.unknownHandoff, scene.handoff + 1000))
        let declined = scene.world.perform(
            .deliveryFailed(handoff: 1000, actor: scene.target, reason: .truncated))
        #expect(declined.reply == .refused(.unknownHandoff, 1000))
        let revoked = scene.world.revoke(scene.handoff + 1000, by: scene.root)
        #expect(revoked.reply == .refused(.unknownHandoff, scene.handoff + 1000))
    }

    enum End: CaseIterable {
        case revoked
        case expired
        case voided
        case escrowLost
    }

    /// A handoff that was granted once, declined, and ended.
    private func ended(_ end: End) -> (scene: Scene, refusal: Refusal) {
        var scene = Scene(.reserved, lifetime: 5_000_000)
        if end != .voided {
            scene.world.perform(
                .deliveryFailed(handoff: scene.handoff, actor: nil, reason: .unsent))
        }
        switch end {
        case .revoked:
            _ = scene.world.revoke(scene.handoff, by: scene.source)
            return (scene, .revoked)
        case .expired:
            scene.world.perform(.expire(handoff: scene.handoff))
            return (scene, .expired)
        case .voided:
            scene.world.perform(.expire(handoff: scene.handoff))
            return (scene, .voided)
        case .escrowLost:
            _ = scene.world.recover(kept: [])
            return (scene, .escrowLost)
        }
    }

    @Test(arguments: End.allCases)
    func `an ended handoff tells the target by name how it ended`(end: End) {
        var (scene, refusal) = ended(end)
        #expect(scene.world.registry.handoffs.isEmpty)
        // Who was granted it before and lost the answer must not hear that it was delivered.
        let request = scene.latestRequest(of: scene.target)
        let repeated = scene.world.redeem(scene.handoff, by: scene.target, request: request)
        #expect(repeated.contents.isEmpty)
        #expect(repeated.reply == .refused(refusal, scene.handoff))
        let redeemed = scene.world.redeem(scene.handoff, by: scene.target)
        #expect(redeemed.contents == [scene.refusedRedemption(by: scene.target, refusal)])
        let foreign = scene.world.redeem(scene.handoff, by: scene.stranger)
        #expect(foreign.reply == .refused(.wrongProcess, scene.handoff))
        let confirmed = scene.world.confirm(
            scene.handoff, by: scene.target, cookie: scene.cookie)
        #expect(confirmed.contents == [scene.refusedRequest(.confirm, by: scene.target, refusal)])
        let declined = scene.world.perform(
            .deliveryFailed(handoff: scene.handoff, actor: scene.target, reason: .truncated))
        #expect(declined.reply == .refused(.notReserved, scene.handoff))
        let expired = scene.world.perform(.expire(handoff: scene.handoff))
        #expect(expired.contents.isEmpty)
        let revoked = scene.world.revoke(scene.handoff, by: scene.root)
        #expect(revoked.reply == .refused(refusal, scene.handoff))
        let recovered = scene.world.recover(kept: [scene.handoff], observed: [scene.handoff])
        #expect(recovered.contents.count == 1)
        #expect(scene.world.registry.sockets[scene.socket]?.descriptors == 1)
    }
}
