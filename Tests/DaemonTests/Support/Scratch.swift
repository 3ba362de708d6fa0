@testable import Transport

/// A directory of one test, removed with all that is in it when its owner goes.
final class Scratch {
    let path: String

    init() throws {
        path = "/tmp/baton-\(String(randomUInt64(), radix: 36))"
        try SystemFiles.makeDirectories(path, mode: 0o755)
    }

    subscript(name: String) -> String { "\(path)/\(name)" }

    deinit { Programs.run("/bin/rm", ["-rf", path]) }
}

extension Programs {
    /// The programs that were built beside the tests.
    static func built(_ name: String) throws -> String {
        let own = String(
            decoding: try Syscalls.readLink("/proc/self/exe", relativeTo: -1), as: UTF8.self)
        let directory = own[..<(own.lastIndex(of: "/") ?? own.startIndex)]
        return "\(directory)/\(name)"
    }

    /// The beginning of a command that runs as another user, with no other groups.
    static func asUser(_ uid: UInt32) -> [String] {
        ["/usr/bin/setpriv", "--reuid=\(uid)", "--regid=\(uid)", "--clear-groups"]
    }

    /// The same with the one capability that the service has.
    static func asService(_ uid: UInt32) -> [String] {
        let capability = "+sys_ptrace"
        return asUser(uid) + [
            "--inh-caps=\(capability)", "--ambient-caps=\(capability)",
            "--bounding-set=-all,\(capability)",
        ]
    }

    /// Runs a program of the host to its end.
    @discardableResult
    static func run(_ path: String, _ arguments: [String]) -> ExitStatus? {
        do throws(Errno) {
            let child = try ChildProcess.spawn(
                ChildPlan(path: path, arguments: [path] + arguments))
            return ExitStatus(rawStatus: try child.wait())
        } catch {
            return nil
        }
    }
}
