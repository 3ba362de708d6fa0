import Registry
import Testing
import Winsock

/// One registration of network events for each socket: how it is made, taken over, and ends.
struct RegistrationTests {
    private func selected(
        _ actor: ProcessNumber, _ socket: SocketNumber, _ mask: UInt32
    ) -> Event.Content {
        .notificationSelected(actor: actor, socket: socket, mask: mask)
    }

    private func cancelled(
        _ actor: ProcessNumber, _ socket: SocketNumber, _ mask: UInt32, by: ProcessNumber
    ) -> Event.Content {
        .notificationCancelled(actor: actor, socket: socket, mask: mask, by: by)
    }

    private func closed(
        _ process: ProcessNumber, _ socket: SocketNumber, _ how: CloseProof = .closesocket
    ) -> Event.Content {
        .descriptorClosed(process: process, socket: socket, how: how)
    }

    // MARK: - Made and taken over

    @Test func `the first one is the socket's, and shows a descriptor of its process`() {
        var world = World()
        let process = world.process(user: 7)
        let socket = world.socket()
        let step = world.select(socket, by: process, mask: 33)
        #expect(step.contents == [selected(process, socket, 33)])
        #expect(step.reply == .selected(step.first))
        #expect(world.registry.registrations.count == 1)
        let registration = world.registry.registrations[socket]
        #expect(registration?.number == step.first)
        #expect(registration?.process == process)
        #expect(registration?.user == 7)
        #expect(registration?.mask == 33)
        #expect(world.registry.registrationsByUser == [7: 1])
        #expect(world.descriptors(of: process, socket) == [0])
        #expect(world.applied() == [.opened])
    }

    @Test func `a descriptor that is known already is not known twice`() {
        var scene = Scene(.delivered)
        _ = scene.world.select(scene.socket, by: scene.source, mask: 1)
        _ = scene.world.select(scene.socket, by: scene.target, mask: 1)
        #expect(scene.world.descriptors(of: scene.source, scene.socket) == [0])
        #expect(scene.world.descriptors(of: scene.target, scene.socket) == [scene.handoff])
        // And one that a registration showed is not shown again by a handoff.
        let socket = scene.world.socket()
        _ = scene.world.select(socket, by: scene.source, mask: 1)
        _ = scene.world.issue(from: scene.source, to: scene.target, socket: socket)
        #expect(scene.world.descriptors(of: scene.source, socket) == [0])
    }

    @Test func `another process takes it over, and the log says from whom`() {
        var scene = Scene(.delivered)
        _ = scene.world.select(scene.socket, by: scene.source, mask: 1)
        let step = scene.world.select(scene.socket, by: scene.target, mask: 2)
        #expect(
            step.contents == [
                cancelled(scene.source, scene.socket, 1, by: scene.target),
                selected(scene.target, scene.socket, 2),
            ])
        #expect(step.reply == .selected(step.first + 1))
        let present = scene.world.registry.registrations[scene.socket]
        #expect(present?.process == scene.target)
        #expect(present?.number == step.first + 1)
        #expect(scene.world.registry.registrations.count == 1)
    }

    @Test func `the same process replaces its own, with the same events too`() {
        var world = World()
        let process = world.process()
        let socket = world.socket()
        _ = world.select(socket, by: process, mask: 1)
        for mask in [2, 2] as [UInt32] {
            let present = world.registry.registrations[socket]?.mask ?? 0
            let step = world.select(socket, by: process, mask: mask)
            #expect(
                step.contents == [
                    cancelled(process, socket, present, by: process),
                    selected(process, socket, mask),
                ])
            #expect(step.reply == .selected(step.first + 1))
        }
        #expect(world.descriptors(of: process, socket) == [0])
    }

    @Test func `no events: the registration of whatever process is cancelled, and none is made`() {
        var scene = Scene(.delivered)
        for actor in [scene.source, scene.target] {
            _ = scene.world.select(scene.socket, by: scene.source, mask: 3)
            let step = scene.world.select(scene.socket, by: actor, mask: 0)
            #expect(step.contents == [cancelled(scene.source, scene.socket, 3, by: actor)])
            #expect(step.reply == .deselected)
            #expect(scene.world.registry.registrations.isEmpty)
            #expect(scene.world.registry.registrationsByUser.isEmpty)
        }
        let none = scene.world.select(scene.socket, by: scene.target, mask: 0)
        #expect(none.contents.isEmpty)
        #expect(none.reply == .deselected)
    }

    @Test func `a socket that is seen only to cancel nothing is not followed`() {
        var world = World()
        let process = world.process()
        let socket = world.socket()
        let step = world.select(socket, by: process, mask: 0)
        #expect(step.contents == [.socketReleased(socket: socket, how: .counted)])
        #expect(step.reply == .deselected)
        #expect(world.registry.sockets.isEmpty)
    }

    // MARK: - Ends

    @Test func `the close of the last descriptor ends it, and releases the socket`() {
        var world = World()
        let process = world.process()
        let socket = world.socket()
        _ = world.select(socket, by: process, mask: 1)
        let step = world.close(socket, by: process)
        #expect(
            step.contents == [
                closed(process, socket), cancelled(process, socket, 1, by: process),
                .socketReleased(socket: socket, how: .counted),
            ])
        #expect(world.registry.registrations.isEmpty)
    }

    @Test func `an earlier close, and that of another process, leave it`() {
        var scene = Scene(.delivered)
        let second = scene.world.issue(
            from: scene.source, to: scene.target, socket: scene.socket)
        _ = scene.world.redeem(second, by: scene.target)
        _ = scene.world.confirm(second, by: scene.target, cookie: scene.cookie)
        _ = scene.world.select(scene.socket, by: scene.target, mask: 1)
        for process in [scene.target, scene.source] {
            let step = scene.world.close(scene.socket, by: process)
            #expect(step.contents == [closed(process, scene.socket)])
            #expect(scene.world.registry.registrations.count == 1)
        }
        let last = scene.world.close(scene.socket, by: scene.target)
        #expect(last.contents.count == 3)
        #expect(last.contents[1] == cancelled(scene.target, scene.socket, 1, by: scene.target))
    }

    @Test func `the exit of its process ends it in the drain, after the last descriptor`() {
        var scene = Scene(.delivered)
        _ = scene.world.select(scene.socket, by: scene.target, mask: 9)
        let exit = scene.world.exit(scene.target)
        #expect(scene.world.registry.registrations.count == 1)
        let drain = scene.world.perform(.drain)
        #expect(
            drain.contents == [
                closed(scene.target, scene.socket, .exit),
                cancelled(scene.target, scene.socket, 9, by: scene.target),
            ])
        #expect(drain.cause == exit.first)
        #expect(scene.world.registry.registrations.isEmpty)
        #expect(scene.world.registry.processes[scene.target] == nil)
    }

    @Test func `an exit with many of them is worked off in portions`() {
        var world = World(checks: .invariants)
        let process = world.process()
        let count = 2 * Limits.drainPortion
        for _ in 0..<count { _ = world.select(world.socket(), by: process, mask: 1) }
        _ = world.exit(process)
        var portions: [Int] = []
        var ends = 0
        while !world.registry.exiting.isEmpty {
            let contents = world.perform(.drain).contents
            portions.append(contents.count)
            ends += contents.count {
                if case .notificationCancelled = $0 { return true }
                return false
            }
        }
        #expect(ends == count)
        #expect(portions.count > 2)
        // Each descriptor brings three events, and the last of a portion is not torn apart.
        #expect(portions.allSatisfy { $0 < Limits.drainPortion + 3 })
        #expect(world.registry.registrationsByUser.isEmpty)
        world.checkReplay()
    }

    @Test func `of many descriptors of one socket the last one ends it, in whatever portion`() {
        var world = World(checks: .invariants)
        let process = world.process()
        let socket = world.socket()
        let cookie = world.cookie(of: socket)
        for _ in 0..<Limits.drainPortion + 10 {
            let handoff = world.issue(from: process, to: process, socket: socket)
            _ = world.redeem(handoff, by: process)
            _ = world.confirm(handoff, by: process, cookie: cookie)
        }
        _ = world.select(socket, by: process, mask: 1)
        _ = world.exit(process)
        let first = world.perform(.drain)
        #expect(first.contents.allSatisfy { $0 == closed(process, socket, .exit) })
        #expect(world.registry.registrations.count == 1)
        let second = world.perform(.drain)
        #expect(
            second.contents.suffix(3) == [
                closed(process, socket, .exit), cancelled(process, socket, 1, by: process),
                .socketReleased(socket: socket, how: .counted),
            ])
    }

    @Test func `what no decision gives still leaves a state that holds together`() {
        var world = World()
        let process = world.process()
        let socket = world.socket()
        _ = world.select(socket, by: process, mask: 1)
        func apply(_ contents: [Event.Content]) -> Registry {
            var registry = world.registry
            for content in contents {
                registry.apply(
                    Event(
                        sequence: registry.nextSequence,
                        time: Instant(wallMicroseconds: 0, bootMicroseconds: 0), cause: nil,
                        content: content))
            }
            return registry
        }
        // Released without a word of the registration, as a later version may write it.
        let released = apply([.socketReleased(socket: socket, how: .kernel)])
        #expect(released.registrations.isEmpty)
        #expect(released.registrationsByUser.isEmpty)
        // Replaced without a cancellation.
        let replaced = apply([selected(process, socket, 4)])
        replaced.checkInvariants()
        #expect(replaced.registrations[socket]?.mask == 4)
        // About what is not, or is another's.
        let strange = apply([
            cancelled(99, socket, 1, by: 98), cancelled(process, 97, 1, by: process),
            selected(96, socket, 1), selected(process, 95, 1),
        ])
        strange.checkInvariants()
        #expect(strange.registrations == world.registry.registrations)
    }

    // MARK: - Asking whether it stands

    @Test func `it stands until it is replaced, cancelled or closed`() {
        var scene = Scene(.delivered)
        func resume(_ number: RegistrationNumber, by actor: ProcessNumber) -> Reply {
            let step = scene.world.perform(
                .resume(
                    Command.Resume(actor: actor, cookie: scene.cookie, registration: number)))
            #expect(step.contents.isEmpty)
            return step.reply
        }
        let lost = Reply.registrationLost(cookie: scene.cookie)
        let first = scene.world.select(scene.socket, by: scene.source, mask: 1).first
        #expect(resume(first, by: scene.source) == .resumed)
        #expect(resume(first, by: scene.target) == lost)
        #expect(resume(first + 1, by: scene.source) == lost)
        let own = scene.world.select(scene.socket, by: scene.source, mask: 1).first + 1
        #expect(resume(first, by: scene.source) == lost)
        #expect(resume(own, by: scene.source) == .resumed)
        let other = scene.world.select(scene.socket, by: scene.target, mask: 1).first + 1
        #expect(resume(own, by: scene.source) == lost)
        #expect(resume(other, by: scene.target) == .resumed)
        _ = scene.world.select(scene.socket, by: scene.source, mask: 0)
        #expect(resume(other, by: scene.target) == lost)
        let last = scene.world.select(scene.socket, by: scene.source, mask: 1).first
        _ = scene.world.close(scene.socket, by: scene.source)
        #expect(resume(last, by: scene.source) == lost)
        _ = scene.world.close(scene.socket, by: scene.target)
        #expect(resume(last, by: scene.source) == lost)
    }

    @Test func `the recovery of a coordinator leaves it to its living process`() {
        var scene = Scene(.issued)
        let number = scene.world.select(scene.socket, by: scene.source, mask: 1).first
        _ = scene.world.recover(kept: [])
        let step = scene.world.perform(
            .resume(
                Command.Resume(
                    actor: scene.source, cookie: scene.cookie, registration: number)))
        #expect(step.reply == .resumed)
    }
}

extension World {
    mutating func select(_ socket: SocketNumber, by actor: ProcessNumber, mask: UInt32) -> Step {
        let request = self.request(of: actor)
        return perform(
            .select(
                Command.Select(
                    actor: actor, socket: .socket(socket), mask: mask, request: request)))
    }

    /// What the events did that their keys do not say.
    func applied() -> [Registry.Applied] {
        var registry = Registry()
        return events.map { registry.apply($0) }.filter { $0 != .nothing }
    }
}
