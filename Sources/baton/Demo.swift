import ArgumentParser
import Baton
import Journal
import Registry
import Transport
import Winsock

/// `baton demo`: the ten steps of a handoff, with real processes, each step verified.
struct Demo: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Hand a socket from one process to another before your eyes.",
        discussion: """
            Starts a coordinator, an echo server and a target that is another program, plays the \
            ten steps, then shows the history out of SQLite and three refusals. This process is \
            the source. The status is 0 only when every step was verified.
            """)

    @Option(help: "Where the scratch database is made.")
    var directory = "/tmp"

    func run() throws {
        let output = Output.standard()
        let coordinator = try ScratchCoordinator(in: directory)
        defer { coordinator.remove() }
        let scene = try DemoScene(coordinator, output)
        let pid = try coordinator.pid()
        try output.say("coordinator PID \(pid), database \(coordinator.databasePath)")
        let handoff = try scene.playTenSteps()
        try output.say("\nthe history, as `baton history` reads it out of SQLite:")
        try scene.showHistory(after: 0)
        try output.say("\nthree refusals:")
        try scene.playRefusals(of: handoff)
        try scene.verifyLog(handoff)
        try output.say("\nall steps verified")
    }
}

/// The echo server of the demo, a process of its own. Says its port on standard output.
struct DemoEcho: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "demo-echo", shouldDisplay: false)

    /// Waiting for a connection, it would not see that this one has ended.
    @Option var parent: Int32

    func run() throws {
        try PlayedProcess.end(withParent: parent)
        let listener = try Sockets.listen("127.0.0.1:0")
        try StandardStream.output.write(Array("\(try Sockets.localPort(listener))\n".utf8))
        let connection = try Sockets.accept(listener)
        while true {
            let bytes = try Sockets.read(connection, atMost: 4096)
            if bytes.isEmpty { return }
            try Sockets.write(connection, bytes)
        }
    }
}

/// The processes of the demo, and what this one, the source, does.
private final class DemoScene {
    private let coordinator: ScratchCoordinator
    private let output: Output
    private let client: Client
    private let server: ChildProcess
    private let target: DemoTargetProcess
    private let serverPort: Int
    private let own = HostFacts.ownPID()

    init(_ coordinator: ScratchCoordinator, _ output: Output) throws {
        self.coordinator = coordinator
        self.output = output
        client = Client(socketPath: coordinator.socketPath)
        try client.connect()
        var plan = ChildPlan(
            path: "/proc/self/exe", arguments: ["baton", "demo-echo", "--parent", "\(own)"])
        plan.standardOutput = .piped
        server = try ChildProcess.spawn(plan)
        guard let line = try server.standardOutput?.readSome(atMost: 16),
            let port = Int(String(decoding: line.dropLast(), as: UTF8.self))
        else { throw CommandFailure.unreachable("the echo server does not start") }
        serverPort = port
        target = try DemoTargetProcess(socketPath: coordinator.socketPath)
    }

    deinit {
        for child in [server.pid, target.pid] where child > 0 {
            do {
                let handle = try ProcessHandle(pid: child)
                try handle.signal(SignalDescriptor.terminate)
            } catch {
                // It has ended by itself, as it does when the other ends are closed.
                continue
            }
        }
    }

    private func step(_ number: Int, _ text: String) throws {
        try output.say("\(number < 10 ? " " : "")\(number) \(text)")
    }

    private func verify(_ isTrue: Bool, _ what: String) throws {
        guard isTrue else {
            throw CommandFailure(
                status: .refused, message: "not verified: \(what)",
                hint: "run the demo again, and report this if it is so again")
        }
    }

    // MARK: - The ten steps

    func playTenSteps() throws -> UInt64 {
        let connection = try Sockets.connect("127.0.0.1:\(serverPort)")
        let address = Sockets.addresses(of: connection).local ?? ""
        try connection.write(Array("first words".utf8))
        let echo = try connection.read(exactly: 11).map { String(decoding: $0, as: UTF8.self) }
        try verify(echo == "first words", "the source's echo")
        let cookie = try Sockets.cookie(of: connection)
        try Sockets.setKeepAlive(connection, true)
        let socket = Baton.Socket(owning: connection.release())
        try step(
            1,
            "source PID \(own) connected \(address) to the echo server (PID \(server.pid)), "
                + "its echo came back")

        try step(2, "source PID \(own) asks the target for its process id, over a socket pair")
        let said = try target.ask("pid?")
        try step(3, "target PID \(target.pid) got the request and answered \(said)")
        try verify(Int32(said) == target.pid, "the target's process id")
        let programs = try (program(own), program(target.pid))
        try verify(programs.0 != programs.1, "the target is another program")
        try step(4, "source PID \(own) (\(programs.0)) got the process id of \(programs.1)")

        let info = try client.duplicate(socket, for: .process(target.pid))
        guard let ticket = info.ticket else {
            throw CommandFailure(status: .refused, message: "the record has no ticket")
        }
        let record = info.encoded(as: .wide)
        try verify(record.count == 628, "the record's size")
        try step(
            5,
            "source PID \(own) duplicated the socket for PID \(target.pid): "
                + "handoff \(ticket.handoff), \(record.count) bytes")
        let received = try target.ask(record)
        try step(6, "source PID \(own) sent the \(record.count) bytes over the socket pair")
        try verify(received == "received 628 bytes", "the target's record")
        try step(7, "target PID \(target.pid) \(received)")

        let opened = try target.ask("open")
        try verify(opened == "cookie \(cookie)", "the target's socket is the source's (\(opened))")
        try step(8, "target PID \(target.pid) opened the socket: SO_COOKIE \(cookie) on both sides")
        try playSharing(socket, address: address)
        client.close(socket)
        let last = try target.ask("say still here")
        try verify(last == "still here", "the target's socket after the source's close")
        try step(
            10,
            "source PID \(own) closed its descriptor; the target's still works: "
                + "\"\(last)\" came back")
        try verify(try target.ask("close") == "closed", "the target's close")
        return ticket.handoff
    }

    private func playSharing(_ socket: borrowing Baton.Socket, address: String) throws {
        let words = try target.ask("say hello from the target")
        try verify(words == "hello from the target", "the target's echo")
        try verify(try target.ask("keepalive?") == "on", "the option set by the source")
        try verify(try target.ask("keepalive off") == "done", "the target's own option")
        let isOn = try socket.withDescriptor { try Sockets.isKeptAlive(BorrowedDescriptor($0)) }
        try verify(!isOn, "the option set by the target")
        try step(
            9,
            "target PID \(target.pid) used it: the echo came back over \(address); "
                + "SO_KEEPALIVE set by one is read by the other")
    }

    private func program(_ pid: Int32) throws -> String {
        let features = KernelFeatures.probe()
        let facts = try ProcessHandle(pid: pid).facts(features: features)
        let path = String(decoding: facts.executable ?? [], as: UTF8.self)
        return path.split(separator: "/").last.map { String($0) } ?? "?"
    }

    // MARK: - History and refusals

    func showHistory(after sequence: UInt64) throws {
        let plan = ChildPlan(
            path: "/proc/self/exe",
            arguments: [
                "baton", "history", "--database", coordinator.databasePath, "--seq",
                "\(sequence)..",
            ])
        let child = try ChildProcess.spawn(plan)
        try verify(ExitStatus(rawStatus: try child.wait()) == .code(0), "the history")
    }

    func playRefusals(of handoff: UInt64) throws {
        let reader = try LogReader(path: coordinator.databasePath)
        let start = try reader.eventCount()
        let second = try target.ask("open")
        try verify(second.hasPrefix("refused used"), "the second redemption (\(second))")
        try output.say(" a second redemption by PID \(target.pid): \(second)")

        let listener = try Sockets.listen("127.0.0.1:0")
        let info = try listener.withNumber { number in
            try client.duplicate(descriptor: number, for: .process(target.pid))
        }
        let third = try refusal { _ = try client.open(info) }
        try verify(third.hasPrefix("refused wrong process"), "the third process (\(third))")
        try output.say(" a redemption by PID \(own), which is not the target: \(third)")

        let malformed = try refusal {
            _ = try client.open(record: Array(info.encoded(as: .wide).dropLast()))
        }
        try verify(
            malformed.hasPrefix("refused malformed record"), "the malformed record (\(malformed))")
        try output.say(" a record of 627 bytes: \(malformed)")
        try output.say("as the log has them:")
        try showHistory(after: start)
    }

    private func refusal(_ body: () throws -> Void) throws -> String {
        do {
            try body()
            return "accepted"
        } catch let error as BatonError {
            return "refused \(error.reason) (\(error.code.name) \(error.code.rawValue))"
        }
    }

    /// The log has the whole life of the handoff, and the three refusals.
    func verifyLog(_ handoff: UInt64) throws {
        let reader = try LogReader(path: coordinator.databasePath)
        var query = HistoryQuery()
        query.handoffs = [handoff]
        let life = try reader.page(query, from: 0).events.map(\.kind)
        try verify(
            Array(life.prefix(3)) == [.handoffIssued, .handoffReserved, .handoffDelivered],
            "the handoff in the log")
        var refusals = HistoryQuery()
        refusals.kinds = [.redemptionRefused]
        let reasons = try reader.page(refusals, from: 0).events.compactMap(\.reason)
        try verify(
            reasons == ["used", "wrong process", "malformed record"], "the refusals in the log")
    }
}

/// The demo's target with the source's end of their socket pair.
private final class DemoTargetProcess {
    private let child: ChildProcess
    private let channel: Connection
    private let buffer = MessageBuffer(byteCapacity: 4096)

    var pid: Int32 { child.pid }

    init(socketPath: String) throws {
        var plan = ChildPlan(
            path: try Self.program(), arguments: ["baton-demo-target", socketPath])
        channel = try Connection.pair().take { (theirs, own) throws(Errno) in
            try plan.pass(theirs, as: 3)
            return own
        }
        child = try ChildProcess.spawn(plan)
    }

    /// It stands beside this program.
    private static func program() throws -> String {
        let features = KernelFeatures.probe()
        let own = try ProcessHandle(pid: HostFacts.ownPID()).facts(features: features)
        let path = String(decoding: own.executable ?? [], as: UTF8.self)
        let sibling =
            path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
            + "/baton-demo-target"
        guard try SystemFiles.facts(of: sibling) != nil else {
            throw CommandFailure.unreachable(
                "the demo's target \(sibling) is missing",
                hint: "build it: swift build --product baton-demo-target")
        }
        return sibling
    }

    func ask(_ question: String) throws -> String { try ask(Array(question.utf8)) }

    func ask(_ question: [UInt8]) throws -> String {
        try channel.send(question.span, wait: true)
        guard case .message(let message) = try channel.receive(into: buffer, wait: true) else {
            throw CommandFailure.unreachable("the target has ended")
        }
        return buffer.withBytes(count: message.byteCount) { span in
            var bytes: [UInt8] = []
            for index in 0..<span.count { bytes.append(span[index]) }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}

extension Output {
    /// A line of the demo, written at once so that it keeps its place among what children write.
    fileprivate func say(_ text: String) throws {
        try write(line: text)
        try flush()
    }
}
