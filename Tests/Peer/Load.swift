import Baton
import Glibc
import Transport
import Winsock

/// A pair of processes that hand sockets over, one after the other, until the input of the first
/// ends, and check each: what the target writes into the socket it opened comes out of its far end.
///
/// The source closes its descriptor at once, so that from then on nobody but the coordinator has
/// the socket. Neither may have more descriptors in the end than after the first handoff. On its
/// output the source says the number of each handoff that arrived, a line each,
/// and ends with status 0; or it says what was wrong and ends with 1.
enum Load {
    /// Between two handoffs, so that a long run can be read again afterwards.
    static let pauseMilliseconds: Int64 = 20

    static func source(path: String) throws {
        var plan = ChildPlan(
            path: "/proc/self/exe", arguments: ["baton-test-peer", path, "load-target"])
        plan.standardInput = .piped
        var target = try ChildProcess.spawn(plan)
        guard let records = target.standardInput.take() else { throw Misuse.notConnected }
        let client = Client(socketPath: path, retryLimitMilliseconds: 15_000)
        try client.connect()
        var numbers: [UInt64] = []
        var baseline = 0
        do {
            while !hasEnded(0) {
                numbers.append(try handOver(client, to: target.pid, records))
                if numbers.count == 1 { baseline = try HostFacts.openDescriptorCount() }
                Clock.sleep(milliseconds: pauseMilliseconds)
            }
            try expectNoDescriptorMore(than: baseline)
        } catch {
            try StandardStream.output.write(Array("after \(numbers.count): \(error)\n".utf8))
            exit(1)
        }
        _ = consume records
        guard ExitStatus(rawStatus: try target.wait()) == .code(0) else { exit(1) }
        let lines = numbers.map { "\($0)\n" }.joined()
        try StandardStream.output.write(Array(lines.utf8))
    }

    /// The number of the handoff, from the other end of the socket.
    private static func handOver(
        _ client: Client, to target: Int32, _ records: borrowing Descriptor
    ) throws -> UInt64 {
        try Sockets.pair(.stream).take { (near, far) throws in
            let socket = Baton.Socket(owning: near.release())
            let info = try client.duplicate(socket, for: .process(target))
            client.close(socket)
            try records.write(info.encoded(as: .wide))
            guard let bytes = try far.read(exactly: 8) else { throw Failure.socketLost }
            let arrived = bytes.reduce(0) { $0 << 8 | UInt64($1) }
            // What the coordinator answered is what the target has.
            guard info.ticket?.handoff == arrived else { throw Failure.otherHandoff }
            return arrived
        }
    }

    static func target(path: String) throws {
        let client = Client(socketPath: path, retryLimitMilliseconds: 15_000)
        let records = try Descriptor(inherited: 0)
        var baseline = 0
        while let record = try records.read(exactly: 628) {
            let socket = try client.open(record: record)
            guard let handoff = socket.handoff else { throw Failure.noHandoff }
            let bytes = (0..<8).map { UInt8(truncatingIfNeeded: handoff >> (56 - 8 * UInt64($0))) }
            let count = socket.withDescriptor { number in
                unsafe bytes.withUnsafeBytes { unsafe Glibc.write(number, $0.baseAddress, 8) }
            }
            guard count == 8 else { throw Failure.otherEndLost }
            client.close(socket)
            if baseline == 0 { baseline = try HostFacts.openDescriptorCount() }
        }
        try expectNoDescriptorMore(than: baseline)
    }

    /// There may be one fewer: that of the connection, while there is none.
    private static func expectNoDescriptorMore(than baseline: Int) throws {
        guard try HostFacts.openDescriptorCount() <= baseline else { throw Failure.leaked }
    }

    /// Whether nobody will write to this descriptor any more.
    static func hasEnded(_ number: Int32) -> Bool {
        var entry = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&entry, 1, 0) > 0
    }

    enum Failure: Error {
        /// The far end came to its end: no descriptor of the socket is left.
        case socketLost
        case otherEndLost
        case noHandoff
        /// The target has another handoff than the source was told.
        case otherHandoff
        case leaked
    }
}
