import Testing

@testable import Transport

/// A program of the host, run to its end.
struct Command {
    struct Result {
        let status: Transport.ExitStatus?
        /// Standard output and standard error, as they came.
        let output: String

        var isSuccess: Bool { status == .code(0) }
    }

    /// What the tests need and the Swift toolchain does not always bring.
    static let packages = "gcc clang g++ python3"

    /// - Parameters:
    ///   - environment: what is added to `PATH`; ours where nil.
    ///   - seconds: after which it is ended, with status 124.
    static func run(
        _ name: String, _ arguments: [String], environment: [String]? = nil, seconds: Int = 60
    ) throws -> Result {
        let shell = [
            "sh", "-c", "exec timeout -k 5 \"$@\" 2>&1", "sh", "\(seconds)", try find(name),
        ]
        var plan = ChildPlan(
            path: "/bin/sh", arguments: shell + arguments,
            environment: environment.map { $0 + ["PATH=\(path)"] })
        plan.standardInput = .discarded
        plan.standardOutput = .piped
        var child = try ChildProcess.spawn(plan)
        let bytes = try child.standardOutput.take()?.readToEnd() ?? []
        return Result(
            status: Transport.ExitStatus(rawStatus: try child.wait()),
            output: String(decoding: bytes, as: UTF8.self))
    }

    private static var path: String { HostFacts.environmentVariable("PATH") ?? "/usr/bin:/bin" }

    static func find(_ name: String) throws -> String {
        do throws(Errno) {
            return try Programs.find(name)
        } catch {
            throw Missing(what: "\(name): apt-get install \(packages)")
        }
    }

    /// The directory of the programs that were built beside the tests.
    static func builtDirectory() throws -> String {
        let own = String(
            decoding: try Syscalls.readLink("/proc/self/exe", relativeTo: -1), as: UTF8.self)
        return String(own[..<(own.lastIndex(of: "/") ?? own.startIndex)])
    }

    /// The root of the repository.
    static let root: String = {
        var parts = "\(#filePath)".split(separator: "/")
        parts.removeLast(3)
        return "/" + parts.joined(separator: "/")
    }()
}

/// Something that a test needs is not there.
struct Missing: Error, CustomStringConvertible {
    let what: String
    var description: String { "missing: \(what)" }
}
