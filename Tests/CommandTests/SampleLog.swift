import Foundation
import Journal
import Registry
import Testing
import Winsock

/// A directory of this test's own, gone with it.
final class TemporaryDirectory {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "baton-command-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            Issue.record("\(path) stays behind: \(error)")
        }
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// A log with events of every kind, made by hand; their numbers and times are the same each time.
struct SampleLog {
    static let logID = "00112233445566ff"
    /// 2026-11-22T18:35:15.123456Z
    static let start: Int64 = 1_795_372_515_123_456

    let directory: TemporaryDirectory
    var path: String { directory.file("registry.db") }

    init(_ contents: [Event.Content] = Self.everyKind) throws {
        directory = try TemporaryDirectory()
        let journal = try Journal(path: path, program: "baton test", now: Self.start)
        try journal.name(id: Self.logID, origin: "test.example/baton")
        var registry = Registry()
        var batch: [AppliedEvent] = []
        for content in contents {
            let event = Self.event(content, sequence: registry.nextSequence)
            batch.append(AppliedEvent(event: event, applied: registry.apply(event)))
        }
        try journal.append(batch, state: registry)
        try journal.close()
    }

    func reader() throws -> LogReader { try LogReader(path: path) }

    /// One event a second.
    static func event(_ content: Event.Content, sequence: UInt64) -> Event {
        let offset = Int64(sequence) * 1_000_000
        let time = Instant(
            wallMicroseconds: start + offset, bootMicroseconds: 50_000_000 + offset)
        return Event(sequence: sequence, time: time, cause: nil, content: content)
    }

    private static func request(_ counter: UInt64) -> RequestID {
        RequestID(nonce: 77, counter: counter, watermark: counter - 1)
    }

    private static func process(_ pid: Int32, uid: UInt32, _ path: String) -> Event.Content {
        .processSeen(
            ProcessIdentity(
                pid: pid, instance: UInt64(pid) + 1_000_000, start: 4_000, uid: uid, gid: uid,
                effectiveUID: uid, executable: Array(path.utf8)))
    }

    private static func issued(
        _ counter: UInt64, form: ProtocolInfo.Form = .wide, lifetime: UInt64? = nil
    ) -> Event.Content {
        .handoffIssued(
            Event.Issued(
                actor: 4, target: 5, socket: 6, form: form, catalog: 1001, family: 2, type: 1,
                protocolNumber: 6, services: 0x20066, flags: 1, lifetime: lifetime,
                request: request(counter)))
    }

    private static func reserved(_ attempt: UInt32) -> Event.Content {
        .handoffReserved(
            Event.Reserved(
                actor: 5, handoff: 7, attempt: attempt, flags: 1, program: "/usr/bin/cat",
                request: request(UInt64(attempt))))
    }

    static let everyKind: [Event.Content] = opening + handover + endings + rest

    /// 0…6
    private static let opening: [Event.Content] = [
        .logOpened(
            Event.LogIdentity(origin: "test.example/baton", program: "baton test", schema: 1)),
        .bootObserved(
            Event.Boot(
                id: "6f1f5bd4-0000-4000-8000-000000000000", kernel: "6.12.0",
                features: ["pidfs", "scm_pidfd"], grade: .instance)),
        .coordinatorStarted(pid: 700, epoch: 1),
        .configurationChanged(digest: "ab12", content: "strict=no\n"),
        process(812, uid: 1000, "/usr/bin/echo-client"),
        process(815, uid: 1000, "/opt/target"),
        .socketSeen(
            SocketIdentity(
                cookie: 4097, inode: 55_555, family: 2, type: 1, protocolNumber: 6,
                local: "127.0.0.1:40000", remote: "127.0.0.1:80")),
    ]

    /// 7…14
    private static let handover: [Event.Content] = [
        issued(1, lifetime: 300_000_000),
        .handoffRefused(
            Event.RefusedHandoff(
                actor: 4,
                asked: Event.AskedHandoff(pid: 4242, socket: 6, form: .wide, flags: 1),
                reason: .noSuchProcess, request: request(2))),
        // A name that would turn a terminal red, and split a line.
        process(900, uid: 1001, "/tmp/\u{1B}[31mevil,\n\"one\""),
        .redemptionRefused(
            Event.RefusedRedemption(
                actor: 9, handoff: 7, genuine: true, reason: .wrongProcess, request: request(1))),
        reserved(1),
        .deliveryFailed(handoff: 7, reason: .truncated),
        reserved(2),
        .handoffDelivered(handoff: 7, how: .confirmed),
    ]

    /// 15…22
    private static let endings: [Event.Content] = [
        issued(3, form: .ansi),
        .handoffRevoked(
            Event.Revoked(handoff: 15, actor: 4, text: "no, \"sorry\"", request: request(4))),
        issued(5, lifetime: 1_500_000),
        .handoffExpired(handoff: 17),
        issued(6),
        .descriptorClosed(process: 5, socket: 6, how: .closesocket),
        .processExited(process: 5, status: 9),
        .handoffVoided(handoff: 19, reason: .targetExited),
    ]

    /// 23…39
    private static let rest: [Event.Content] = [
        .requestRefused(
            Event.RefusedRequest(
                actor: 9, what: .revoke, handoff: 18_446_744_073_709_551_615, pid: 901, uid: 1002,
                reason: .unknownHandoff, request: request(2))),
        .requestsSuppressed(
            Event.Suppressed(
                uid: 1001, count: 500, first: 60_000_000, last: 61_000_000,
                reason: .malformedRequest)),
        .socketMarked(socket: 6, actor: 4, quality: "voice"),
        .descriptorClosed(process: 4, socket: 6, how: .observed),
        .socketReleased(socket: 6, how: .counted),
        .notificationSelected(actor: 4, socket: 6, mask: 3),
        .notificationCancelled(actor: 4, socket: 6, mask: 3, by: 5),
        .clockStepped(by: -2_500_000),
        .reconcileFound(found: "a descriptor without a handoff"),
        .keeperLost(found: "pid 699"),
        .storeFull(found: "97 %"),
        .keyRotated(key: "k2"),
        .retentionPruned(from: 0, to: 0, root: "00"),
        .redactionApplied(of: 9, field: "exe"),
        .coordinatorRecovered(
            Event.Recovered(pid: 701, epoch: 2, held: 3, matched: 2, lost: 1)),
        .coordinatorStopped(pid: 701, epoch: 2),
        .logClosed(
            Event.LogIdentity(origin: "test.example/baton", program: "baton test", schema: 1)),
    ]
}
