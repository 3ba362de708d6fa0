import Coordinator
import Registry
import Testing
import Wire

/// Bounds on requests and on refusals, of which only the one who exceeds them suffers.
struct AdmissionTests {
    private func limits(_ change: (inout Admission.Limits) -> Void) -> Admission.Limits {
        var limits = Admission.Limits()
        change(&limits)
        return limits
    }

    /// A revoke of what does not exist.
    private func refuse(_ desk: Desk, from index: Int, counter: UInt64 = 5) {
        desk.send(Desk.revoke(counter, handoff: 9999), from: index, desk.facts(desk.source))
    }

    @Test func `beyond the budget there is no event, no answer, and the peer is dropped`() {
        let desk = Desk(limits: limits { $0.refusalsPerSecond = 3 })
        let id = desk.peer(1, desk.source)
        for _ in 0..<3 { refuse(desk, from: 1) }
        let within = desk.settle()
        #expect(within.contents.count == 3)
        #expect(within.effects.count == 3)
        #expect(desk.coordinator.nextTick == nil)
        let began = desk.now
        for _ in 0..<4 {
            desk.now += 1000
            refuse(desk, from: 1)
        }
        let beyond = desk.settle()
        #expect(beyond.contents.isEmpty)
        #expect(beyond.effects == [Effect](repeating: .disconnect(id), count: 4))
        #expect(desk.coordinator.nextTick == began + 1_000_000)
        desk.coordinator.tick(at: desk.time)
        #expect(desk.settle().contents.isEmpty)
        desk.now = began + 1_000_000
        desk.coordinator.tick(at: desk.time)
        #expect(
            desk.settle().contents == [
                .requestsSuppressed(
                    Event.Suppressed(
                        uid: Desk.user, count: 4, first: began + 1000, last: began + 4000,
                        reason: .unknownHandoff))
            ])
        #expect(desk.coordinator.nextTick == nil)
        refuse(desk, from: 1)
        #expect(desk.settle().contents.count == 1)
    }

    @Test func `without room refusals are answered and counted, and told when there is some`() {
        let desk = Desk()
        let id = desk.peer(1, desk.source)
        desk.coordinator.isStoreFull = true
        let began = desk.now
        for _ in 0..<5 {
            refuse(desk, from: 1)
            let step = desk.settle()
            #expect(step.contents.isEmpty)
            #expect(step.effects == [.answer(id, Desk.refusal(5, .storeFull))])
            desk.now += 1_000_000
            desk.coordinator.tick(at: desk.time)
        }
        #expect(desk.settle().contents.isEmpty)
        #expect(desk.coordinator.nextTick == nil)
        desk.coordinator.isStoreFull = false
        desk.coordinator.tick(at: desk.time)
        #expect(
            desk.settle().contents == [
                .requestsSuppressed(
                    Event.Suppressed(
                        uid: Desk.user, count: 5, first: began, last: began + 4_000_000,
                        reason: .unknownHandoff))
            ])
    }

    @Test func `a second later the budget is whole again`() {
        let desk = Desk(limits: limits { $0.refusalsPerSecond = 3 })
        _ = desk.peer(1, desk.source)
        for _ in 0..<4 {
            for _ in 0..<3 { refuse(desk, from: 1) }
            #expect(desk.settle().contents.count == 3)
            desk.now += 1_000_000
        }
        #expect(desk.coordinator.nextTick == nil)
    }

    @Test func `one event a second and user, whatever the number of connections`() {
        let desk = Desk(limits: limits { $0.refusalsPerSecond = 1 })
        for (index, user) in [(1, 30), (2, 30), (3, 20), (4, 40)] as [(Int, UInt32)] {
            _ = desk.peer(index, desk.source, user: user)
        }
        for second in 0..<3 as Range<Int64> {
            let began = desk.now
            for _ in 0..<10 {
                for index in 1...3 { refuse(desk, from: index) }
            }
            let (contents, _) = desk.settle()
            #expect(contents.count == 2)
            desk.now = began + 1_000_000
            desk.coordinator.tick(at: desk.time)
            let suppressed = [(20, 9), (30, 19)].map { user, count in
                Event.Content.requestsSuppressed(
                    Event.Suppressed(
                        uid: user, count: count, first: began, last: began,
                        reason: .unknownHandoff))
            }
            #expect(desk.settle().contents == suppressed, "second \(second)")
        }
        refuse(desk, from: 4)
        #expect(desk.settle().contents.count == 1)
    }

    @Test func `a stop writes what was suppressed in a second that is not over`() {
        let desk = Desk(limits: limits { $0.refusalsPerSecond = 1 })
        _ = desk.peer(1, desk.source, user: 30)
        for _ in 0..<10 { refuse(desk, from: 1) }
        _ = desk.settle()
        desk.coordinator.stop(pid: 7, at: desk.time)
        let suppressed = Event.Suppressed(
            uid: 30, count: 9, first: desk.now, last: desk.now, reason: .unknownHandoff)
        let epoch = desk.coordinator.registry.epoch
        #expect(
            desk.settle().contents == [
                .requestsSuppressed(suppressed), .coordinatorStopped(pid: 7, epoch: epoch),
            ])
    }

    @Test func `other users and accepted requests are not affected`() {
        let desk = Desk(limits: limits { $0.refusalsPerSecond = 1 })
        _ = desk.peer(1, desk.source)
        let other = desk.peer(2, desk.target, user: 5)
        for _ in 0..<5 { refuse(desk, from: 1) }
        _ = desk.settle()
        refuse(desk, from: 2)
        let refused = desk.settle()
        #expect(refused.contents.count == 1)
        #expect(
            refused.effects == [.answer(other, Desk.refusal(5, .unknownHandoff, handoff: 9999))])
        let reply = desk.send(Desk.duplicate(2), from: 1, desk.facts(desk.source))
        #expect(reply == .issued(desk.coordinator.registry.nextSequence - 1, isRepeated: false))
        #expect(desk.settle().contents.count == 1)
    }

    @Test func `refusals of every kind count, those without an answer too`() {
        let desk = Desk(limits: limits { $0.refusalsPerSecond = 4 })
        let id = desk.peer(1, desk.source)
        var facts = desk.facts(desk.source)
        facts.target = .missing
        desk.send(Desk.duplicate(2), from: 1, facts)
        desk.send(Desk.redeem(3, handoff: 9999), from: 1, facts)
        desk.send(.close(cookie: 1, how: .cleanup), from: 1, facts)
        desk.coordinator.receiveMalformed(
            .unknown, counter: 0, reason: .malformedRequest, from: id, facts, at: desk.time)
        _ = desk.settle()
        // What was refused before is answered again at no charge.
        desk.send(Desk.redeem(3, handoff: 9999), from: 1, facts)
        let repeated = desk.settle()
        #expect(repeated.contents.isEmpty)
        let again = Desk.refusal(3, .ended, handoff: 9999, acknowledged: 1)
        #expect(repeated.effects == [.answer(id, again)])
        desk.coordinator.receiveMalformed(
            .unknown, counter: 7, reason: .malformedRequest, from: id, facts, at: desk.time)
        let beyond = desk.settle()
        #expect(beyond.contents.isEmpty)
        #expect(beyond.effects == [.disconnect(id)])
    }

    @Test func `a user who asks too much in a second is refused, and nobody else`() {
        let desk = Desk(limits: limits { $0.requestsPerSecond = 2 })
        let (first, second) = (desk.peer(1, desk.source), desk.peer(2, desk.source))
        let other = desk.peer(3, desk.target, user: 5)
        let ask = Desk.redeem(2, handoff: 9)
        #expect(desk.admits(ask, from: first))
        #expect(desk.admits(ask, from: second))
        #expect(!desk.admits(ask, from: first))
        #expect(!desk.admits(.status(counter: 3), from: second))
        #expect(desk.admits(ask, from: other))
        // What gives something back is not counted.
        for give: Request in [
            .close(cookie: 1, how: .cleanup), .confirm(handoff: 1, attempt: 1, cookie: 1),
            .decline(handoff: 1, attempt: 1, reason: .truncated),
            .revoke(counter: 4, watermark: 0, handoff: 9, text: ""),
        ] {
            #expect(desk.admits(give, from: first))
        }
        // Nor does a new connection begin anew.
        desk.coordinator.disconnect(first)
        desk.coordinator.disconnect(second)
        let again = desk.peer(1, desk.source)
        #expect(!desk.admits(ask, from: again))
        desk.now += 1_000_000
        #expect(desk.admits(ask, from: again))
    }

    @Test func `startups count as requests`() {
        let desk = Desk(limits: limits { $0.requestsPerSecond = 2 })
        for index in 0..<4 {
            desk.connect(index)
            #expect(desk.admits(Desk.startup(), from: desk.id(index)) == (index < 2))
        }
    }

    @Test func `frames that change nothing count, and those that give something back do not`() {
        let desk = Desk(limits: limits { $0.requestsPerSecond = 2 })
        let (first, second) = (desk.peer(1, desk.source), desk.peer(2, desk.source))
        // The socket is known, and the target has none of it.
        _ = desk.issued()
        let idle = Request.close(cookie: Desk.cookie, how: .cleanup)
        for _ in 0..<2 { desk.send(idle, from: 1, desk.facts(desk.target)) }
        let within = desk.settle()
        #expect(within.contents.isEmpty && within.effects.isEmpty)
        desk.send(idle, from: 1, desk.facts(desk.target))
        #expect(desk.settle().contents == [desk.refused(.close, .tooFast, actor: desk.target)])
        desk.send(idle, from: 2, desk.facts(desk.source))
        #expect(
            desk.settle().contents.first
                == .descriptorClosed(process: desk.source, socket: desk.socket, how: .cleanup))
        #expect(first != second)
    }

    @Test func `all users together have a limit of their own`() {
        let desk = Desk(limits: limits { $0.requestsPerSecondOfAll = 3 })
        let ids = [desk.peer(1, desk.source, user: 1), desk.peer(2, desk.target, user: 2)]
        let ask = Desk.redeem(2, handoff: 9)
        for turn in 0..<5 {
            #expect(desk.admits(ask, from: ids[turn % 2]) == (turn < 3))
        }
    }

    @Test func `a little of it is each user's for certain`() {
        let desk = Desk(limits: limits { $0.requestsPerSecondOfAll = 2000 })
        let ids = [desk.peer(1, desk.source, user: 1), desk.peer(2, desk.target, user: 2)]
        let ask = Desk.redeem(2, handoff: 9)
        for _ in 0..<2000 { _ = desk.admits(ask, from: ids[0]) }
        #expect(!desk.admits(ask, from: ids[0]))
        #expect(desk.admits(ask, from: ids[1]))
        #expect(desk.admits(ask, from: ids[1]))
        #expect(!desk.admits(ask, from: ids[1]))
    }

    @Test func `however little it is, one request is`() {
        let desk = Desk(limits: limits { $0.requestsPerSecondOfAll = 2 })
        let ids = [desk.peer(1, desk.source, user: 1), desk.peer(2, desk.target, user: 2)]
        let ask = Desk.redeem(2, handoff: 9)
        for _ in 0..<2 { #expect(desk.admits(ask, from: ids[0])) }
        #expect(desk.admits(ask, from: ids[1]))
        #expect(!desk.admits(ask, from: ids[1]))
    }

    @Test func `to revoke again gives nothing back`() {
        let desk = Desk(limits: limits { $0.requestsPerSecond = 2 })
        _ = desk.peer(1, desk.source)
        let revoke = Desk.revoke(3, handoff: desk.issued())
        _ = desk.settle()
        for turn in 0..<4 {
            desk.send(revoke, from: 1, desk.facts(desk.source))
            let contents = desk.settle().contents
            switch turn {
            case 0: #expect(!contents.isEmpty)
            case 1, 2: #expect(contents.isEmpty)
            default:
                #expect(
                    contents == [desk.refused(.revoke, .tooFast, actor: desk.source, counter: 3)])
            }
        }
    }

    @Test func `the refusals of all are bounded, and each user's first is written`() {
        let desk = Desk(limits: limits { $0.refusalsPerSecondOfAll = 3 })
        var written: [UInt32: Int] = [:]
        for user in 1...4 as ClosedRange<UInt32> {
            for _ in 0..<2
            where desk.coordinator.admission.mayRecordRefusal(
                uid: user, reason: .unknownHandoff, at: desk.now)
            {
                written[user, default: 0] += 1
            }
        }
        #expect(written == [1: 2, 2: 1, 3: 1, 4: 1])
        desk.now += 1_000_000
        desk.coordinator.tick(at: desk.time)
        let suppressed = desk.settle().contents
        #expect(suppressed.count == 3)
    }

    @Test func `while the store is full nobody is observed`() {
        let desk = Desk()
        let id = desk.peer(1, desk.source)
        for isFull in [false, true, false] {
            desk.coordinator.isStoreFull = isFull
            let mayObserve = desk.coordinator.mayObserve(for: id, at: desk.time)
            #expect(mayObserve == !isFull)
        }
    }

    @Test func `users who have gone leave no more places than there are connections`() {
        let desk = Desk(limits: limits { $0.connections = 2 })
        for user in 1...100 as ClosedRange<UInt32> {
            let id = desk.id(1, generation: user)
            let isConnected = desk.coordinator.connect(id, uid: user)
            #expect(isConnected)
            let places = desk.coordinator.admission.placeCount
            #expect(places <= 3)
            desk.coordinator.disconnect(id)
        }
    }
}

extension Desk {
    fileprivate func admits(_ request: Request, from id: SessionID) -> Bool {
        coordinator.admits(request, from: id, at: time)
    }
}
