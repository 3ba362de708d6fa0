import Testing

@testable import Transport

/// A program of the host, or one of ours, run to its end.
struct Tool {
    let status: Transport.ExitStatus?
    let output: String
    let error: String

    /// What both pipes take is short, so that one can be read after the other.
    static func run(
        _ name: String, _ arguments: [String], environment: [String] = []
    ) throws -> Tool {
        var plan = ChildPlan(
            path: try Programs.find(name), arguments: [name] + arguments,
            environment: ["PATH=/usr/local/bin:/usr/bin:/bin"] + environment)
        plan.standardInput = .discarded
        plan.standardOutput = .piped
        plan.standardError = .piped
        var child = try ChildProcess.spawn(plan)
        let output = try text(child.standardOutput.take())
        let error = try text(child.standardError.take())
        return Tool(
            status: Transport.ExitStatus(rawStatus: try child.wait()), output: output,
            error: error)
    }

    private static func text(_ pipe: consuming Descriptor?) throws -> String {
        guard let pipe else { return "" }
        return String(decoding: try pipe.readToEnd(), as: UTF8.self)
    }

    /// Whether a program is installed, and a file of a package with it.
    static func has(_ name: String, file: String? = nil) -> Bool {
        do throws(Errno) {
            _ = try Programs.find(name)
            guard let file else { return true }
            return try SystemFiles.facts(of: file) != nil
        } catch {
            return false
        }
    }
}

extension RunningCoordinator {
    /// A verb of the command line on this coordinator's log.
    func baton(_ arguments: String...) throws -> Tool {
        try Tool.run(
            try Programs.built("baton"),
            arguments + ["--database", databasePath, "--socket", socketPath])
    }
}
