import Testing

@testable import Transport

/// One process of `baton-test-peer`, asked line by line.
final class Peer {
    let pid: Int32
    private let child: SharedProcess
    private var input: SharedDescriptor?
    private let output: SharedDescriptor
    private var received: [UInt8] = []

    /// - Parameter path: of a copy of the program.
    init(_ socketPath: String, program path: String = Program.beside("baton-test-peer")) throws {
        var plan = ChildPlan(path: path, arguments: [path, socketPath])
        plan.standardInput = .piped
        plan.standardOutput = .piped
        var started = try ChildProcess.spawn(plan)
        pid = started.pid
        input = SharedDescriptor(optional: started.standardInput.take())
        let pipe = SharedDescriptor(optional: started.standardOutput.take())
        output = try #require(pipe)
        child = SharedProcess(started)
    }

    /// The answer, whatever it is.
    @discardableResult
    func ask(_ line: String) throws -> String {
        try send(line)
        while true {
            if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
                defer { received.removeFirst(end + 1) }
                return String(decoding: received[..<end], as: UTF8.self)
            }
            let part = try Sockets.read(output.descriptor, atMost: 65_536)
            try #require(!part.isEmpty, "a peer has ended at “\(line)”")
            received += part
        }
    }

    private func send(_ line: String) throws {
        let input = try #require(input)
        try input.descriptor.write(Array("\(line)\n".utf8))
    }

    /// What follows the `ok` of the answer.
    @discardableResult
    func perform(_ line: String, location: SourceLocation = #_sourceLocation) throws -> String {
        let answer = try ask(line)
        #expect(answer == "ok" || answer.hasPrefix("ok "), "\(line)", sourceLocation: location)
        return String(answer.dropFirst(3))
    }

    /// A request that must be refused, by this rule.
    func expect(
        _ reason: String, _ line: String, location: SourceLocation = #_sourceLocation
    ) throws {
        let answer = try ask(line)
        #expect(answer.hasPrefix("refused \(reason), "), "\(answer)", sourceLocation: location)
    }

    /// Ends with its input.
    func end() throws {
        input = nil
        try child.reap()
    }

    func exit(_ code: Int32) throws {
        try send("exit \(code)")
        try child.reap()
    }

    func kill(_ signal: Int32) throws { try child.end(signal) }
}
