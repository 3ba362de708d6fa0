import Testing
import Transport

/// A program in C, whose exit status says whether all was as it should be.
struct CProgram: CustomTestStringConvertible, Sendable {
    /// Of the file, without its ending.
    let name: String
    /// From the root of the repository.
    let folder: String

    var testDescription: String { name }

    /// Those in C/; empty when they cannot be listed, which a test of its own notices.
    static let all: [CProgram] = {
        let folder = "Tests/WinsockABITests/C"
        do {
            let result = try Command.run("ls", ["\(Command.root)/\(folder)"])
            return result.output.split(separator: "\n").filter { $0.hasSuffix(".c") }
                .map { CProgram(name: String($0.dropLast(2)), folder: folder) }
        } catch {
            return []
        }
    }()

    private var source: String { "\(Command.root)/\(folder)/\(name).c" }

    func text() throws -> String {
        String(decoding: try SystemFiles.readFile(source, limit: 1_000_000), as: UTF8.self)
    }

    /// The executable.
    func compile(_ build: Build) throws -> String {
        let library = try LinkedLibrary.linked()
        let executable = "\(library.directory)/\(name)-\(build.name)"
        let result = try Command.run(
            build.compiler,
            ["-std=c11", "-Wall", "-Wextra", "-Werror", "-g", "-I", LinkedLibrary.include]
                + build.options + [source, "-o", executable]
                + (build.isStatic
                    ? [library.archive, "-lstdc++", "-lm"]
                    : [
                        "-L", library.directory, "-Wl,-rpath,\(library.directory)", "-lws2_32",
                    ]) + ["-pthread"])
        guard result.isSuccess else {
            throw Missing(what: "\(name) as \(build.name)\n\(result.output)")
        }
        return executable
    }

    /// What its coordinator is started with: the first line of the program says it.
    private func coordinatorOptions() throws -> [String] {
        let mark = "// Coordinator: "
        guard let line = try text().split(separator: "\n").first, line.hasPrefix(mark) else {
            return []
        }
        return line.dropFirst(mark.count).split(separator: " ").map { String($0) }
    }

    func compileAndRun(_ build: Build, _ arguments: [String] = []) throws -> Command.Result {
        let executable = try compile(build)
        let coordinator = try LiveCoordinator(coordinatorOptions())
        return try withExtendedLifetime(coordinator) {
            try Command.run(
                executable, arguments, environment: coordinator.environment() + build.settings)
        }
    }
}

/// How a program is compiled.
struct Build: CustomTestStringConvertible, Sendable {
    let name: String
    let compiler: String
    var options: [String] = []
    var isStatic = false
    /// Added to the environment of the program.
    var settings: [String] = []

    var testDescription: String { name }

    static let plain = ["gcc", "clang"].map { Build(name: $0, compiler: $0) }

    static let archive = Build(name: "gcc-static", compiler: "gcc", isStatic: true)

    static let sanitized = ["gcc", "clang"].map { compiler in
        Build(
            name: "\(compiler)-sanitized", compiler: compiler,
            options: ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
            settings: ["UBSAN_OPTIONS=print_stacktrace=1"])
    }
}
