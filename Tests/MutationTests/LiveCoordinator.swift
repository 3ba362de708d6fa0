import Daemon
import Journal
import Logging
import Registry
import TestSupport
import Testing
import Transport

/// A coordinator that runs in the process of the tests, and its log when it has stopped.
final class LiveCoordinator {
    let socketPath: String
    private let directory: String
    private let databasePath: String
    private let task: Task<Void, any Error>

    static func start(
        _ name: String, _ configure: (inout DaemonConfiguration) -> Void
    ) async throws -> LiveCoordinator {
        let directory = "/tmp/baton-mutation-\(HostFacts.ownPID())-\(name)"
        try SystemFiles.makeDirectories(directory, mode: 0o700)
        var logger = Logger(label: "mutation")
        logger.logLevel = .critical
        var configuration = DaemonConfiguration(
            socketPath: directory + "/socket", databasePath: directory + "/registry.db",
            logger: logger)
        configure(&configuration)
        let (ready, started) = AsyncStream.makeStream(of: Void.self)
        let task = Task { [configuration] in
            defer { started.finish() }
            try await Daemon.run(configuration) { started.yield() }
        }
        var isReady = false
        for await _ in ready {
            isReady = true
            break
        }
        if !isReady { try await task.value }
        return LiveCoordinator(directory, configuration, task)
    }

    private init(
        _ directory: String, _ configuration: DaemonConfiguration, _ task: Task<Void, any Error>
    ) {
        self.directory = directory
        self.task = task
        socketPath = configuration.socketPath
        databasePath = configuration.databasePath
    }

    deinit { task.cancel() }

    /// Stops it. The log agrees with itself, and its fold with what a start would read.
    func finish() async throws -> [Event] {
        task.cancel()
        try await task.value
        let events = try checkedEvents()
        let names = ["", "-wal", "-shm", ".key", ".lock", ".signing-key"].map { "registry.db\($0)" }
        for path in (names + ["socket.lock"]).map({ "\(directory)/\($0)" })
        where try SystemFiles.facts(of: path) != nil {
            try SystemFiles.remove(path)
        }
        try SystemFiles.removeDirectory(directory)
        return events
    }

    private func checkedEvents() throws -> [Event] {
        let reader = try LogReader(path: databasePath)
        var events: [Event] = []
        var folded = Registry()
        var next: UInt64? = 0
        while let from = next {
            let page = try reader.page(HistoryQuery(), from: from)
            for row in page.events {
                let event = try DecodedEvent(row.body).event
                try #require(event.sequence == folded.nextSequence, "no gaps")
                folded.apply(event)
                events.append(event)
            }
            next = page.next
        }
        folded.checkInvariants()
        #expect(folded.snapshot() == (try reader.state().snapshot()), "replay gives the state")
        var options = Verification.Options()
        options.isDeep = true
        let report = try Verification.run(reader, options)
        #expect(report.findings == [], "as baton verify --deep says")
        #expect(!report.keys.isEmpty, "there is evidence")
        return events
    }
}

extension Waiting {
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
