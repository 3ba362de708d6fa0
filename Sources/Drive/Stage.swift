import Journal
import Registry
import Transport
import Wire

/// A fresh coordinator of this very program, with a log of its own, in a directory that goes with
/// it.
final class Stage {
    let directory: String
    let socketPath: String
    let databasePath: String
    private let configurationPath: String
    /// What the configuration file says.
    private(set) var configuration: String?
    /// Whether processes of other users may connect.
    var isOpen = false
    /// Paths under which there is a program for the cast.
    private var programs: [String] = []
    private var child: ChildProcess?
    private var query: SharedConnection?
    private var reader: LogReader?
    private var next: UInt64 = 0
    private var counter: UInt64 = 0
    private let buffer = MessageBuffer(byteCapacity: Frame.byteCountMaximum)
    /// Unix sockets that were bound there.
    var paths: [String] = []
    /// Of the coordinator itself, by its log.
    private(set) var coordinatorPID: Int32 = 0

    /// How long the coordinator, or a process of the cast, may take for anything, on a machine that
    /// is busy with other things.
    static let patienceMilliseconds: Int64 = 30_000

    /// This very program.
    static let ownProgram = "/proc/self/exe"

    init(in parent: String) throws {
        directory = "\(parent)/\(SystemFiles.scratchName("baton-drive"))"
        socketPath = "\(directory)/coordinator.sock"
        databasePath = "\(directory)/registry.db"
        configurationPath = "\(directory)/baton.yaml"
        do {
            try SystemFiles.makeNewDirectory(directory, mode: 0o700)
        } catch {
            throw DriveError.failed("cannot make \(directory): \(error)")
        }
    }

    // MARK: - Its life

    func start() throws {
        if isOpen { try SystemFiles.setMode(directory, 0o711) }
        var plan = ChildPlan(
            path: Self.ownProgram,
            arguments: [
                "baton", "serve", "--socket", socketPath, "--socket-mode", isOpen ? "666" : "600",
                "--database", databasePath, "--log-level", "error", "--configuration",
                configurationPath, "--parent", "\(HostFacts.ownPID())",
            ])
        plan.standardInput = .discarded
        plan.standardOutput = .discarded
        child = try ChildProcess.spawn(plan)
        try awaitReady()
    }

    /// What it is to read when it starts or reads again.
    func configure(_ text: String) throws {
        try SystemFiles.replaceFile(configurationPath, with: Array(text.utf8), mode: 0o600)
        configuration = text
    }

    /// SIGHUP: it reads its configuration again.
    func reload() throws { try child?.kill(AwaitedSignals.hangUp) }

    /// This program under another name, so that a rule can be about it.
    func program(_ path: String) throws -> String {
        guard !programs.contains(path) else { return path }
        do throws(Errno) {
            if let first = programs.first {
                try SystemFiles.link(first, as: path)
            } else {
                try SystemFiles.copyFile(Self.ownProgram, to: path, mode: 0o755)
            }
        } catch {
            throw DriveError.failed("cannot copy the program to \(path): \(error)")
        }
        programs.append(path)
        return path
    }

    /// A query leaves no event, so the log has nothing of this.
    private func awaitReady() throws {
        let end = Clock.bootMicroseconds() + Self.patienceMilliseconds * 1000
        while try !connectQuery() {
            if hasEnded { throw DriveError.failed("the coordinator does not start") }
            guard Clock.bootMicroseconds() < end else {
                throw DriveError.failed("the coordinator does not answer")
            }
            Clock.sleep(milliseconds: 2)
        }
        if reader == nil { reader = try LogReader(path: databasePath) }
    }

    private var hasEnded: Bool {
        switch child {
        case .some(let child): child.handle.hasExited()
        case nil: true
        }
    }

    private func connectQuery() throws -> Bool {
        do throws(Errno) {
            query = SharedConnection(try Connection.connect(path: socketPath))
        } catch .noEntry {
            return false
        } catch .connectionRefused {
            return false
        }
        try query?.connection.setReceiveTimeout(milliseconds: Self.patienceMilliseconds)
        try query?.connection.setSendTimeout(milliseconds: Self.patienceMilliseconds)
        return try ask { counter, frame in
            let startup = Request.Startup(counter: counter, nonce: 1, role: .query)
            Request.encode(startup, into: &frame)
        }
    }

    /// SIGTERM, which it answers with `coordinator.stopped`.
    func stop() throws {
        query = nil
        guard let ending = child.take() else { return }
        try ending.kill(SignalDescriptor.terminate)
        try Self.awaitEnd(of: ending)
        _ = try ending.wait()
    }

    /// One that does not end is killed, and the coordinator ends with its keeper.
    private static func awaitEnd(of keeper: borrowing ChildProcess) throws {
        do {
            try awaitEnd(of: keeper.handle, "the coordinator")
        } catch {
            try keeper.kill(Self.kill)
            _ = try keeper.wait()
            throw error
        }
    }

    /// Waits for the end of a process, which can be reaped at once afterwards.
    static func awaitEnd(of handle: borrowing ProcessHandle, _ name: String) throws {
        let end = Clock.bootMicroseconds() + patienceMilliseconds * 1000
        while !handle.hasExited() {
            guard Clock.bootMicroseconds() < end else {
                throw DriveError.failed("\(name) does not end")
            }
            Clock.sleep(milliseconds: 1)
        }
    }

    /// SIGKILL for the coordinator, after what it does not live to see. Whoever watches over it may
    /// start it again at once.
    func crash(after body: () throws -> Void) throws {
        query = nil
        let handle = try pause(for: body, then: Self.kill)
        try Self.awaitEnd(of: handle, "a coordinator that was killed")
    }

    /// After a stop or a crash.
    func startAgain() throws {
        if hasEnded {
            if let ended = child.take() { _ = try ended.wait() }
            return try start()
        }
        try awaitReady()
    }

    private static let kill: Int32 = 9
    private static let pause: Int32 = 19
    private static let goOn: Int32 = 18

    /// Holds the coordinator up, so that what is sent meanwhile comes to it at once.
    func whilePaused(_ body: () throws -> Void) throws {
        _ = try pause(for: body, then: Self.goOn)
    }

    /// One that stayed held up could not be stopped in order, so it goes on whatever fails.
    private func pause(
        for body: () throws -> Void, then signal: Int32
    ) throws -> ProcessHandle {
        let handle = try ProcessHandle(pid: coordinatorPID)
        try handle.signal(Self.pause)
        do {
            try body()
        } catch {
            try Self.letGo(handle)
            throw error
        }
        try handle.signal(signal)
        return handle
    }

    private static func letGo(_ handle: borrowing ProcessHandle) throws {
        do throws(Errno) {
            try handle.signal(goOn)
        } catch .noSuchProcess {
            // It has ended meanwhile, which may be what the body failed at.
        }
    }

    // MARK: - Its end

    /// Stops the coordinator and removes what is left of it, keys too, as far as that can be done.
    /// Says what stays behind, and why.
    func remove() -> [String] {
        var problems = Self.problems("the coordinator was not stopped in order") { try stop() }
        reader = nil
        let files =
            DefaultPaths.files(ofDatabase: databasePath, socket: socketPath) + paths + programs
            + [configurationPath]
        for path in files {
            problems += Self.problems("cannot remove \(path)") {
                if try SystemFiles.facts(of: path) != nil { try SystemFiles.remove(path) }
            }
        }
        return problems
            + Self.problems("cannot remove \(directory)") {
                try SystemFiles.removeDirectory(directory)
            }
    }

    private static func problems(_ words: String, _ body: () throws -> Void) -> [String] {
        do {
            try body()
            return []
        } catch {
            return ["\(words): \(error)"]
        }
    }

    // MARK: - Its log

    /// All events since the last call. What was sent before is decided and durable when it returns.
    func newEvents() throws -> [Event] {
        if query != nil {
            let answered = try ask { Request.encodeStatus(counter: $0, into: &$1) }
            // One that has ended has written what it had to say.
            if !answered { query = nil }
        }
        guard let reader else { return [] }
        var events: [Event] = []
        while true {
            let page = try reader.page(HistoryQuery(), from: next)
            for stored in page.events {
                let event = try DecodedEvent(stored.body).event
                if case .coordinatorStarted(let pid, _) = event.content { coordinatorPID = pid }
                events.append(event)
                next = event.sequence + 1
            }
            if page.next == nil { return events }
        }
    }

    /// False when the connection has ended.
    private func ask(_ encode: (UInt64, inout [UInt8]) -> Void) throws -> Bool {
        counter += 1
        var frame: [UInt8] = []
        encode(counter, &frame)
        return try exchange(frame)
    }

    private func exchange(_ frame: [UInt8]) throws -> Bool {
        guard let query else { return false }
        do throws(Errno) {
            try query.connection.send(frame.span, wait: true)
            switch try query.connection.receive(into: buffer, wait: true) {
            case .message: return true
            case .endOfFile: return false
            case .nothing: throw .timedOut
            }
        } catch .brokenPipe {
            return false
        } catch .connectionReset {
            return false
        }
    }
}
