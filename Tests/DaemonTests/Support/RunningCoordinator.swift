import Baton
import Journal
import Registry
import TestSupport
import Testing

@testable import Transport

/// `baton serve` as a child, with socket and database in a directory of its own.
final class RunningCoordinator {
    let scratch: Scratch
    let socketPath: String
    let databasePath: String
    private let arguments: [String]
    /// What can be made to fail in it.
    let faults: FaultControl?
    /// The beginning of the command that runs it.
    private let launcher: [String]
    /// What it gets as from a service manager.
    private let listener: SharedListener?
    private let notifications: SharedDescriptor
    /// Stands in for the store of a service manager, from one start to the next.
    var store: DescriptorStore?
    private var child: Child?
    /// Descriptors of the coordinator when it was ready for the first time.
    private(set) var baseline = 0
    private(set) var peers: [PeerProcess] = []
    var isRunning: Bool { child != nil }
    var pid: Int32 { child?.pid ?? 0 }

    /// - Parameters:
    ///   - keeper: whether it has one; then `pid` is the keeper's.
    ///   - path: where the listener that is handed down listens.
    ///   - mode: of its directory, when it runs as another user.
    init(
        _ arguments: [String] = [], keeper: Bool = false, databaseDirectory: String? = nil,
        listener: SharedListener? = nil, listeningAt path: String? = nil, launcher: [String] = [],
        mode: UInt32? = nil, withFaults: Bool = false
    ) throws {
        scratch = try Scratch()
        self.launcher = launcher
        faults = withFaults ? try FaultControl(in: scratch) : nil
        self.listener = listener
        socketPath = path ?? scratch["coordinator.sock"]
        databasePath = "\(databaseDirectory ?? scratch.path)/registry.db"
        self.arguments = arguments + (keeper ? [] : ["--no-keeper"])
        notifications = SharedDescriptor(
            try Sockets.listen("unix:\(scratch["notify"])", kind: .datagram))
        if let mode { Programs.run("/bin/chmod", ["-R", String(mode, radix: 8), scratch.path]) }
        try start()
    }

    // MARK: - Life

    /// Starts it, and waits until it says that clients can connect.
    func start(_ more: [String] = []) throws {
        let program = try Programs.built("baton")
        let command =
            launcher + [
                program, "serve", "--socket", socketPath, "--database", databasePath,
                "--log-level", "error",
            ] + arguments + more
        var plan = ChildPlan(
            path: command[0], arguments: command,
            environment: ["NOTIFY_SOCKET=\(scratch["notify"])", "LISTEN_FDS=1"]
                + (faults?.environment ?? []))
        plan.standardInput = .discarded
        if store?.isTold != false {
            plan.environment?.append("FDSTORE=\(store?.capacity ?? 0)")
        }
        let stored = store?.entries ?? []
        if listener != nil || !stored.isEmpty {
            // Only the child knows the number that it has to find in LISTEN_PID.
            plan.path = "/bin/sh"
            plan.arguments = ["sh", "-c", "LISTEN_PID=$$ exec \"$@\"", "sh"] + command
            var names: [String] = []
            if let listener {
                try plan.pass(listener, as: 3)
                names.append("baton.socket")
            }
            for entry in stored {
                try plan.pass(entry.socket, as: 3 + Int32(names.count))
                names.append(entry.name)
            }
            plan.environment?.removeAll { $0.hasPrefix("LISTEN_FDS=") }
            plan.environment?.append("LISTEN_FDS=\(names.count)")
            plan.environment?.append("LISTEN_FDNAMES=\(names.joined(separator: ":"))")
        }
        let child = try Child(plan)
        self.child = child
        try waitUntilReady()
        if baseline == 0 {
            baseline = try descriptorCountOfIdleness()
            // Or the next connection is taken to be there while it is still that one.
            try Waiting.until("nobody is connected") { try descriptorCount() == baseline }
        }
    }

    /// The coordinator of a keeper, as soon as there is one.
    func childOfKeeper() throws -> ProcessHandle {
        var child: Int32?
        try Waiting.until("the keeper has made a coordinator") {
            let path = "/proc/\(pid)/task/\(pid)/children"
            let text = String(decoding: try SystemFiles.readFile(path, limit: 64), as: UTF8.self)
            child = text.split(separator: " ").first.flatMap { Int32($0) }
            return try child.map(Self.isAlive) ?? false
        }
        return try ProcessHandle(pid: try #require(child))
    }

    /// The last one is a child too until it has been reaped.
    private static func isAlive(_ pid: Int32) throws -> Bool {
        do throws(Errno) {
            return try !ProcessHandle(pid: pid).hasExited()
        } catch .noSuchProcess {
            return false
        }
    }

    /// SIGTERM, and takes what it gives to the store.
    ///
    /// - Parameter code: of its end; nil where that is any but 0.
    func stopIntoStore(expecting code: Int32? = 0) throws {
        try signal(Signals.terminate)
        let store = try #require(store)
        while try store.takeNext(from: notifications) {}
        let status = try reap()
        if let code { #expect(status == .code(code)) } else { #expect(status != .code(0)) }
    }

    /// Takes from the store what it says that it has no use for any more.
    func emptyStore() throws {
        let store = try #require(store)
        while !store.entries.isEmpty { _ = try store.takeNext(from: notifications) }
    }

    /// - Parameter mainPID: of the keeper; nil where that is our child.
    func waitUntilReady(mainPID: Int32? = nil) throws {
        try Waiting.forInput("the coordinator says READY=1", from: notifications)
        let text = String(
            decoding: try Sockets.read(notifications.descriptor, atMost: 4096), as: UTF8.self)
        #expect(text == "READY=1\nMAINPID=\(mainPID ?? pid)")
    }

    /// SIGKILL for the coordinator of a keeper; returns when the next one is ready, unless
    /// `beforeTheNext` has something to do first, while the keeper is stopped.
    func killUnderKeeper(beforeTheNext: (() throws -> Void)? = nil) throws {
        let number = try #require(Int32(try status()["pid"] ?? ""))
        #expect(number != pid)
        let coordinator = try ProcessHandle(pid: number)
        if beforeTheNext != nil { try signal(Signals.stop) }
        try coordinator.signal(Signals.kill)
        try Waiting.forInput("the coordinator ends", from: coordinator)
        if let beforeTheNext {
            try beforeTheNext()
            try signal(Signals.goOn)
        }
        try waitUntilReady()
    }

    /// Reads what it has told its service manager, so that there is room for more.
    func dropNotifications() throws {
        let number = notifications.withNumber { $0 }
        while try Syscalls.poll(number, events: 1, timeoutMilliseconds: 0) != 0 {
            _ = try Sockets.read(notifications.descriptor, atMost: 4096)
        }
    }

    func signal(_ signal: Int32) throws {
        let child = try #require(child)
        try child.kill(signal)
        guard signal == Signals.stop else { return }
        // Each of its threads stops when it sees it.
        let tasks = "/proc/\(child.pid)/task"
        try Waiting.until("all threads have stopped") {
            try Syscalls.numbers(inDirectory: tasks).allSatisfy { thread in
                let status = try SystemFiles.readFile("\(tasks)/\(thread)/status", limit: 65_536)
                return String(decoding: status, as: UTF8.self).contains("State:\tT")
            }
        }
    }

    /// How it ended, once it has.
    func reap() throws -> Transport.ExitStatus? {
        let ended = try #require(child)
        child = nil
        return try ended.reap("the coordinator")
    }

    /// SIGTERM, which it answers with status 0 and `coordinator.stopped`.
    func stop(location: SourceLocation = #_sourceLocation) throws {
        try signal(Signals.terminate)
        let status = try reap()
        #expect(status == .code(0), sourceLocation: location)
    }

    /// SIGKILL.
    func kill() throws {
        try signal(Signals.kill)
        let status = try reap()
        #expect(status == .signal(9))
    }

    // MARK: - Its peers

    /// - Parameters:
    ///   - uid: another user than ours, with no other groups.
    ///   - launcher: a program that starts it, with its arguments.
    func peer(
        _ name: String, uid: UInt32? = nil, launcher: [String] = []
    ) throws -> PeerProcess {
        let launcher = launcher + (uid.map { Programs.asUser($0) } ?? [])
        let peer = try PeerProcess(name, socketPath: socketPath, launcher: launcher)
        peers.append(peer)
        return peer
    }

    /// A source and a target that have connected, so that the log has them in this order.
    func sourceAndTarget() throws -> (source: PeerProcess, target: PeerProcess) {
        let (source, target) = (try peer("source"), try peer("target"))
        try source.perform("start")
        try target.perform("start")
        return (source, target)
    }

    // MARK: - What it holds

    func descriptorCount() throws -> Int { try descriptorCount(of: pid) }

    /// Without event descriptors: its threads make one each when they have something to do.
    func descriptorCount(of pid: Int32) throws -> Int {
        try Syscalls.openDescriptors(of: pid).count { number in
            do throws(Errno) {
                let name = try Syscalls.readLink("/proc/\(pid)/fd/\(number)", relativeTo: -1)
                return name != Array("anon_inode:[eventfd]".utf8)
            } catch {
                return false
            }
        }
    }

    /// How many it has without a client: it is asked by one, so that the socket over which it said
    /// that it is ready has been closed for certain.
    private func descriptorCountOfIdleness() throws -> Int {
        let connection = try Connection.connect(path: socketPath)
        try connection.send(Frames.status(counter: 1).bytes.span, wait: true)
        try Waiting.forInput("the coordinator answers", from: connection)
        // The connection, and the handle of the process that made it.
        return try descriptorCount() - 2
    }

    func expectNoDescriptorMore(location: SourceLocation = #_sourceLocation) throws {
        let count = try settledDescriptorCount()
        #expect(count == baseline, "descriptors of the coordinator", sourceLocation: location)
    }

    private func settledDescriptorCount() throws -> Int {
        var count = 0
        do {
            try Waiting.until("no descriptor more") {
                count = try descriptorCount()
                return count == baseline
            }
        } catch is Overdue {
            // The count says more than that it took too long.
        }
        return count
    }

    func status() throws -> [String: String] {
        try Dictionary(
            uniqueKeysWithValues: Client(socketPath: socketPath).status().map { ($0.key, $0.value) }
        )
    }

    // MARK: - Its log

    func reader() throws -> LogReader { try LogReader(path: databasePath) }

    /// All events so far.
    func events() throws -> [Event] { try reader().allEvents() }

    /// The history from the end of the start on, one line an event.
    func story() throws -> [String] { try Story(peers: peers).lines(events()) }

    /// Waits until the story has this line; the whole of it.
    @discardableResult
    func wait(for line: String) throws -> [String] {
        var story: [String] = []
        do {
            try Waiting.until("the log has “\(line)”") {
                story = try self.story()
                return story.contains(line)
            }
        } catch let overdue as Overdue {
            throw Overdue(what: "\(overdue.what), but \(story)")
        }
        return story
    }

    // MARK: - The end of a test

    /// Ends the peers in the order of their start, then the coordinator; checks that it has dropped
    /// every descriptor, and that the log agrees with itself. The story of the whole test.
    func finish(location: SourceLocation = #_sourceLocation) throws -> [String] {
        if isRunning {
            for peer in peers where !peer.isReaped {
                let isKnown = try story().contains { $0.hasPrefix("process.seen \(peer.name)") }
                let status = try peer.end()
                #expect(status == .code(0), "\(peer.name) ends", sourceLocation: location)
                if isKnown { try wait(for: "process.exited \(peer.name) code 0") }
            }
            try expectNoDescriptorMore(location: location)
            try Waiting.until("the kernel has told of each socket that nobody has") {
                try LogReader(path: databasePath).state().unheldSockets == 0
            }
            try stop(location: location)
        }
        try LogCheck.run(databasePath, location: location)
        return try story()
    }
}

/// A counted listener.
final class SharedListener: NumberedDescriptor {
    private let listener: Listener

    init(_ listener: consuming Listener) { self.listener = listener }

    func withNumber<R: ~Copyable, E: Error>(_ body: (Int32) throws(E) -> R) throws(E) -> R {
        try listener.withNumber(body)
    }
}
