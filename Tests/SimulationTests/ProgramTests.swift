import Testing

@testable import Transport

/// Testing has one, too.
private typealias End = Transport.ExitStatus

/// `simulate` as it is called by hand and in CI.
struct ProgramTests {
    private func run(_ arguments: [String]) throws -> (status: End?, lines: [String]) {
        let own = String(
            decoding: try Syscalls.readLink("/proc/self/exe", relativeTo: -1), as: UTF8.self)
        let directory = own[..<(own.lastIndex(of: "/") ?? own.startIndex)]
        var plan = ChildPlan(
            path: "\(directory)/simulate", arguments: ["simulate"] + arguments,
            environment: ["SWIFT_BACKTRACE=enable=no"])
        plan.standardInput = .discarded
        plan.standardOutput = .piped
        plan.standardError = .discarded
        var child = try ChildProcess.spawn(plan)
        let bytes = try child.standardOutput.take()?.readToEnd() ?? []
        let lines = String(decoding: bytes, as: UTF8.self)
            .split(separator: "\n").map { String($0) }
        return (End(rawStatus: try child.wait()), lines)
    }

    @Test func `a run that keeps all promises ends with 0`() throws {
        let (status, lines) = try run(["--seed", "7", "--steps", "2500"])
        #expect(status == .code(0))
        #expect(lines == ["seed 7", "2500 steps, all promises kept"])
    }

    @Test func `a broken promise is shrunk and ends with 1`() throws {
        let (status, lines) = try run(["--seed", "1", "--mutant", "send-before-commit"])
        #expect(status == .code(1))
        #expect(lines.first == "seed 1")
        #expect(lines.contains { $0.hasPrefix("broken after ") && $0.contains("durable: ") })
        #expect(lines.last?.hasPrefix("serve") == true)
    }

    @Test func `a broken precondition is shrunk and ends with 1`() throws {
        let (status, lines) = try run(["--seed", "1", "--mutant", "read-twice"])
        #expect(status == .code(1))
        #expect(lines.contains { $0.hasPrefix("broken after ") && $0.contains("precondition: ") })
        // The first start makes the log, the second reads it.
        let starts = lines.drop { !$0.contains("actions do it") }.filter { $0.contains("start ") }
        #expect(starts.count == 2)
        #expect(lines.last?.hasPrefix("start ") == true)
    }
}
