import Foundation
import Journal
import Registry
import TestSupport
import Testing

@testable import Drive
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
        let play = try SteppedPlay(recording)
        // Both have connected, so their processes are there.
        try play.perform(scenes: 3, upTo: "process.seen process-2")
        let descendants = try Self.descendants(of: play.pid)
        // The keeper, its coordinator, and the two of the cast.
        #expect(descendants.count == 4)
        try play.kill()
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

    /// The coordinator is held up while its cast is told of the crash, and has to be let go.
    @Test(arguments: [false, true])
    func `an error during a crash ends the play, and is said whatever comes after it`(
        _ hasObstacles: Bool
    ) throws {
        let recording = try Recording()
        let (source, target) = try recording.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        try source.perform("duplicate s \(target.pid)")
        try recording.crash()
        try recording.stop()
        let play = try SteppedPlay(recording)
        try play.perform(scenes: 4, upTo: "handoff.issued")
        let prefix = "baton-drive-\(play.pid)-"
        let names = try FileManager.default.contentsOfDirectory(atPath: recording.directory)
        let name = try #require(names.first { $0.hasPrefix(prefix) })
        let directory = "\(recording.directory)/\(name)"
        if hasObstacles {
            try SystemFiles.makeDirectories("\(directory)/foreign", mode: 0o700)
            try SystemFiles.remove("\(directory)/baton.yaml")
            try SystemFiles.makeDirectories("\(directory)/baton.yaml", mode: 0o700)
        }
        let cast = try Self.descendants(of: play.pid).filter(\.isOfTheCast)
        #expect(cast.count == 2)
        let ended = try #require(cast.first)
        try ended.handle.kill()
        try Waiting.until("its end") { ended.handle.hasExited() }
        let result = try play.finish()
        #expect(result.status == .code(3), "\(result.output)\(result.error)")
        let words = "process \(ended.pid) of the cast has ended: EPIPE"
        #expect(result.error.contains(words), "\(result.error)")
        #expect(!result.error.contains("not stopped in order"), "\(result.error)")
        for problem in ["\(directory)/baton.yaml: EISDIR", "\(directory): ENOTEMPTY"] {
            let isSaid = result.error.contains("cannot remove \(problem)")
            #expect(isSaid == hasObstacles, "\(result.error)")
        }
        #expect(try SystemFiles.facts(of: "\(directory)/registry.db.key") == nil)
        #expect((try SystemFiles.facts(of: directory) != nil) == hasObstacles)
    }

    @Test func `what the host tells is counted as far as the play goes`() throws {
        let recording = try Recording()
        let (source, target) = try recording.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        let issued = try recording.eventCount() - 1
        try target.perform("open t \(record)")
        try source.perform("close s")
        try target.perform("close t")
        try recording.wait(for: .socketReleased)
        try recording.stop()
        let path = try recording.bundle()
        let events = try HistoryBundle(try SystemFiles.readFile(path, limit: 1 << 20)).events
        let count = Step.all(of: events).count { $0.isToldByHost }
        try #require(count > 0)
        let words = "; \(count) told by the host, not compared"
        let whole = try recording.drive(path)
        #expect(whole.output.contains(words), "\(whole.output)\(whole.error)")
        let part = try recording.drive(path, ["--until", "\(issued)"])
        #expect(part.output.hasSuffix(" up to #\(issued)\n"), "\(part.output)\(part.error)")
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
        var isOfTheCast: Bool
    }

    private final class SharedHandle {
        private let handle: ProcessHandle
        init(_ handle: consuming ProcessHandle) { self.handle = handle }
        func hasExited() -> Bool { handle.hasExited() }
        func kill() throws(Errno) { try handle.signal(9) }
    }

    private static func descendants(of pid: Int32) throws -> [Descendant] {
        let path = "/proc/\(pid)/task/\(pid)/children"
        let text = String(decoding: try SystemFiles.readFile(path, limit: 65_536), as: UTF8.self)
        return try text.split(separator: " ").flatMap { word in
            let child = try #require(Int32(word))
            let command = try SystemFiles.readFile("/proc/\(child)/cmdline", limit: 65_536)
            let own = Descendant(
                pid: child, handle: SharedHandle(try ProcessHandle(pid: child)),
                isOfTheCast: String(decoding: command, as: UTF8.self).contains("drive-actor"))
            return try [own] + descendants(of: child)
        }
    }
}
