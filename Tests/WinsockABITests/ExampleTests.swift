import Testing
import Transport

@Suite("The examples in C", .timeLimit(.minutes(5)))
struct ExampleTests {
    private func example(_ name: String) -> CProgram {
        CProgram(name: name, folder: "Examples/winsock")
    }

    @Test(arguments: Build.plain)
    func `a pre-forked server serves all of its clients`(_ build: Build) throws {
        let result = try example("prefork").compileAndRun(build, ["--selftest"])
        #expect(result.isSuccess, "\(result.output)")
    }

    @Test(arguments: Build.plain)
    func `the second registration of events takes over from the first`(_ build: Build) throws {
        let result = try example("eventselect").compileAndRun(build)
        #expect(result.isSuccess, "\(result.output)")
    }

    /// The target says on its first line which port it took.
    @Test(arguments: Build.plain)
    func `source and target take the ten steps`(_ build: Build) throws {
        let (source, target) = (
            try example("source").compile(build), try example("target").compile(build)
        )
        let script = """
            { "$2" 0; echo "target ended with $?"; } | {
                read -r line
                "$1" "${line##*[!0-9]}" || exit 1
                cat
            }
            """
        let coordinator = try LiveCoordinator()
        let result = try withExtendedLifetime(coordinator) {
            try Command.run(
                "sh", ["-c", script, "sh", source, target],
                environment: coordinator.environment())
        }
        #expect(
            result.isSuccess && result.output.hasSuffix("target ended with 0\n"),
            "\(result.output)")
    }
}
