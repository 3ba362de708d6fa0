import Baton
import Glibc
import Transport
import Winsock

/// A pair of processes that hand sockets over, one after the other, until the input of the first
/// ends, and check each: what the target writes into the socket it opened comes out of its far end.
///
/// The source closes its descriptor at once, so that from then on nobody but the coordinator has
/// the socket. On its output the source says the number of each handoff that arrived, a line each,
/// and ends with status 0; or it says what was wrong and ends with 1.
enum Load {
    /// Between two handoffs, so that a long run can be read again afterwards.
    static let pauseMilliseconds: Int64 = 4

    static func source(path: String) throws {
        var plan = ChildPlan(
            path: "/proc/self/exe", arguments: ["baton-test-peer", path, "load-target"])
        plan.standardInput = .piped
        var target = try ChildProcess.spawn(plan)
        guard let records = target.standardInput.take() else { throw Misuse.notConnected }
        let client = Client(socketPath: path, retryLimitMilliseconds: 15_000)
        try client.connect()
        var numbers: [UInt64] = []
        do {
            while !hasEnded(0) {
                numbers.append(try handOver(client, to: target.pid, records))
                Clock.sleep(milliseconds: pauseMilliseconds)
            }
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
            return bytes.reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    static func target(path: String) throws {
        let client = Client(socketPath: path, retryLimitMilliseconds: 15_000)
        let records = try Descriptor(inherited: 0)
        while let record = try records.read(exactly: 628) {
            let socket = try client.open(record: record)
            guard let handoff = socket.handoff else { throw Failure.noHandoff }
            let bytes = (0..<8).map { UInt8(truncatingIfNeeded: handoff >> (56 - 8 * UInt64($0))) }
            let count = socket.withDescriptor { number in
                unsafe bytes.withUnsafeBytes { unsafe Glibc.write(number, $0.baseAddress, 8) }
            }
            guard count == 8 else { throw Failure.otherEndLost }
            client.close(socket)
        }
    }

    /// Whether nobody will write to this descriptor any more.
    private static func hasEnded(_ number: Int32) -> Bool {
        var entry = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&entry, 1, 0) > 0
    }

    enum Failure: Error {
        /// The far end came to its end: no descriptor of the socket is left.
        case socketLost
        case otherEndLost
        case noHandoff
    }
}
