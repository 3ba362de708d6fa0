import Transport

/// A directory of one test, removed with all that is in it when its owner goes.
final class Scratch {
    let path: String

    init() throws {
        var random = SystemRandomNumberGenerator()
        path = "/tmp/baton-journal-\(String(random.next(), radix: 36))"
        try SystemFiles.makeDirectories(path, mode: 0o700)
    }

    subscript(name: String) -> String { "\(path)/\(name)" }

    deinit {
        do {
            let plan = ChildPlan(path: "/bin/rm", arguments: ["rm", "-rf", path])
            let status = try ChildProcess.spawn(plan).wait()
            precondition(status == 0, "a directory can be removed")
        } catch {
            preconditionFailure("rm can be run: \(error)")
        }
    }
}
