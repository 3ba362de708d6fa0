import TestSupport
import Testing

@testable import Transport

/// One process of `baton-test-peer`, asked line by line.
final class PeerProcess {
    let name: String
    let pid: Int32
    var isReaped: Bool { child.isReaped }
    private let child: Child
    private var received: [UInt8] = []

    /// - Parameter launcher: a program of the host that starts it, with its arguments.
    init(_ name: String, socketPath: String, launcher: [String] = []) throws {
        self.name = name
        let arguments = launcher + [try Programs.built("baton-test-peer"), socketPath]
        var plan = ChildPlan(path: arguments[0], arguments: arguments)
        plan.standardInput = .piped
        plan.standardOutput = .piped
        child = try Child(plan)
        pid = child.pid
        // Until it answers, the process is the launcher, and has the launcher's user.
        if !launcher.isEmpty { try perform("pid") }
    }

    // MARK: - Requests

    func send(_ line: String) throws {
        try child.write("\(line)\n")
    }

    /// The next answer, whatever it is.
    func answer() throws -> String {
        while true {
            if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
                defer { received.removeFirst(end + 1) }
                return String(decoding: received[..<end], as: UTF8.self)
            }
            let output = try #require(child.output)
            try Waiting.forInput("\(name) answers", from: output)
            let part = try Sockets.read(output.descriptor, atMost: 65_536)
            guard !part.isEmpty else { throw Missing(what: "an answer of \(name): it has ended") }
            received += part
        }
    }

    func ask(_ line: String) throws -> String {
        try send(line)
        return try answer()
    }

    /// What follows the `ok` of the next answer.
    func result(location: SourceLocation = #_sourceLocation) throws -> String {
        let answer = try answer()
        #expect(
            answer == "ok" || answer.hasPrefix("ok "), "\(name) answers \(answer)",
            sourceLocation: location)
        return String(answer.dropFirst(3))
    }

    /// A request that must be granted; what follows its `ok`.
    @discardableResult
    func perform(_ line: String, location: SourceLocation = #_sourceLocation) throws -> String {
        try send(line)
        return try result(location: location)
    }

    /// A request that must be refused, by this rule and code.
    func expect(
        _ refusal: String, _ line: String, location: SourceLocation = #_sourceLocation
    ) throws {
        let answer = try ask(line)
        #expect(answer == "refused \(refusal)", sourceLocation: location)
    }

    // MARK: - Ends

    /// Ends its input, which ends it with status 0.
    @discardableResult
    func end() throws -> Transport.ExitStatus? {
        child.closeInput()
        return try reap()
    }

    func kill(_ signal: Int32 = Signals.kill) throws { try child.kill(signal) }

    /// Waits until it has ended, and leaves it unreaped.
    func waitUntilEnded() throws { try child.waitUntilEnded(name) }

    @discardableResult
    func reap() throws -> Transport.ExitStatus? { try child.reap(name) }
}
