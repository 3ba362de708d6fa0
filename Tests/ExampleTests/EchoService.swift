import Baton
import Journal
import Registry
import TestSupport
import Testing

@testable import Transport

/// A coordinator and an acceptor with its workers, in a directory that goes with them.
final class EchoService {
    let port: UInt16
    private let directory: String
    private let socketPath: String
    private let databasePath: String
    private let coordinator: ChildProcess
    private let acceptor: ChildProcess
    /// Open as long as the acceptor, which writes when a worker has ended.
    private let output: SharedDescriptor

    init(workerCount: Int) throws {
        directory = "/tmp/baton-example-\(String(randomUInt64(), radix: 36))"
        socketPath = "\(directory)/coordinator.sock"
        databasePath = "\(directory)/registry.db"
        try SystemFiles.makeDirectories(directory, mode: 0o700)
        let program = try Self.built("baton")
        coordinator = try ChildProcess.spawn(
            ChildPlan(
                path: program,
                arguments: [
                    program, "serve", "--socket", socketPath, "--database", databasePath,
                    "--log-level", "error", "--no-keeper",
                ]))
        try Self.waitUntilServing(socketPath, coordinator)
        var started = try Self.startAcceptor(["0", "\(workerCount)"], socketPath: socketPath)
        guard let output = SharedDescriptor(optional: started.standardOutput.take()) else {
            throw Overdue(what: "an output of the acceptor")
        }
        self.output = output
        acceptor = started
        let words = try Waiting.line(of: output.descriptor, "the acceptor listens")
            .split(separator: " ")
        port = try #require(words.last.flatMap { UInt16($0) })
    }

    deinit {
        do throws(Errno) {
            for child in [0, 1] {
                try child == 0 ? acceptor.kill(9) : coordinator.kill(9)
                _ = try child == 0 ? acceptor.wait() : coordinator.wait()
            }
            let remover = try ChildProcess.spawn(
                ChildPlan(path: "/bin/rm", arguments: ["rm", "-rf", directory]))
            _ = try remover.wait()
        } catch {
            Issue.record("what a test started cannot be ended: \(error)")
        }
    }

    /// Runs an acceptor that cannot start; how it ends, and what it says on standard error.
    static func runAcceptor(
        _ arguments: [String], socketPath: String
    ) throws -> (status: Transport.ExitStatus?, error: String) {
        var child = try startAcceptor(arguments, socketPath: socketPath)
        let error = try child.standardError.take()?.readToEnd() ?? []
        return (
            Transport.ExitStatus(rawStatus: try child.wait()),
            String(decoding: error, as: UTF8.self)
        )
    }

    private static func startAcceptor(
        _ arguments: [String], socketPath: String
    ) throws -> ChildProcess {
        let program = try built("acceptor")
        var plan = ChildPlan(
            path: program, arguments: [program] + arguments,
            environment: ["BATON_SOCKET=\(socketPath)"])
        plan.standardOutput = .piped
        plan.standardError = .piped
        return try ChildProcess.spawn(plan)
    }

    /// The programs that were built beside the tests.
    private static func built(_ name: String) throws -> String {
        let own = String(
            decoding: try Syscalls.readLink("/proc/self/exe", relativeTo: -1), as: UTF8.self)
        return own[..<(own.lastIndex(of: "/") ?? own.startIndex)] + "/\(name)"
    }

    private static func waitUntilServing(
        _ socketPath: String, _ coordinator: borrowing ChildProcess
    ) throws {
        let client = Client(socketPath: socketPath)
        let handle = try coordinator.handle.duplicate()
        try Waiting.until("the coordinator serves") {
            do throws(BatonError) {
                try client.connect()
                return true
            } catch {
                guard error.kind == .noCoordinator, !handle.hasExited() else { throw error }
                return false
            }
        }
    }

    // MARK: - What it does

    func kill(worker pid: Int32) throws {
        try ProcessHandle(pid: pid).signal(9)
    }

    /// Waits until the coordinator holds so many sockets.
    func waitUntilHeld(_ count: Int) throws {
        let client = Client(socketPath: socketPath)
        try Waiting.until("\(count) sockets are held") {
            try client.status().contains { $0.key == "held" && $0.value == "\(count)" }
        }
    }

    func events(_ kind: EventKind, reason: String? = nil) throws -> Int {
        var query = HistoryQuery()
        query.kinds = [kind]
        if let reason { query.reasons = [reason] }
        return try LogReader(path: databasePath).page(query, from: 0).events.count
    }
}

/// A connection to the service.
final class EchoClient {
    private let socket: Descriptor

    init(port: UInt16) throws { socket = try Sockets.connect("127.0.0.1:\(port)") }

    func say(_ line: String) throws { try Sockets.write(socket, Array("\(line)\n".utf8)) }

    /// Waits for the answer; the worker that gave it.
    func answer(to line: String) throws -> Int32 {
        let answer = try Waiting.line(of: socket, "an answer to “\(line)”")
        let parts = answer.split(separator: ": ", maxSplits: 1)
        #expect(parts.last.map { String($0) } == line)
        let worker = parts.first?.split(separator: " ").last.flatMap { Int32($0) }
        return try #require(worker, "“\(answer)” names a worker")
    }
}

extension Waiting {
    /// The next line without its end.
    static func line(of stream: borrowing Descriptor, _ what: String) throws -> String {
        let number = stream.withNumber { $0 }
        var bytes: [UInt8] = []
        while true {
            let events = try Syscalls.poll(
                number, events: 1, timeoutMilliseconds: Int32(limitMilliseconds))
            guard events != 0 else { throw Overdue(what: what) }
            let part = try stream.readSome(atMost: 1)
            if part.isEmpty || part == [UInt8(ascii: "\n")] {
                return String(decoding: bytes, as: UTF8.self)
            }
            bytes += part
        }
    }
}
