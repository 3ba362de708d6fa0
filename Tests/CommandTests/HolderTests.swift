import Testing

@testable import Journal
@testable import Transport
@testable import baton

/// What `who-holds` and `reconcile` say.
struct HolderTests {
    @Test func `an address is matched as the kernel writes it`() throws {
        let exact = try SearchedAddress("127.0.0.1:80")
        #expect(exact.matches("127.0.0.1:80"))
        // Who is bound to all addresses has this one too.
        #expect(exact.matches("0.0.0.0:80") && exact.matches("[::]:80"))
        // As an IPv6 socket has it that takes IPv4 connections too.
        #expect(exact.matches("[::ffff:127.0.0.1]:80"))
        #expect(!exact.matches("[::ffff:10.0.0.1]:80") && !exact.matches("[::1]:80"))
        #expect(!exact.matches("127.0.0.1:8080") && !exact.matches("10.0.0.1:80"))
        #expect(!exact.matches(nil))
        let any = try SearchedAddress(":80")
        #expect(any.matches("10.0.0.1:80") && any.matches("[fe80::1%2]:80"))
        #expect(!any.matches("10.0.0.1:180"))
        #expect(try SearchedAddress("*:80") == any)
        let six = try SearchedAddress("[::1]:443")
        #expect(six.matches("[::1]:443") && !six.matches("127.0.0.1:443"))
        let local = try SearchedAddress("localhost:5")
        #expect(local.matches("127.0.0.1:5") && local.matches("[::ffff:127.0.0.1]:5"))
        for name in ["/run/x", "@x", "unix:/run/x", "unix:@x"] {
            let unix = try SearchedAddress(name)
            #expect(unix.isUnix && unix.matches(name.hasSuffix("@x") ? "@x" : "/run/x"))
        }
    }

    @Test(arguments: ["", "web", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", ":99999", "a:b"])
    func `what is neither number nor address is a mistake in the command`(text: String) {
        let failure = #expect(throws: CommandFailure.self) { try SearchedAddress(text) }
        #expect(failure?.status == .usage)
    }

    private static func holder(_ pid: Int32, _ descriptors: [Int32]) -> SocketHolder {
        SocketHolder(pid: pid, descriptors: descriptors, isProved: true)
    }

    /// As it started in the second second after the boot.
    private static let coordinator = RecordedCoordinator(
        pid: 999_999, boot: "b", startedMicroseconds: 2_000_000)

    private static func recorded(_ pid: Int32, handoff: UInt64?) -> RecordedHolder {
        RecordedHolder(
            process: ProcessLabel(number: UInt64(pid), pid: pid, uid: 7, executable: "/bin/x"),
            instance: UInt64(pid), handoff: handoff)
    }

    private static func report(
        recorded: [RecordedHolder], found: [SocketHolder], unreadable: Set<Int32> = [],
        open: [UInt64] = []
    ) -> HolderReport {
        let socket = RecordedSocket(
            label: SocketLabel(
                number: 9, family: 2, type: 1, protocolNumber: 6, local: "127.0.0.1:80"),
            boot: "b", cookie: 1, inode: 2, holders: recorded, openHandoffs: open)
        return HolderReport(
            socket: socket, title: "socket", cookie: 1, inode: 2, found: found,
            unreadable: unreadable, coordinator: coordinator)
    }

    @Test func `each holder is told apart by how it is known`() {
        var reused = Self.holder(5, [3])
        reused.instance = 6
        var coordinator = Self.holder(999_999, [20])
        coordinator.startTicks = 199
        let report = Self.report(
            recorded: [
                Self.recorded(4, handoff: nil), Self.recorded(4, handoff: 12),
                Self.recorded(5, handoff: 13), Self.recorded(6, handoff: 14),
            ],
            found: [Self.holder(4, [7, 8, 9]), reused, coordinator],
            unreadable: [6], open: [15])
        #expect(
            report.rows.map(\.how) == [
                "its own, handoff #12; 1 more that Baton does not know (dup)",
                // The number is another process's now.
                "not known to Baton (forked child, or plain dup)",
                "the coordinator, in escrow for handoff #15",
                "handoff #13; not found: closed without a word, or ended",
                "handoff #14; may not be looked at",
            ])
        #expect(report.rows.map(\.isKnown) == [true, false, true, true, true])
    }

    @Test func `who has the coordinator's number or started it is not taken for a part of Baton`() {
        var (found, parent) = (Self.holder(999_999, [20]), Self.holder(8, [20]))
        found.parent = 8
        found.executable = "/bin/baton"
        parent.executable = "/bin/service"
        func names(started ticks: UInt64?, shares: Bool?) -> [String?] {
            found.startTicks = ticks
            let escrow = EscrowHolders(
                among: [found, parent], recorded: Self.coordinator,
                shareDescriptors: { one, other in
                    #expect(one == 8 && other == 999_999)
                    return shares
                })
            return [escrow.name(of: 999_999), escrow.name(of: 8), escrow.name(of: 9)]
        }
        #expect(names(started: 200, shares: true) == ["the coordinator", "its keeper", nil])
        #expect(names(started: 200, shares: false) == ["the coordinator", nil, nil])
        // It began after the coordinator had said that it had started.
        #expect(names(started: 201, shares: true) == [nil, nil, nil])
        #expect(names(started: nil, shares: true) == [nil, nil, nil])
        // Where the tables may not be compared, program and number have to be the same.
        #expect(names(started: 200, shares: nil) == ["the coordinator", nil, nil])
        parent.executable = "/bin/baton"
        #expect(names(started: 200, shares: nil) == ["the coordinator", "its keeper", nil])
        parent.descriptors = [21]
        #expect(names(started: 200, shares: nil) == ["the coordinator", nil, nil])
        let nobody = EscrowHolders(among: [found, parent], recorded: nil)
        #expect(nobody.name(of: 999_999) == nil)
    }

    @Test
    func `of a socket that was never handed over nobody is known, but who is a child is told`() {
        var child = Self.holder(5, [3])
        child.parent = 4
        func how(isLogRead: Bool) -> [String] {
            HolderReport(
                socket: nil, title: "socket", cookie: 1, inode: 2,
                found: [Self.holder(4, [3]), child], unreadable: [], coordinator: nil,
                isLogRead: isLogRead
            ).rows.map(\.how)
        }
        #expect(
            how(isLogRead: true) == [
                "not known to Baton", "not known to Baton (forked child of pid 4)",
            ])
        #expect(
            how(isLogRead: false) == ["not known without the log", "not known without the log"])
    }

    @Test func `what was found is said in words and as json`() {
        let facts = [
            ("event", "7"), ("sockets", "1"), ("descriptors", "2"), ("closed", "1"),
            ("released", "0"), ("unseen", "0"), ("unreadable", "3"),
        ].map { (key: $0.0, value: $0.1) }
        let report = ReconcileReport(facts: facts)
        #expect(
            report.lines == [
                "looked at 1 socket and 2 descriptors",
                "recorded as closed: 1 descriptor; as released: 0 sockets; "
                    + "see `baton history --seq 7..`",
                "not looked at: 3 processes whose descriptors may not be read",
            ])
        #expect(
            report.json.description
                == #"{"event":7,"sockets":1,"descriptors":2,"closed":1,"released":0,"#
                + #""unseen":0,"unreadable":3}"#)
    }
}
