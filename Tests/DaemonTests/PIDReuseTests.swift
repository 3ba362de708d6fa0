import Journal
import Registry
import TestSupport
import Testing

@testable import Transport

@Suite(.enabled(if: PIDNamespace.isPossible, "a PID namespace whose numbers can be set needs root"))
struct PIDReuseTests {
    @Test func `a process that got the number of a dead target is not the target`() throws {
        let namespace = try PIDNamespace()
        let scratch = try Scratch()
        let (socketPath, databasePath) = (scratch["socket"], scratch["registry.db"])
        var plan = try Refused.plan(socket: socketPath, database: databasePath)
        plan.arguments = namespace.launcher + plan.arguments
        plan.path = plan.arguments[0]
        let coordinator = try Child(plan)
        try Waiting.until("it listens") { try SystemFiles.facts(of: socketPath) != nil }
        let reader = try LogReader(path: databasePath)
        func peer(_ name: String) throws -> PeerProcess {
            try PeerProcess(name, socketPath: socketPath, launcher: namespace.launcher)
        }

        let source = try peer("source")
        let target = try peer("target")
        let number = try #require(Int32(try target.perform("pid")))
        try source.perform("pair s far stream")
        let record = try source.perform("duplicate s \(number)")
        try target.end()
        try Waiting.until("the handoff is void") {
            try reader.allEvents().contains { $0.content.kind == .handoffVoided }
        }
        try namespace.setLastPID(number - 1)
        let other = try peer("other")
        #expect(try other.perform("pid") == "\(number)")
        try other.expect("wrong process, 10022", "open t \(record)")
        // The number means the new process now, and that can be handed a socket as any other.
        let next = try source.perform("duplicate s \(number)")
        try other.perform("open t \(next)")

        try source.end()
        try other.end()
        let main = try reader.coordinatorPID()
        try namespace.terminate(try #require(main))
        #expect(try coordinator.reap("the coordinator") == .code(0))
        try LogCheck.run(databasePath)
        let seen = try reader.identities().filter { $0.pid == number }
        #expect(seen.count == 2)
        #expect(Set(seen.map(\.instance)).count == 2)
        let kinds = try reader.allEvents().map(\.content.kind)
        #expect(kinds.count { $0 == .handoffDelivered } == 1)
        #expect(kinds.count { $0 == .redemptionRefused } == 1)
    }
}

extension LogReader {
    func identities() throws -> [ProcessIdentity] {
        try allEvents().compactMap { event in
            guard case .processSeen(let identity) = event.content else { return nil }
            return identity
        }
    }

    func coordinatorPID() throws -> Int32? {
        try allEvents().lazy.compactMap { event in
            guard case .coordinatorStarted(let pid, _) = event.content else { return nil }
            return pid
        }.first
    }
}

/// A PID namespace with a /proc of its own, in which nothing runs but what a test starts.
final class PIDNamespace {
    private let holder: Child
    /// The beginning of a command that runs in it.
    let launcher: [String]
    /// The same with the host's /proc, where its numbers mean strangers.
    let launcherWithForeignProc: [String]

    /// Whether this user may make one, and set the number that its next process gets.
    static let isPossible: Bool = {
        let script = "echo 300 > /proc/sys/kernel/ns_last_pid"
        return Programs.run(
            "/usr/bin/unshare", ["--pid", "--fork", "--mount-proc", "/bin/sh", "-c", script])
            == .code(0)
    }()

    init() throws {
        let options = ["--pid", "--fork", "--kill-child", "--mount-proc", "/bin/cat"]
        var plan = ChildPlan(path: "/usr/bin/unshare", arguments: ["unshare"] + options)
        plan.standardInput = .piped
        plan.standardOutput = .piped
        holder = try Child(plan)
        // Its first process answers: by then /proc is that of the namespace.
        try holder.write("ready\n")
        let output = try #require(holder.output)
        try Waiting.forInput("the namespace is there", from: output)
        let children = "/proc/\(holder.pid)/task/\(holder.pid)/children"
        let text = String(decoding: try SystemFiles.readFile(children, limit: 100), as: UTF8.self)
        let first = try #require(text.split(separator: " ").first)
        let command = ["/usr/bin/nsenter", "--target", "\(first)", "--pid"]
        launcher = command + ["--mount", "--"]
        launcherWithForeignProc = command + ["--"]
    }

    /// The next process gets the number after this one.
    func setLastPID(_ number: Int32) throws {
        try run("echo \(number) > /proc/sys/kernel/ns_last_pid")
    }

    func terminate(_ number: Int32) throws { try run("kill -TERM \(number)") }

    private func run(_ script: String) throws {
        let command = launcher.dropFirst() + ["/bin/sh", "-c", script]
        #expect(Programs.run(launcher[0], Array(command)) == .code(0))
    }
}
