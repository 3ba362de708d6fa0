import Testing

@testable import Transport

/// `baton serve` with socket and database in a directory of its own, which goes with it.
final class LiveCoordinator {
    let socketPath: String
    private let directory: String
    private let child: ChildProcess

    var pid: Int32 { child.pid }

    init(_ options: [String] = []) throws {
        directory = "/tmp/baton-winsock-\(String(randomUInt64(), radix: 36))"
        socketPath = "\(directory)/coordinator.sock"
        try SystemFiles.makeDirectories(directory, mode: 0o700)
        let notifications = try Sockets.listen("unix:\(directory)/notify", kind: .datagram)
        let program = "\(try Command.builtDirectory())/baton"
        var plan = ChildPlan(
            path: program,
            arguments: [
                program, "serve", "--socket", socketPath, "--database", "\(directory)/registry.db",
                "--log-level", "error", "--no-keeper",
            ] + options,
            environment: ["NOTIFY_SOCKET=\(directory)/notify", "FDSTORE=0"])
        plan.standardInput = .discarded
        child = try ChildProcess.spawn(plan)
        let events = try Syscalls.poll(
            notifications.withNumber { $0 }, events: 1, timeoutMilliseconds: 20_000)
        guard events != 0 else { throw Missing(what: "a coordinator that serves") }
    }

    deinit {
        do throws(Errno) {
            try child.kill(9)
            _ = try child.wait()
            let remover = try ChildProcess.spawn(
                ChildPlan(path: "/bin/rm", arguments: ["rm", "-rf", directory]))
            _ = try remover.wait()
        } catch {
            Issue.record("a coordinator cannot be ended: \(error)")
        }
    }

    /// What programs find it by.
    func environment() throws -> [String] {
        [
            "BATON_SOCKET=\(socketPath)", "BATON_DATABASE=\(directory)/registry.db",
            "BATON_COORDINATOR=\(pid)", "BATON=\(try Command.builtDirectory())/baton",
        ]
    }
}
