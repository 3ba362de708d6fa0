import Journal
import Registry
import Testing

@testable import Transport

/// A coordinator with peers that make a history, and what can be done with its log.
final class Recording {
    let directory: String
    private var coordinator: SharedProcess?
    private let arguments: [String]
    private var bundleCount = 0

    var socketPath: String { "\(directory)/coordinator.sock" }
    var databasePath: String { "\(directory)/registry.db" }

    init(_ arguments: [String] = []) throws {
        self.arguments = arguments
        directory = "/tmp/baton-recording-\(String(randomUInt64(), radix: 36))"
        try SystemFiles.makeDirectories(directory, mode: 0o700)
        try start()
    }

    deinit {
        do throws(Errno) {
            var plan = ChildPlan(path: "/bin/rm", arguments: ["rm", "-rf", directory])
            plan.standardInput = .discarded
            _ = try ChildProcess.spawn(plan).wait()
        } catch {
            Issue.record("cannot remove \(directory): \(error)")
        }
    }

    // MARK: - The coordinator

    func start() throws {
        let plan = Program.plan(
            [
                "serve", "--socket", socketPath, "--database", databasePath, "--log-level",
                "error",
            ] + arguments)
        coordinator = SharedProcess(try ChildProcess.spawn(plan))
        try Waiting.until("the coordinator is ready") {
            do throws(Errno) {
                // It reads as a query only where it is greeted, so it leaves nothing.
                _ = try Connection.connect(path: socketPath)
                return true
            } catch {
                return false
            }
        }
    }

    /// With signal 9 for a crash.
    func stop(_ signal: Int32 = SignalDescriptor.terminate) throws {
        let process = try #require(coordinator)
        try process.end(signal)
        coordinator = nil
    }

    func peer() throws -> Peer { try Peer(socketPath) }

    /// A source and a target that have connected, in this order.
    func sourceAndTarget() throws -> (source: Peer, target: Peer) {
        let (source, target) = (try peer(), try peer())
        try source.perform("start")
        try target.perform("start")
        return (source, target)
    }

    /// Waits until the history has this many events of a kind.
    func wait(for kind: EventKind, count: Int = 1) throws {
        let reader = try LogReader(path: databasePath)
        var query = HistoryQuery()
        query.kinds = [kind]
        try Waiting.until("\(count) \(kind.name)") {
            try reader.page(query, from: 0).events.count >= count
        }
    }

    // MARK: - Its log

    func eventCount() throws -> UInt64 { try LogReader(path: databasePath).eventCount() }

    /// The path of a bundle of these events.
    func bundle(_ range: String = "0..") throws -> String {
        bundleCount += 1
        let path = "\(directory)/bundle-\(bundleCount)"
        let result = try Program.run(["bundle", range, path, "--database", databasePath])
        #expect(result.status == .code(0), "\(result.error)")
        return path
    }

    func drive(_ bundle: String, _ arguments: [String] = []) throws -> Program.Result {
        try Program.run(["drive", bundle, "--directory", directory] + arguments)
    }

    /// The history, performed again: all of it can be, and it is the same.
    func expectSame(
        _ range: String = "0..", passedOver: String? = nil,
        location: SourceLocation = #_sourceLocation
    ) throws {
        let result = try drive(try bundle(range))
        #expect(
            result.status == .code(0), "\(result.output)\(result.error)", sourceLocation: location)
        #expect(result.output.hasPrefix("same: "), sourceLocation: location)
        if let passedOver {
            #expect(
                result.output.contains(passedOver), "\(result.output)", sourceLocation: location)
        } else {
            #expect(
                !result.output.contains("could not"), "\(result.output)", sourceLocation: location)
        }
    }

    /// A bundle with one line changed, the first that has `kind` in it, and without the evidence
    /// that would tell.
    func tampered(
        _ path: String, _ kind: String, _ old: String, _ new: String
    ) throws -> String {
        var lines = String(
            decoding: try SystemFiles.readFile(path, limit: 1 << 20), as: UTF8.self
        ).split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        let index = try #require(lines.firstIndex { $0.contains(kind) && $0.contains(old) })
        lines[index] = lines[index].replacing(old, with: new)
        lines.removeAll {
            $0.hasPrefix("{\"bundle\":\"checkpoint\"") || $0.hasPrefix("{\"bundle\":\"proof\"")
        }
        let other = "\(path)-tampered"
        try SystemFiles.writeFileExclusively(
            other, Array(lines.joined(separator: "\n").utf8), mode: 0o600)
        return other
    }
}

/// A counted child, which is ended with its owner.
final class SharedProcess {
    let process: ChildProcess
    private var isReaped = false

    init(_ process: consuming ChildProcess) { self.process = process }

    func end(_ signal: Int32) throws(Errno) {
        isReaped = true
        try process.kill(signal)
        _ = try process.wait()
    }

    func reap() throws(Errno) {
        isReaped = true
        _ = try process.wait()
    }

    deinit {
        guard !isReaped else { return }
        do throws(Errno) {
            try end(9)
        } catch {
            Issue.record("a child cannot be ended: \(error)")
        }
    }
}
