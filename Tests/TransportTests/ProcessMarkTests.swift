import Glibc
import Testing

@testable import Transport

@Suite(.enabled(if: KernelFeatures.probe().pidfdInfo, "older kernels tell no marks"))
struct ProcessMarkTests {
    let features = KernelFeatures.probe()

    private func mark(of child: borrowing ChildProcess, executable: Bool = true) -> ProcessMark? {
        ProcessMark(of: child.handle, pid: child.pid, executable: executable, features: features)
    }

    private func start(_ path: String, _ arguments: [String]) throws -> ChildProcess {
        var plan = ChildPlan(path: path, arguments: arguments)
        plan.standardInput = .piped
        plan.standardOutput = .piped
        return try ChildProcess.spawn(plan)
    }

    /// Until the program runs: it answers what it is sent.
    private func wait(
        for text: String, _ input: borrowing Descriptor, _ output: borrowing Descriptor
    ) throws {
        try input.withNumber { (fd) throws(Errno) in
            try Syscalls.write(fd, Array("\(text)\n".utf8))
        }
        #expect(try output.read(exactly: text.utf8.count + 1) == Array("\(text)\n".utf8))
    }

    @Test func `a process has one mark until it executes another program`() throws {
        var child = try start(
            "/bin/sh", ["sh", "-c", "read line; echo $line; read line; exec cat"])
        let input = try required(child.standardInput.take())
        let output = try required(child.standardOutput.take())
        try wait(for: "ready", input, output)
        let before = try required(mark(of: child))
        let again = mark(of: child)
        #expect(again == before)
        let withoutFile = mark(of: child, executable: false)
        try input.withNumber { (fd) throws(Errno) in
            try Syscalls.write(fd, Array("go\n".utf8))
        }
        try wait(for: "answer", input, output)
        let after = try required(mark(of: child))
        #expect(after != before)
        // Its ids and its control group are the same.
        let stillWithoutFile = mark(of: child, executable: false)
        #expect(stillWithoutFile != nil && stillWithoutFile == withoutFile)
        input.close()
        #expect(try ExitStatus(rawStatus: child.wait()) == .code(0))
        let last = mark(of: child)
        #expect(last == nil)
        let lastWithoutFile = mark(of: child, executable: false)
        #expect(lastWithoutFile == nil)
    }

    @Test func `a file that is renamed or taken away while it is executed changes the mark`() throws
    {
        let directory = try TemporaryDirectory()
        let (path, other) = (directory.file("program"), directory.file("renamed"))
        try SystemFiles.writeFileExclusively(
            path, try SystemFiles.readFile("/bin/cat", limit: 1 << 24), mode: 0o700)
        var child = try start(path, [path])
        let input = try required(child.standardInput.take())
        let output = try required(child.standardOutput.take())
        try wait(for: "ready", input, output)
        let first = try required(mark(of: child))
        #expect(rename(path, other) == 0)
        let second = try required(mark(of: child))
        #expect(second != first)
        #expect(unlink(other) == 0)
        let third = try required(mark(of: child))
        #expect(third != second)
        input.close()
        #expect(try ExitStatus(rawStatus: child.wait()) == .code(0))
    }

    @Test func `another name of the same file is told on request`() throws {
        let directory = try TemporaryDirectory()
        let (path, other) = (directory.file("program"), directory.file("other"))
        try SystemFiles.writeFileExclusively(
            path, try SystemFiles.readFile("/bin/sh", limit: 1 << 24), mode: 0o700)
        #expect(link(path, other) == 0)
        var child = try start(path, [path, "-c", "read line; echo $line; exec \(other) -c cat"])
        let input = try required(child.standardInput.take())
        let output = try required(child.standardOutput.take())
        func named() -> ProcessMark? {
            ProcessMark(
                of: child.handle, pid: child.pid, executable: true, path: true, features: features)
        }
        let (before, beforeNamed) = (mark(of: child), named())
        try wait(for: "ready", input, output)
        // `cat` is a child of the shell, or the shell itself has become it.
        var after = named()
        for _ in 0..<2000 where after == beforeNamed {
            Clock.sleep(milliseconds: 5)
            after = named()
        }
        #expect(before != nil && beforeNamed != nil)
        #expect(after != beforeNamed)
        input.close()
        #expect(try ExitStatus(rawStatus: child.wait()) == .code(0))
        try directory.remove("program", "other")
    }

    @Test func `nothing is told of a foreign process, or by an older kernel`()
        throws
    {
        let own = try ProcessHandle(pid: getpid())
        let foreign = ProcessMark(of: own, pid: 0, executable: true, features: features)
        #expect(foreign == nil)
        let older = try #require(features.without("pidfdInfo"))
        let old = ProcessMark(of: own, pid: getpid(), executable: true, features: older)
        #expect(old == nil)
        let present = ProcessMark(of: own, pid: getpid(), executable: false, features: features)
        #expect(present != nil)
    }
}
