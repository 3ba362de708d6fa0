import Baton
import Synchronization
import Transport
import Winsock

/// A coordinator of this very program on a database of its own, in a directory that goes with it,
/// also when this process is interrupted. It ends with this process, also when that is killed; then
/// the directory stays.
final class ScratchCoordinator: Sendable {
    let directory: String
    let socketPath: String
    let databasePath: String
    private let child: ChildProcess
    /// Who removes it has this, and does not give it back: nobody says that the coordinator is away
    /// while this process ends.
    private let removal = Mutex(Removal())
    private let signals: Mutex<SignalWatch>

    private struct Removal {
        var isKept = false
        var isDone = false
    }

    /// - Parameter configuration: a configuration file; without one it has the defaults, whatever
    ///   this host's coordinator is configured with.
    init(in parent: String, configuration: String? = nil, arguments: [String] = []) throws {
        directory = "\(parent)/\(SystemFiles.scratchName("baton-scratch"))"
        socketPath = "\(directory)/coordinator.sock"
        databasePath = "\(directory)/registry.db"
        // Before there is a thread.
        signals = Mutex(try SignalWatch(also: [SignalDescriptor.hangUp]))
        do {
            // A new one of our own: keys and programs are put there.
            try SystemFiles.makeNewDirectory(directory, mode: 0o700)
        } catch {
            throw CommandFailure.unreachable(
                "cannot make \(directory): \(error)",
                hint: "name another --directory: one that is there and can be written to")
        }
        let plan = ChildPlan(
            path: "/proc/self/exe",
            arguments: [
                "baton", "serve", "--socket", socketPath, "--database", databasePath,
                "--log-level", "error", "--parent", "\(HostFacts.ownPID())",
            ] + (configuration.map { ["--configuration", $0] } ?? ["--no-configuration"])
                + arguments)
        do {
            child = try ChildProcess.spawn(plan)
        } catch {
            try SystemFiles.removeDirectory(directory)
            throw error
        }
        do {
            try Threads.start { [self] in endWhenTold() }
            try awaitReady()
        } catch {
            remove()
            throw error
        }
    }

    /// Of the coordinator, whose parent is its keeper.
    func pid() throws -> Int32 {
        for (key, value) in try Client(socketPath: socketPath).status() where key == "pid" {
            if let pid = Int32(value) { return pid }
        }
        throw CommandFailure.unreachable("the coordinator does not say its PID")
    }

    /// Leaves the directory for somebody to look at.
    func keep() {
        removal.withLock { $0.isKept = true }
    }

    /// How long the coordinator may take to start or to end, on a machine that is busy with other
    /// things.
    private static let patienceMicroseconds: Int64 = 30_000_000
    private static let kill: Int32 = 9

    /// Looks for the socket until it answers, or its coordinator has ended.
    private func awaitReady() throws {
        let client = Client(socketPath: socketPath)
        let end = Clock.bootMicroseconds() + Self.patienceMicroseconds
        while true {
            do {
                return try client.connect()
            } catch  where error.code == .networkDown {
                guard !child.handle.hasExited() else {
                    throw CommandFailure.unreachable("the coordinator does not start")
                }
                guard Clock.bootMicroseconds() < end else {
                    throw CommandFailure.unreachable("the coordinator does not answer")
                }
                Clock.sleep(milliseconds: 5)
            }
        }
    }

    /// Stops the coordinator, and removes what it left unless that is to be kept.
    func remove() {
        removal.withLock { removal in
            guard !removal.isDone else { return }
            removal.isDone = true
            clear(isKept: removal.isKept)
        }
    }

    /// The exit status is the shell's number for a program that a signal ended.
    private func endWhenTold() {
        do {
            let signal = try signals.withLock { watch in
                while true {
                    if let signal = try watch.next(milliseconds: -1) { return signal }
                }
            }
            removal.withLock { removal in
                if !removal.isDone { clear(isKept: removal.isKept) }
                Programs.end(status: 128 + signal)
            }
        } catch {
            preconditionFailure("Signals that are blocked can be read: \(error)")
        }
    }

    private func clear(isKept: Bool) {
        do {
            try stop()
            if isKept { return }
            for path in DefaultPaths.files(ofDatabase: databasePath, socket: socketPath)
            where try SystemFiles.facts(of: path) != nil {
                try SystemFiles.remove(path)
            }
            try SystemFiles.removeDirectory(directory)
        } catch {
            StandardStream.warn("cannot remove \(directory): \(error)")
        }
    }

    private func stop() throws(Errno) {
        try child.kill(SignalDescriptor.terminate)
        let end = Clock.bootMicroseconds() + Self.patienceMicroseconds
        while !child.handle.hasExited(), Clock.bootMicroseconds() < end {
            Clock.sleep(milliseconds: 1)
        }
        // Where it has ended already, this does nothing.
        try child.kill(Self.kill)
        _ = try child.wait()
    }
}
