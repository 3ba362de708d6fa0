import Testing
import Transport

@Suite("Programs in C", .timeLimit(.minutes(10)))
struct ProgramTests {
    @Test func `there are programs to run`() {
        #expect(CProgram.all.count > 10)
    }

    /// docs/porting.md has those that are left out, with reasons.
    @Test func `every row of Windows' behaviour is named by a check`() throws {
        let text = try CProgram.all.map { try $0.text() }.joined()
        var rows = ["C1"]
        for (letter, last) in [("D", 15), ("S", 42), ("P", 6), ("E", 2), ("R", 6)] {
            rows += (1...last).map { "\(letter)\($0)" }
        }
        for row in rows where !["S30", "S31"].contains(row) {
            #expect(text.contains("\"\(row)\"") || text.contains("\"\(row),"), "\(row)")
        }
    }

    @Test(arguments: CProgram.all, Build.plain)
    func `a program finds everything as on Windows`(_ program: CProgram, _ build: Build) throws {
        let result = try program.compileAndRun(build)
        #expect(result.isSuccess, "\(program.name): \(result.output)")
    }

    /// The allocator of GCC 12's sanitizer keeps its locks in the child of a fork that came while
    /// another thread allocated, so one run in some thirty would hang. That of clang does not. No
    /// sanitizer finds its own process where its id is that of another PID namespace than /proc's.
    private static let sanitized = CProgram.all.filter { $0.name != "pid_namespaces" }
        .flatMap { program in
            Build.sanitized.filter { program.name != "forked" || $0.compiler != "gcc" }
                .map { (program, $0) }
        }

    /// Bad addresses are passed on purpose, but only to the library.
    @Test(arguments: sanitized)
    func `the sanitizers find nothing`(_ program: CProgram, _ build: Build) throws {
        let result = try program.compileAndRun(build)
        #expect(result.isSuccess, "\(program.name): \(result.output)")
    }

    @Test(arguments: ["duplicate", "handoff"])
    func `a program carries the library within itself`(_ name: String) throws {
        let program = try #require(CProgram.all.first { $0.name == name })
        let result = try program.compileAndRun(.archive)
        #expect(result.isSuccess, "\(program.name): \(result.output)")
        let needed = try Command.run("readelf", ["-d", try program.compile(.archive)])
        #expect(needed.isSuccess && !needed.output.contains("ws2_32"))
        #expect(!needed.output.contains("swift"))
    }
}
