import Testing
import Winsock

@testable import Baton
@testable import Transport

struct PiecesTests {
    @Test(
        arguments: [
            (.microseconds(1), 1), (.nanoseconds(1), 1), (.nanoseconds(1000), 1),
            (.nanoseconds(1001), 2), (.seconds(300), 300_000_000),
            (.seconds(1) + .nanoseconds(1), 1_000_001),
            (.seconds(Int64.max), UInt64(Int64.max)),
            (.seconds(Int64.max / 1_000_000) + .milliseconds(999), UInt64(Int64.max)),
        ] as [(Duration, UInt64)])
    func `a lifetime is rounded up to microseconds`(lifetime: Duration, expected: UInt64) throws {
        #expect(try DuplicateOptions(lifetime: lifetime).lifetimeMicroseconds() == expected)
    }

    @Test
    func `no lifetime is none`() throws {
        #expect(try DuplicateOptions().lifetimeMicroseconds() == nil)
    }

    @Test(arguments: [.zero, .nanoseconds(-1), .seconds(-5)] as [Duration])
    func `a lifetime of nothing is refused`(lifetime: Duration) {
        let error = #expect(throws: BatonError.self) {
            try DuplicateOptions(lifetime: lifetime).lifetimeMicroseconds()
        }
        #expect(error?.reason == "invalid lifetime")
    }

    @Test(
        arguments: [
            (0, [0]), (1, [0, 1]), (5, [0, 5]), (30, [0, 5, 10, 15]),
            (1000, [0, 5, 10, 20, 40, 80, 160, 200, 200, 200, 85]),
        ] as [(Int64, [Int64])])
    func `pauses double up to the longest, and their sum is the limit`(
        limit: Int64, pauses: [Int64]
    ) {
        var backoff = Backoff(limitMilliseconds: limit)
        var given: [Int64] = []
        while let pause = backoff.next() { given.append(pause) }
        #expect(given == pauses)
    }

    @Test
    func `an acknowledgement takes the confirms up to its ordinal`() {
        var confirms = UnacknowledgedConfirms()
        for handoff in 1...4 { confirms.add(handoff: UInt64(handoff), attempt: 1, cookie: 9) }
        for index in 0..<3 { confirms.markSent(at: index, ordinal: UInt64(2 * index + 1)) }
        confirms.acknowledge(through: 0)
        #expect(confirms.confirms.map(\.handoff) == [1, 2, 3, 4])
        confirms.acknowledge(through: 4)
        #expect(confirms.confirms.map(\.handoff) == [3, 4])
        confirms.loseConnection()
        confirms.acknowledge(through: 100)
        #expect(confirms.confirms.map(\.handoff) == [3, 4])
        #expect(confirms.contains(handoff: 3))
        #expect(!confirms.contains(handoff: 1))
    }

    @Test
    func `confirms that nobody acknowledges are bounded`() {
        var confirms = UnacknowledgedConfirms()
        let count = UnacknowledgedConfirms.countMaximum
        for handoff in 0...count { confirms.add(handoff: UInt64(handoff), attempt: 1, cookie: 9) }
        #expect(confirms.confirms.count == count)
        #expect(confirms.confirms.first?.handoff == 1)
    }

    @Test(
        arguments: [
            (0, [:], "/run/baton/coordinator.sock"),
            (0, ["XDG_RUNTIME_DIR": "/run/user/0"], "/run/baton/coordinator.sock"),
            (1000, [:], "/run/user/1000/baton/coordinator.sock"),
            (1000, ["XDG_RUNTIME_DIR": "/x"], "/x/baton/coordinator.sock"),
            (1000, ["XDG_RUNTIME_DIR": "x"], "/run/user/1000/baton/coordinator.sock"),
            (1000, ["XDG_RUNTIME_DIR": "/x", "BATON_SOCKET": "y"], "y"),
            (0, ["BATON_SOCKET": ""], "/run/baton/coordinator.sock"),
        ] as [(UInt32, [String: String], String)])
    func `the socket is where the environment says`(
        uid: UInt32, environment: [String: String], path: String
    ) {
        #expect(DefaultPaths.socketPath(effectiveUID: uid) { environment[$0] } == path)
    }

    @Test(
        arguments: [
            (0, ["HOME": "/root"], "/var/lib/baton/registry.db"),
            (1000, ["HOME": "/home/u"], "/home/u/.local/state/baton/registry.db"),
            (1000, ["HOME": "/home/u", "XDG_STATE_HOME": "/s"], "/s/baton/registry.db"),
            (1000, ["BATON_DATABASE": "/d.db", "XDG_STATE_HOME": "/s"], "/d.db"),
            (4_000_000_000, [:], "/home/4000000000/.local/state/baton/registry.db"),
        ] as [(UInt32, [String: String], String)])
    func `the database is where the environment says`(
        uid: UInt32, environment: [String: String], path: String
    ) {
        #expect(DefaultPaths.databasePath(effectiveUID: uid) { environment[$0] } == path)
    }

    @Test
    func `the home directory is looked up where the environment has none`() throws {
        let root = try String(
            decoding: SystemFiles.readFile("/etc/passwd", limit: 1 << 20), as: UTF8.self
        ).split(separator: "\n").first { $0.split(separator: ":")[2] == "0" }
        let home = try #require(root).split(separator: ":")[5]
        #expect(Syscalls.homeDirectory(uid: 0) == String(home))
    }

    @Test
    func `a worker runs its jobs in order and ends with the last`() throws {
        let order = ForkSafeLock<[Int]>([])
        let isDone = try Signal()
        do {
            let worker = try Worker()
            for number in 0..<100 { worker.add { order.withLock { $0.append(number) } } }
            worker.add { isDone.send() }
        }
        try isDone.wait()
        #expect(order.withLock { $0 } == Array(0..<100))
    }
}
