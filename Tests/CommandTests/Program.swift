import Testing
import Transport

/// Runs the built program as a stranger would.
struct Program {
    struct Result {
        var status: Transport.ExitStatus?
        var output: String
        var error: String
    }

    /// Beside the tests, where the build puts it.
    static var path: String {
        let tests = CommandLine.arguments.first ?? ""
        return tests.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            .joined(separator: "/") + "/baton"
    }

    static func plan(_ arguments: [String]) -> ChildPlan {
        var plan = ChildPlan(
            path: path, arguments: ["baton"] + arguments,
            environment: ["PATH=/usr/bin:/bin", "BATON_SOCKET=/nonexistent/coordinator.sock"])
        plan.standardInput = .discarded
        plan.standardOutput = .piped
        plan.standardError = .piped
        return plan
    }

    /// What it says is short, so that one pipe can be read after the other.
    static func run(_ arguments: [String]) throws -> Result {
        var child = try ChildProcess.spawn(plan(arguments))
        let output = try readAll(child.standardOutput.take())
        let error = try readAll(child.standardError.take())
        let status = Transport.ExitStatus(rawStatus: try child.wait())
        return Result(status: status, output: output, error: error)
    }

    static func readAll(_ pipe: consuming Descriptor?) throws -> String {
        guard let pipe else { return "" }
        var bytes: [UInt8] = []
        while true {
            let part = try Sockets.read(pipe, atMost: 65_536)
            if part.isEmpty { return String(decoding: bytes, as: UTF8.self) }
            bytes += part
        }
    }

    /// The next bytes until a line ends.
    static func readLine(_ pipe: borrowing Descriptor) throws -> String {
        var bytes: [UInt8] = []
        while bytes.last != UInt8(ascii: "\n") {
            let part = try Sockets.read(pipe, atMost: 1)
            if part.isEmpty { break }
            bytes += part
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
