import Registry
import Testing
import Winsock

/// What a duplicate call is checked for, and what it leaves in the log.
struct DuplicateTests {
    @Test(arguments: ProtocolInfo.Form.allCases)
    func `an issued handoff records the public fields of its record`(form: ProtocolInfo.Form) {
        var world = World()
        let source = world.process()
        let target = world.process()
        let socket = world.socket()
        let request = world.request(of: source)
        let step = world.duplicate(
            from: source, to: .process(target), socket: .socket(socket), pid: 12, form: form,
            flags: 0x81, lifetime: 5, request: request)
        #expect(
            step.contents == [
                .handoffIssued(
                    Event.Issued(
                        actor: source, target: target, socket: socket, form: form, catalog: 1001,
                        family: 2, type: 1, protocolNumber: 6, services: 0x20066, flags: 0x81,
                        lifetime: 5, request: request))
            ])
        #expect(step.reply == .issued(step.first, isRepeated: false))
        #expect(step.cause == nil)
        #expect(world.registry.handoffs[step.first]?.sourceUID == 1000)
        #expect(world.descriptors(of: source, socket) == [0])
    }

    @Test(
        arguments: [
            (2, 1, 6, 1001), (2, 2, 17, 1002), (2, 3, 1, 1003), (10, 1, 6, 1004), (10, 2, 17, 1005),
            (10, 3, 58, 1006), (1, 1, 0, 1007), (1, 2, 0, 1008), (1, 5, 0, 1009),
        ] as [(Int32, Int32, Int32, UInt32)])
    func `each kind of socket has its entry in the catalog`(
        family: Int32, type: Int32, protocolNumber: Int32, catalog: UInt32
    ) {
        var world = World()
        let source = world.process()
        let identity = world.socketIdentity(
            family: family, type: type, protocolNumber: protocolNumber)
        let socket = world.perform(.observeSocket(identity)).first
        let handoff = world.issue(from: source, to: source, socket: socket)
        #expect(world.registry.handoffs[handoff]?.catalog == catalog)
    }

    @Test(
        arguments: [(17, 3, 0), (2, 1, 132), (2, 5, 132), (16, 3, 0), (-1, -1, -1)]
            as [(Int32, Int32, Int32)])
    func `a socket without an entry is refused`(
        family: Int32, type: Int32, protocolNumber: Int32
    ) {
        var world = World()
        let source = world.process()
        let identity = world.socketIdentity(
            family: family, type: type, protocolNumber: protocolNumber)
        let socket = world.perform(.observeSocket(identity)).first
        let step = world.duplicate(
            from: source, to: .process(source), socket: .socket(socket))
        #expect(step.reply == .refused(.unsupportedSocket, nil))
    }

    /// Facts that stand in the way of a duplicate call. The earlier one names the refusal.
    enum Obstacle: CaseIterable {
        case notASocket, lost, coordinatorsOwn, untrackedSocket, unknownSocket
        case invalid, missing, exited, foreign, unproved, untracked, unknownProcess
        case unsupported, lifetime, otherUser, marked

        var refusal: Refusal {
            switch self {
            case .notASocket: .notASocket
            case .lost: .descriptorLimit
            case .coordinatorsOwn: .coordinatorsOwn
            case .untrackedSocket: .tooManySockets
            case .unknownSocket: .unknownSocket
            case .invalid: .invalidProcessID
            case .missing, .unknownProcess: .noSuchProcess
            case .exited: .targetExited
            case .foreign: .foreignProcess
            case .unproved: .identityUnproved
            case .untracked: .tooManyProcesses
            case .unsupported: .unsupportedSocket
            case .lifetime: .invalidLifetime
            case .otherUser: .notPermitted
            case .marked: .qualityOfService
            }
        }

        var socket: SocketFact? {
            switch self {
            case .notASocket: .notASocket
            case .lost: .lost
            case .coordinatorsOwn: .coordinatorsOwn
            case .untrackedSocket: .untracked
            case .unknownSocket: .socket(999_999)
            default: nil
            }
        }

        var target: TargetFact? {
            switch self {
            case .invalid: .invalid
            case .missing: .missing
            case .exited: .exited
            case .foreign: .foreign
            case .unproved: .unproved
            case .untracked: .untracked
            case .unknownProcess: .process(999_999)
            default: nil
            }
        }

        /// Socket, then process, then one after the other of the rest.
        var stage: Int {
            if socket != nil { return 0 }
            if target != nil { return 1 }
            switch self {
            case .unsupported: return 2
            case .lifetime: return 3
            case .otherUser: return 4
            default: return 5
            }
        }
    }

    private func refusal(_ obstacles: [Obstacle]) -> World.Step {
        var world = World()
        let source = world.process()
        let target = world.process(user: obstacles.contains(.otherUser) ? 1001 : 1000)
        var identity = world.socketIdentity()
        if obstacles.contains(.unsupported) { identity.family = 17 }
        let socket = world.perform(.observeSocket(identity)).first
        if obstacles.contains(.marked) {
            let request = world.request(of: source)
            world.perform(
                .mark(
                    Command.Mark(
                        actor: source, socket: .socket(socket), quality: "SO_PRIORITY 6",
                        request: request)))
        }
        return world.duplicate(
            from: source,
            to: obstacles.lazy.compactMap(\.target).first ?? .process(target),
            socket: obstacles.lazy.compactMap(\.socket).first ?? .socket(socket), pid: 77,
            lifetime: obstacles.contains(.lifetime) ? 0 : nil)
    }

    @Test(arguments: Obstacle.allCases)
    func `each obstacle has its refusal, which is written down`(obstacle: Obstacle) throws {
        let step = refusal([obstacle])
        #expect(step.reply == .refused(obstacle.refusal, nil))
        guard case .handoffRefused(let refused)? = step.contents.first else {
            Issue.record("no handoff.refused: \(step.contents)")
            return
        }
        #expect(refused.reason == obstacle.refusal)
        #expect(refused.asked.pid == 77)
        #expect(
            (refused.asked.target == nil)
                == (obstacle.target.map { $0 != .process(999_999) } ?? false))
    }

    @Test func `of two obstacles the earlier check names the refusal`() {
        var pairs = 0
        for first in Obstacle.allCases {
            for second in Obstacle.allCases where first.stage < second.stage {
                let step = refusal([second, first])
                #expect(step.reply == .refused(first.refusal, nil), "\(first) before \(second)")
                pairs += 1
            }
        }
        #expect(pairs == 5 * 11 + 7 * 4 + 3 + 2 + 1)
    }

    @Test(
        arguments: [
            (1000, 1000, true), (1000, 1001, false), (1000, 0, false), (0, 1000, true),
            (0, 0, true),
        ] as [(UInt32, UInt32, Bool)])
    func `a handover needs the same effective user, or root`(
        source: UInt32, target: UInt32, isAllowed: Bool
    ) {
        var world = World()
        let sourceProcess = world.process(user: source)
        let targetProcess = world.process(user: target)
        let socket = world.socket()
        let step = world.duplicate(
            from: sourceProcess, to: .process(targetProcess), socket: .socket(socket))
        #expect(
            step.reply
                == (isAllowed
                    ? .issued(step.first, isRepeated: false) : .refused(.notPermitted, nil)))
    }

    @Test func `the effective user counts, not the real one, and as it is now`() {
        var world = World()
        let source = world.process(user: 1000)
        var identity = world.identity(user: 1001)
        identity.effectiveUID = 1000
        let target = world.perform(.observeProcess(identity)).first
        let socket = world.socket()
        let first = world.duplicate(from: source, to: .process(target), socket: .socket(socket))
        #expect(first.reply == .issued(first.first, isRepeated: false))
        identity.effectiveUID = 1001
        world.perform(.observeProcess(identity))
        let second = world.duplicate(from: source, to: .process(target), socket: .socket(socket))
        #expect(second.reply == .refused(.notPermitted, nil))
    }

    @Test(
        arguments: [
            (0, false), (1, true), (Limits.lifetime, true), (Limits.lifetime + 1, false),
            (.max, false),
        ] as [(UInt64, Bool)])
    func `a lifetime is positive and bounded`(lifetime: UInt64, isAllowed: Bool) {
        var world = World()
        let source = world.process()
        let socket = world.socket()
        let step = world.duplicate(
            from: source, to: .process(source), socket: .socket(socket), lifetime: lifetime)
        #expect(
            step.reply
                == (isAllowed
                    ? .issued(step.first, isRepeated: false) : .refused(.invalidLifetime, nil)))
    }

    @Test func `an exited target is refused before and after its exit is worked off`() {
        var scene = Scene(.issued)
        _ = scene.world.exit(scene.target)
        let socket = SocketFact.socket(scene.socket)
        let before = scene.world.duplicate(
            from: scene.source, to: .process(scene.target), socket: socket)
        #expect(before.reply == .refused(.targetExited, nil))
        scene.world.perform(.drain)
        let after = scene.world.duplicate(
            from: scene.source, to: .process(scene.target), socket: socket)
        #expect(after.reply == .refused(.noSuchProcess, nil))
    }

    @Test func `a source that is not known any more is refused`() {
        var world = World()
        let source = world.process()
        let target = world.process()
        let socket = world.socket()
        _ = world.exit(source)
        let step = world.duplicate(from: source, to: .process(target), socket: .socket(socket))
        #expect(step.reply == .refused(.deadSender, nil))
    }
}
