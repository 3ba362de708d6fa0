import Coordinator
import Journal
import Registry
import Synchronization
package import Transport

/// A coordinator: the daemon of `baton serve`, and a library for services that want one inside.
///
///     let daemon = try Daemon(configuration)
///     try daemon.run()          // until `stop()`
///
/// `Daemon.run(_:)` does the same on a thread of its own, for async code.
public final class Daemon {
    private let loop: EventLoop
    /// Held for a socket file of our own.
    private let socketLock: LockFile?
    private let databaseLock: LockFile
    /// Stops it from any thread.
    public let stopper: Stopper

    /// Opens the log, recovers what a predecessor left, and listens. When this returns, clients
    /// can connect; they are answered once `run` runs.
    public convenience init(_ configuration: DaemonConfiguration) throws(DaemonError) {
        try self.init(configuration, signals: nil, keeper: nil)
    }

    /// - Parameters:
    ///   - signals: signals that stop the coordinator, where the program gives them to it.
    ///   - keeper: the parent process that has the same descriptors, where there is one.
    package init(
        _ configuration: DaemonConfiguration, signals: consuming SignalDescriptor?,
        keeper: KeeperLink?
    ) throws(DaemonError) {
        var configuration = configuration
        configuration.databasePath = Startup.resolve(configuration.databasePath)
        let features = try Startup.features(configuration)
        let host = try HostSight()
        let databaseLock = try Startup.lockDatabase(configuration)
        // With a keeper it is the keeper that has inherited.
        let inherited = keeper == nil ? Inheritance.take() : Inheritance()
        let socketLock =
            Startup.isListening(keeper, inherited) ? nil : try Startup.lockSocket(configuration)
        let (journal, predecessor) = try Startup.openEvidence(configuration)
        let key = try Startup.ticketKey(configuration, journal)
        let listening = try Startup.listen(configuration, keeper, inherited)
        let processes: ProcessTable
        do throws(Errno) {
            processes = try ProcessTable()
            stopper = try Stopper()
        } catch {
            throw DaemonError("cannot start", error)
        }
        var search = EscrowSearch(keeper, stored: inherited.stored)
        let coordinator = try Startup.recover(
            &configuration, features, host, journal, processes, &search, continuing: predecessor)
        do throws(Errno) {
            loop = try EventLoop(
                configuration: configuration, features: features, unseen: host.unseen,
                journal: journal, key: key, coordinator: coordinator, processes: processes,
                listening: listening, stop: stopper.shared, signals: signals, keeper: keeper)
        } catch {
            throw DaemonError("cannot start", error)
        }
        self.databaseLock = databaseLock
        self.socketLock = socketLock
        // Nothing can fail any more: until here, what was kept stays for the next coordinator.
        loop.adopt(search)
    }

    /// Serves until `stop()`, then answers what was received, records the stop, and returns.
    public func run() throws(DaemonError) {
        loop.announce()
        do throws(DaemonError) {
            try loop.run()
        } catch {
            loop.leaveEscrow()
            // The next coordinator reads what was written, and waits for room where there is none.
            if loop.replacesKeeper { try loop.becomeKeeper(because: error) }
            throw error
        }
        if loop.replacesKeeper { try loop.becomeKeeper() }
    }

    /// Serves on a thread of its own until the task is cancelled.
    ///
    /// It has the shape of `Service.run()` of swift-service-lifecycle, so that a coordinator goes
    /// into a service group with an empty conformance.
    /// - Parameter ready: called once clients are served.
    public static func run(
        _ configuration: DaemonConfiguration, ready: @escaping @Sendable () -> Void = {}
    ) async throws {
        let cell = StopperCell()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation {
                (continuation: CheckedContinuation<Void, any Error>) in
                do throws(Errno) {
                    try Threads.start {
                        continuation.resume(
                            with: Result { try serve(configuration, cell, ready: ready) })
                    }
                } catch {
                    continuation.resume(throwing: DaemonError("cannot start a thread", error))
                }
            }
        } onCancel: {
            cell.stop()
        }
    }

    private static func serve(
        _ configuration: DaemonConfiguration, _ cell: StopperCell, ready: () -> Void
    ) throws(DaemonError) {
        let daemon = try Daemon(configuration)
        cell.set(daemon.stopper)
        ready()
        try daemon.run()
    }
}

/// The stopper of a coordinator that may not have started when it is to be stopped.
private final class StopperCell: Sendable {
    private struct State {
        var stopper: Stopper?
        var isStopped = false
    }

    private let state = Mutex(State())

    func set(_ stopper: Stopper) {
        let isStopped = state.withLock { state in
            state.stopper = stopper
            return state.isStopped
        }
        if isStopped { stopper.stop() }
    }

    func stop() {
        let stopper = state.withLock { state in
            state.isStopped = true
            return state.stopper
        }
        stopper?.stop()
    }
}

/// Stops a coordinator that runs on another thread.
public final class Stopper: Sendable {
    let shared: SharedStop

    init() throws(Errno) { shared = try SharedStop() }

    public func stop() { shared.event.signal() }
}

/// Tells a running coordinator to stop, from any thread.
final class SharedStop: Sendable {
    let event: EventDescriptor

    init() throws(Errno) { event = try EventDescriptor() }
}
