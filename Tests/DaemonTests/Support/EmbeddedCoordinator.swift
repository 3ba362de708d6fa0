import Baton
import Daemon
import Journal
import Logging
import Registry
import TestSupport
import Testing

@testable import Transport

/// A coordinator inside the process of the tests, as a Swift service would have one.
final class EmbeddedCoordinator {
    let scratch: Scratch
    let configuration: DaemonConfiguration
    private let task: Task<Void, any Error>
    private(set) var peers: [PeerProcess] = []

    var socketPath: String { configuration.socketPath }

    /// Returns when clients are served; throws what kept it from starting.
    static func start(
        _ configure: (inout DaemonConfiguration) -> Void = { _ in }
    ) async throws -> EmbeddedCoordinator {
        let scratch = try Scratch()
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        var configuration = DaemonConfiguration(
            socketPath: scratch["coordinator.sock"], databasePath: scratch["registry.db"],
            logger: logger)
        configure(&configuration)
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let task = Task { [configuration] in
            defer { continuation.finish() }
            try await Daemon.run(configuration) { continuation.yield() }
        }
        var iterator = stream.makeAsyncIterator()
        if await iterator.next() == nil { try await task.value }
        return EmbeddedCoordinator(scratch, configuration, task)
    }

    private init(
        _ scratch: Scratch, _ configuration: DaemonConfiguration, _ task: Task<Void, any Error>
    ) {
        self.scratch = scratch
        self.configuration = configuration
        self.task = task
    }

    deinit { task.cancel() }

    func peer(_ name: String) throws -> PeerProcess {
        let peer = try PeerProcess(name, socketPath: socketPath)
        peers.append(peer)
        return peer
    }

    func status() throws -> [String: String] {
        try Dictionary(
            uniqueKeysWithValues: Client(socketPath: socketPath).status().map { ($0.key, $0.value) }
        )
    }

    func events() throws -> [Event] {
        try LogReader(path: configuration.databasePath).allEvents()
    }

    func story() throws -> [String] { try Story(peers: peers).lines(events()) }

    func wait(for line: String) throws {
        try Waiting.until("the log has “\(line)”") { try story().contains(line) }
    }

    func wait(forEvent kind: EventKind) throws {
        try Waiting.until("the log has \(kind.name)") {
            try events().contains { $0.content.kind == kind }
        }
    }

    /// Ends the peers in the order of their start, then the coordinator by cancelling its task; the
    /// story of the whole test.
    func finish(location: SourceLocation = #_sourceLocation) async throws -> [String] {
        for peer in peers where !peer.isReaped {
            let isKnown = try story().contains { $0.hasPrefix("process.seen \(peer.name)") }
            try peer.end()
            if isKnown { try wait(for: "process.exited \(peer.name) code 0") }
        }
        try Waiting.until("the kernel has told of each socket that nobody has") {
            try LogReader(path: configuration.databasePath).state().unheldSockets == 0
        }
        task.cancel()
        try await task.value
        try LogCheck.run(configuration.databasePath, location: location)
        return try story()
    }
}
