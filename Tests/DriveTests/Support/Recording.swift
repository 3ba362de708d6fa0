import Journal
import Registry
import TestSupport
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

    /// - Parameter configuration: the text of a configuration file, given where it is.
    init(
        _ arguments: [String] = [], configuration: ((_ directory: String) -> String)? = nil
    ) throws {
        directory = "/tmp/baton-recording-\(String(randomUInt64(), radix: 36))"
        let file = ["--configuration", "\(directory)/baton.yaml"]
        self.arguments = arguments + (configuration == nil ? ["--no-configuration"] : file)
        try SystemFiles.makeDirectories(directory, mode: 0o700)
        if let configuration { try configure(configuration(directory)) }
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

    /// With signal 9 it is the keeper that is killed; the coordinator then stops in order.
    func stop(_ signal: Int32 = SignalDescriptor.terminate) throws {
        let process = try #require(coordinator)
        try process.end(signal)
        coordinator = nil
    }

    /// SIGKILL for the coordinator itself, after what it does not live to see. Its keeper makes the
    /// next one.
    func crash(after body: () throws -> Void = {}) throws {
        let before = try count(of: .coordinatorRecovered)
        let handle = try coordinatorHandle()
        try handle.signal(Self.pause)
        let outcome = Result { try body() }
        try handle.signal(9)
        try outcome.get()
        try wait(for: .coordinatorRecovered, count: before + 1)
    }

    private static let pause: Int32 = 19

    /// The coordinator itself, whose parent is its keeper.
    func coordinatorHandle() throws -> ProcessHandle {
        let reader = try LogReader(path: databasePath)
        var query = HistoryQuery()
        query.kinds = [.coordinatorStarted]
        let started = try #require(try reader.page(query, from: 0).events.last)
        guard case .coordinatorStarted(let pid, _) = try DecodedEvent(started.body).event.content
        else { throw Overdue(what: "coordinator.started") }
        return try ProcessHandle(pid: pid)
    }

    func configure(_ text: String) throws {
        try SystemFiles.replaceFile(
            "\(directory)/baton.yaml", with: Array(text.utf8), mode: 0o600)
    }

    /// Reads another configuration while it serves, which is a change.
    func reload(_ text: String) throws {
        let before = try count(of: .configurationChanged)
        try configure(text)
        try #require(coordinator).process.kill(AwaitedSignals.hangUp)
        try wait(for: .configurationChanged, count: before + 1)
    }

    /// Another program that does the same as a peer.
    func otherPeer(_ name: String = "stranger") throws -> String {
        let path = "\(directory)/\(name)"
        try SystemFiles.copyFile(Program.beside("baton-test-peer"), to: path, mode: 0o755)
        return path
    }

    func peer() throws -> Peer { try Peer(socketPath) }
    func peer(program: String) throws -> Peer { try Peer(socketPath, program: program) }

    /// A source and a target that have connected, in this order; of the usual program, or of one
    /// that the history is to name.
    func sourceAndTarget(program: String? = nil) throws -> (source: Peer, target: Peer) {
        func made() throws -> Peer { try program.map { try peer(program: $0) } ?? peer() }
        let (source, target) = (try made(), try made())
        try source.perform("start")
        try target.perform("start")
        return (source, target)
    }

    /// Waits until the history has this many events of a kind.
    func wait(for kind: EventKind, count: Int = 1) throws {
        try Waiting.until("\(count) \(kind.name)") { try self.count(of: kind) >= count }
    }

    private func count(of kind: EventKind) throws -> Int {
        var query = HistoryQuery()
        query.kinds = [kind]
        return try LogReader(path: databasePath).page(query, from: 0).events.count
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
        var text = BundleText(try SystemFiles.readFile(path, limit: 1 << 20))
        let index = try #require(
            text.lines.firstIndex { $0.contains(kind) && $0.contains(old) })
        try text.replace(index, old, new)
        text.removeEvidence()
        let other = "\(path)-tampered"
        try SystemFiles.writeFileExclusively(other, text.bytes, mode: 0o600)
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

    /// Waits for its end; its raw wait status.
    @discardableResult
    func reap() throws(Errno) -> Int32 {
        isReaped = true
        return try process.wait()
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
