import Coordinator
import Registry
import Testing
import Winsock
import Wire

/// What a session takes, from whom, and when.
struct SessionTests {
    static let peerRequests: [Request] = [
        Desk.duplicate(5), Desk.redeem(5, handoff: 1), Desk.revoke(5, handoff: 1),
        .mark(counter: 5, watermark: 0, quality: "q"),
        .confirm(handoff: 1, attempt: 1, cookie: 1),
        .decline(handoff: 1, attempt: 1, reason: .truncated),
        .close(cookie: 1, how: .closesocket),
    ]

    @Test func `a startup is welcomed without an event`() {
        let desk = Desk()
        desk.connect(1)
        desk.send(Desk.startup(counter: 9), from: 1, desk.facts(desk.source))
        let (contents, effects) = desk.settle()
        #expect(contents.isEmpty)
        #expect(
            effects == [
                .answer(
                    desk.id(1),
                    Answer(
                        counter: 9, acknowledged: 0,
                        content: .welcome(epoch: 6, pid: 321, version: 1)))
            ])
    }

    @Test func `a second startup is refused, and the session stays what it is`() {
        let desk = Desk()
        let id = desk.peer(1, desk.source)
        desk.send(
            Desk.startup(counter: 5, nonce: 4, role: .query), from: 1, desk.facts(desk.source))
        let (contents, effects) = desk.settle()
        #expect(
            contents == [
                desk.refused(.startup, .malformedRequest, actor: desk.source, counter: 5)
            ])
        #expect(effects == [.answer(id, Desk.refusal(5, .malformedRequest))])
        #expect(desk.coordinator.isQuery(id) == false)
    }

    @Test func `the same startup again is answered again`() {
        let desk = Desk()
        desk.connect(1)
        for counter in 5...6 as ClosedRange<UInt64> {
            desk.send(
                Desk.startup(counter: counter, nonce: 4), from: 1, desk.facts(desk.source))
            let (contents, effects) = desk.settle()
            #expect(contents.isEmpty)
            guard case .answer(_, let answer)? = effects.first, case .welcome = answer.content
            else {
                Issue.record("\(effects)")
                return
            }
            #expect(answer.counter == counter)
        }
    }

    @Test(arguments: peerRequests)
    func `nothing is done before the startup`(request: Request) {
        let desk = Desk()
        desk.connect(1)
        desk.send(request, from: 1, desk.facts(desk.source))
        let (contents, effects) = desk.settle()
        #expect(contents == [desk.refused(request.kind, .notStarted, actor: desk.source)])
        let answered = request.counter == 0 ? [] : [Desk.refusal(5, .notStarted)]
        #expect(effects == answered.map { .answer(desk.id(1), $0) })
    }

    @Test(arguments: peerRequests)
    func `a query session gets the status and nothing else`(request: Request) {
        let desk = Desk()
        desk.connect(1)
        desk.send(Desk.startup(role: .query), from: 1, desk.facts(nil))
        #expect(desk.coordinator.isQuery(desk.id(1)) == true)
        desk.send(.status(counter: 2), from: 1, desk.facts(nil))
        let (contents, effects) = desk.settle()
        #expect(contents.isEmpty)
        #expect(effects.last == .report(desk.id(1), counter: 2, acknowledged: 0))
        desk.send(request, from: 1, desk.facts(desk.source))
        let refused = desk.settle()
        #expect(refused.contents.count == 1)
        guard case .requestRefused(let event)? = refused.contents.first else {
            Issue.record("the request is refused: \(refused.contents)")
            return
        }
        #expect(event.reason == .notStarted)
        #expect(event.what == request.kind)
    }

    @Test func `a status writes no event, started or not`() {
        let desk = Desk()
        desk.connect(1)
        desk.send(.status(counter: 2), from: 1, desk.facts(nil))
        let (contents, effects) = desk.settle()
        #expect(contents.isEmpty)
        #expect(effects == [.report(desk.id(1), counter: 2, acknowledged: 0)])
        #expect(desk.coordinator.isQuery(desk.id(1)) == false)
    }

    @Test func `a startup with another version, sender or without a known process is refused`() {
        let cases: [(ClosedRange<UInt8>, Coordinator.Sender, ProcessNumber?, Refusal)] = [
            (2...3, .genuine, 2, .unsupportedVersion),
            (1...1, .foreign(pid: 8, uid: 9), 2, .foreignSender),
            (1...1, .dead, 2, .deadSender),
            (1...1, .genuine, nil, .tooManyProcesses),
        ]
        for (versions, sender, actor, reason) in cases {
            let desk = Desk()
            desk.connect(1)
            desk.send(
                Desk.startup(versions: versions), from: 1, desk.facts(actor, sender))
            let (contents, effects) = desk.settle()
            let isForeign = reason == .foreignSender
            let event = desk.refused(
                .startup, reason, actor: isForeign ? nil : actor, pid: isForeign ? 8 : nil,
                uid: isForeign ? 9 : actor == nil ? Desk.user : nil)
            #expect(contents == [event])
            #expect(effects == [.answer(desk.id(1), Desk.refusal(1, reason))])
            desk.send(Desk.duplicate(2), from: 1, desk.facts(desk.source))
            let after = desk.settle()
            #expect(after.effects == [.answer(desk.id(1), Desk.refusal(2, .notStarted))])
        }
    }

    @Test(arguments: peerRequests)
    func `a foreign sender is refused by name, whatever it sends`(request: Request) {
        let desk = Desk()
        let id = desk.peer(1, desk.source)
        let facts = desk.facts(desk.source, .foreign(pid: 55, uid: 66))
        desk.send(request, from: 1, facts)
        let (contents, effects) = desk.settle()
        let counter = request.counter == 0 ? nil : request.counter
        #expect(
            contents == [
                desk.refused(
                    request.kind, .foreignSender, actor: nil, pid: 55, uid: 66, counter: counter)
            ])
        #expect(
            effects == (counter.map { [.answer(id, Desk.refusal($0, .foreignSender))] } ?? []))
    }

    @Test func `from a dead sender only confirm and close are taken`() {
        let desk = Desk()
        _ = desk.peer(1, desk.source)
        _ = desk.peer(2, desk.target)
        let handoff = desk.issued()
        desk.send(Desk.redeem(2, handoff: handoff), from: 2, desk.facts(desk.target))
        _ = desk.settle()
        let dead = desk.facts(desk.target, .dead)
        for request in Self.peerRequests {
            switch request {
            case .confirm, .close: continue
            default: break
            }
            desk.send(request, from: 2, dead)
            let (contents, _) = desk.settle()
            let counter = request.counter == 0 ? nil : request.counter
            #expect(
                contents == [
                    desk.refused(
                        request.kind, .deadSender, actor: desk.target, counter: counter,
                        session: 2)
                ])
        }
        desk.send(.confirm(handoff: handoff, attempt: 1, cookie: Desk.cookie), from: 2, dead)
        #expect(
            desk.settle().contents == [.handoffDelivered(handoff: handoff, how: .confirmed)])
        desk.send(.close(cookie: Desk.cookie, how: .cleanup), from: 2, dead)
        #expect(
            desk.settle().contents == [
                .descriptorClosed(process: desk.target, socket: desk.socket, how: .cleanup)
            ])
    }

    @Test func `a peer whose process cannot be followed is refused`() {
        let desk = Desk()
        let id = desk.peer(1, desk.source)
        desk.send(Desk.duplicate(2), from: 1, desk.facts(nil))
        let (contents, effects) = desk.settle()
        #expect(
            contents == [
                desk.refused(
                    .duplicate, .tooManyProcesses, actor: nil, uid: Desk.user, counter: 2)
            ])
        #expect(effects == [.answer(id, Desk.refusal(2, .tooManyProcesses))])
    }

    @Test func `frames without an answer are counted, and the count rides on answers`() {
        let desk = Desk()
        let source = desk.peer(1, desk.source)
        let target = desk.peer(2, desk.target)
        let handoff = desk.issued()
        desk.send(Desk.redeem(2, handoff: handoff), from: 2, desk.facts(desk.target))
        desk.send(
            .confirm(handoff: handoff, attempt: 1, cookie: Desk.cookie), from: 2,
            desk.facts(desk.target))
        // Refused ones have been worked off too.
        desk.send(
            .decline(handoff: handoff, attempt: 1, reason: .truncated), from: 2,
            desk.facts(desk.target))
        desk.send(
            .close(cookie: 1, how: .closesocket), from: 2,
            desk.facts(desk.target, .foreign(pid: 1, uid: 1)))
        desk.coordinator.receiveMalformed(
            .close, counter: 0, reason: .unexpectedDescriptors, from: target,
            desk.facts(desk.target), at: desk.time)
        _ = desk.settle()
        desk.send(.status(counter: 3), from: 2, desk.facts(desk.target))
        desk.send(Desk.revoke(4, handoff: handoff), from: 2, desk.facts(desk.target))
        desk.send(Desk.startup(counter: 5), from: 2, desk.facts(desk.target))
        desk.send(.status(counter: 9), from: 1, desk.facts(desk.source))
        #expect(
            desk.settle().effects == [
                .report(target, counter: 3, acknowledged: 4),
                .answer(target, Desk.refusal(4, .used, handoff: handoff, acknowledged: 4)),
                .answer(target, Desk.refusal(5, .malformedRequest, acknowledged: 4)),
                .report(source, counter: 9, acknowledged: 0),
            ])
    }

    @Test func `what came for an earlier connection in the same place is ignored`() {
        let desk = Desk()
        let old = desk.peer(1, desk.source)
        desk.coordinator.disconnect(old)
        desk.connect(1, generation: 2)
        desk.coordinator.disconnect(old)
        #expect(desk.coordinator.sessionCount == 1)
        for request in Self.peerRequests + [.status(counter: 3), Desk.startup(role: .query)] {
            let reply = desk.send(request, from: 1, desk.facts(desk.source))
            #expect(reply == .none)
        }
        desk.coordinator.receiveMalformed(
            .unknown, counter: 1, reason: .malformedRequest, from: old, desk.facts(desk.source),
            at: desk.time)
        let (contents, effects) = desk.settle()
        #expect(contents.isEmpty)
        #expect(effects.isEmpty)
        let new = desk.id(1, generation: 2)
        desk.coordinator.receive(
            Desk.startup(role: .query), from: new, desk.facts(nil), at: desk.time)
        #expect(desk.coordinator.isQuery(new) == true)
        #expect(desk.coordinator.isQuery(old) == false)
    }

    @Test func `what comes from nowhere is ignored`() {
        let desk = Desk()
        desk.send(Desk.duplicate(1), from: 7, desk.facts(desk.source))
        desk.coordinator.disconnect(desk.id(7))
        #expect(desk.coordinator.admission.connections == 0)
        #expect(desk.settle().effects.isEmpty)
    }
}
