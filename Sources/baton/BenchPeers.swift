import ArgumentParser
import Baton
import Transport
import Winsock

// The two processes of a pair in `baton bench`. They get their pipes as descriptors 3 and 4, say on
// standard output when they are connected, and wait on standard input for the time to start.

/// What the bench writes to each of its processes to start them: two times of CLOCK_MONOTONIC.
struct BenchSchedule {
    /// Handoffs that begin before this are not counted.
    var countFrom: UInt64
    var end: UInt64

    static let byteCount = 16

    var bytes: [UInt8] { BenchNumbers.bytes(countFrom) + BenchNumbers.bytes(end) }

    init(countFrom: UInt64, end: UInt64) {
        self.countFrom = countFrom
        self.end = end
    }

    /// Waits for it on standard input.
    static func await() throws -> BenchSchedule {
        let bytes = try StandardStream.input.read(limit: byteCount)
        guard bytes.count == byteCount else {
            throw CommandFailure.usage("This verb is started by baton bench.")
        }
        return BenchSchedule(
            countFrom: BenchNumbers.number(bytes[0..<8]), end: BenchNumbers.number(bytes[8..<16]))
    }
}

/// Whose library the processes of a pair use.
enum BenchClient: String, ExpressibleByArgument, CaseIterable {
    case swift, c

    /// The program of one process: this one, or one in C on libws2_32 that stands beside it.
    func plan(_ verb: String, socket: String, _ more: [String]) throws -> ChildPlan {
        switch self {
        case .swift:
            return ChildPlan(
                path: "/proc/self/exe", arguments: ["baton", verb, "--socket", socket] + more)
        case .c:
            let path = try WinsockLibrary.find().libraries + "/ws2_32-bench"
            guard try SystemFiles.facts(of: path) != nil else {
                throw CommandFailure.unreachable(
                    "there is no \(path)", hint: "make it with `./run build`")
            }
            return ChildPlan(
                path: path, arguments: [path, verb] + more,
                environment: ["BATON_SOCKET=\(socket)"])
        }
    }
}

enum BenchNumbers {
    static func bytes(_ number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
    }

    static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}

struct BenchSource: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-source", shouldDisplay: false)

    @OptionGroup var common: CommonOptions
    @Option var target: Int32

    func run() throws {
        let records = try Descriptor(inherited: 3)
        let releases = try Descriptor(inherited: 4)
        let client = common.client()
        try client.connect()
        // The socket of the C reference: a TCP socket, not connected.
        let payload = try Sockets.unbound(.stream)
        let number = payload.withNumber { $0 }
        try StandardStream.output.write([1])
        let schedule = try BenchSchedule.await()
        while true {
            let start = Clock.monotonicNanoseconds()
            if start >= schedule.end { break }
            let info = try client.duplicate(descriptor: number, for: .process(target))
            try records.write(BenchNumbers.bytes(start) + info.encoded(as: .wide))
            guard try releases.read(exactly: 1) != nil else { break }
        }
    }
}

struct BenchTarget: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-target", shouldDisplay: false)

    @OptionGroup var common: CommonOptions

    func run() throws {
        let records = try Descriptor(inherited: 3)
        let releases = try Descriptor(inherited: 4)
        let client = common.client()
        try client.connect()
        try StandardStream.output.write([1])
        let schedule = try BenchSchedule.await()
        var latencies: [UInt64] = []
        var counted: UInt64 = 0
        var total: UInt64 = 0
        while let message = try records.read(exactly: 8 + 628) {
            let start = BenchNumbers.number(message[0..<8])
            let socket = try client.open(record: Array(message[8...]))
            let held = Clock.monotonicNanoseconds()
            client.close(socket)
            total += 1
            if start >= schedule.countFrom {
                latencies.append(held - start)
                if held < schedule.end { counted += 1 }
            }
            try releases.write([1])
        }
        var report = BenchNumbers.bytes(total) + BenchNumbers.bytes(counted)
        for latency in latencies { report += BenchNumbers.bytes(latency) }
        try StandardStream.output.write(report)
    }
}
