import Evidence
import Testing

@testable import Transport

/// What the command line says of a bundle's evidence, and a program in which nothing of Baton is.
@Suite struct BundleVerbTests {
    private func bundle(_ log: SignedLog, _ arguments: [String] = []) throws -> String {
        let path = log.path("bundle\(arguments.count)")
        let result = try Program.run(
            ["bundle", "0..100", path, "--database", log.databasePath] + arguments)
        #expect(result.status == .code(0), "\(result.error)")
        return path
    }

    /// The bundle with another pid in one of its events.
    private func changed(_ path: String, _ log: SignedLog) throws -> String {
        var text = BundleText(try SystemFiles.readFile(path, limit: 1 << 20))
        let place = try #require(text.events.first { text.lines[$0].contains("pid\":815") })
        try text.replace(place, "pid\":815", "pid\":816")
        let other = log.path("changed")
        try SystemFiles.writeFileExclusively(other, text.bytes, mode: 0o600)
        return other
    }

    private func verify(_ path: String, key: UInt8? = nil) throws -> Program.Result {
        let keys = try key.map { ["--key", try SignedLog.key($0).verifier.description] } ?? []
        return try Program.run(["verify", "--bundle", path] + keys)
    }

    @Test func `verify says what a bundle proves, and what it does not`() throws {
        let log = try SignedLog()
        let path = try bundle(log)
        let result = try verify(path)
        #expect(result.status == .code(0), "\(result.error)")
        #expect(result.output.contains("events from 0 on are those that were signed"))
        #expect(result.output.contains("2 events are covered by no checkpoint\n"))
        #expect(result.output.contains("prove nothing about its origin"))
        for key: UInt8 in [1, 2] {
            let result = try verify(path, key: key)
            #expect(result.status == .code(0))
            #expect(!result.output.contains("origin"))
        }
        let other = try verify(path, key: 9)
        #expect(other.status == .code(4))
        #expect(!other.output.contains("are those that were signed"))
        #expect(other.error.contains("not signed by the given key"))
        let damaged = try verify(try changed(path, log), key: 1)
        #expect(damaged.status == .code(4))
        #expect(damaged.error.contains("are not those that were signed"))
        let clash = try Program.run(["verify", "--bundle", path, "--deep"])
        #expect(clash.status == .code(2))
    }

    @Test func `a bundle that begins earlier than was asked says why`() throws {
        let recording = try Recording()
        let (source, target) = try recording.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        // Both exit with a descriptor, whose end is of the exit's step.
        try recording.stop()
        var earlier = 0
        for first in 1..<10 {
            let path = "\(recording.databasePath).from\(first)"
            let made = try Program.run([
                "bundle", "\(first)..", path, "--database", recording.databasePath,
            ])
            #expect(made.status == .code(0), "\(made.error)")
            let isEarlier = !made.output.hasPrefix("\(path): events \(first) to ")
            #expect(made.output.contains(": the step of event \(first) begins there)") == isEarlier)
            earlier += isEarlier ? 1 : 0
        }
        #expect(earlier > 0)
    }

    @Test func `a bundle without evidence is made, said to be so, and verified never`() throws {
        let log = try SignedLog()
        let path = log.path("bare")
        let made = try Program.run([
            "bundle", "0..100", path, "--no-evidence", "--database", log.databasePath,
        ])
        #expect(made.status == .code(0))
        #expect(made.output.contains("no evidence: nothing proves"))
        #expect(try verify(path).status == .code(6))
        #expect(try verify(path, key: 1).status == .code(6))
        let driven = try Program.run([
            "drive", path, "--key", try SignedLog.key(1).verifier.description,
        ])
        #expect(driven.status == .code(6))
        #expect(driven.output == "")
    }

    @Test func `events that were not signed are not performed`() throws {
        let log = try SignedLog()
        let result = try Program.run(["drive", try changed(try bundle(log), log)])
        #expect(result.status == .code(4))
        #expect(result.output == "")
        let recording = try Recording()
        let (source, _) = try recording.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        try source.expect("no such process", "duplicate s 2147483646")
        try recording.stop()
        let key = try Program.run(["key", "show", "--database", recording.databasePath])
        let vkey = key.output.split(separator: "\n").joined()
        let path = try recording.bundle()
        let good = try recording.drive(path, ["--key", vkey])
        #expect(good.status == .code(0), "\(good.output)\(good.error)")
        #expect(good.error.contains("are those that were signed"))
        #expect(!good.error.contains("covered by no checkpoint"))
        #expect(!good.error.contains("without --key"))
        let bad = try recording.drive(
            path, ["--key", try SignedLog.key(1).verifier.description])
        #expect(bad.status == .code(4))
        #expect(bad.output == "")
    }

    private static var hasPython: Bool {
        do throws(Errno) {
            _ = try Programs.find("python3")
            return true
        } catch {
            return false
        }
    }

    @Test(.enabled(if: hasPython, "there is no python3"))
    func `plain Python verifies a bundle, and finds what was changed`() throws {
        let log = try SignedLog(keys: [1, 2, 3])
        let script =
            #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
            + "/Examples/verify_bundle.py"
        func status(_ path: String, _ key: UInt8) throws -> Transport.ExitStatus? {
            var plan = ChildPlan(
                path: try Programs.find("python3"),
                arguments: ["python3", script, path, try SignedLog.key(key).verifier.description],
                environment: ["PATH=/usr/local/bin:/usr/bin:/bin"])
            plan.standardInput = .discarded
            plan.standardOutput = .discarded
            plan.standardError = .discarded
            return Transport.ExitStatus(rawStatus: try ChildProcess.spawn(plan).wait())
        }
        let path = try bundle(log)
        for key: UInt8 in [1, 2, 3] { #expect(try status(path, key) == .code(0)) }
        #expect(try status(path, 9) == .code(4))
        #expect(try status(try changed(path, log), 1) == .code(4))
        #expect(try status(try bundle(log, ["--no-evidence"]), 1) == .code(6))
        let middle = log.path("middle")
        let made = try Program.run([
            "bundle", "7..9", middle, "--database", log.databasePath,
        ])
        #expect(made.status == .code(0))
        #expect(try status(middle, 1) == .code(0))
        var text = BundleText(try SystemFiles.readFile(path, limit: 1 << 20))
        for subject in ["key", "events"] {
            let good = text
            let index = try text.index("proof", of: subject)
            var bytes = try #require(Base64.bytes(try text.member(index, "path")))
            let place = subject == "key" ? 60 : 5
            if bytes.count > place {
                bytes[place] ^= 1
            } else {
                bytes += [UInt8](repeating: 0, count: 32)
            }
            try text.set(index, "path", bytes)
            let other = log.path("other-\(subject)")
            try SystemFiles.writeFileExclusively(other, text.bytes, mode: 0o600)
            #expect(try status(other, 1) == .code(4), "\(subject)")
            text = good
        }
    }
}
