import Registry
import Testing

/// The release of sockets whose end the kernel tells.
struct EndTests {
    private static let namespace: UInt64 = 4_026_531_840

    private static var rules: Rules {
        var rules = Rules()
        rules.ends = Ends(networkNamespace: namespace, internet: true, unix: true)
        return rules
    }

    /// A source and a target that both have a socket.
    private struct Shared {
        var world = World(rules: EndTests.rules)
        let source: ProcessNumber
        let target: ProcessNumber
        let socket: SocketNumber

        init(namespace: UInt64? = EndTests.namespace, isDelivered: Bool = true) {
            source = world.process()
            target = world.process()
            var identity = world.socketIdentity()
            identity.networkNamespace = namespace
            socket = world.perform(.observeSocket(identity)).first
            let handoff = world.issue(from: source, to: target, socket: socket)
            guard isDelivered else { return }
            _ = world.redeem(handoff, by: target)
            _ = world.confirm(handoff, by: target, cookie: identity.cookie)
        }

        var holders: [Command.Holder] {
            world.registry.holders(of: [socket])[socket] ?? []
        }

        mutating func end(
            _ how: ReleaseProof = .kernel, closed: [Command.Holder]? = nil
        ) -> World.Step {
            world.perform(
                .closings(
                    Command.Closings(socket: socket, closed: closed ?? holders, released: how)))
        }
    }

    @Test func `a socket that Baton knows nobody to have waits for the kernel's word`() {
        var shared = Shared()
        #expect(shared.world.close(shared.socket, by: shared.source).contents.count == 1)
        let last = shared.world.close(shared.socket, by: shared.target)
        #expect(last.contents.count == 1)
        #expect(shared.world.registry.unheldSockets == 1)
        #expect(
            shared.end().contents == [.socketReleased(socket: shared.socket, how: .kernel)])
        #expect(shared.world.registry.sockets.isEmpty)
        #expect(shared.world.registry.unheldSockets == 0)
        // It is not said twice.
        #expect(shared.end().contents.isEmpty)
    }

    @Test func `the word closes what nobody said was closed`() {
        var shared = Shared()
        func closed(_ process: ProcessNumber) -> Event.Content {
            .descriptorClosed(process: process, socket: shared.socket, how: .observed)
        }
        let wanted = [
            closed(shared.source), closed(shared.target),
            .socketReleased(socket: shared.socket, how: .kernel),
        ]
        #expect(shared.end().contents == wanted)
        #expect(shared.world.registry.descriptors.isEmpty)
    }

    @Test func `no word ends a socket that is in escrow`() {
        var shared = Shared(isDelivered: false)
        #expect(shared.end().contents.isEmpty)
        #expect(shared.world.registry.sockets[shared.socket]?.openHandoffs == 1)
    }

    @Test func `what has changed since somebody looked is left alone`() {
        var shared = Shared()
        let before = shared.holders
        let second = shared.world.issue(
            from: shared.source, to: shared.target, socket: shared.socket)
        _ = shared.world.redeem(second, by: shared.target)
        let cookie = shared.world.cookie(of: shared.socket)
        _ = shared.world.confirm(second, by: shared.target, cookie: cookie)
        let step = shared.end(.observed, closed: before)
        // The source's is as it was; the target's is not, so the socket cannot have ended.
        #expect(
            step.contents == [
                .descriptorClosed(
                    process: shared.source, socket: shared.socket, how: .observed)
            ])
        #expect(shared.world.registry.sockets[shared.socket] != nil)
    }

    @Test func `more descriptors than a portion are closed in several`() {
        var shared = Shared()
        let cookie = shared.world.cookie(of: shared.socket)
        for _ in 0..<Limits.drainPortion {
            let next = shared.world.issue(
                from: shared.source, to: shared.target, socket: shared.socket)
            _ = shared.world.redeem(next, by: shared.target)
            _ = shared.world.confirm(next, by: shared.target, cookie: cookie)
        }
        let first = shared.end()
        #expect(first.contents.count == Limits.drainPortion)
        #expect(shared.world.registry.sockets[shared.socket] != nil)
        let second = shared.end()
        #expect(second.contents.last == .socketReleased(socket: shared.socket, how: .kernel))
        #expect(second.contents.count == 3)
    }

    @Test func `the registration of a closed descriptor ends with it`() {
        var shared = Shared()
        _ = shared.world.perform(
            .select(
                Command.Select(
                    actor: shared.target, socket: .socket(shared.socket), mask: 1,
                    request: shared.world.request(of: shared.target))))
        let contents = shared.end().contents
        #expect(contents.count == 4)
        #expect(
            contents[2]
                == .notificationCancelled(
                    actor: shared.target, socket: shared.socket, mask: 1, by: shared.target))
    }

    @Test(arguments: [nil, 1] as [UInt64?])
    func `of another network namespace nothing is told, so its sockets are counted`(
        namespace: UInt64?
    ) {
        var shared = Shared(namespace: namespace)
        _ = shared.world.close(shared.socket, by: shared.source)
        #expect(
            shared.world.close(shared.socket, by: shared.target).contents.last
                == .socketReleased(socket: shared.socket, how: .counted))
    }

    @Test func `beyond the limit sockets that others keep open are counted`() {
        var rules = Self.rules
        rules.limits.unheldSockets = 2
        var world = World(rules: rules)
        let process = world.process()
        func closeOne() -> [Event.Content] {
            var identity = world.socketIdentity()
            identity.networkNamespace = Self.namespace
            let socket = world.perform(.observeSocket(identity)).first
            let handoff = world.issue(from: process, to: process, socket: socket)
            _ = world.close(socket, by: process)
            return world.perform(.expire(handoff: handoff)).contents
        }
        #expect(closeOne().count == 1)
        #expect(closeOne().count == 1)
        #expect(world.registry.unheldSockets == 2)
        #expect(closeOne().count == 2)
        #expect(world.registry.unheldSockets == 2)
    }

    @Test func `at the limit a refused request does not count out the socket that it names`() {
        var rules = Self.rules
        rules.limits.unheldSockets = 1
        var world = World(rules: rules)
        let process = world.process()
        var identity = world.socketIdentity()
        identity.networkNamespace = Self.namespace
        let socket = world.perform(.observeSocket(identity)).first
        let handoff = world.issue(from: process, to: process, socket: socket)
        _ = world.close(socket, by: process)
        _ = world.perform(.expire(handoff: handoff))
        #expect(world.registry.unheldSockets == 1)
        let step = world.duplicate(from: process, to: .missing, socket: .socket(socket))
        #expect(step.contents.count == 1)
        #expect(world.registry.unheldSockets == 1)
    }

    @Test func `a socket that a refused request showed is not followed`() {
        var world = World(rules: Self.rules)
        let source = world.process()
        var identity = world.socketIdentity()
        identity.networkNamespace = Self.namespace
        let socket = world.perform(.observeSocket(identity)).first
        let step = world.duplicate(from: source, to: .missing, socket: .socket(socket))
        #expect(step.contents.last == .socketReleased(socket: socket, how: .counted))
    }

    @Test(arguments: [(1, 1, 0), (1, 5, 0), (2, 1, 6), (10, 1, 6), (2, 2, 17), (10, 2, 17)])
    func `these kinds are told`(family: Int32, type: Int32, protocolNumber: Int32) throws {
        let ends = try #require(Self.rules.ends)
        var socket = SocketIdentity(
            cookie: 1, inode: 1, networkNamespace: Self.namespace, family: family, type: type,
            protocolNumber: protocolNumber)
        #expect(ends.include(socket))
        socket.protocolNumber = 132
        #expect(ends.include(socket) == (family == 1))
        socket.type = 3
        #expect(ends.include(socket) == (family == 1))
    }

    @Test(arguments: [
        (true, true, "ends_told=7 internet unix"), (false, true, "ends_told=7 unix"),
        (true, false, "ends_told=7 internet"), (false, false, "ends_told=7"),
    ])
    func `what is told is recorded with the rules`(internet: Bool, unix: Bool, line: String) {
        var rules = Rules()
        rules.ends = Ends(networkNamespace: 7, internet: internet, unix: unix)
        #expect(rules.text.split(separator: "\n").contains(line[...]))
        #expect(Rules(text: rules.text) == rules)
        #expect(Rules(text: "ends_told=none\n").ends == nil)
        #expect(!Rules().text.contains("ends_told"))
    }
}
