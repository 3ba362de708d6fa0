import Transport

/// The tree that these tests are part of, as text.
enum Repository {
    struct File: Sendable {
        /// From the root, without a slash before it.
        var path: String
        var text: String
        var lines: [Substring]

        var folder: String {
            let parts = path.split(separator: "/")
            return parts.count > 2 ? "\(parts[0])/\(parts[1])" : String(parts[0])
        }

        var isSwift: Bool { path.hasSuffix(".swift") }
        var isCode: Bool {
            [".swift", ".c", ".h", ".sql"].contains { path.hasSuffix($0) }
        }

        /// Of Swift, without the lines that are nothing but a comment.
        var code: [(number: Int, line: Substring)] {
            zip(1..., lines).filter { !$1.drop { $0 == " " }.hasPrefix("//") }
                .map { (number: $0, line: $1) }
        }

        /// The modules that this file imports, whatever access or attribute stands before.
        var imports: [String] {
            lines.compactMap { line in
                let words = line.prefix { $0 != "/" }.split(separator: " ")
                guard let place = words.firstIndex(of: "import"), line.first != " ",
                    words[..<place].allSatisfy({ $0.first == "@" || Self.access.contains($0) }),
                    let module = words[words.index(after: place)...].first
                else { return nil }
                return String(module.prefix { $0 != "." })
            }
        }

        private static let access: Set<Substring> = [
            "public", "package", "internal", "fileprivate", "private",
        ]
    }

    static let root: String = {
        var parts = "\(#filePath)".split(separator: "/")
        parts.removeLast(3)
        return "/" + parts.joined(separator: "/")
    }()

    /// Every file that is, or would be, in the repository and is text.
    static let files: [File] = {
        do {
            return try paths().compactMap { path in
                guard let facts = try SystemFiles.facts(of: "\(root)/\(path)"), !facts.isDirectory
                else { return nil }
                return try file(path)
            }
        } catch {
            preconditionFailure("the tree can be read: \(error)")
        }
    }()

    /// Those of the folders where code is.
    static let code = files.filter { file in
        file.isCode
            && ["Sources/", "Tests/", "Examples/", "Migrations/"].contains {
                file.path.hasPrefix($0)
            }
    }

    static let sources = code.filter { !$0.path.hasPrefix("Tests/") }

    /// Nil for what is not text.
    static func file(_ path: String) throws(Errno) -> File? {
        let bytes = try SystemFiles.readFile("\(root)/\(path)", limit: 16_000_000)
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return File(path: path, text: text, lines: lines)
    }

    /// As git has them; as they lie there, when this is a copy without its history.
    private static func paths() throws(Errno) -> [String] {
        let listed = try run(
            "git",
            ["-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        if listed.status == .code(0) {
            return listed.output.split(separator: "\0").map { String($0) }.sorted()
        }
        let found = try run("find", [root, "-type", "f", "-print0"])
        return found.output.split(separator: "\0").map { String($0.dropFirst(root.count + 1)) }
            .filter { path in
                !path.hasPrefix(".build") && !path.hasPrefix(".git/")
                    && !path.hasPrefix(".swiftpm") && path != "Package.resolved"
            }.sorted()
    }

    /// Runs a program of the host; what it printed, and how it ended.
    static func run(
        _ name: String, _ arguments: [String]
    ) throws(Errno) -> (output: String, status: ExitStatus?) {
        var plan = ChildPlan(path: try Programs.find(name), arguments: [name] + arguments)
        plan.standardInput = .discarded
        plan.standardOutput = .piped
        plan.standardError = .discarded
        var child = try ChildProcess.spawn(plan)
        guard let output = child.standardOutput.take() else {
            preconditionFailure("a piped output is there")
        }
        var bytes: [UInt8] = []
        while true {
            let part = try output.readSome(atMost: 65_536)
            if part.isEmpty { break }
            bytes += part
        }
        return (String(decoding: bytes, as: UTF8.self), ExitStatus(rawStatus: try child.wait()))
    }
}
