import Coordinator
import Daemon
import Journal
import Logging
import Registry
import Testing
import Transport
import Wire

/// Changed frames with descriptors that do not belong there, sent to a coordinator that runs: each
/// is answered, each that cannot be read is in the log, and no descriptor stays.
@Suite(.serialized) struct LiveMutationTests {
    /// A few thousand, and more in proportion where more are asked for.
    private static let frameCount = Corpus.caseCount / 66

    @Test func `a coordinator outlives what it cannot read`() async throws {
        let directory = "/tmp/baton-mutation-\(HostFacts.ownPID())"
        try SystemFiles.makeDirectories(directory, mode: 0o700)
        let database = directory + "/registry.db"
        var logger = Logger(label: "mutation")
        logger.logLevel = .critical
        var configuration = DaemonConfiguration(
            socketPath: directory + "/socket", databasePath: database, logger: logger)
        configuration.admission.refusalsPerSecond = 1_000_000
        configuration.admission.refusalsPerSecondOfAll = 1_000_000
        let (ready, started) = AsyncStream.makeStream(of: Void.self)
        let task = Task { [configuration] in
            defer { started.finish() }
            try await Daemon.run(configuration) { started.yield() }
        }
        for await _ in ready { break }
        let sent: Sent
        do {
            sent = try Self.send(to: configuration.socketPath)
        } catch {
            task.cancel()
            throw error
        }
        task.cancel()
        try await task.value
        let refused = try Self.refusals(database)
        print("sent \(sent), refused \(refused)")
        #expect(refused.unreadable == sent.unreadable, "each is in the log")
        #expect(sent.unreadable > Self.frameCount / 4)
        #expect(sent.readable > Self.frameCount / 20)
        let names = ["", "-wal", "-shm", ".key", ".lock", ".signing-key"].map { "registry.db\($0)" }
        for path in (names + ["socket.lock"]).map({ "\(directory)/\($0)" })
        where try SystemFiles.facts(of: path) != nil {
            try SystemFiles.remove(path)
        }
        try SystemFiles.removeDirectory(directory)
    }

    private struct Sent {
        var unreadable = 0
        var readable = 0
        var descriptors = 0
    }

    private static func send(to path: String) throws -> Sent {
        let mutator = Mutator(
            seeds: try Corpus.hexadecimal("requests.hex"),
            byteCountMaximum: Frame.byteCountMaximum + 1, repair: MutationTests.setByteCount)
        var sent = Sent()
        // The first makes the coordinator watch this process, and its closer start.
        var client = try Client(path)
        try client.send(Array(repeating: 0, count: 16), descriptors: 3)
        sent.unreadable += 1
        client = try Client(path)
        try Waiting.untilSteady()
        let baseline = try HostFacts.openDescriptorCount()
        for number in 0..<frameCount {
            if number % 100 == 99 { client = try Client(path) }
            let frame = mutator.mutant(UInt64(number))
            guard !frame.isEmpty, try send(frame, number % 4, by: client, &sent) else { continue }
            if Request.counter(of: frame.span) != 0 { try client.receiveAnswer() }
        }
        // An answer to this one says that all before it was decided.
        client = try Client(path)
        try Waiting.until("no descriptor stays") {
            try HostFacts.openDescriptorCount() == baseline
        }
        return sent
    }

    /// False for the few that would only make the sums harder: they are asked elsewhere.
    private static func send(
        _ frame: [UInt8], _ surplus: Int, by client: Client, _ sent: inout Sent
    ) throws -> Bool {
        do throws(FrameError) {
            switch try Request(frame.span) {
            case .startup, .duplicate: return false
            default: sent.readable += 1
            }
        } catch {
            sent.unreadable += 1
        }
        sent.descriptors += surplus
        try client.send(frame, descriptors: surplus)
        return true
    }

    private static func refusals(_ path: String) throws -> (unreadable: Int, other: Int) {
        let reader = try LogReader(path: path)
        var counts = (unreadable: 0, other: 0)
        var next: UInt64? = 0
        while let from = next {
            let page = try reader.page(HistoryQuery(), from: from)
            for row in page.events {
                guard case .requestRefused(let refused) = try DecodedEvent(row.body).event.content
                else { continue }
                if refused.what == .unknown {
                    counts.unreadable += 1
                } else {
                    counts.other += 1
                }
            }
            next = page.next
        }
        return counts
    }
}

/// A connection that has said its startup.
private final class Client {
    private let connection: Connection
    private let buffer = MessageBuffer(byteCapacity: Frame.byteCountMaximum)
    private let surplus: SocketPair

    init(_ path: String) throws {
        connection = try Connection.connect(path: path)
        surplus = try Sockets.pair(.stream)
        try connection.setReceiveTimeout(milliseconds: Waiting.limitMilliseconds)
        var frame: [UInt8] = []
        Request.encode(
            Request.Startup(counter: 1, nonce: UInt64.random(in: 1 ... .max), role: .peer),
            into: &frame)
        try send(frame, descriptors: 0)
        try receiveAnswer()
    }

    func send(_ frame: [UInt8], descriptors: Int) throws {
        if descriptors == 0 {
            try connection.send(frame.span, wait: true)
        } else {
            try connection.send(
                frame.span, passing: surplus.first, repeated: descriptors, wait: true)
        }
    }

    func receiveAnswer() throws {
        switch try connection.receive(into: buffer, wait: true) {
        case .message: return
        case .nothing: throw Overdue(what: "an answer")
        case .endOfFile: throw Overdue(what: "an answer before the end")
        }
    }
}

/// What a test waited for did not come.
private struct Overdue: Error {
    let what: String
}

private enum Waiting {
    /// Far above what anything here takes, on a machine that is busy with other builds as well.
    static let limitMilliseconds: Int64 = 20_000

    static func until(_ what: String, _ condition: () throws -> Bool) throws {
        let end = Clock.bootMicroseconds() + limitMilliseconds * 1000
        while try !condition() {
            guard Clock.bootMicroseconds() < end else { throw Overdue(what: what) }
            Clock.sleep(milliseconds: 1)
        }
    }

    /// Until the count of descriptors has stayed the same for a while.
    static func untilSteady() throws {
        var last = try HostFacts.openDescriptorCount()
        var same = 0
        try until("the count of descriptors is steady") {
            let count = try HostFacts.openDescriptorCount()
            same = count == last ? same + 1 : 0
            last = count
            return same == 100
        }
    }
}
