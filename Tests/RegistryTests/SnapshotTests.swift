import Registry
import TestSupport
import Testing
import Winsock

/// Snapshots from a damaged file give an error or some state, and never stop the program.
struct SnapshotTests {
    /// A state in which every field of a snapshot is used.
    private func snapshot() -> [UInt8] {
        var scene = Scene(.delivered)
        var identity = scene.world.identity(user: 3)
        identity.loginUID = 4
        identity.executable = [0x2f, 0xff]
        identity.executableDevice = 5
        identity.executableInode = 6
        identity.controlGroup = [0x2f]
        identity.pidNamespace = 7
        identity.grade = .held
        identity.effectiveGID = 9
        scene.world.perform(.observeProcess(identity))
        var other = scene.world.socketIdentity()
        other.networkNamespace = 8
        other.remote = "[::1]:5"
        let socket = scene.world.perform(.observeSocket(other)).first
        let handoff = scene.world.issue(
            from: scene.source, to: scene.target, socket: socket, lifetime: 77)
        _ = scene.world.issue(from: scene.source, to: scene.stranger, socket: socket)
        _ = scene.world.redeem(handoff, by: scene.target)
        _ = scene.world.redeem(handoff, by: scene.stranger)
        let revoked = scene.world.issue(
            from: scene.source, to: scene.target, socket: scene.socket)
        _ = scene.world.revoke(revoked, by: scene.root)
        let request = scene.world.request(of: scene.source)
        scene.world.perform(
            .mark(
                Command.Mark(
                    actor: scene.source, socket: .socket(socket), quality: "q",
                    request: request)))
        _ = scene.world.select(socket, by: scene.stranger, mask: 0x3ff)
        _ = scene.world.select(scene.socket, by: scene.target, mask: 1)
        _ = scene.world.exit(scene.target)
        return scene.world.registry.snapshot()
    }

    @Test func `a snapshot that is cut short is an error`() {
        let whole = snapshot()
        for count in 0..<whole.count {
            #expect(throws: ByteReader.Damage.self, "\(count) bytes") {
                try Registry(snapshot: Array(whole.prefix(count)))
            }
        }
    }

    @Test func `a snapshot with more bytes is an error`() {
        let whole = snapshot()
        let error = #expect(throws: ByteReader.Damage.self) {
            try Registry(snapshot: whole + [0])
        }
        #expect(error?.offset == whole.count)
    }

    @Test func `a snapshot with any byte changed is an error or some state`() throws {
        let whole = snapshot()
        var errors = 0
        var states = 0
        for index in whole.indices {
            for change in [1, 2, 4, 8, 16, 32, 64, 128, 127, 255] as [UInt8] {
                var bytes = whole
                bytes[index] ^= change
                do throws(ByteReader.Damage) {
                    let registry = try Registry(snapshot: bytes)
                    _ = registry.nextDeadline
                    states += 1
                } catch {
                    #expect(error.offset <= whole.count)
                    errors += 1
                }
            }
        }
        #expect(errors > 0 && states > 0)
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func `random bytes are an error or some state`(seed: UInt64) {
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        var errors = 0
        for _ in 0..<2000 {
            let bytes = random.bytes(count: Int.random(in: 0..<200, using: &random))
            do throws(ByteReader.Damage) {
                _ = try Registry(snapshot: bytes)
            } catch {
                errors += 1
            }
        }
        #expect(errors > 0)
    }

    @Test func `a snapshot of the first format is read as one without registrations`() throws {
        let scene = Scene(.delivered)
        let whole = scene.world.registry.snapshot()
        // Their count is what the second format added; two more came with the third, and with the
        // fourth.
        let early = Array(whole.dropLast(5))
        #expect(whole.suffix(5) == [0, 0, 0, 0, 0])
        let read = try Registry(snapshot: early, format: 1)
        read.checkInvariants()
        #expect(read.snapshot() == whole)
        #expect(throws: ByteReader.Damage.self) { try Registry(snapshot: whole, format: 1) }
        #expect(throws: ByteReader.Damage.self) { try Registry(snapshot: early) }
        #expect(Registry.snapshotFormats == 1...Registry.snapshotFormat)
    }

    @Test func `a snapshot of the third format is read as one where groups do not differ`() throws {
        let scene = Scene(.delivered)
        let whole = scene.world.registry.snapshot()
        let early = Array(whole.dropLast(2))
        let read = try Registry(snapshot: early, format: 3)
        read.checkInvariants()
        #expect(read.snapshot() == whole)
        #expect(throws: ByteReader.Damage.self) { try Registry(snapshot: whole, format: 3) }
        #expect(throws: ByteReader.Damage.self) { try Registry(snapshot: early) }
    }

    @Test func `effective groups come back, also of a source as it was at issue`() throws {
        var world = World()
        var rules = Rules()
        rules.policy = Policy(rules: [Policy.Rule(name: "all", allows: true)])
        world.perform(.configure(digest: "00", content: rules.text))
        var identity = world.identity(user: 3)
        identity.effectiveGID = 9
        let source = world.perform(.observeProcess(identity)).first
        let handoff = world.issue(from: source, to: source, socket: world.socket())
        identity.effectiveGID = 10
        world.perform(.observeProcess(identity))
        let read = try Registry(snapshot: world.registry.snapshot())
        #expect(read.processes[source]?.identity.effectiveGID == 10)
        let issued = read.handoffs[handoff]?.sourceIdentity?.wrappedValue
        #expect(issued?.effectiveGID == 9)
        #expect(issued?.gid == identity.gid)
    }

    @Test func `two registrations of one socket are damage`() throws {
        var world = World()
        let process = world.process()
        let socket = world.socket()
        let empty = world.registry.snapshot()
        _ = world.select(socket, by: process, mask: 1)
        let whole = world.registry.snapshot()
        // Number, process, user, mask and socket, before two counts of the third format and two
        // of the fourth.
        let entry = Array(whole[(whole.count - 10)..<(whole.count - 4)])
        #expect(whole[whole.count - 11] == 1)
        #expect(empty.last == 0)
        let twice = Array(whole.dropLast(11)) + [2] + entry + entry + [0, 0, 0, 0]
        #expect(throws: ByteReader.Damage.self) { try Registry(snapshot: twice) }
    }

    @Test func `equal states have equal snapshots`() {
        #expect(snapshot() == snapshot())
        #expect(Registry().snapshot() != snapshot())
    }
}
