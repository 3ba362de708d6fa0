import Testing

@testable import Transport

/// A play that is performed step by step, and waits in between.
final class SteppedPlay {
    private let process: SharedProcess
    private var input: SharedDescriptor?
    private let output: SharedDescriptor
    private let error: SharedDescriptor
    private var said = ""

    var pid: Int32 { process.process.pid }

    init(_ recording: Recording) throws {
        var plan = Program.plan([
            "drive", try recording.bundle(), "--directory", recording.directory, "--speed", "step",
        ])
        plan.standardInput = .piped
        plan.standardOutput = .piped
        plan.standardError = .piped
        var started = try ChildProcess.spawn(plan)
        input = SharedDescriptor(optional: started.standardInput.take())
        let output = SharedDescriptor(optional: started.standardOutput.take())
        let error = SharedDescriptor(optional: started.standardError.take())
        self.output = try #require(output)
        self.error = try #require(error)
        process = SharedProcess(started)
    }

    /// Lets so many scenes be performed, and returns when it has said the last of them.
    func perform(scenes count: Int, upTo words: String) throws {
        let go = [UInt8](repeating: UInt8(ascii: "\n"), count: count)
        try #require(input).descriptor.write(go)
        while !said.contains(words) {
            let part = try output.descriptor.readSome(atMost: 65_536)
            try #require(!part.isEmpty, "it ends: \(said)")
            said += String(decoding: part, as: UTF8.self)
        }
    }

    /// Lets it go on to its end.
    func finish() throws -> Program.Result {
        input = nil
        said += String(decoding: try output.descriptor.readToEnd(), as: UTF8.self)
        let told = String(decoding: try error.descriptor.readToEnd(), as: UTF8.self)
        return Program.Result(
            status: Transport.ExitStatus(rawStatus: try process.reap()), output: said, error: told)
    }

    func kill() throws { try process.end(9) }
}
