import Registry
import Testing
import Winsock

@testable import Transport

/// What real processes did, done again, is the same history.
@Suite struct SameHistoryTests {
    @Test func `handoffs, refusals, closes and exits`() throws {
        let recording = try Recording()
        let (source, target) = try recording.sourceAndTarget()
        let other = try recording.peer()
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        try other.expect("wrong process", "open x \(record)")
        try target.perform("open t \(record)")
        try target.expect("used", "open x \(record)")
        try target.expect("malformed record", "open x 00")
        try target.expect("plain record", "open x \(Self.plain)")
        try target.expect("altered record", "open x \(Self.altered(record))")
        try target.expect("forged", "open x \(Self.forged)")
        try source.expect("invalid process id", "duplicate s -3")
        try source.expect("no such process", "duplicate s 2147483646")
        try source.expect("invalid lifetime", "duplicate s \(target.pid) lifetime=9000000000000")
        let second = try source.perform("duplicate s \(target.pid) form=A lifetime=600000000")
        try source.perform("revoke \(try Self.handoff(second)) reason=changed-my-mind")
        try source.expect("revoked", "revoke \(try Self.handoff(second))")
        try source.expect("unknown handoff", "revoke 77777")
        try target.expect("revoked", "open x \(second)")
        try source.perform("duplicate s \(target.pid) by=pidfd")
        try source.perform("mark s guaranteed")
        try source.expect("quality of service", "duplicate s \(target.pid)")
        try source.perform("close s")
        try target.exit(7)
        try recording.wait(for: .processExited)
        try source.kill(9)
        try recording.wait(for: .processExited, count: 2)
        try other.end()
        try recording.stop()
        try recording.expectSame()
    }

    @Test(arguments: [
        "connect s %tcp stream", "connect s %tcp6 stream", "listen s [::1]:0 stream",
        "connect s %udp datagram", "listen s 127.0.0.1:0 datagram", "pair s f stream",
        "pair s f datagram", "pair s f sequencedPacket", "connect s %unix stream",
        "listen s unix:%path stream", "listen s unix:%path sequencedPacket",
        "listen s unix:%path datagram",
    ])
    func `a socket of every kind and state`(_ line: String) throws {
        let recording = try Recording()
        let path = "\(recording.directory)/far"
        let tcp = try Sockets.listen("127.0.0.1:0")
        let tcp6 = try Sockets.listen("[::1]:0")
        let udp = try Sockets.listen("127.0.0.1:0", kind: .datagram)
        let unix = try Sockets.listen("unix:\(path)-1")
        let places = [
            ("%tcp6", "[::1]:\(try Sockets.localPort(tcp6))"),
            ("%tcp", "127.0.0.1:\(try Sockets.localPort(tcp))"),
            ("%udp", "127.0.0.1:\(try Sockets.localPort(udp))"), ("%unix", "unix:\(path)-1"),
            ("%path", "\(path)-2"),
        ]
        let (source, target) = try recording.sourceAndTarget()
        try source.perform(places.reduce(line) { $0.replacing($1.0, with: $1.1) })
        let record = try source.perform("duplicate s \(target.pid)")
        try target.perform("open t \(record)")
        try source.perform("close s")
        try target.perform("close t")
        try recording.wait(for: .socketReleased)
        try recording.expectSame()
        withExtendedLifetime(SharedDescriptor(unix)) {}
    }

    @Test func `registrations of network events`() throws {
        let recording = try Recording()
        let (source, target) = try recording.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        try source.perform("select s 8")
        let record = try source.perform("duplicate s \(target.pid)")
        try target.perform("open t \(record)")
        try target.perform("select t 9")
        try target.perform("deselect t")
        try target.perform("select t 1")
        try target.perform("close t")
        try source.perform("listen u 127.0.0.1:0 stream")
        try source.perform("deselect u")
        try source.end()
        try recording.wait(for: .processExited)
        try recording.expectSame()
    }

    @Test func `a lifetime that ends before the grant`() throws {
        let recording = try Recording()
        let (source, target) = try recording.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid) lifetime=150000")
        try recording.wait(for: .handoffExpired)
        try target.expect("expired", "open t \(record)")
        try recording.expectSame()
    }

    @Test func `strict rules`() throws {
        let recording = try Recording(["--strict", "--max-handoffs", "2"])
        let (source, target) = try recording.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid) flags=1")
        try target.expect("overlapped missing", "open t \(record) flags=0")
        try target.expect("flags differ", "open t \(record) flags=129")
        try source.perform("duplicate s \(target.pid) flags=1")
        try source.expect("too many handoffs", "duplicate s \(target.pid) flags=1")
        try target.perform("open t \(record) flags=1")
        try source.perform("listen p 127.0.0.1:0 stream")
        try source.perform("priority p 5")
        try source.expect("quality of service", "duplicate p \(target.pid)")
        try recording.expectSame()
    }

    @Test func `a coordinator that is stopped, and one that is killed`() throws {
        let recording = try Recording()
        let (source, target) = try recording.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        try source.perform("duplicate s \(target.pid)")
        let delivered = try source.perform("duplicate s \(target.pid)")
        try target.perform("open t \(delivered)")
        try recording.wait(for: .handoffDelivered)
        try recording.stop()
        try recording.start()
        try source.perform("duplicate s \(target.pid)")
        try recording.crash { try target.end() }
        try source.perform("duplicate s \(source.pid)")
        try recording.stop()
        try recording.expectSame()
    }

    // MARK: - Records

    private static let entry = Catalog.entries[0]
    private static let plain = text(entry.info.encoded(as: .wide))
    private static let forged = text(
        entry.record(with: Ticket(handoff: 3, secret: 4), as: .wide))

    private static func text(_ bytes: [UInt8]) -> String {
        bytes.map { $0 < 16 ? "0\(String($0, radix: 16))" : String($0, radix: 16) }.joined()
    }

    private static func altered(_ record: String) -> String { "00" + record.dropFirst(2) }

    static func handoff(_ record: String) throws -> UInt64 {
        let digits = Array(record)
        let bytes = try stride(from: 0, to: digits.count, by: 2).map { index in
            try #require(UInt8(String(digits[index...index + 1]), radix: 16))
        }
        let ticket = Ticket(record: bytes.span)
        return try #require(ticket).handoff
    }
}
