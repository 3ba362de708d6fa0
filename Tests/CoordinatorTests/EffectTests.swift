import Coordinator
import Registry
import Testing
import Winsock
import Wire

/// Which events a request leads to, and what is held back until they are durable.
struct EffectTests {
    @Test func `a handoff from call to release`() throws {
        let desk = Desk()
        let source = desk.peer(1, desk.source)
        let target = desk.peer(2, desk.target)
        let handoff = desk.coordinator.registry.nextSequence
        desk.send(Desk.duplicate(2), from: 1, desk.facts(desk.source))
        #expect(desk.coordinator.isAwaited == true)
        let issued = desk.settle()
        #expect(issued.contents.count == 1)
        guard case .record(source, let record)? = issued.effects.first else {
            Issue.record("the record is sent: \(issued.effects)")
            return
        }
        #expect(record.handoff.number == handoff)
        #expect(record.counter == 2)
        #expect(!record.isRepeated)
        #expect(record.protocolNumber == 6)

        desk.send(Desk.redeem(2, handoff: handoff), from: 2, desk.facts(desk.target))
        #expect(desk.coordinator.isAwaited == true)
        let granted = desk.settle()
        #expect(granted.contents.count == 1)
        let grant = Answer(
            counter: 2, acknowledged: 0,
            content: .grant(handoff: handoff, attempt: 1, notes: []))
        #expect(granted.effects == [.grant(target, grant, handoff)])

        desk.send(
            .confirm(handoff: handoff, attempt: 1, cookie: Desk.cookie), from: 2,
            desk.facts(desk.target))
        #expect(desk.coordinator.isAwaited == false)
        let delivered = desk.settle()
        #expect(delivered.contents == [.handoffDelivered(handoff: handoff, how: .confirmed)])
        #expect(delivered.effects == [.dropEscrow(handoff)])

        desk.send(.close(cookie: Desk.cookie, how: .closesocket), from: 1, desk.facts(desk.source))
        desk.send(.close(cookie: Desk.cookie, how: .closesocket), from: 2, desk.facts(desk.target))
        #expect(desk.coordinator.isAwaited == false)
        let closed = desk.settle()
        #expect(closed.contents.count == 3)
        #expect(closed.contents.last == .socketReleased(socket: desk.socket, how: .counted))
        #expect(closed.effects.isEmpty)
    }

    @Test func `one batch keeps the order of the requests, each event before its effect`() {
        let desk = Desk()
        let source = desk.peer(1, desk.source)
        let target = desk.peer(2, desk.target)
        let handoff = desk.coordinator.registry.nextSequence
        desk.send(Desk.duplicate(2), from: 1, desk.facts(desk.source))
        desk.send(Desk.redeem(2, handoff: handoff), from: 2, desk.facts(desk.target))
        desk.send(Desk.revoke(3, handoff: handoff), from: 1, desk.facts(desk.source))
        desk.send(
            .decline(handoff: handoff, attempt: 1, reason: .mismatched), from: 2,
            desk.facts(desk.target))
        desk.send(Desk.revoke(4, handoff: handoff), from: 1, desk.facts(desk.source))
        #expect(desk.coordinator.effects.count == 5)
        let (contents, effects) = desk.settle()
        #expect(contents.count == 5)
        guard effects.count == 5, case .record(source, _) = effects[0],
            case .grant(target, _, handoff) = effects[1]
        else {
            Issue.record("record, grant, and three more: \(effects)")
            return
        }
        #expect(
            Array(effects[2...]) == [
                .answer(source, Desk.refusal(3, .inDelivery, handoff: handoff)),
                .dropEscrow(handoff), .answer(source, Desk.done(4)),
            ])
        #expect(desk.coordinator.events.isEmpty)
        #expect(desk.coordinator.effects.isEmpty)
        #expect(desk.coordinator.isAwaited == false)
    }

    @Test func `events of a step name its first event, those of a drain the exit`() {
        let desk = Desk()
        _ = desk.peer(1, desk.source)
        let handoff = desk.issued(lifetime: 10)
        desk.send(.close(cookie: Desk.cookie, how: .closesocket), from: 1, desk.facts(desk.source))
        _ = desk.settle()
        let first = desk.coordinator.registry.nextSequence
        desk.now += 10
        desk.perform(.expire(handoff: handoff))
        let expired = desk.coordinator.takeBatch()
        #expect(expired.events.map(\.event.sequence) == [first, first + 1])
        #expect(expired.events.map(\.event.cause) == [nil, first])
        #expect(expired.events.allSatisfy { $0.event.time == desk.time })
        #expect(expired.effects == [.dropEscrow(handoff)])

        let other = Desk()
        _ = other.peer(1, other.source)
        let ticket = other.issued()
        let exit = other.coordinator.registry.nextSequence
        other.perform(.exit(process: other.target, status: 0))
        #expect(other.coordinator.hasExits == true)
        other.coordinator.drain(at: other.time)
        #expect(other.coordinator.hasExits == false)
        let drained = other.coordinator.takeBatch()
        #expect(drained.events.map(\.event.cause) == [nil, exit])
        #expect(
            drained.events.last?.event.content
                == .handoffVoided(handoff: ticket, reason: .targetExited))
        #expect(drained.effects == [.dropEscrow(ticket)])
    }

    @Test func `the same request again is answered again without an event`() {
        let desk = Desk()
        let source = desk.peer(1, desk.source)
        let handoff = desk.issued(counter: 2)
        desk.send(Desk.duplicate(2), from: 1, desk.facts(desk.source))
        let (contents, effects) = desk.settle()
        #expect(contents.isEmpty)
        guard case .record(source, let record)? = effects.first else {
            Issue.record("the record is sent again: \(effects)")
            return
        }
        #expect(record.handoff.number == handoff)
        #expect(record.isRepeated)
    }

    @Test func `the same request after the handoff's end is answered too`() {
        let desk = Desk()
        let source = desk.peer(1, desk.source)
        let handoff = desk.issued(counter: 2)
        desk.send(Desk.revoke(3, handoff: handoff), from: 1, desk.facts(desk.source))
        _ = desk.settle()
        desk.send(Desk.duplicate(2), from: 1, desk.facts(desk.source))
        let (contents, effects) = desk.settle()
        #expect(contents.isEmpty)
        #expect(effects == [.answer(source, Desk.refusal(2, .revoked, handoff: handoff))])
    }

    @Test(
        arguments: [
            (RequestKind.unknown, 0, Refusal.malformedRequest), (.duplicate, 9, .malformedRequest),
            (.redeem, 9, .unexpectedDescriptors), (.confirm, 0, .unexpectedDescriptors),
            (.startup, 1, .unsupportedVersion),
        ] as [(RequestKind, UInt64, Refusal)])
    func `what cannot be read is written down and refused`(
        what: RequestKind, counter: UInt64, reason: Refusal
    ) {
        let desk = Desk()
        let id = desk.peer(1, desk.source)
        desk.coordinator.receiveMalformed(
            what, counter: counter, reason: reason, from: id, desk.facts(desk.source),
            at: desk.time)
        let (contents, effects) = desk.settle()
        #expect(
            contents == [
                desk.refused(
                    what, reason, actor: desk.source, counter: counter == 0 ? nil : counter)
            ])
        #expect(
            effects == (counter == 0 ? [] : [.answer(id, Desk.refusal(counter, reason))]))
    }
}
