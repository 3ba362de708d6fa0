import Configuration
import Journal
import Registry
import TestSupport
import Testing

@testable import Drive
@testable import Transport

/// Rules, and processes that become something else, are performed as well.
@Suite struct PolicyHistoryTests {
    private static func rules(_ directory: String) -> String {
        """
        rules:
          - {name: no datagrams, action: deny, kinds: udp}
          - {name: not to strangers, action: deny, target: {exe: \(directory)/strange*}}
          - name: listening sockets of ours
            action: allow
            source: {exe: \(Program.beside("baton-test-peer")), uid: \(HostFacts.effectiveUID())}
            target: {gid: \(HostFacts.effectiveGID())}
            kinds: [tcp-listening, unix-stream]
          - {name: nobody else, action: deny}
        """
    }

    @Test func `rules by program, user and kind, a redemption that they refuse, and other rules`()
        throws
    {
        let recording = try Recording(configuration: Self.rules)
        let stranger = try recording.otherPeer()
        let (source, target) = try recording.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        try source.perform("listen d 127.0.0.1:0 datagram")
        try source.perform("pair p far sequencedPacket")
        let first = try source.perform("duplicate s \(target.pid)")
        try source.expect("denied by policy", "duplicate d \(target.pid)")
        try source.expect("denied by policy", "duplicate p \(target.pid)")
        // One that the log never sees.
        let unseen = try recording.peer(program: stranger)
        try source.expect("denied by policy", "duplicate s \(unseen.pid)")
        try target.perform("exec \(stranger)")
        try target.expect("denied by policy", "open t \(first)")
        try source.expect("denied by policy", "duplicate s \(target.pid)")
        let middle = try recording.eventCount()
        try recording.reload("rules: [{name: all, action: allow}]")
        try target.perform("open t \(first)")
        try recording.wait(for: .handoffDelivered)
        try source.perform("duplicate d \(target.pid)")
        try recording.reload("limits: {handoffs_per_user: 1}")
        try source.expect("too many for user", "duplicate s \(target.pid)")
        try recording.stop()
        try recording.expectSame()
        // What was open was allowed by other rules than those that it goes on with.
        try recording.expectSame("\(middle)..")
    }

    @Test func `a start with other rules than before`() throws {
        let recording = try Recording(configuration: { _ in "strict: false" })
        let (source, target) = try recording.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        try source.perform("duplicate s \(target.pid)")
        try recording.stop()
        try recording.configure(Self.rules("/nowhere"))
        try recording.start()
        try source.perform("duplicate s \(target.pid)")
        try source.perform("bare b stream")
        try source.expect("denied by policy", "duplicate b \(target.pid)")
        try recording.stop(9)
        try recording.expectSame()
    }

    @Test(arguments: [false, true])
    func `a start with limits that differ in what is not performed`(_ isCrash: Bool) throws {
        let recording = try Recording(configuration: { _ in "limits: {connections: 100}" })
        let (source, target) = try recording.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        try source.perform("duplicate s \(target.pid)")
        if !isCrash { try recording.stop() }
        try recording.configure("limits: {connections: 90}")
        if isCrash { try recording.crash() } else { try recording.start() }
        try source.perform("duplicate s \(target.pid)")
        try recording.reload("limits: {connections: 80}")
        try source.perform("duplicate s \(target.pid)")
        let middle = try recording.eventCount()
        try recording.reload("limits: {connections: 70}")
        try source.expect("no such process", "duplicate s 2147483646")
        try recording.stop()
        try recording.expectSame()
        try recording.expectSame("\(middle)..")
    }

    @Test func `after a start that cannot be performed nothing is`() throws {
        let recording = try Recording(configuration: { _ in "limits: {connections: 100}" })
        let (source, target) = try recording.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        try source.perform("duplicate s \(target.pid)")
        try recording.stop()
        let stopped = try recording.eventCount() - 1
        try recording.configure("limits: {connections: 90}")
        try recording.start()
        try source.perform("duplicate s \(target.pid)")
        try source.expect("no such process", "duplicate s 2147483646")
        try recording.stop()
        // A boot where the log has another configuration.
        let path = try recording.bundle()
        var text = BundleText(try SystemFiles.readFile(path, limit: 1 << 20))
        text.removeEvidence()
        let boot = try #require(text.lines.first { $0.contains("\"boot.observed\"") })
        let place = try #require(text.events.last { text.lines[$0].contains("\"configuration.") })
        try #require(text.lines[place].contains("\"seq\":\(stopped + 1),"))
        text.lines[place] = boot.replacing("\"seq\":1,", with: "\"seq\":\(stopped + 1),")
        let other = "\(path)-of-two-boots"
        try SystemFiles.writeFileExclusively(other, text.bytes, mode: 0o600)
        let result = try recording.drive(other)
        #expect(result.status == .code(0), "\(result.output)\(result.error)")
        #expect(result.output.hasPrefix("same: "), "\(result.output)")
        // The start; then the recovery, two requests and the stop.
        #expect(
            result.output.hasSuffix(
                " compared up to #\(stopped); 5 could not be performed: 1 coordinator.started: "
                    + "after another boot, or on another kernel; 4 after a start that was not "
                    + "performed\n"),
            "\(result.output)")
    }

    @Test func `without its rule a refusal is a difference`() throws {
        let recording = try Recording(configuration: Self.rules)
        let (source, target) = try recording.sourceAndTarget()
        try source.perform("listen d 127.0.0.1:0 datagram")
        try source.expect("denied by policy", "duplicate d \(target.pid)")
        let path = try recording.tampered(
            try recording.bundle(), "\"configuration.changed\"", "kinds=udp", "kinds=raw")
        let result = try recording.drive(path)
        #expect(result.status == .code(1), "\(result.output)\(result.error)")
        #expect(result.output.contains("denied by policy no datagrams"), "\(result.output)")
        #expect(result.output.contains("denied by policy nobody else"), "\(result.output)")
    }

    @Test func `a process that becomes another program, and has a socket`() throws {
        let recording = try Recording()
        let (source, target) = try recording.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        try target.perform("exec \(try recording.otherPeer())")
        try target.perform("start")
        try recording.wait(for: .processSeen, count: 3)
        try target.perform("open t \(record)")
        try target.perform("duplicate t \(source.pid)")
        try target.perform("exec \(Program.beside("baton-test-peer"))")
        try target.perform("start")
        try target.end()
        try recording.wait(for: .processExited)
        try recording.expectSame()
    }

    @Test(.enabled(if: HostFacts.effectiveUID() == 0))
    func `users that have nothing to say about each other's sockets`() throws {
        let recording = try Recording()
        // Below it is the directory of the play, where processes of other users connect.
        try SystemFiles.setMode(recording.directory, 0o711)
        let (source, target) = try recording.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        try target.perform("become 1201 1201")
        try target.expect("not owner", "revoke \(try SameHistoryTests.handoff(record))")
        try target.perform("listen u 127.0.0.1:0 stream")
        try target.expect("not permitted", "duplicate u \(source.pid)")
        try source.perform("duplicate s \(target.pid)")
        try source.perform("become 1202 1201")
        try source.perform("duplicate s \(target.pid)")
        try recording.stop()
        try recording.expectSame()
    }
}

/// A part is played by a program so that the rules decide as they did.
struct CastingTests {
    private struct Generator: RandomNumberGenerator {
        var numbers: SeededGenerator

        mutating func next() -> UInt64 { numbers.next() }

        mutating func flip() -> Bool { Bool.random(using: &self) }

        mutating func process(_ number: UInt64) -> ProcessIdentity {
            let units = ["/system.slice/a.service", "/system.slice/b.service/x", "/user.slice"]
            return ProcessIdentity(
                pid: Int32(number), instance: number, start: 1,
                uid: 0, gid: 0, effectiveUID: .random(in: 0...2, using: &self),
                effectiveGID: .random(in: 0...2, using: &self),
                executable: flip() ? Array("/bin/\(flip() ? "a" : "b")".utf8) : nil,
                controlGroup: flip()
                    ? units.randomElement(using: &self).map { Array($0.utf8) } : nil)
        }

        mutating func side() throws -> ProcessPattern {
            var side = ProcessPattern()
            if flip(), flip() { side.uids = [.random(in: 0...2, using: &self)] }
            if flip(), flip() { side.gids = [.random(in: 0...2, using: &self)] }
            if flip(), flip() {
                side.executables = [
                    try #require(NamePattern(Array((flip() ? "/bin/*" : "/bin/a").utf8)))
                ]
            }
            if flip(), flip() { side.controlGroups = [Array("/system.slice".utf8)] }
            if flip(), flip() {
                side.units = [try #require(NamePattern(Array("a.*".utf8)))]
            }
            return side
        }
    }

    @Test(arguments: 1...60 as ClosedRange<UInt64>)
    func `a played process is decided about as the one of old`(_ seed: UInt64) throws {
        var generator = Generator(numbers: SeededGenerator(seed: seed))
        let processes = (1...8).map { generator.process($0) }
        let rules = try (0..<4).map { number in
            Policy.Rule(
                name: "rule \(number)", allows: generator.flip(), source: try generator.side(),
                target: try generator.side(), kinds: generator.flip() ? .all : .tcp)
        }
        var recorded = Rules()
        recorded.policy = Policy(rules: rules)
        let contents =
            [.configurationChanged(digest: "", content: recorded.text)]
            + processes.map { Event.Content.processSeen($0) }
        let events = contents.enumerated().map { index, content in
            Event(
                sequence: UInt64(index),
                time: Instant(wallMicroseconds: 0, bootMicroseconds: 0), cause: nil,
                content: content)
        }
        let bundle = HistoryBundle(
            program: "", log: "", start: Registry(), events: events, evidence: nil)
        let casting = Casting(bundle, directory: "/tmp/stage")
        let file = try ConfigurationFile(yaml: Array(try casting.file(recorded).utf8))
        func played(_ process: ProcessIdentity, _ isOther: Bool) -> ProcessIdentity {
            var played = process
            let path = casting.program(casting.part(of: process), isOther: isOther)
            played.executable = Array(path.utf8)
            played.controlGroup = nil
            return played
        }
        for source in processes {
            for target in processes {
                for kind in [SocketKinds.tcp, .udp] {
                    let isOther = generator.flip()
                    let then = recorded.policy.verdict(source: source, target: target, kind: kind)
                    let now = file.rules.policy.verdict(
                        source: played(source, isOther), target: played(target, !isOther),
                        kind: kind)
                    #expect(then == now, "seed \(seed)")
                }
            }
        }
    }
}
