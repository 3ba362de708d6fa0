import Registry
import Testing

/// What cannot be registered for, and how much.
struct RegistrationRefusalTests {
    @Test(arguments: [
        (SocketFact.notASocket, Refusal.notASocket), (.lost, .descriptorLimit),
        (.coordinatorsOwn, .coordinatorsOwn), (.untracked, .tooManySockets),
        (.socket(999), .unknownSocket),
    ])
    func `what cannot be marked cannot be registered for`(socket: SocketFact, refusal: Refusal) {
        for mask in [0, 1] as [UInt32] {
            var world = World()
            let process = world.process()
            let request = world.request(of: process)
            let step = world.perform(
                .select(
                    Command.Select(actor: process, socket: socket, mask: mask, request: request)))
            #expect(
                step.contents == [
                    .requestRefused(
                        Event.RefusedRequest(
                            actor: process, what: .select, reason: refusal, request: request))
                ])
            #expect(step.reply == .refused(refusal, nil))
        }
    }

    private func rules(_ change: (inout Limits) -> Void) -> Rules {
        var rules = Rules()
        change(&rules.limits)
        return rules
    }

    @Test func `registrations in all, and a refused one does not keep its socket`() {
        var world = World(rules: rules { $0.registrations = 2 })
        let first = world.process(user: 1)
        let second = world.process(user: 2)
        let (one, other) = (world.socket(), world.socket())
        _ = world.select(one, by: first, mask: 1)
        _ = world.select(other, by: second, mask: 1)
        for process in [first, second] {
            let socket = world.socket()
            let step = world.select(socket, by: process, mask: 1)
            #expect(step.reply == .refused(.tooManyRegistrations, nil))
            #expect(step.contents.last == .socketReleased(socket: socket, how: .counted))
        }
        // One in the place of another is not one more.
        #expect(world.select(other, by: first, mask: 1).contents.count == 2)
        _ = world.select(one, by: first, mask: 0)
        let socket = world.socket()
        #expect(world.select(socket, by: second, mask: 1).contents.count == 1)
    }

    @Test func `registrations of one user leave room for the others`() {
        var world = World(rules: rules { $0.registrationsPerUser = 2 })
        let first = world.process(user: 1)
        let sibling = world.process(user: 1)
        let second = world.process(user: 2)
        let sockets = (0..<3).map { _ in world.socket() }
        _ = world.select(sockets[0], by: first, mask: 1)
        _ = world.select(sockets[1], by: sibling, mask: 1)
        _ = world.select(sockets[2], by: second, mask: 1)
        let more = world.socket()
        for (process, socket) in [(first, more), (sibling, sockets[2])] {
            let step = world.select(socket, by: process, mask: 1)
            #expect(step.reply == .refused(.tooManyRegistrations, nil))
        }
        #expect(world.registry.registrations[sockets[2]]?.process == second)
        // Within the user it changes hands, and another user takes it off that count.
        #expect(world.select(sockets[0], by: sibling, mask: 1).contents.count == 2)
        #expect(world.select(sockets[0], by: second, mask: 1).contents.count == 2)
        #expect(world.registry.registrationsByUser == [1: 1, 2: 2])
        #expect(world.select(sockets[2], by: first, mask: 1).contents.count == 2)
        #expect(world.registry.registrationsByUser == [1: 2, 2: 1])
    }

    @Test func `a registration stays counted at the user that its process had`() {
        var world = World()
        var identity = world.identity(user: 1)
        let process = world.perform(.observeProcess(identity)).first
        let socket = world.socket()
        _ = world.select(socket, by: process, mask: 1)
        identity.effectiveUID = 2
        world.perform(.observeProcess(identity))
        #expect(world.registry.registrationsByUser == [1: 1])
        _ = world.select(socket, by: process, mask: 1)
        #expect(world.registry.registrationsByUser == [2: 1])
        _ = world.select(socket, by: process, mask: 0)
        #expect(world.registry.registrationsByUser.isEmpty)
    }

    @Test func `an exited process and one client too many are refused`() {
        var world = World(rules: rules { $0.clientsPerProcess = 1 })
        let process = world.process()
        let socket = world.socket()
        _ = world.issue(from: process, to: process, socket: socket)
        let strange = RequestID(nonce: 5, counter: 1, watermark: 0)
        let client = world.perform(
            .select(
                Command.Select(
                    actor: process, socket: .socket(socket), mask: 1, request: strange)))
        #expect(client.reply == .refused(.tooManyClients, nil))
        _ = world.exit(process)
        let exited = world.select(socket, by: process, mask: 1)
        #expect(exited.reply == .refused(.deadSender, nil))
        #expect(world.registry.registrations.isEmpty)
    }
}
