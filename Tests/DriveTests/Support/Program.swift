import Testing
import Transport

/// Runs the built program as a stranger would.
struct Program {
    struct Result {
        var status: Transport.ExitStatus?
        var output: String
        var error: String
    }

    /// Where the build puts programs.
    static func beside(_ name: String) -> String {
        let tests = CommandLine.arguments.first ?? ""
        return tests.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            .joined(separator: "/") + "/\(name)"
    }

    /// - Parameter limit: how many descriptors it may have, unless it raises that for itself.
    static func plan(_ arguments: [String], descriptorLimit limit: Int? = nil) -> ChildPlan {
        var plan = ChildPlan(
            path: beside("baton"), arguments: ["baton"] + arguments,
            environment: ["PATH=/usr/bin:/bin"])
        if let limit {
            let script = "ulimit -S -n \(limit); exec \"$0\" \"$@\""
            plan.arguments = ["sh", "-c", script, plan.path] + arguments
            plan.path = "/bin/sh"
        }
        plan.standardInput = .discarded
        return plan
    }

    /// What it says is short, so that one pipe can be read after the other.
    static func run(
        _ arguments: [String], input: String? = nil, descriptorLimit limit: Int? = nil
    ) throws -> Result {
        var plan = plan(arguments, descriptorLimit: limit)
        plan.standardOutput = .piped
        plan.standardError = .piped
        if input != nil { plan.standardInput = .piped }
        var child = try ChildProcess.spawn(plan)
        if let input { try child.standardInput?.write(Array(input.utf8)) }
        child.standardInput = nil
        let output = try readAll(child.standardOutput.take())
        let error = try readAll(child.standardError.take())
        let status = Transport.ExitStatus(rawStatus: try child.wait())
        return Result(status: status, output: output, error: error)
    }

    private static func readAll(_ pipe: consuming Descriptor?) throws -> String {
        guard let pipe else { return "" }
        return String(decoding: try pipe.readToEnd(), as: UTF8.self)
    }
}
