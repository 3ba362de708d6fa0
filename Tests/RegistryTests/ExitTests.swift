import Registry
import Testing

/// What an exited process leaves is worked off in portions, each caused by its exit.
struct ExitTests {
    @Test func `an exit is recorded once, and only of a known process`() {
        var scene = Scene(.issued)
        let first = scene.world.exit(scene.target)
        #expect(first.contents.count == 1)
        let second = scene.world.exit(scene.target)
        #expect(second.contents.isEmpty)
        scene.world.perform(.drain)
        let third = scene.world.exit(scene.target)
        #expect(third.contents.isEmpty)
        let idle = scene.world.perform(.drain)
        #expect(idle.contents.isEmpty)
        #expect(idle.cause == nil)
    }

    @Test func `a process that leaves nothing is forgotten at once`() {
        var world = World()
        let process = world.process()
        let step = world.perform(.exit(process: process, status: nil))
        #expect(step.contents == [.processExited(process: process, status: nil)])
        #expect(world.registry.processes.isEmpty)
        #expect(world.registry.exiting.isEmpty)
    }

    @Test func `tickets go first, in portions, then descriptors, in the order of numbers`() {
        var world = World(checks: .invariants)
        let source = world.process()
        let target = world.process()
        let socket = world.socket()
        let count = Limits.drainPortion + 44
        let handoffs = (0..<count).map { _ in
            world.issue(from: source, to: target, socket: socket)
        }
        let own = (0..<3).map { _ in world.socket() }
        for socket in own.reversed() { _ = world.issue(from: target, to: source, socket: socket) }
        let exit = world.exit(target)
        var portions: [[Event.Content]] = []
        while !world.registry.exiting.isEmpty {
            let step = world.perform(.drain)
            #expect(step.cause == exit.first)
            #expect(!step.contents.isEmpty)
            guard !step.contents.isEmpty else { return }
            portions.append(step.contents)
        }
        #expect(portions.map(\.count) == [Limits.drainPortion, 44, 3])
        #expect(
            portions.prefix(2).flatMap(\.self)
                == handoffs.map { .handoffVoided(handoff: $0, reason: .targetExited) })
        #expect(
            portions.last
                == own.map { .descriptorClosed(process: target, socket: $0, how: .exit) })
        #expect(world.events.suffix(count + 3).allSatisfy { $0.cause == exit.first })
        world.checkReplay()
    }

    @Test func `many descriptors of one socket are closed in portions too`() {
        var world = World(checks: .invariants)
        let process = world.process()
        let socket = world.socket()
        let cookie = world.cookie(of: socket)
        let count = 2 * Limits.drainPortion + 9
        for _ in 0..<count {
            let handoff = world.issue(from: process, to: process, socket: socket)
            _ = world.redeem(handoff, by: process)
            _ = world.confirm(handoff, by: process, cookie: cookie)
        }
        let exit = world.exit(process)
        var sizes: [Int] = []
        while !world.registry.exiting.isEmpty, sizes.count < count {
            let step = world.perform(.drain)
            #expect(step.cause == exit.first)
            sizes.append(step.contents.count)
        }
        // One more for the descriptor that the source had, and one for the release.
        #expect(sizes == [Limits.drainPortion, Limits.drainPortion, 11])
        #expect(world.events.last?.content == .socketReleased(socket: socket, how: .counted))
        #expect(world.registry.processes.isEmpty)
        world.checkReplay()
    }

    @Test func `exits are worked off in their order, each with its cause`() {
        var world = World()
        let source = world.process()
        let early = world.process()
        let late = world.process()
        let socket = world.socket()
        let first = world.issue(from: source, to: late, socket: socket)
        let second = world.issue(from: source, to: early, socket: socket)
        let earlyExit = world.exit(early)
        let lateExit = world.exit(late)
        #expect(world.registry.exiting == [early, late])
        let drained = [world.perform(.drain), world.perform(.drain)]
        #expect(drained.map(\.cause) == [earlyExit.first, lateExit.first])
        #expect(
            drained.flatMap(\.contents)
                == [second, first].map {
                    .handoffVoided(handoff: $0, reason: .targetExited)
                })
    }

    @Test func `the last ticket of a closed socket releases it in the drain`() {
        var world = World()
        let source = world.process()
        let target = world.process()
        let socket = world.socket()
        let handoffs = (0..<2).map { _ in world.issue(from: source, to: target, socket: socket) }
        _ = world.redeem(handoffs[1], by: target)
        _ = world.close(socket, by: source)
        _ = world.exit(target)
        let drain = world.perform(.drain)
        #expect(
            drain.contents == [
                .handoffVoided(handoff: handoffs[0], reason: .targetExited),
                .handoffVoided(handoff: handoffs[1], reason: .unconfirmed),
                .socketReleased(socket: socket, how: .counted),
            ])
    }

    @Test func `the number of a process is not used for the next one with its instance`() {
        var world = World()
        let identity = world.identity(user: 1)
        let first = world.perform(.observeProcess(identity)).first
        _ = world.exit(first)
        let second = world.perform(.observeProcess(identity)).first
        #expect(first != second)
        #expect(world.registry.process(instance: identity.instance)?.number == second)
    }
}
