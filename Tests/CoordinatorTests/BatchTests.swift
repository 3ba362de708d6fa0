import Coordinator
import Registry
import Testing
import Winsock
import Wire

/// Batches that cannot be written, and what time brings.
struct BatchTests {
    @Test func `a batch that could not be written did not happen`() {
        let desk = Desk()
        let source = desk.peer(1, desk.source)
        let target = desk.peer(2, desk.target)
        let handoff = desk.issued()
        let restored = desk.coordinator.registry
        desk.send(Desk.duplicate(3), from: 1, desk.facts(desk.source))
        desk.send(Desk.redeem(2, handoff: handoff), from: 2, desk.facts(desk.target))
        desk.send(
            .confirm(handoff: handoff, attempt: 1, cookie: Desk.cookie), from: 2,
            desk.facts(desk.target))
        desk.send(.status(counter: 3), from: 2, desk.facts(desk.target))
        desk.send(Desk.revoke(4, handoff: 9999), from: 1, desk.facts(desk.source))
        let effects = desk.coordinator.discardBatch(restored: restored)
        #expect(
            effects == [
                .answer(source, Desk.refusal(3, .storeFull)),
                .answer(target, Desk.refusal(2, .storeFull)),
                .report(target, counter: 3, acknowledged: 0),
                .answer(source, Desk.refusal(4, .storeFull)),
                // The confirm is lost: its client has to connect and say it again.
                .disconnect(target),
            ])
        #expect(desk.coordinator.events.isEmpty)
        #expect(desk.coordinator.effects.isEmpty)
        #expect(desk.coordinator.registry.snapshot() == restored.snapshot())
        // The same requests again find nothing of the first ones.
        let reply = desk.send(
            Desk.redeem(2, handoff: handoff), from: 2, desk.facts(desk.target))
        #expect(reply == .granted(handoff, attempt: 1, notes: []))
    }

    @Test func `only frames of the discarded batch cost their connection`() {
        let desk = Desk()
        _ = desk.peer(1, desk.source)
        let target = desk.peer(2, desk.target)
        for _ in 0..<3 {
            desk.send(.close(cookie: 1, how: .cleanup), from: 2, desk.facts(desk.target))
        }
        _ = desk.settle()
        let restored = desk.coordinator.registry
        desk.send(Desk.duplicate(2), from: 1, desk.facts(desk.source))
        let first = desk.coordinator.discardBatch(restored: restored)
        #expect(first == [.answer(desk.id(1), Desk.refusal(2, .storeFull))])
        for _ in 0..<3 {
            desk.send(.close(cookie: 1, how: .cleanup), from: 2, desk.facts(desk.target))
        }
        let second = desk.coordinator.discardBatch(restored: restored)
        #expect(second == [.disconnect(target)])
        desk.send(.close(cookie: 1, how: .cleanup), from: 2, desk.facts(desk.target))
        desk.coordinator.disconnect(target)
        let third = desk.coordinator.discardBatch(restored: restored)
        #expect(third.isEmpty)
    }

    @Test func `a discarded end keeps its escrow, a dropped peer stays dropped`() {
        var limits = Admission.Limits()
        limits.refusalsPerSecond = 0
        let desk = Desk(limits: limits)
        let id = desk.peer(1, desk.source)
        let handoff = desk.issued(lifetime: 5)
        let restored = desk.coordinator.registry
        desk.now += 5
        desk.coordinator.tick(at: desk.time)
        #expect(desk.coordinator.effects == [.dropEscrow(handoff)])
        desk.send(Desk.revoke(3, handoff: 9999), from: 1, desk.facts(desk.source))
        #expect(desk.coordinator.discardBatch(restored: restored) == [.disconnect(id)])
        #expect(desk.coordinator.registry.handoffs[handoff] != nil)
    }

    @Test func `what nobody tells again begins the batch after a discarded one`() {
        var limits = Admission.Limits()
        limits.refusalsPerSecond = 0
        let desk = Desk(limits: limits)
        _ = desk.peer(1, desk.source)
        let restored = desk.coordinator.registry
        let began = desk.now
        desk.send(Desk.revoke(3, handoff: 9999), from: 1, desk.facts(desk.source))
        desk.now += 1_000_000
        desk.coordinator.tick(at: desk.time)
        let dropped = Event.RefusedRequest(
            actor: nil, what: .startup, pid: 5, uid: 6, reason: .tooManyConnections)
        desk.perform(.stepClock(by: 7_000_000))
        desk.perform(.loseKeeper(found: "pid 3, stopping"))
        desk.perform(.storeFull(found: "3 bytes free"))
        desk.perform(.refuse(dropped))
        let told = desk.coordinator.events
        #expect(desk.coordinator.isRetold == false)
        for _ in 0..<2 {
            desk.now += 1_000_000
            // Asked again by its client, if at all.
            desk.send(Desk.duplicate(4), from: 1, desk.facts(desk.source))
            _ = desk.coordinator.discardBatch(restored: restored)
            #expect(desk.coordinator.events.map(\.event) == told.map(\.event))
            #expect(desk.coordinator.isRetold == true)
        }
        desk.send(Desk.duplicate(5), from: 1, desk.facts(desk.source))
        #expect(desk.coordinator.isRetold == false)
        let contents = desk.settle().contents
        #expect(contents.dropLast() == told.map(\.event.content)[...])
        #expect(
            contents.first
                == .requestsSuppressed(
                    Event.Suppressed(
                        uid: Desk.user, count: 1, first: began, last: began,
                        reason: .unknownHandoff)))
        #expect(contents.count == told.count + 1, "and the handoff")
        #expect(desk.coordinator.isRetold == false)
        #expect(desk.settle().contents.isEmpty)
    }

    @Test func `a tick ends what is due, the earliest first, up to its limit`() {
        let desk = Desk()
        _ = desk.peer(1, desk.source)
        let late = desk.issued(counter: 2, lifetime: 3000)
        let early = desk.issued(counter: 3, lifetime: 1000)
        let middle = desk.issued(counter: 4, lifetime: 2000)
        let never = desk.issued(counter: 5)
        let began = desk.now
        #expect(desk.coordinator.nextTick == began + 1000)
        desk.now = began + 999
        desk.coordinator.tick(at: desk.time)
        #expect(desk.settle().contents.isEmpty)
        desk.now = began + 2000
        desk.coordinator.tick(at: desk.time, limit: 1)
        #expect(desk.settle().contents == [.handoffExpired(handoff: early)])
        #expect(desk.coordinator.nextTick == began + 2000)
        desk.coordinator.tick(at: desk.time, limit: 9)
        #expect(desk.settle().effects == [.dropEscrow(middle)])
        #expect(desk.coordinator.nextTick == began + 3000)
        desk.now = began + 9000
        desk.coordinator.tick(at: desk.time)
        #expect(desk.settle().contents == [.handoffExpired(handoff: late)])
        #expect(desk.coordinator.nextTick == nil)
        #expect(desk.coordinator.registry.handoffs[never] != nil)
    }

    @Test func `the next tick is the earlier of a deadline and a suppression`() {
        var limits = Admission.Limits()
        limits.refusalsPerSecond = 0
        let desk = Desk(limits: limits)
        _ = desk.peer(1, desk.source)
        let handoff = desk.issued(lifetime: 2_000_000)
        let began = desk.now
        #expect(desk.coordinator.nextTick == began + 2_000_000)
        desk.send(Desk.revoke(3, handoff: 9999), from: 1, desk.facts(desk.source))
        #expect(desk.coordinator.nextTick == began + 1_000_000)
        _ = desk.settle()
        desk.now = began + 2_000_000
        desk.coordinator.tick(at: desk.time)
        let (contents, effects) = desk.settle()
        #expect(contents.count == 2)
        #expect(contents.first == .handoffExpired(handoff: handoff))
        #expect(effects == [.dropEscrow(handoff)])
        #expect(desk.coordinator.nextTick == nil)
    }
}
