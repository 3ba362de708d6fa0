import Coordinator
import Registry
import Testing
import Winsock
import Wire

/// Who is told that a registration of network events has been cancelled, and when.
struct NotificationTests {
    private func select(_ counter: UInt64, _ mask: UInt32 = 1) -> Request {
        .select(counter: counter, watermark: 0, mask: mask)
    }

    private func selected(
        _ id: SessionID, _ counter: UInt64, _ registration: RegistrationNumber
    ) -> Effect {
        .answer(
            id, Answer(counter: counter, acknowledged: 0, content: .selected(registration)))
    }

    private func push(_ id: SessionID) -> Effect {
        .push(
            id,
            Answer(
                counter: 0, acknowledged: 0, content: .notificationCancelled(cookie: Desk.cookie)))
    }

    /// The registration of the desk's socket that this session has just made.
    private func register(_ desk: Desk, _ index: Int, _ actor: ProcessNumber) -> UInt64 {
        desk.send(select(2), from: index, desk.facts(actor))
        let (contents, effects) = desk.settle()
        #expect(
            contents.last
                == .notificationSelected(actor: actor, socket: desk.socket, mask: 1))
        let number = desk.coordinator.registry.registrations[desk.socket]?.number ?? 0
        #expect(effects.last == selected(desk.id(index), 2, number))
        return number
    }

    @Test func `the loser is told once the registrations are durable, before the winner`() {
        let desk = Desk()
        let source = desk.listener(1, desk.source)
        let target = desk.listener(2, desk.target)
        let bystander = desk.listener(3, desk.source)
        _ = register(desk, 1, desk.source)
        let first = desk.coordinator.registry.nextSequence
        desk.send(select(3, 2), from: 2, desk.facts(desk.target))
        #expect(desk.coordinator.isAwaited == true)
        let (contents, effects) = desk.settle()
        #expect(
            contents == [
                .notificationCancelled(
                    actor: desk.source, socket: desk.socket, mask: 1, by: desk.target),
                .notificationSelected(actor: desk.target, socket: desk.socket, mask: 2),
            ])
        #expect(effects == [push(source), selected(target, 3, first + 1)])
        // It lost once; the next to lose is the one that won.
        desk.send(select(4), from: 3, desk.facts(desk.source))
        #expect(desk.settle().effects == [push(target), selected(bystander, 4, first + 3)])
    }

    @Test func `who replaces or cancels its own knows by the answer`() {
        let desk = Desk()
        let id = desk.listener(1, desk.source)
        let number = register(desk, 1, desk.source)
        desk.send(select(3, 2), from: 1, desk.facts(desk.source))
        desk.send(select(4, 0), from: 1, desk.facts(desk.source))
        desk.send(select(5, 0), from: 1, desk.facts(desk.source))
        let (contents, effects) = desk.settle()
        #expect(contents.count == 3)
        #expect(
            effects == [
                selected(id, 3, number + 2), .answer(id, Desk.done(4)), .answer(id, Desk.done(5)),
            ])
        #expect(desk.coordinator.registry.registrations.isEmpty)
    }

    @Test func `no events, asked by another, is told to the loser too`() {
        let desk = Desk()
        let source = desk.listener(1, desk.source)
        let target = desk.listener(2, desk.target)
        _ = register(desk, 1, desk.source)
        desk.send(select(3, 0), from: 2, desk.facts(desk.target))
        #expect(desk.settle().effects == [push(source), .answer(target, Desk.done(3))])
    }

    @Test func `another session of the same process is another`() {
        let desk = Desk()
        let first = desk.listener(1, desk.source)
        let second = desk.listener(2, desk.source)
        let number = register(desk, 1, desk.source)
        desk.send(select(3), from: 2, desk.facts(desk.source))
        #expect(desk.settle().effects == [push(first), selected(second, 3, number + 2)])
    }

    @Test func `a close and an exit are told, and nobody waits for it`() {
        for isExit in [false, true] {
            let desk = Desk()
            let listener = desk.listener(1, desk.source)
            _ = desk.peer(2, desk.source)
            _ = register(desk, 1, desk.source)
            if isExit {
                desk.perform(.exit(process: desk.source, status: 0))
                desk.coordinator.drain(at: desk.time)
            } else {
                desk.send(
                    .close(cookie: Desk.cookie, how: .closesocket), from: 2,
                    desk.facts(desk.source))
            }
            #expect(desk.coordinator.isAwaited == false)
            let (contents, effects) = desk.settle()
            #expect(contents.last == .socketReleased(socket: desk.socket, how: .counted))
            #expect(effects == [push(listener)])
        }
    }

    // MARK: - Sessions that end

    @Test func `a session that closes leaves the registration, and is told nothing`() {
        let desk = Desk()
        let source = desk.listener(1, desk.source)
        let target = desk.listener(2, desk.target)
        let number = register(desk, 1, desk.source)
        desk.coordinator.disconnect(source)
        #expect(desk.settle().contents.isEmpty)
        #expect(desk.coordinator.registry.registrations[desk.socket]?.number == number)
        // Nor is a later connection in its place.
        desk.connect(1, generation: 2)
        desk.send(select(3), from: 2, desk.facts(desk.target))
        #expect(desk.settle().effects == [selected(target, 3, number + 2)])
    }

    @Test func `who connects again asks whether it stands, and is told of its end from then on`() {
        let desk = Desk()
        let before = desk.listener(1, desk.source)
        let target = desk.listener(2, desk.target)
        let number = register(desk, 1, desk.source)
        desk.coordinator.disconnect(before)
        let after = desk.listener(3, desk.source)
        let resume = Request.resume(counter: 9, cookie: Desk.cookie, registration: number)
        desk.send(resume, from: 3, desk.facts(desk.source))
        let resumed = desk.settle()
        #expect(resumed.contents.isEmpty)
        #expect(resumed.effects == [.answer(after, Desk.done(9))])
        desk.send(select(3), from: 2, desk.facts(desk.target))
        #expect(desk.settle().effects == [push(after), selected(target, 3, number + 2)])
        desk.send(resume, from: 3, desk.facts(desk.source))
        let lost = desk.settle()
        #expect(lost.contents.isEmpty)
        #expect(
            lost.effects == [
                .answer(
                    after,
                    Answer(
                        counter: 9, acknowledged: 0,
                        content: .notificationCancelled(cookie: Desk.cookie)))
            ])
    }

    @Test func `a batch that did not happen cancels nothing, and the next one is told right`() {
        let desk = Desk()
        let source = desk.listener(1, desk.source)
        let target = desk.listener(2, desk.target)
        let number = register(desk, 1, desk.source)
        let restored = desk.coordinator.registry
        desk.send(select(3), from: 2, desk.facts(desk.target))
        desk.send(select(4), from: 2, desk.facts(desk.target))
        desk.send(select(3, 0), from: 1, desk.facts(desk.source))
        let effects = desk.coordinator.discardBatch(restored: restored)
        #expect(
            effects == [
                .answer(target, Desk.refusal(3, .storeFull)),
                .answer(target, Desk.refusal(4, .storeFull)),
                .answer(source, Desk.refusal(3, .storeFull)),
            ])
        #expect(desk.coordinator.registry.registrations[desk.socket]?.number == number)
        desk.send(select(5), from: 2, desk.facts(desk.target))
        #expect(desk.settle().effects == [push(source), selected(target, 5, number + 2)])
    }

    // MARK: - Who may

    @Test(arguments: [
        Request.select(counter: 5, watermark: 0, mask: 1),
        .resume(counter: 5, cookie: Desk.cookie, registration: 1),
    ])
    func `only a connection for notifications registers`(request: Request) {
        for role in [nil, .peer, .query] as [Request.Startup.Role?] {
            let desk = Desk()
            desk.connect(1)
            if let role { desk.send(Desk.startup(role: role), from: 1, desk.facts(desk.source)) }
            _ = desk.settle()
            #expect(desk.coordinator.accepts(request, from: desk.id(1)) == false)
            desk.send(request, from: 1, desk.facts(desk.source))
            let (contents, effects) = desk.settle()
            guard case .requestRefused(let refused)? = contents.first else {
                Issue.record("it is refused: \(contents)")
                return
            }
            #expect(refused.reason == .notStarted)
            #expect(refused.what == request.kind)
            #expect(effects == [.answer(desk.id(1), Desk.refusal(5, .notStarted))])
        }
    }

    @Test(arguments: SessionTests.peerRequests)
    func `a connection for notifications does nothing else`(request: Request) {
        let desk = Desk()
        let id = desk.listener(1, desk.source)
        #expect(desk.coordinator.accepts(request, from: id) == false)
        desk.send(request, from: 1, desk.facts(desk.source))
        let (contents, _) = desk.settle()
        let counter = request.counter == 0 ? nil : request.counter
        #expect(
            contents == [
                desk.refused(request.kind, .notStarted, actor: desk.source, counter: counter)
            ])
    }

    @Test func `a refused registration is answered and written down`() {
        let desk = Desk()
        let id = desk.listener(1, desk.source)
        var facts = desk.facts(desk.source)
        facts.socket = .notASocket
        desk.send(select(2), from: 1, facts)
        let (contents, effects) = desk.settle()
        guard case .requestRefused(let refused)? = contents.first else {
            Issue.record("it is refused: \(contents)")
            return
        }
        #expect(refused.what == .select)
        #expect(effects == [.answer(id, Desk.refusal(2, .notASocket))])
    }

    @Test func `its process has to be known`() {
        let desk = Desk()
        desk.connect(1)
        desk.send(Desk.startup(role: .notifications), from: 1, desk.facts(nil))
        #expect(
            desk.settle().effects == [.answer(desk.id(1), Desk.refusal(1, .tooManyProcesses))])
    }
}

extension Desk {
    /// A started session for notifications.
    func listener(_ index: Int, _ actor: ProcessNumber) -> SessionID {
        connect(index)
        send(
            Self.startup(nonce: Self.nonce + UInt64(index), role: .notifications), from: index,
            facts(actor))
        _ = settle()
        return id(index)
    }
}
