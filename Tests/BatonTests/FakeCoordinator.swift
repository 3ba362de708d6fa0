import Registry
import Testing
import Transport
import Winsock
import Wire

@testable import Baton

/// What went otherwise than a script says.
struct ScriptFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Plays the coordinator's side on a thread, as a script says. When the script has ended nobody
/// listens any more, so that a client which waits for more gets an error and not silence.
final class FakeCoordinator: Sendable {
    let path: String
    private let directory: String
    private let outcome = ForkSafeLock<Result<Void, ScriptFailure>?>(nil)
    private let hasEnded: Signal
    private let worker: Worker

    init(_ script: @escaping @Sendable (borrowing Listener) throws -> Void) throws {
        directory = "/tmp/baton-tests-\(randomUInt64())"
        path = "\(directory)/coordinator.sock"
        hasEnded = try Signal()
        worker = try Worker()
        try SystemFiles.makeDirectories(directory, mode: 0o700)
        let listener = ForkSafeLock<Listener?>(try Listener.bind(path: path, mode: 0o600))
        worker.add { [self] in
            let result: Result<Void, ScriptFailure>
            do {
                guard let listener = listener.withLock({ $0.take() }) else {
                    throw ScriptFailure("a script runs once")
                }
                try script(listener)
                result = .success(())
            } catch {
                result = .failure(ScriptFailure("\(error)"))
            }
            outcome.withLock { $0 = result }
            hasEnded.send()
        }
    }

    deinit {
        do throws(Errno) {
            try SystemFiles.remove(path)
            try SystemFiles.removeDirectory(directory)
        } catch {
            Issue.record("\(directory) could not be removed: \(error)")
        }
    }

    /// Waits for the end of the script; throws what went wrong in it.
    func finish() throws {
        try hasEnded.wait()
        try outcome.withLock { $0 }?.get()
    }

    /// As `finish()`, for asynchronous tests.
    func hasFinished() async throws {
        try await hasEnded.hasCome()
        try finish()
    }

    /// A client of this coordinator, with little patience.
    func client() -> Client {
        Client(socketPath: path, retryLimitMilliseconds: 500)
    }
}

/// Lets one side of a test wait for the other.
final class Signal: Sendable {
    private let event: EventDescriptor

    init() throws {
        event = try EventDescriptor()
    }

    func send() { event.signal() }

    func wait() throws { try waitUntilReadable(event) }

    /// As `wait()`, for asynchronous tests: their threads are few, and others need them.
    func hasCome() async throws {
        let worker = try Worker()
        try await withCheckedThrowingContinuation { continuation in
            worker.add { continuation.resume(with: Result { try self.wait() }) }
        }
    }
}

/// Fails where nothing comes within ten seconds.
func waitUntilReadable(_ descriptor: borrowing some NumberedDescriptor & ~Copyable) throws {
    let poller = try Poller()
    try poller.add(
        descriptor, token: Poller.Token(index: 0, generation: 0), interest: .readable)
    let events = EventBuffer(capacity: 1)
    guard try poller.wait(into: events, timeoutMilliseconds: 10_000) > 0 else {
        throw ScriptFailure("nothing came")
    }
}

extension Listener {
    /// The next connection, greeted.
    borrowing func greeted() throws -> (link: FakeLink, startup: Request.Startup) {
        let link = try connected()
        let startup = try link.startup()
        try link.answer(
            startup.counter, .welcome(epoch: 1, pid: HostFacts.ownPID(), version: Frame.version))
        return (link, startup)
    }

    /// The next connection, to which nothing has been said.
    borrowing func connected() throws -> FakeLink {
        try waitUntilReadable(self)
        guard let accepted = try accept() else { throw ScriptFailure("nobody connected") }
        return FakeLink(accepted.takeConnection())
    }
}

/// The coordinator's end of one connection.
final class FakeLink {
    private let connection: Connection
    private let buffer = MessageBuffer(byteCapacity: Frame.byteCountMaximum)

    init(_ connection: consuming Connection) {
        self.connection = connection
    }

    struct Arrived {
        var bytes: [UInt8]
        var request: Request
        var sender: Peer?
        var descriptors: [SharedDescriptor]
    }

    func waitUntilReadable() throws { try BatonTests.waitUntilReadable(connection) }

    enum Next {
        case nothing, end
        case arrived(Arrived)
    }

    /// The next frame, without waiting for it.
    func poll() throws -> Next {
        switch try connection.receive(into: buffer, wait: false) {
        case .nothing: return .nothing
        case .endOfFile: return .end
        case .message(var message):
            var descriptors: [SharedDescriptor] = []
            if let first = message.first.take() { descriptors.append(SharedDescriptor(first)) }
            if let second = message.second.take() { descriptors.append(SharedDescriptor(second)) }
            let sender = message.credentials
            return try buffer.withBytes(count: message.byteCount) { bytes in
                .arrived(
                    Arrived(
                        bytes: bytes.indices.map { bytes[$0] }, request: try Request(bytes),
                        sender: sender, descriptors: descriptors))
            }
        }
    }

    /// The next frame; nil when the client has gone.
    func next() throws -> Arrived? {
        try waitUntilReadable()
        switch try poll() {
        case .nothing: throw ScriptFailure("nothing came")
        case .end: return nil
        case .arrived(let arrived): return arrived
        }
    }

    func answer(
        _ counter: UInt64, acknowledged: UInt64 = 0, _ content: Answer.Content,
        passing socket: SharedDescriptor? = nil
    ) throws {
        var frame: [UInt8] = []
        Answer(counter: counter, acknowledged: acknowledged, content: content)
            .encode(into: &frame)
        if let socket {
            try connection.send(frame.span, passing: socket, wait: false)
        } else {
            try connection.send(frame.span, wait: false)
        }
    }

    func send(_ bytes: [UInt8]) throws { try connection.send(bytes.span, wait: false) }

    // MARK: - What is expected next

    func arrived() throws -> Arrived {
        guard let arrived = try next() else { throw ScriptFailure("the client has gone") }
        return arrived
    }

    func startup() throws -> Request.Startup {
        let request = try arrived().request
        guard case .startup(let startup) = request else { throw other(request) }
        return startup
    }

    func duplicate() throws -> Request.Duplicate {
        let arrived = try arrived()
        guard case .duplicate(let duplicate) = arrived.request else { throw other(arrived.request) }
        guard arrived.descriptors.count == arrived.request.descriptorCount else {
            throw ScriptFailure("a duplicate came with \(arrived.descriptors.count) descriptors")
        }
        return duplicate
    }

    func redeem() throws -> Request.Redeem {
        let request = try arrived().request
        guard case .redeem(let redeem) = request else { throw other(request) }
        return redeem
    }

    /// Fails where anything but this frame comes.
    func expect(_ expected: Request) throws {
        let request = try arrived().request
        guard request == expected else { throw other(request) }
    }

    func expectEnd() throws {
        if let arrived = try next() { throw other(arrived.request) }
    }

    private func other(_ request: Request) -> ScriptFailure {
        ScriptFailure("unexpected: \(request)")
    }
}

/// What the tests hand over.
enum Sample {
    /// The record of handoff 7.
    static var info: ProtocolInfo {
        var info = ProtocolInfo()
        info.name = "Baton test"
        info.ticket = Ticket(handoff: 7, secret: 0x1122_3344_5566_7788)
        return info
    }

    static var record: Answer.Content {
        .record(handoff: 7, isRepeated: false, bytes: info.encoded(as: .wide))
    }

    static func grant(attempt: UInt32 = 1, notes: GrantNotes = []) -> Answer.Content {
        .grant(handoff: 7, attempt: attempt, notes: notes)
    }

    /// A socket, and its other end to see whether it is still open anywhere.
    static func pair() throws -> (socket: SharedDescriptor, other: SharedDescriptor) {
        let pair = try Sockets.pair(.stream)
        return (
            SharedDescriptor(try pair.first.duplicate()),
            SharedDescriptor(try pair.second.duplicate())
        )
    }
}

extension SharedDescriptor {
    /// A socket of its own of the same kernel socket.
    func socket() throws -> Socket {
        Socket(owning: try descriptor.duplicate().release())
    }

    var cookie: UInt64 {
        get throws { try Sockets.cookie(of: descriptor) }
    }
}
