import Registry
import Testing
import Winsock

/// Request ids: a client that lost an answer asks again and gets the same one.
struct RequestTests {
    private func id(_ counter: UInt64, watermark: UInt64 = 0, nonce: UInt64 = 5) -> RequestID {
        RequestID(nonce: nonce, counter: counter, watermark: watermark)
    }

    private func refused(
        _ what: RequestKind, by actor: ProcessNumber, _ reason: Refusal, _ request: RequestID
    ) -> [Event.Content] {
        [
            .requestRefused(
                Event.RefusedRequest(actor: actor, what: what, reason: reason, request: request))
        ]
    }

    @Test func `the same duplicate again is the same handoff, without an event`() {
        var scene = Scene(.issued)
        let request = scene.latestRequest(of: scene.source)
        let step = scene.world.duplicate(
            from: scene.source, to: .process(scene.target), socket: .socket(scene.socket),
            request: request)
        #expect(step.contents.isEmpty)
        #expect(step.reply == .issued(scene.handoff, isRepeated: true))
    }

    @Test(arguments: [TargetFact.exited, .missing, .invalid, .foreign])
    func `it still is after the target's end`(target: TargetFact) {
        var scene = Scene(.issued)
        let request = scene.latestRequest(of: scene.source)
        _ = scene.world.exit(scene.target)
        for _ in 0..<2 {
            let step = scene.world.duplicate(
                from: scene.source, to: target, socket: .socket(scene.socket), pid: 5,
                request: request)
            #expect(step.contents.isEmpty)
            #expect(step.reply == .issued(scene.handoff, isRepeated: true))
            scene.world.perform(.drain)
        }
    }

    @Test func `a duplicate that differs in anything is refused`() {
        var scene = Scene(.issued, lifetime: 9)
        let request = scene.latestRequest(of: scene.source)
        let other = scene.world.socket()
        let socket = SocketFact.socket(scene.socket)
        let target = TargetFact.process(scene.target)
        func check(_ step: World.Step, forgets: Bool = false) {
            var expected = refused(.duplicate, by: scene.source, .requestDiffers, request)
            if forgets { expected.append(.socketReleased(socket: other, how: .counted)) }
            #expect(step.contents == expected)
            #expect(step.reply == .refused(.requestDiffers, nil))
        }
        check(
            scene.world.duplicate(
                from: scene.source, to: target, socket: .socket(other), lifetime: 9,
                request: request), forgets: true)
        check(
            scene.world.duplicate(
                from: scene.source, to: .process(scene.stranger), socket: socket, lifetime: 9,
                request: request))
        check(
            scene.world.duplicate(
                from: scene.source, to: target, socket: socket, form: .ansi, lifetime: 9,
                request: request))
        check(
            scene.world.duplicate(
                from: scene.source, to: target, socket: socket, flags: 0, lifetime: 9,
                request: request))
        check(
            scene.world.duplicate(
                from: scene.source, to: target, socket: socket, lifetime: 8, request: request))
        check(
            scene.world.duplicate(
                from: scene.source, to: target, socket: socket, request: request))
        let same = scene.world.duplicate(
            from: scene.source, to: target, socket: socket, lifetime: 9, request: request)
        #expect(same.reply == .issued(scene.handoff, isRepeated: true))
    }

    @Test func `a refused duplicate again is refused alike, another one is not`() {
        var world = World()
        let source = world.process()
        let socket = world.socket()
        let kept = world.issue(from: source, to: source, socket: socket)
        #expect(world.registry.handoffs[kept] != nil)
        let cases: [(Int64, Refusal)] = [(5, .noSuchProcess), (6, .requestDiffers)]
        for (pid, expected) in cases {
            for round in 0..<2 {
                let step = world.duplicate(
                    from: source, to: .missing, socket: .socket(socket), pid: pid, request: id(1))
                #expect(step.reply == .refused(expected, nil))
                #expect(step.contents.isEmpty == (pid == 5 && round == 1))
            }
        }
    }

    @Test func `a refused duplicate of a socket that is seen anew is refused alike`() {
        var world = World()
        let source = world.process()
        let identity = world.socketIdentity()
        for round in 0..<3 {
            let socket = world.perform(.observeSocket(identity)).first
            let step = world.duplicate(
                from: source, to: .missing, socket: .socket(socket), request: id(1))
            #expect(step.reply == .refused(.noSuchProcess, nil))
            let released = Event.Content.socketReleased(socket: socket, how: .counted)
            #expect(step.contents.last == released)
            #expect(step.contents.count == (round == 0 ? 2 : 1))
            #expect(world.registry.sockets.isEmpty)
        }
    }

    @Test func `the same redemption again is granted again, without an event`() {
        var scene = Scene(.reserved)
        let request = scene.latestRequest(of: scene.target)
        for _ in 0..<3 {
            let step = scene.world.redeem(scene.handoff, by: scene.target, request: request)
            #expect(step.contents.isEmpty)
            #expect(step.reply == .granted(scene.handoff, attempt: 1, notes: []))
        }
    }

    @Test func `the same redemption after a decline is reserved anew`() {
        var scene = Scene(.reserved)
        let request = scene.latestRequest(of: scene.target)
        scene.world.perform(
            .deliveryFailed(handoff: scene.handoff, actor: scene.target, reason: .truncated))
        let step = scene.world.redeem(scene.handoff, by: scene.target, request: request)
        #expect(step.contents == [scene.reserved(attempt: 2)])
        #expect(step.reply == .granted(scene.handoff, attempt: 2, notes: []))
    }

    @Test func `a refused redemption again is refused alike, without an event`() {
        var scene = Scene(.issued)
        for round in 0..<2 {
            let step = scene.world.redeem(scene.handoff, by: scene.stranger, request: id(1))
            #expect(step.contents.count == 1 - round)
            #expect(step.reply == .refused(.wrongProcess, scene.handoff))
        }
    }

    @Test func `an id cannot be used for another kind of request`() {
        var scene = Scene(.reserved)
        let issued = scene.latestRequest(of: scene.source)
        let reserved = scene.latestRequest(of: scene.target)
        let redeemed = scene.world.redeem(scene.handoff, by: scene.source, request: issued)
        #expect(
            redeemed.contents == refused(.redeem, by: scene.source, .requestDiffers, issued))
        let duplicated = scene.world.duplicate(
            from: scene.target, to: .process(scene.source), socket: .socket(scene.socket),
            request: reserved)
        #expect(
            duplicated.contents == refused(.duplicate, by: scene.target, .requestDiffers, reserved))
        let revoked = scene.world.revoke(scene.handoff, by: scene.source, request: issued)
        #expect(revoked.reply == .refused(.requestDiffers, scene.handoff))
        let marked = scene.world.perform(
            .mark(
                Command.Mark(
                    actor: scene.source, socket: .socket(scene.socket), quality: "q",
                    request: issued)))
        #expect(marked.contents == refused(.mark, by: scene.source, .requestDiffers, issued))
        #expect(scene.world.registry.sockets[scene.socket]?.quality == nil)
    }

    @Test func `the same revocation again is answered alike, without an event`() {
        var scene = Scene(.issued)
        for round in 0..<2 {
            let step = scene.world.revoke(scene.handoff, by: scene.root, request: id(1))
            #expect(step.contents.count == 1 - round)
            #expect(step.reply == .revoked(scene.handoff))
        }
    }

    @Test func `another process cannot use a client's ids`() {
        var scene = Scene(.issued)
        var request = scene.latestRequest(of: scene.source)
        for _ in 0..<2 {
            let step = scene.world.redeem(scene.handoff, by: scene.target, request: request)
            #expect(
                step.contents == refused(.redeem, by: scene.target, .foreignSender, request))
            #expect(step.reply == .refused(.foreignSender, nil))
            request.counter += 1
        }
        #expect(scene.world.registry.handoffs[scene.handoff]?.isReserved == false)
    }

    @Test func `what is not above the watermark is stale`() {
        var world = World()
        let source = world.process()
        let socket = world.socket()
        func ask(_ request: RequestID) -> World.Step {
            world.duplicate(
                from: source, to: .process(source), socket: .socket(socket), request: request)
        }
        for counter in 1...3 as ClosedRange<UInt64> { _ = ask(id(counter)) }
        #expect(world.registry.clients[5]?.answers.map(\.counter) == [1, 2, 3])
        _ = ask(id(4, watermark: 2))
        #expect(world.registry.clients[5]?.answers.map(\.counter) == [3, 4])
        for counter in [1, 2] as [UInt64] {
            let step = ask(id(counter))
            #expect(step.contents == refused(.duplicate, by: source, .requestStale, id(counter)))
            #expect(step.reply == .refused(.requestStale, nil))
        }
        let kept = ask(id(3))
        #expect(kept.contents.isEmpty)
        // A watermark never goes back, and never covers the request that says it.
        _ = ask(id(9, watermark: 100))
        #expect(world.registry.clients[5]?.watermark == 8)
        #expect(world.registry.clients[5]?.answers.map(\.counter) == [9])
        _ = ask(id(10, watermark: 1))
        #expect(world.registry.clients[5]?.watermark == 8)
    }

    @Test func `answers are kept up to the limit, whatever the order of their requests`() {
        var world = World(checks: .invariants)
        let source = world.process()
        let socket = world.socket()
        let limit = UInt64(Limits.answersPerClient)
        func ask(_ counter: UInt64) -> Reply {
            world.duplicate(
                from: source, to: .process(source), socket: .socket(socket),
                request: id(counter)
            ).reply
        }
        for counter in (2...limit + 1).reversed() { _ = ask(counter) }
        #expect(world.registry.clients[5]?.answers.map(\.counter) == Array(2...limit + 1))
        #expect(world.registry.clients[5]?.watermark == 0)
        _ = ask(limit + 2)
        #expect(world.registry.clients[5]?.answers.count == Limits.answersPerClient)
        #expect(world.registry.clients[5]?.watermark == 2)
        #expect(ask(1) == .refused(.requestStale, nil))
        #expect(ask(2) == .refused(.requestStale, nil))
        guard case .issued(_, isRepeated: true) = ask(3) else {
            Issue.record("the third answer is kept")
            return
        }
        world.checkReplay()
    }

    @Test func `the answers go with the process`() {
        var scene = Scene(.issued)
        #expect(scene.world.registry.clients.count == 1)
        _ = scene.world.exit(scene.source)
        scene.world.perform(.drain)
        #expect(scene.world.registry.clients.isEmpty)
    }
}
