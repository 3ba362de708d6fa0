import Foundation
import Registry
import Testing
import Transport
import Winsock

@testable import baton

@Suite("The program as a stranger runs it")
struct CommandLineTests {
    @Test(
        "a slip of the pen ends with 2 and says what is wrong",
        arguments: [
            (["nonsense"], "nonsense"), (["history", "--event", "x"], "handoff.issued"),
            (["history", "--outcome", "x"], "accepted"),
            (["history", "--reason", "x"], "wrong process"),
            (["history", "--since", "x"], "RFC 3339"), (["history", "--seq", "3..1"], "A..B"),
            (["history", "-n", "-1"], "-n"), (["history", "-r", "-f"], "-r"),
            (["history", "-o", "xml"], "xml"), (["show"], "handoff"), (["show", "x"], "number"),
            (["duplicate", "--fd", "0"], "--pid"), (["duplicate", "--pid", "1"], "--listen"),
            (["duplicate", "--pid", "1", "--fd", "0", "--listen", "x"], "one of"),
            (["duplicate", "--pid", "1", "--pidfd", "3", "--fd", "0"], "--pidfd"),
            (["duplicate", "--pid", "1", "--fd", "0", "--ttl", "x"], "seconds"),
            (["redeem"], "--"),
            (["redeem", "--", "/nonexistent/program"], "nothing was redeemed"),
            (["redeem", "--", "/tmp"], "cannot execute"),
            (["decode", "--base64", "/etc/passwd"], "base64"),
            (["decode", "--socket", "/run/x.sock"], "--socket"),
            (["watch", "--lines", "0"], "--lines takes"),
            (["watch", "--interval", "0"], "--interval takes"),
            (["drive", "x.bundle", "--scale", "0.1"], "--speed scale"),
            (["verify", "--since-checkpoint", "/etc/passwd"], "/etc/passwd is no signed"),
            (["verify", "--receipt", "/etc/passwd"], "/etc/passwd is no receipt"),
        ])
    func usage(arguments: [String], hint: String) throws {
        let result = try Program.run(arguments)
        #expect(result.status == .code(2))
        #expect(result.output == "")
        #expect(result.error.contains(hint))
    }

    @Test("a slip of the pen is told in JSON where JSON was asked for")
    func usageInJSON() throws {
        let result = try Program.run(["history", "--event", "x", "-o", "json"])
        #expect(result.status == .code(2))
        #expect(result.error.hasPrefix(#"{"error":{"code":"usage","message":""#))
        #expect(result.error.hasSuffix("}}\n"))
    }

    @Test(
        "help and version go to standard output",
        arguments: [["--help"], ["help", "history"], ["--version"], ["redeem", "--help"]])
    func help(arguments: [String]) throws {
        let result = try Program.run(arguments)
        #expect(result.status == .code(0))
        #expect(result.output.contains("baton"))
        #expect(result.error == "")
    }

    @Test(
        "without a coordinator the socket that was tried is named",
        arguments: [
            ["status"], ["revoke", "1"], ["redeem", "--info", "/dev/null", "--", "true"],
            ["duplicate", "--pid=-1", "--listen", "127.0.0.1:0"],
        ])
    func noCoordinator(verb: [String]) throws {
        // The program and its arguments end the command line, so that options come before them.
        let options = ["--socket", "/nonexistent/other.sock", "-o", "json"]
        let result = try Program.run([verb[0]] + options + verb.dropFirst())
        #expect(result.status == .code(3))
        #expect(result.output == "")
        #expect(result.error.contains("/nonexistent/other.sock"))
        #expect(result.error.contains("baton serve"))
        #expect(result.error.contains(#""wsa":10050"#))
        let plain = try Program.run(verb)
        #expect(plain.status == .code(3))
        #expect(plain.error.contains("/nonexistent/coordinator.sock"))
    }

    @Test(
        "a coordinator's socket does not say which log is read",
        arguments: [
            ["list"], ["history"], ["report"], ["who-holds", "127.0.0.1:80"], ["verify"],
            ["key", "show"], ["key", "rotate"], ["watch"],
        ])
    func socketWithoutDatabase(verb: [String]) throws {
        let result = try Program.run(verb + ["--socket", "/run/other.sock"])
        #expect(result.status == .code(2))
        #expect(result.output == "")
        #expect(result.error.contains("--database names the log"))
        #expect(result.error.contains("baton status --socket /run/other.sock"))
    }

    @Test("beside a socket the log is named by --database or by the environment")
    func socketAndDatabase() throws {
        let log = try SampleLog()
        let expected = try Program.run(["list", "--database", log.path])
        #expect(expected.status == .code(0))
        #expect(expected.output.contains("HANDOFF"))
        let socket = ["list", "--socket", "/run/other.sock"]
        #expect(try Program.run(socket + ["--database", log.path]).output == expected.output)
        var plan = Program.plan(socket)
        plan.environment?.append("BATON_DATABASE=\(log.path)")
        var child = try ChildProcess.spawn(plan)
        #expect(try Program.readAll(child.standardOutput.take()) == expected.output)
        #expect(Transport.ExitStatus(rawStatus: try child.wait()) == .code(0))
    }

    @Test("what is wrong with a file names it, and where in it")
    func named() throws {
        let log = try SampleLog()
        func run(_ arguments: [String]) throws -> Program.Result {
            try Program.run(arguments + ["--database", log.path])
        }
        let script = try run(["replay", "--script", "/nonexistent/script"])
        #expect(script.status == .code(3))
        #expect(script.error.contains("cannot read /nonexistent/script: ENOENT"))
        // Before anything is printed, or the next listing would print it again.
        let cursor = try run(["history", "--cursor-file", "/nonexistent/cursor"])
        #expect(cursor.status == .code(3))
        #expect(cursor.output == "")
        #expect(cursor.error.contains("the cursor file /nonexistent/cursor: ENOENT"))
        let folder = try run(["history", "--cursor-file", log.directory.path])
        #expect(folder.status == .code(3))
        #expect(folder.error.contains("the cursor file \(log.directory.path): EISDIR"))
    }

    @Test("what is only partly a checkpoint is damaged, and no slip of the pen")
    func damagedCheckpoint() throws {
        let directory = try TemporaryDirectory()
        let file = directory.file("checkpoint")
        let root = Data(repeating: 7, count: 32).base64EncodedString()
        let text = "test.example/baton\n3\n\(root)\n\n\u{2014} test.example/baton AQ==\n"
        try SystemFiles.writeFileExclusively(file, Array(text.utf8), mode: 0o600)
        let result = try Program.run(["verify", "--since-checkpoint", file])
        #expect(result.status == .code(4))
        #expect(result.error.contains(file))
    }

    @Test("the checks are listed in JSON, too")
    func checks() throws {
        let result = try Program.run(["check", "--list", "-o", "json"])
        #expect(result.status == .code(0))
        #expect(result.output.hasPrefix(#"{"checks":[{"check":"BH001","promise":""#))
        let lines = try Program.run(["check", "--list"]).output.split(separator: "\n")
        #expect(result.output.components(separatedBy: #""check":""#).count - 1 == lines.count)
    }

    @Test(
        "-o is said to change errors only, where nothing else can",
        arguments: ["duplicate", "redeem"])
    func errorsOnly(verb: String) throws {
        let help = try Program.run([verb, "--help"]).output
        #expect(help.contains("How to write an error."))
        #expect(!help.contains("How to write the answer"))
    }

    @Test("a file is missing only where the kernel says so")
    func unknowable() throws {
        let directory = try TemporaryDirectory()
        let loop = directory.file("loop")
        try FileManager.default.createSymbolicLink(atPath: loop, withDestinationPath: loop)
        #expect(try !WinsockLibrary.exists(directory.file("none")))
        let error = #expect(throws: CommandFailure.self) {
            try WinsockLibrary.exists("\(loop)/libws2_32.so")
        }
        #expect(error?.message.contains("\(loop)/libws2_32.so: ELOOP") == true)
    }

    @Test("a descriptor that is not open is no socket")
    func closedDescriptor() throws {
        let result = try Program.run(["duplicate", "--pid", "1", "--fd", "77"])
        #expect(result.status == .code(1))
        #expect(result.error.contains("WSAENOTSOCK 10038"))
    }

    @Test("a reader that goes away ends the program quietly")
    func closedPipe() throws {
        let log = try SampleLog((0..<5_000).map { .clockStepped(by: $0) })
        var plan = Program.plan(["history", "--database", log.path])
        plan.standardError = .piped
        var child = try ChildProcess.spawn(plan)
        if let pipe = child.standardOutput.take() {
            #expect(try Program.readLine(pipe).hasPrefix("#0 "))
        }
        #expect(try Program.readAll(child.standardError.take()) == "")
        #expect(Transport.ExitStatus(rawStatus: try child.wait()) == .code(0))
    }

    @Test("the record of a file is decoded, its base64 too")
    func decode() throws {
        let directory = try TemporaryDirectory()
        let record = try RecordTests.record(1001, .wide)
        let binary = directory.file("record")
        let text = directory.file("record.txt")
        try SystemFiles.writeFileExclusively(binary, record, mode: 0o600)
        let base64 = Data(record).base64EncodedString(options: .lineLength76Characters)
        try SystemFiles.writeFileExclusively(text, Array(base64.utf8), mode: 0o600)
        let plain = try Program.run(["decode", binary])
        #expect(plain.status == .code(0))
        #expect(plain.output.contains("IPPROTO_TCP"))
        #expect(try Program.run(["decode", "--base64", text]).output == plain.output)
        let short = try Program.run(["decode", text, "-o", "json"])
        #expect(short.status == .code(1))
        #expect(short.error.contains(#""reason":"malformed record""#))
        #expect(try Program.run(["decode", directory.file("none")]).status == .code(3))
    }
}
