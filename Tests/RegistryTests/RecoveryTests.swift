import Registry
import Testing
import Winsock

/// The column `recovery` of the state table.
struct RecoveryTests {
    private func found(held: UInt64, matched: UInt64, lost: UInt64) -> Event.Content {
        .coordinatorRecovered(
            Event.Recovered(pid: 2, epoch: 2, held: held, matched: matched, lost: lost))
    }

    @Test(arguments: [Scene.Stage.issued, .reserved])
    func `what is still in escrow goes on`(stage: Scene.Stage) {
        var scene = Scene(stage)
        let step = scene.world.recover(kept: [scene.handoff])
        #expect(step.contents == [found(held: 1, matched: 1, lost: 0)])
        let redeemed = scene.world.redeem(scene.handoff, by: scene.target)
        let attempt: UInt32 = stage == .issued ? 1 : 2
        #expect(redeemed.reply == .granted(scene.handoff, attempt: attempt, notes: []))
    }

    @Test func `an issued handoff without escrow is void, the first event is the cause`() {
        var scene = Scene(.issued)
        let step = scene.world.recover(kept: [])
        #expect(
            step.contents == [
                found(held: 1, matched: 0, lost: 1),
                .handoffVoided(handoff: scene.handoff, reason: .escrowLost),
            ])
        #expect(step.cause == nil)
        #expect(scene.world.registry.endings[scene.handoff]?.how == .escrowLost)
    }

    @Test(arguments: [true, false])
    func `a reserved handoff whose socket the target has is delivered`(isKept: Bool) {
        var scene = Scene(.reserved)
        let kept: Set<HandoffNumber> = isKept ? [scene.handoff] : []
        let step = scene.world.recover(kept: kept, observed: [scene.handoff])
        #expect(
            step.contents == [
                found(held: 1, matched: 1, lost: 0),
                .handoffDelivered(handoff: scene.handoff, how: .observed),
            ])
        #expect(scene.world.descriptors(of: scene.target, scene.socket) == [scene.handoff])
        let confirmed = scene.world.confirm(
            scene.handoff, by: scene.target, cookie: scene.cookie)
        #expect(confirmed.contents.isEmpty)
    }

    @Test func `only a reserved handoff can be found delivered`() {
        var scene = Scene(.issued)
        let step = scene.world.recover(kept: [scene.handoff], observed: [scene.handoff])
        #expect(step.contents == [found(held: 1, matched: 1, lost: 0)])
        #expect(scene.world.registry.handoffs[scene.handoff]?.isReserved == false)
    }

    @Test func `a reserved handoff of which nothing is known stays, and a confirm delivers it`() {
        var scene = Scene(.reserved)
        let step = scene.world.recover(kept: [])
        #expect(step.contents == [found(held: 1, matched: 0, lost: 1)])
        let confirmed = scene.world.confirm(
            scene.handoff, by: scene.target, cookie: scene.cookie)
        #expect(
            confirmed.contents == [.handoffDelivered(handoff: scene.handoff, how: .confirmed)])
    }

    @Test(arguments: [true, false])
    func `a reserved handoff of which nothing is known is void when it is redeemed`(
        isSameRequest: Bool
    ) {
        var scene = Scene(.reserved)
        _ = scene.world.recover(kept: [])
        let request = isSameRequest ? scene.latestRequest(of: scene.target) : nil
        let step = scene.world.redeem(
            scene.handoff, by: scene.target, isHeld: false, request: request)
        #expect(
            step.contents == [
                scene.refusedRedemption(by: scene.target, .escrowLost),
                .handoffVoided(handoff: scene.handoff, reason: .escrowLost),
            ])
    }

    @Test func `a socket of which only lost handoffs were left is released once`() {
        var world = World()
        let source = world.process()
        let target = world.process()
        let socket = world.socket()
        let first = world.issue(from: source, to: target, socket: socket)
        let second = world.issue(from: source, to: target, socket: socket)
        _ = world.close(socket, by: source)
        let step = world.recover(kept: [])
        #expect(
            step.contents == [
                found(held: 2, matched: 0, lost: 2),
                .handoffVoided(handoff: first, reason: .escrowLost),
                .handoffVoided(handoff: second, reason: .escrowLost),
                .socketReleased(socket: socket, how: .counted),
            ])
        #expect(world.registry.sockets[socket] == nil)
    }

    @Test func `a delivery that is observed keeps the socket that another handoff loses`() {
        var world = World()
        let source = world.process()
        let target = world.process()
        let socket = world.socket()
        let first = world.issue(from: source, to: target, socket: socket)
        let second = world.issue(from: source, to: target, socket: socket)
        _ = world.redeem(first, by: target)
        _ = world.close(socket, by: source)
        let step = world.recover(kept: [], observed: [first])
        #expect(
            step.contents == [
                found(held: 2, matched: 1, lost: 1),
                .handoffDelivered(handoff: first, how: .observed),
                .handoffVoided(handoff: second, reason: .escrowLost),
            ])
        #expect(world.registry.sockets[socket]?.descriptors == 1)
    }

    @Test func `many are worked off in the order of their numbers`() {
        var world = World()
        let source = world.process()
        let target = world.process()
        let socket = world.socket()
        let handoffs = (0..<40).map { _ in world.issue(from: source, to: target, socket: socket) }
        let step = world.recover(kept: Set(handoffs.prefix(20)))
        let voided = handoffs.dropFirst(20).map {
            Event.Content.handoffVoided(handoff: $0, reason: .escrowLost)
        }
        #expect(step.contents == [found(held: 40, matched: 20, lost: 20)] + voided)
    }

    @Test func `deadlines and answers outlive a restart`() throws {
        let scene = Scene(.issued, lifetime: 5_000_000)
        let request = scene.latestRequest(of: scene.source)
        let read = try Registry(snapshot: scene.world.registry.snapshot())
        #expect(read.nextDeadline == scene.world.now + 5_000_000)
        let again = Command.Duplicate(
            actor: scene.source, socket: .socket(scene.socket), target: .process(scene.target),
            pid: 0, form: .wide, flags: 1, lifetime: 5_000_000, request: request)
        let now = Instant(wallMicroseconds: 0, bootMicroseconds: 0)
        let decision = read.decide(.duplicate(again), at: now)
        #expect(decision.contents.isEmpty)
        #expect(decision.reply == .issued(scene.handoff, isRepeated: true))
    }
}
