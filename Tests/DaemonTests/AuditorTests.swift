import GRDB
import TestSupport
import Testing

@testable import Journal
@testable import Transport

/// What a coordinator has signed, verified by programs in which nothing of it is: OpenSSL, the
/// packages of Go's checksum database, and plain Python.
@Suite struct AuditorTests {
    /// A test that is passed over proves nothing: ./run test installs what is missing.
    private static let hasGo = Tool.has(
        "go", file: "/usr/share/gocode/src/golang.org/x/mod/sumdb/note/note.go")

    /// What an auditor gets: an export, an older checkpoint, the proof of one event and its body.
    private final class Evidence {
        let scratch: Scratch
        let key: String
        let event = 9
        var export: String { scratch["export"] }
        var older: String { scratch["older"] }
        var proof: String { scratch["proof"] }
        var body: String { scratch["body"] }

        init(handoffs: Int = 80) throws {
            scratch = try Scratch()
            let coordinator = try RunningCoordinator()
            let (source, target) = try coordinator.sourceAndTarget()
            try source.perform("listen s 127.0.0.1:0 stream")
            try Waiting.until("there is a checkpoint") {
                try coordinator.baton("checkpoint").status == .code(0)
            }
            let older = try coordinator.baton("checkpoint").output
            for _ in 0..<handoffs {
                let record = try source.perform("duplicate s \(target.pid)")
                try target.perform("open t \(record)")
                try target.perform("close t")
            }
            _ = try coordinator.finish()
            key = try coordinator.baton("key", "show").output.split(separator: "\n").joined()
            func done(_ tool: Tool) { #expect(tool.status == .code(0), "\(tool.error)") }
            done(try coordinator.baton("tiles", export))
            done(try coordinator.baton("prove", "\(event)", "--file", proof))
            try SystemFiles.writeFileExclusively(self.older, Array(older.utf8), mode: 0o600)
            let bytes = try coordinator.reader().read { db in
                try [UInt8](
                    Row.fetchAll(db, sql: "SELECT hex(body) FROM event WHERE seq = \(event)")
                        .flatMap { Hexadecimal.bytes(($0[0] as String).lowercased()) ?? [] })
            }
            try SystemFiles.writeFileExclusively(body, bytes, mode: 0o600)
        }

        func bytes(_ path: String) throws -> [UInt8] {
            try SystemFiles.readFile(path, limit: 1 << 24)
        }

        /// Turns one bit of a file; the function that turns it back.
        func damage(_ path: String, at place: Int) throws -> () throws -> Void {
            let good = try bytes(path)
            var bad = good
            bad[(place + bad.count) % bad.count] ^= 1
            try SystemFiles.replaceFile(path, with: bad, mode: 0o644)
            return { try SystemFiles.replaceFile(path, with: good, mode: 0o644) }
        }
    }

    @Test func `plain Python verifies an export, and finds what was changed`() throws {
        let evidence = try Evidence()
        func verify(_ older: String? = nil) throws -> Tool {
            try Tool.run(
                "python3",
                [Self.script, evidence.export, evidence.key] + [older].compactMap(\.self))
        }
        let good = try verify(evidence.older)
        #expect(good.status == .code(0), "\(good.error)")
        #expect(good.output.contains("events are those that were signed"))
        for file in ["checkpoint", "tile/entries/000", "tile/0/000"] {
            for place in [3, 700, -5] {
                let repair = try evidence.damage("\(evidence.export)/\(file)", at: place)
                #expect(try verify().status == .code(4), "\(file)")
                try repair()
            }
        }
        #expect(try verify().status == .code(0))
        let longer = try Evidence(handoffs: 1)
        #expect(try verify("\(longer.export)/checkpoint").status == .code(4), "another key's")
        #expect(try Tool.run("python3", [Self.script]).status == .code(2))
    }

    @Test func `OpenSSL accepts the signature`() throws {
        let evidence = try Evidence(handoffs: 1)
        let note = String(
            decoding: try evidence.bytes("\(evidence.export)/checkpoint"), as: UTF8.self)
        let parts = note.split(separator: "\n", omittingEmptySubsequences: false)
        let scratch = evidence.scratch
        let text = parts[0..<3].map { "\($0)\n" }.joined()
        try SystemFiles.writeFileExclusively(scratch["text"], Array(text.utf8), mode: 0o600)
        // The key in DER: RFC 8410.
        let blob = try #require(parts[4].split(separator: " ").last)
        let key = try #require(evidence.key.split(separator: "+", maxSplits: 2).last)
        let shell = """
            echo '\(blob)' | base64 -d | tail -c 64 >'\(scratch["signature"])'
            { printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000'; \
            echo '\(key)' | base64 -d | tail -c 32; } >'\(scratch["key"])'
            """
        #expect(try Tool.run("sh", ["-ec", shell]).status == .code(0))
        let arguments = [
            "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", scratch["key"], "-rawin",
            "-in", scratch["text"], "-sigfile", scratch["signature"],
        ]
        let good = try Tool.run("openssl", arguments)
        #expect(good.status == .code(0), "\(good.error)")
        #expect(good.output.contains("Signature Verified Successfully"))
        _ = try evidence.damage(scratch["text"], at: 2)
        #expect(try Tool.run("openssl", arguments).status != .code(0))
    }

    @Test(.timeLimit(.minutes(5)))
    func `the packages of Go's checksum database accept checkpoints, tiles and proofs`() throws {
        try #require(Self.hasGo, "./run test installs golang-go and golang-golang-x-mod-dev")
        let evidence = try Evidence()
        let environment = [
            "GO111MODULE=off", "GOPATH=/usr/share/gocode", "GOFLAGS=", "CGO_ENABLED=0",
            "GOCACHE=\(evidence.scratch["go"])",
        ]
        let program = evidence.scratch["audit"]
        let built = try Tool.run(
            "go", ["build", "-o", program, "\(Self.root)/Tests/DaemonTests/Auditor/audit.go"],
            environment: environment)
        try #require(built.status == .code(0), "\(built.error)")
        func audit() throws -> Tool {
            try Tool.run(
                program,
                [evidence.key, evidence.export, evidence.older, evidence.proof, evidence.body])
        }
        let good = try audit()
        #expect(good.status == .code(0), "\(good.error)")
        #expect(good.output.hasSuffix(" \(evidence.event)\n"))
        for (file, place) in [
            ("\(evidence.export)/checkpoint", 1), ("\(evidence.export)/tile/1/000.p/1", 9),
            (evidence.older, -9), (evidence.proof, 60), (evidence.body, 4),
        ] {
            let repair = try evidence.damage(file, at: place)
            #expect(try audit().status == .code(1), "\(file)")
            try repair()
        }
        #expect(try audit().status == .code(0))
    }

    static let script = "\(root)/Examples/verify.py"
    private static let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
}
