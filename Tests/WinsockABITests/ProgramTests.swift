import Testing
import Transport

@Suite("Programs in C", .timeLimit(.minutes(10)))
struct ProgramTests {
    @Test func `there are programs to run`() {
        #expect(CProgram.all.count > 10)
    }

    @Test(arguments: CProgram.all, Build.plain)
    func `a program finds everything as on Windows`(_ program: CProgram, _ build: Build) throws {
        let result = try program.compileAndRun(build)
        #expect(result.isSuccess, "\(program.name): \(result.output)")
    }

    /// Bad addresses are passed on purpose, but only to the library.
    @Test(arguments: CProgram.all, Build.sanitized)
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
