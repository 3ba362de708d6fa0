import Foundation
import Journal
import Registry
import Testing
import Winsock

@testable import baton

/// A log that the rules themselves wrote, one command a second: its steps, causes and numbers are
/// the same each time.
final class LivedLog {
    static let logID = "00112233445566ff"
    /// 2026-11-22T18:35:15Z
    static let start: Int64 = 1_795_372_515_000_000

    let directory: String
    private(set) var registry = Registry()
    private var batch: [AppliedEvent] = []
    private var isWritten = false
    private var now = Instant(wallMicroseconds: start, bootMicroseconds: 50_000_000)
    private var counter: UInt64 = 0

    var path: String { directory + "/registry.db" }

    init() throws {
        directory = NSTemporaryDirectory() + "baton-replay-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: directory)
        } catch {
            Issue.record("\(directory) stays behind: \(error)")
        }
    }

    /// The log so far, written and opened for reading.
    func reader() throws -> LogReader {
        let journal = try Journal(path: path, program: "baton test", now: Self.start)
        if journal.isNew { try journal.name(id: Self.logID, origin: "test.example/baton") }
        try journal.append(batch, state: registry)
        batch.removeAll()
        try journal.close()
        return try LogReader(path: path)
    }

    /// One input, with its consequences; the number of its first event.
    @discardableResult
    func perform(_ command: Command, after microseconds: Int64 = 1_000_000) -> UInt64 {
        now.wallMicroseconds += microseconds
        now.bootMicroseconds += microseconds
        let first = registry.nextSequence
        let decision = registry.decide(command, at: now)
        for (index, content) in decision.contents.enumerated() {
            record(content, cause: decision.cause ?? (index == 0 ? nil : first))
        }
        return first
    }

    /// The wall clock goes elsewhere, and the boot clock goes on.
    func moveWallClock(by microseconds: Int64) { now.wallMicroseconds += microseconds }

    /// An event as it is, whatever the rules say.
    func record(_ content: Event.Content, cause: UInt64? = nil) {
        let event = Event(
            sequence: registry.nextSequence, time: now, cause: cause, content: content)
        batch.append(AppliedEvent(event: event, applied: registry.apply(event)))
    }

    // MARK: - Inputs

    func open() {
        perform(
            .openLog(
                Event.LogIdentity(origin: "test.example/baton", program: "baton test", schema: 1)))
        perform(
            .observeBoot(
                Event.Boot(
                    id: "6f1f5bd4-0000-4000-8000-000000000000", kernel: "6.12.0",
                    features: ["pidfs"], grade: .instance)))
        // Not all of the rules: those that are added later change no expected output.
        perform(.configure(digest: "ab12", content: "strict=false\nhandoffs=65536\n"))
        perform(.start(pid: 700, epoch: 1))
    }

    func process(_ pid: Int32, uid: UInt32 = 1000, _ path: String) -> UInt64 {
        perform(
            .observeProcess(
                ProcessIdentity(
                    pid: pid, instance: UInt64(pid) + 1_000_000, start: 4_000, uid: uid, gid: uid,
                    effectiveUID: uid, executable: Array(path.utf8))))
    }

    func socket(_ cookie: UInt64) -> UInt64 {
        perform(
            .observeSocket(
                SocketIdentity(
                    cookie: cookie, inode: cookie * 10, family: 2, type: 1, protocolNumber: 6,
                    local: "127.0.0.1:40000", remote: "127.0.0.1:80")))
    }

    private func request() -> RequestID {
        counter += 1
        return RequestID(nonce: 77, counter: counter, watermark: counter - 1)
    }

    private func request(of process: UInt64) -> RequestID {
        var request = request()
        request.nonce = 70 + process
        return request
    }

    @discardableResult
    func duplicate(
        _ source: UInt64, to target: TargetFact, _ socket: UInt64, ttl: UInt64? = nil,
        after microseconds: Int64 = 1_000_000
    ) -> UInt64 {
        perform(
            .duplicate(
                Command.Duplicate(
                    actor: source, socket: .socket(socket), target: target, pid: 4242,
                    form: .wide, flags: 1, lifetime: ttl, request: request(of: source))),
            after: microseconds)
    }

    @discardableResult
    func redeem(_ handoff: UInt64, by process: UInt64, genuine: Bool = true) -> UInt64 {
        perform(
            .redeem(
                Command.Redeem(
                    actor: process,
                    record: .ticket(handoff: handoff, genuine: genuine, altered: false),
                    isHeld: true, flags: 1, program: nil, request: request(of: process))),
            after: 2_000)
    }

    func confirm(_ handoff: UInt64, by process: UInt64, cookie: UInt64) {
        perform(
            .confirm(Command.Confirm(actor: process, handoff: handoff, cookie: cookie)),
            after: 500)
    }

    func revoke(_ handoff: UInt64, by process: UInt64, text: String) {
        perform(
            .revoke(
                Command.Revoke(
                    actor: process, handoff: handoff, text: text, request: request(of: process))))
    }

    func select(_ process: UInt64, _ socket: UInt64, mask: UInt32) {
        perform(
            .select(
                Command.Select(
                    actor: process, socket: .socket(socket), mask: mask,
                    request: request(of: process))))
    }

    // MARK: - A story

    /// The numbers of what the story is about.
    struct Story {
        var client: UInt64 = 0
        var worker: UInt64 = 0
        var helper: UInt64 = 0
        var stranger: UInt64 = 0
        var socket: UInt64 = 0
        /// Delivered at the second attempt; passed on; revoked; expired; voided; left open.
        var delivered: UInt64 = 0
        var passedOn: UInt64 = 0
        var revoked: UInt64 = 0
        var expired: UInt64 = 0
        var voided: UInt64 = 0
        var open: UInt64 = 0
    }

    /// Every way in which a handoff goes, a restart, and what else a coordinator sees.
    func tell() -> Story {
        var story = Story()
        open()
        story.client = process(812, "/usr/bin/echo-client")
        story.worker = process(815, "/opt/worker")
        story.helper = process(817, "/opt/helper")
        story.stranger = process(900, uid: 1001, "/tmp/\u{1B}[31mevil")
        story.socket = socket(4097)
        tellDeliveries(&story)
        tellEndings(&story)
        return story
    }

    private func tellDeliveries(_ story: inout Story) {
        story.delivered = duplicate(
            story.client, to: .process(story.worker), story.socket, ttl: 300_000_000)
        duplicate(story.client, to: .missing, story.socket)
        redeem(story.delivered, by: story.stranger)
        redeem(story.delivered, by: story.worker, genuine: false)
        redeem(story.delivered, by: story.worker)
        perform(
            .deliveryFailed(
                handoff: story.delivered, actor: story.worker, attempt: 1, reason: .truncated))
        redeem(story.delivered, by: story.worker)
        confirm(story.delivered, by: story.worker, cookie: 4097)
        redeem(story.delivered, by: story.worker)
        story.passedOn = duplicate(story.worker, to: .process(story.helper), story.socket)
        redeem(story.passedOn, by: story.helper)
        confirm(story.passedOn, by: story.helper, cookie: 4097)
        perform(
            .close(
                Command.Close(actor: story.helper, cookie: 4097, how: .closesocket)))
    }

    private func tellEndings(_ story: inout Story) {
        story.revoked = duplicate(story.client, to: .process(story.worker), story.socket)
        revoke(story.revoked, by: story.stranger, text: "mine")
        revoke(story.revoked, by: story.client, text: "no, \"sorry\"")
        story.expired = duplicate(
            story.client, to: .process(story.worker), story.socket, ttl: 1_500_000)
        perform(.expire(handoff: story.expired), after: 1_500_000)
        select(story.worker, story.socket, mask: 3)
        select(story.client, story.socket, mask: 1)
        perform(
            .suppress(
                Event.Suppressed(
                    uid: 1001, count: 500, first: 60_000_000, last: 61_000_000,
                    reason: .malformedRequest)))
        story.voided = duplicate(story.client, to: .process(story.worker), story.socket)
        perform(.exit(process: story.worker, status: 9))
        while !registry.exiting.isEmpty { perform(.drain, after: 0) }
        story.open = duplicate(story.client, to: .process(story.helper), story.socket)
        perform(.start(pid: 701, epoch: 2))
        perform(
            .recover(
                Command.Recovery(pid: 701, epoch: 2, kept: [story.open], observed: [])))
    }
}
