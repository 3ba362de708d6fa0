import Evidence
import Journal
import Registry
import Testing
import Winsock

@testable import Transport

/// A log with evidence, the same each time: the rules wrote it at fixed instants, and fixed keys
/// signed it. A handoff, another key, a close; the last events are covered by no checkpoint.
final class SignedLog {
    static let origin = "host.example/baton"

    private let directory: String
    private let journal: Journal
    private var registry = Registry()
    private var batch: [AppliedEvent] = []
    private var now: Int64 = 1_000_000
    private var counter: UInt64 = 0
    let log: String

    static func key(_ number: UInt8) throws -> SigningKey {
        try #require(SigningKey([UInt8](repeating: number, count: 32), name: origin))
    }

    /// Without keys it has no evidence. `number` tells one log from another.
    init(number: UInt8 = 0, keys: [UInt8] = [1, 2]) throws {
        directory = "/tmp/baton-signed-\(String(randomUInt64(), radix: 36))"
        try SystemFiles.makeDirectories(directory, mode: 0o700)
        log = "00112233445566f\(number)"
        journal = try Journal(
            path: "\(directory)/registry.db", program: "baton test", now: 1_700_000_000_000_000)
        try journal.name(id: log, origin: Self.origin)
        if let first = keys.first { try journal.keepEvidence(signedBy: try Self.key(first)) }
        try write(keys.dropFirst().map { try Self.key($0) })
    }

    deinit {
        do throws(Errno) {
            var plan = ChildPlan(path: "/bin/rm", arguments: ["rm", "-rf", directory])
            plan.standardInput = .discarded
            _ = try ChildProcess.spawn(plan).wait()
        } catch {
            Issue.record("cannot remove \(directory): \(error)")
        }
    }

    var databasePath: String { "\(directory)/registry.db" }
    func path(_ name: String) -> String { "\(directory)/\(name)" }
    func reader() throws -> LogReader { try LogReader(path: databasePath) }

    private func write(_ keys: [SigningKey]) throws {
        perform(.openLog(Event.LogIdentity(origin: Self.origin, program: "1", schema: 1)))
        perform(
            .observeBoot(Event.Boot(id: "b", kernel: "6.12", features: [], grade: .instance)))
        perform(.start(pid: 1, epoch: 1))
        let (source, target) = (process(812), process(815))
        let socket = perform(
            .observeSocket(
                SocketIdentity(
                    cookie: 4097, inode: 7, family: 2, type: 1, protocolNumber: 6,
                    local: "127.0.0.1:40000", remote: "127.0.0.1:80")))
        try append()
        let handoff = perform(
            .duplicate(
                Command.Duplicate(
                    actor: source, socket: .socket(socket), target: .process(target), pid: 815,
                    form: .wide, flags: 1, lifetime: nil, request: request())))
        for key in keys {
            try append()
            journal.rotate(to: key)
            perform(.rotateKey(key: key.verifier.description))
        }
        perform(
            .redeem(
                Command.Redeem(
                    actor: target,
                    record: .ticket(handoff: handoff, genuine: true, altered: false),
                    isHeld: true, flags: 1, program: nil, request: request())))
        try append()
        now += 2_000_000
        perform(.confirm(Command.Confirm(actor: target, handoff: handoff, cookie: 4097)))
        try append()
        // Less than a second after the last signature.
        perform(.close(Command.Close(actor: target, cookie: 4097, how: .closesocket)))
        perform(.exit(process: target, status: 0))
        try append()
    }

    @discardableResult
    private func perform(_ command: Command) -> UInt64 {
        now += 10
        let time = Instant(
            wallMicroseconds: 1_700_000_000_000_000 + now, bootMicroseconds: now)
        let first = registry.nextSequence
        let decision = registry.decide(command, at: time)
        for (index, content) in decision.contents.enumerated() {
            let event = Event(
                sequence: registry.nextSequence, time: time,
                cause: decision.cause ?? (index == 0 ? nil : first), content: content)
            batch.append(AppliedEvent(event: event, applied: registry.apply(event)))
        }
        return first
    }

    private func process(_ pid: Int32) -> UInt64 {
        perform(
            .observeProcess(
                ProcessIdentity(
                    pid: pid, instance: UInt64(pid) + 1_000_000, start: 4_000, uid: 1000,
                    gid: 1000, effectiveUID: 1000, executable: Array("/opt/p\(pid)".utf8))))
    }

    private func request() -> RequestID {
        counter += 1
        return RequestID(nonce: 70 + counter, counter: counter, watermark: counter - 1)
    }

    private func append() throws {
        try journal.append(batch, state: registry)
        batch = []
    }
}
