import Foundation
import Journal
import Registry
import TestSupport
import Testing

@testable import Transport

/// How far a play goes, and that nothing of it stays.
@Suite struct PlayTests {
    private func record() throws -> (recording: Recording, refused: UInt64) {
        let recording = try Recording()
        let (source, target) = try recording.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        let refused = try recording.eventCount()
        try source.expect("wrong process", "open x \(record)")
        try target.perform("open t \(record)")
        try recording.stop()
        return (recording, refused)
    }

    @Test func `until an event, and not beyond`() throws {
        let (recording, refused) = try record()
        let path = try recording.tampered(
            try recording.bundle(), "\"redemption.refused\"", "\"wrong process\"", "\"expired\"")
        for (instant, status) in [("\(refused - 1)", 0), ("\(refused)", 1), ("end", 1)] {
            let result = try recording.drive(path, ["--until", instant])
            #expect(result.status == .code(Int32(status)), "\(result.output)\(result.error)")
            #expect(result.output.contains(" up to #\(refused - 1)") == (status == 0))
        }
        let beyond = try recording.drive(path, ["--until", "900"])
        #expect(beyond.status == .code(2))
        #expect(beyond.error.contains("its events are #0 to #"))
    }

    @Test func `who goes step by step can look at the coordinator before it ends`() throws {
        let (recording, refused) = try record()
        let result = try Program.run(
            [
                "drive", try recording.bundle(), "--directory", recording.directory, "--speed",
                "step", "--until", "\(refused)",
            ], input: "\n\n")
        #expect(result.status == .code(0), "\(result.output)\(result.error)")
        #expect(result.output.contains("\nstopped after #\(refused); "), "\(result.output)")
        let history = "baton history --database \(recording.directory)/baton-drive-"
        #expect(result.output.contains(history))
    }

    @Test func `a play that is killed leaves no process behind`() throws {
        let (recording, _) = try record()
        var plan = Program.plan([
            "drive", try recording.bundle(), "--directory", recording.directory, "--speed", "step",
        ])
        plan.standardInput = .piped
        plan.standardOutput = .piped
        var started = try ChildProcess.spawn(plan)
        let input = SharedDescriptor(optional: started.standardInput.take())
        let output = SharedDescriptor(optional: started.standardOutput.take())
        let drive = SharedProcess(started)
        var said = ""
        // Both have connected, so their processes are there.
        while said.split(separator: "\n").count(where: { $0.contains("process.seen") }) < 2 {
            try #require(input).descriptor.write(Array("\n".utf8))
            let part = try #require(output).descriptor.readSome(atMost: 65_536)
            try #require(!part.isEmpty, "it ends: \(said)")
            said += String(decoding: part, as: UTF8.self)
        }
        let descendants = try Self.descendants(of: drive.process.pid)
        // The keeper, its coordinator, and the two of the cast.
        #expect(descendants.count == 4)
        try drive.end(9)
        for process in descendants {
            try Waiting.until("the end of \(process.pid)") { process.handle.hasExited() }
        }
    }

    @Test func `a play is not made where its scratch directory has no place`() throws {
        let (recording, _) = try record()
        let missing = "\(recording.directory)/none"
        let result = try Program.run([
            "drive", try recording.bundle(), "--directory", "\(missing)/deeper",
        ])
        #expect(result.status == .code(3))
        #expect(result.error.contains("cannot make \(missing)/deeper/baton-drive-"))
        #expect(try SystemFiles.facts(of: missing) == nil)
    }

    @Test func `a benchmark that is killed leaves no process behind`() throws {
        let directory = try Recording()
        try directory.stop()
        let bench = SharedProcess(
            try ChildProcess.spawn(
                Program.plan([
                    "bench", "--directory", directory.directory, "--pairs", "1", "--seconds", "600",
                ])))
        var scratch = ""
        try Waiting.until("the coordinator") {
            let name = try FileManager.default.contentsOfDirectory(atPath: directory.directory)
                .first { $0.hasPrefix("baton-scratch-\(bench.process.pid)-") }
            scratch = "\(directory.directory)/\(name ?? "")"
            return try name != nil && SystemFiles.facts(of: "\(scratch)/coordinator.sock") != nil
        }
        let reader = try LogReader(path: "\(scratch)/registry.db")
        // All have been started by then.
        try Waiting.until("a handoff") { try reader.handoffCount(from: 0, isClosed: false) > 0 }
        let descendants = try Self.descendants(of: bench.process.pid)
        // The keeper, its coordinator, a source and a target.
        #expect(descendants.count == 4)
        try bench.end(9)
        for process in descendants {
            try Waiting.until("the end of \(process.pid)") { process.handle.hasExited() }
        }
    }

    private struct Descendant {
        var pid: Int32
        var handle: SharedHandle
    }

    private final class SharedHandle {
        private let handle: ProcessHandle
        init(_ handle: consuming ProcessHandle) { self.handle = handle }
        func hasExited() -> Bool { handle.hasExited() }
    }

    private static func descendants(of pid: Int32) throws -> [Descendant] {
        let path = "/proc/\(pid)/task/\(pid)/children"
        let text = String(decoding: try SystemFiles.readFile(path, limit: 65_536), as: UTF8.self)
        return try text.split(separator: " ").flatMap { word in
            let child = try #require(Int32(word))
            let own = Descendant(pid: child, handle: SharedHandle(try ProcessHandle(pid: child)))
            return try [own] + descendants(of: child)
        }
    }
}
