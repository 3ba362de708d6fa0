import Foundation
import TestSupport
import Testing
import Transport

@Suite("Coordinators of this program's own leave nothing behind")
struct ScratchTests {
    private static func content(of directory: TemporaryDirectory) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path)
    }

    private static func awaitCoordinator(in directory: TemporaryDirectory) throws {
        try Waiting.until("the coordinator has a socket") {
            guard let scratch = try content(of: directory).first else { return false }
            return FileManager.default.fileExists(
                atPath: directory.file("\(scratch)/coordinator.sock"))
        }
    }

    private static let verbs = [["demo"], ["bench", "--seconds", "0.1"]]

    @Test("a reader that goes away ends the play, and its files", arguments: verbs)
    func closedPipe(verb: [String]) throws {
        let directory = try TemporaryDirectory()
        var plan = Program.plan(verb + ["--directory", directory.path])
        plan.standardError = .piped
        var child = try ChildProcess.spawn(plan)
        if let pipe = child.standardOutput.take(), verb == ["demo"] {
            #expect(try Program.readLine(pipe).hasPrefix("coordinator PID "))
        }
        #expect(try Program.readAll(child.standardError.take()) == "")
        #expect(Transport.ExitStatus(rawStatus: try child.wait()) == .code(0))
        #expect(try Self.content(of: directory) == [])
    }

    @Test(
        "an interruption ends the measurement, and its files",
        arguments: [SignalDescriptor.interrupt, SignalDescriptor.terminate])
    func interruption(signal: Int32) throws {
        let directory = try TemporaryDirectory()
        var child = try ChildProcess.spawn(
            Program.plan(["bench", "--seconds", "600", "--directory", directory.path]))
        try Self.awaitCoordinator(in: directory)
        try child.kill(signal)
        #expect(try Program.readAll(child.standardOutput.take()) == "")
        #expect(try Program.readAll(child.standardError.take()) == "")
        #expect(Transport.ExitStatus(rawStatus: try child.wait()) == .code(128 + signal))
        #expect(try Self.content(of: directory) == [])
    }

    @Test("a signal that the measurement was started to ignore does not end it")
    func ignored() throws {
        let directory = try TemporaryDirectory()
        var plan = Program.plan([])
        plan.path = "/bin/sh"
        plan.arguments = [
            "sh", "-c",
            "trap '' HUP; \(Program.path) bench --seconds 2 --directory \(directory.path)",
        ]
        var child = try ChildProcess.spawn(plan)
        try Self.awaitCoordinator(in: directory)
        let scratch = try #require(try Self.content(of: directory).first)
        // The number is in the name.
        let parts = scratch.split(separator: "-")
        let pid = try #require(parts.dropFirst(2).first.flatMap { Int32($0) })
        try ProcessHandle(pid: pid).signal(SignalDescriptor.hangUp)
        #expect(try Program.readAll(child.standardOutput.take()).contains("handoffs"))
        #expect(Transport.ExitStatus(rawStatus: try child.wait()) == .code(0))
        #expect(try Self.content(of: directory) == [])
    }

    @Test("output that has no room is an error, and no bug", arguments: verbs)
    func noSpace(verb: [String]) throws {
        let directory = try TemporaryDirectory()
        let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
        var plan = Program.plan(verb + ["--directory", directory.path])
        plan.standardOutput = .inherited
        try plan.pass(try Descriptor.duplicate(ofInherited: full.fileDescriptor), as: 1)
        var child = try ChildProcess.spawn(plan)
        let error = try Program.readAll(child.standardError.take())
        #expect(error.contains("standard output takes no more: ENOSPC"), "\(error)")
        #expect(Transport.ExitStatus(rawStatus: try child.wait()) == .code(3))
        #expect(try Self.content(of: directory) == [])
    }

    @Test("the directory that is named exists, or nothing is made", arguments: verbs)
    func missingParent(verb: [String]) throws {
        let directory = try TemporaryDirectory()
        let missing = directory.file("none/deeper")
        let result = try Program.run(verb + ["--directory", missing])
        #expect(result.status == .code(3))
        #expect(result.error.contains("cannot make \(missing)/baton-scratch-"))
        #expect(result.error.contains("ENOENT"))
        #expect(try Self.content(of: directory) == [])
    }

    @Test("a coordinator that does not start leaves no directory")
    func noStart() throws {
        let directory = try TemporaryDirectory()
        let result = try Program.run([
            "bench", "--directory", directory.path, "--configuration", "/nonexistent/baton.yaml",
        ])
        #expect(result.status == .code(3))
        #expect(result.error.contains("the coordinator does not start"))
        #expect(try Self.content(of: directory) == [])
    }
}
