import Registry
import Testing

/// Descriptors, and the release of a socket once nothing is left of it.
struct ClosingTests {
    private func closed(_ process: ProcessNumber, _ socket: SocketNumber) -> Event.Content {
        .descriptorClosed(process: process, socket: socket, how: .closesocket)
    }

    @Test func `a promise of the state that is broken is named`() {
        var registry = Scene(.issued).world.registry
        #expect(registry.brokenInvariant() == nil)
        registry.unheldSockets += 1
        #expect(
            registry.brokenInvariant() == "every socket without a known descriptor is counted")
    }

    @Test func `the last close releases the socket`() {
        var scene = Scene(.delivered)
        let first = scene.world.close(scene.socket, by: scene.source)
        #expect(first.contents == [closed(scene.source, scene.socket)])
        let second = scene.world.close(scene.socket, by: scene.target)
        #expect(
            second.contents == [
                closed(scene.target, scene.socket),
                .socketReleased(socket: scene.socket, how: .counted),
            ])
        #expect(scene.world.registry.sockets.isEmpty)
        #expect(scene.world.registry.socket(cookie: scene.cookie) == nil)
    }

    @Test func `an open handoff keeps the socket, and its end releases it`() {
        var scene = Scene(.issued)
        let close = scene.world.close(scene.socket, by: scene.source)
        #expect(close.contents == [closed(scene.source, scene.socket)])
        let revoked = scene.world.revoke(scene.handoff, by: scene.source)
        #expect(revoked.contents.count == 2)
        #expect(revoked.contents.last == .socketReleased(socket: scene.socket, how: .counted))
        #expect(revoked.reply == .revoked(scene.handoff))
    }

    @Test(arguments: [Scene.Stage.issued, .reserved])
    func `the deadline of the last handoff releases the socket`(stage: Scene.Stage) {
        var scene = Scene(stage, lifetime: 1)
        _ = scene.world.close(scene.socket, by: scene.source)
        let step = scene.world.perform(.expire(handoff: scene.handoff))
        #expect(step.contents.count == 2)
        #expect(step.contents.last == .socketReleased(socket: scene.socket, how: .counted))
    }

    @Test func `a refused redemption that ends the last handoff releases the socket`() {
        for isHeld in [true, false] {
            var scene = Scene(.issued, lifetime: 5)
            _ = scene.world.close(scene.socket, by: scene.source)
            if isHeld { scene.world.now += 5 }
            let step = scene.world.redeem(scene.handoff, by: scene.target, isHeld: isHeld)
            #expect(step.contents.count == 3)
            #expect(step.contents.last == .socketReleased(socket: scene.socket, how: .counted))
        }
    }

    @Test func `references are closed one at a time, the oldest first`() {
        var scene = Scene(.delivered)
        let second = scene.world.issue(
            from: scene.target, to: scene.target, socket: scene.socket)
        _ = scene.world.redeem(second, by: scene.target)
        _ = scene.world.confirm(second, by: scene.target, cookie: scene.cookie)
        #expect(
            scene.world.descriptors(of: scene.target, scene.socket) == [scene.handoff, second])
        _ = scene.world.close(scene.socket, by: scene.target)
        #expect(scene.world.descriptors(of: scene.target, scene.socket) == [second])
        _ = scene.world.close(scene.socket, by: scene.target)
        #expect(scene.world.descriptors(of: scene.target, scene.socket).isEmpty)
        #expect(scene.world.registry.sockets[scene.socket]?.descriptors == 1)
    }

    @Test func `apply says which handoff a closed descriptor came from, and what it opened`() {
        let scene = Scene(.delivered)
        var registry = Registry()
        let applied = scene.world.events.map { registry.apply($0) }.filter { $0 != .nothing }
        #expect(
            applied == [.opened, .delivered(process: scene.target, socket: scene.socket)])
        for (process, from) in [(scene.source, 0), (scene.target, scene.handoff)] {
            let event = Event(
                sequence: registry.nextSequence,
                time: Instant(wallMicroseconds: 0, bootMicroseconds: 0), cause: nil,
                content: closed(process, scene.socket))
            #expect(registry.apply(event) == .closed(from))
        }
    }

    @Test func `closing what one does not have changes nothing`() {
        var scene = Scene(.delivered)
        let step = scene.world.close(scene.socket, by: scene.stranger)
        #expect(step.contents.isEmpty)
        #expect(step.reply == .none)
    }

    @Test func `closing a socket that is not known is refused`() {
        var scene = Scene(.delivered)
        let step = scene.world.perform(
            .close(Command.Close(actor: scene.target, cookie: 1, how: .cleanup)))
        #expect(
            step.contents == [
                .requestRefused(
                    Event.RefusedRequest(
                        actor: scene.target, what: .close, reason: .unknownSocket))
            ])
        #expect(step.reply == .refused(.unknownSocket, nil))
    }

    @Test func `a handoff to oneself gives a second descriptor`() {
        var world = World()
        let process = world.process()
        let socket = world.socket()
        let cookie = world.cookie(of: socket)
        let handoff = world.issue(from: process, to: process, socket: socket)
        let redeemed = world.redeem(handoff, by: process)
        #expect(redeemed.reply == .granted(handoff, attempt: 1, notes: []))
        let confirmed = world.confirm(handoff, by: process, cookie: cookie)
        #expect(confirmed.contents == [.handoffDelivered(handoff: handoff, how: .confirmed)])
        #expect(world.descriptors(of: process, socket) == [0, handoff])
        let exit = world.exit(process)
        let drain = world.perform(.drain)
        let closed = Event.Content.descriptorClosed(process: process, socket: socket, how: .exit)
        #expect(
            drain.contents == [closed, closed, .socketReleased(socket: socket, how: .counted)])
        #expect(drain.cause == exit.first)
        #expect(world.registry.processes.isEmpty)
    }

    @Test func `an open handoff to oneself is void when the process exits`() {
        var world = World()
        let process = world.process()
        let socket = world.socket()
        let handoff = world.issue(from: process, to: process, socket: socket)
        _ = world.exit(process)
        let first = world.perform(.drain)
        #expect(first.contents == [.handoffVoided(handoff: handoff, reason: .targetExited)])
        let second = world.perform(.drain)
        #expect(
            second.contents == [
                .descriptorClosed(process: process, socket: socket, how: .exit),
                .socketReleased(socket: socket, how: .counted),
            ])
    }

    @Test func `a socket that is released and seen again has a new number`() {
        var scene = Scene(.issued)
        let identity = scene.world.registry.sockets[scene.socket]?.identity
        _ = scene.world.close(scene.socket, by: scene.source)
        _ = scene.world.revoke(scene.handoff, by: scene.source)
        guard let identity else {
            Issue.record("the socket was known")
            return
        }
        let seen = scene.world.perform(.observeSocket(identity))
        #expect(seen.contents == [.socketSeen(identity)])
        #expect(scene.world.registry.socket(cookie: scene.cookie)?.number == seen.first)
    }
}
