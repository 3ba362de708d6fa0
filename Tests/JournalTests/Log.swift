import GRDB
import Registry
import Testing
import Winsock

@testable import Journal

/// A log on a file of its own, written as the coordinator writes one: commands are decided, their
/// events applied, and the batch is appended when the test says so.
final class Log {
    let directory: Scratch
    let path: String
    private(set) var journal: Journal
    private(set) var registry = Registry()
    /// What was appended, and what is not yet.
    private(set) var events: [Event] = []
    private(set) var batch: [AppliedEvent] = []
    /// CLOCK_BOOTTIME, in microseconds.
    var now: Int64 = 1_000_000
    private var counters: [ProcessNumber: UInt64] = [:]
    private var identities: UInt64 = 0

    init(rules: Rules = Rules()) throws {
        directory = try Scratch()
        path = directory["registry.db"]
        journal = try Self.open(path)
        try journal.name(id: Golden.log, origin: "host.example/baton")
        perform(.openLog(Event.LogIdentity(origin: "host.example/baton", program: "1", schema: 1)))
        perform(
            .observeBoot(Event.Boot(id: "b", kernel: "6.12", features: [], grade: .instance)))
        perform(.configure(digest: "00", content: rules.text))
        perform(.start(pid: 1, epoch: 1))
        try append()
    }

    static func open(_ path: String) throws(JournalError) -> Journal {
        try Journal(path: path, program: "baton test", now: 1_700_000_000_000_000)
    }

    static func time(at now: Int64) -> Instant {
        Instant(wallMicroseconds: 1_700_000_000_000_000 + now, bootMicroseconds: now)
    }

    @discardableResult
    func perform(_ command: Command) -> Reply {
        now += 10
        let time = Self.time(at: now)
        let first = registry.nextSequence
        let decision = registry.decide(command, at: time)
        for (index, content) in decision.contents.enumerated() {
            let event = Event(
                sequence: registry.nextSequence, time: time,
                cause: decision.cause ?? (index == 0 ? nil : first), content: content)
            batch.append(AppliedEvent(event: event, applied: registry.apply(event)))
        }
        return decision.reply
    }

    func stage() throws(JournalError) {
        try journal.stage(batch, boot: registry.boot?.id ?? "")
    }

    func append() throws(JournalError) {
        try journal.append(batch, state: registry)
        events += batch.map(\.event)
        batch = []
    }

    /// What the coordinator does when nothing of a batch was written.
    func discard() throws(JournalError) {
        registry = try journal.restore()
        batch = []
    }

    /// What a new coordinator does after a crash: nothing is written at the end of the old one.
    func reopen() throws {
        try journal.close()
        journal = try Self.open(path)
        registry = try journal.restore()
        batch = []
    }

    func reader() throws(JournalError) -> LogReader { try LogReader(path: path) }

    /// The state after the first `count` events, from nothing but them.
    func folded(_ count: Int? = nil) -> Registry {
        var registry = Registry()
        for event in events.prefix(count ?? events.count) { registry.apply(event) }
        return registry
    }

    // MARK: - Commands

    func request(of process: ProcessNumber) -> RequestID {
        let counter = counters[process, default: 0] + 1
        counters[process] = counter
        return RequestID(nonce: 70_000 + process, counter: counter, watermark: counter - 1)
    }

    func process(user: UInt32 = 1000, path: String = "/bin/cat") -> ProcessNumber {
        identities += 1
        let number = registry.nextSequence
        perform(
            .observeProcess(
                ProcessIdentity(
                    pid: Int32(identities), instance: 500 + identities, start: 7, uid: user,
                    gid: user, effectiveUID: user, executable: Array(path.utf8))))
        return number
    }

    func socket() -> SocketNumber {
        identities += 1
        let number = registry.nextSequence
        perform(
            .observeSocket(
                SocketIdentity(
                    cookie: 9000 + identities, inode: identities, family: 2, type: 1,
                    protocolNumber: 6, local: "127.0.0.1:80")))
        return number
    }

    func issue(
        from source: ProcessNumber, to target: ProcessNumber, socket: SocketNumber,
        lifetime: UInt64? = nil
    ) -> HandoffNumber {
        let number = registry.nextSequence
        let reply = perform(
            .duplicate(
                Command.Duplicate(
                    actor: source, socket: .socket(socket), target: .process(target), pid: 0,
                    form: .wide, flags: 1, lifetime: lifetime, request: request(of: source))))
        precondition(reply == .issued(number, isRepeated: false), "nothing stands against it")
        return number
    }

    func redeem(_ handoff: HandoffNumber, by actor: ProcessNumber, program: String? = nil) {
        perform(
            .redeem(
                Command.Redeem(
                    actor: actor, record: .ticket(handoff: handoff, genuine: true, altered: false),
                    isHeld: true, flags: 129, program: program, request: request(of: actor))))
    }

    func confirm(_ handoff: HandoffNumber, by actor: ProcessNumber) {
        let socket = registry.handoffs[handoff].flatMap { registry.sockets[$0.socket] }
        perform(
            .confirm(
                Command.Confirm(
                    actor: actor, handoff: handoff, cookie: socket?.identity.cookie ?? 0)))
    }

    func close(_ socket: SocketNumber, by actor: ProcessNumber) {
        let cookie = registry.sockets[socket]?.identity.cookie ?? 0
        perform(.close(Command.Close(actor: actor, cookie: cookie, how: .closesocket)))
    }

    func select(_ socket: SocketNumber, by actor: ProcessNumber, mask: UInt32) {
        perform(
            .select(
                Command.Select(
                    actor: actor, socket: .socket(socket), mask: mask,
                    request: request(of: actor))))
    }

    func revoke(_ handoff: HandoffNumber, by actor: ProcessNumber, text: String? = nil) {
        perform(
            .revoke(
                Command.Revoke(
                    actor: actor, handoff: handoff, text: text, request: request(of: actor))))
    }

    /// A whole handoff: issued, reserved, delivered, and closed by its target.
    func handOver(from source: ProcessNumber, to target: ProcessNumber, _ socket: SocketNumber) {
        let handoff = issue(from: source, to: target, socket: socket)
        redeem(handoff, by: target)
        confirm(handoff, by: target)
        close(socket, by: target)
    }
}

/// The file as any other program sees it, or changes it.
enum File {
    /// The rows of a query, one text each, fields apart by `|`, what is null as nothing.
    static func rows(_ path: String, _ sql: String) throws -> [String] {
        var configuration = Configuration()
        configuration.readonly = true
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        return try queue.read { db in try rows(db, sql) }
    }

    static func rows(_ db: Database, _ sql: String) throws -> [String] {
        try Row.fetchAll(db, sql: sql).map { row in
            row.databaseValues.map { value in
                switch value.storage {
                case .null: ""
                case .int64(let number): "\(number)"
                case .double(let number): "\(number)"
                case .string(let text): text
                case .blob(let bytes): String(decoding: bytes, as: UTF8.self)
                }
            }.joined(separator: "|")
        }
    }

    static func number(_ path: String, _ sql: String) throws -> Int {
        let rows = try rows(path, sql)
        return try #require(rows.first.flatMap { Int($0) }, "\(sql) gives one number")
    }

    static func change(_ path: String, _ sql: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { db in try db.execute(sql: sql) }
        try queue.close()
    }
}
