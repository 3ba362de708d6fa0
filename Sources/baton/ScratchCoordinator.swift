import Baton
import Transport
import Winsock

/// A coordinator of this very program on a database of its own, in a directory that goes with it.
/// It ends with this process, also when that is killed; then the directory stays.
final class ScratchCoordinator {
    let directory: String
    let socketPath: String
    let databasePath: String
    private let child: ChildProcess

    /// Of the coordinator, whose parent is its keeper.
    private(set) var pid: Int32 = 0

    /// - Parameter configuration: a configuration file; without one it has the defaults, whatever
    ///   this host's coordinator is configured with.
    init(in parent: String, configuration: String? = nil, arguments: [String] = []) throws {
        directory = "\(parent)/baton-scratch-\(HostFacts.ownPID())"
        socketPath = "\(directory)/coordinator.sock"
        databasePath = "\(directory)/registry.db"
        do {
            try SystemFiles.makeDirectories(directory, mode: 0o700)
        } catch {
            throw CommandFailure.unreachable(
                "cannot make \(directory): \(error)", hint: "name another --directory")
        }
        let plan = ChildPlan(
            path: "/proc/self/exe",
            arguments: [
                "baton", "serve", "--socket", socketPath, "--database", databasePath,
                "--log-level", "error", "--parent", "\(HostFacts.ownPID())",
            ] + (configuration.map { ["--configuration", $0] } ?? ["--no-configuration"])
                + arguments)
        child = try ChildProcess.spawn(plan)
        try awaitReady()
        for (key, value) in try Client(socketPath: socketPath).status() where key == "pid" {
            pid = Int32(value) ?? 0
        }
    }

    /// Looks for the socket until it answers, or its coordinator has ended.
    private func awaitReady() throws {
        let client = Client(socketPath: socketPath)
        while true {
            do {
                return try client.connect()
            } catch  where error.code == .networkDown {
                guard !child.handle.hasExited() else {
                    throw CommandFailure.unreachable("the coordinator does not start")
                }
                Clock.sleep(milliseconds: 5)
            }
        }
    }

    /// Stops the coordinator, and removes what it left.
    func remove() {
        do {
            try child.kill(SignalDescriptor.terminate)
            _ = try child.wait()
            for suffix in ["", "-wal", "-shm", ".lock", ".key", ".signing-key"] {
                try removeIfThere(databasePath + suffix)
            }
            for suffix in ["", ".lock"] { try removeIfThere(socketPath + suffix) }
            try SystemFiles.removeDirectory(directory)
        } catch {
            StandardStream.warn("cannot remove \(directory): \(error)")
        }
    }

    private func removeIfThere(_ path: String) throws {
        if try SystemFiles.facts(of: path) != nil { try SystemFiles.remove(path) }
    }
}

extension StandardStream {
    /// A line on standard error about something that does not change the result.
    static func warn(_ text: String) { note("warning: \(text)") }

    /// A line on standard error, beside the answer.
    static func note(_ text: String) {
        do throws(Errno) {
            try error.write(Array("\(PrintableText.escaped(text))\n".utf8))
        } catch {
            // Standard error is gone, and with it whom to tell.
        }
    }
}
