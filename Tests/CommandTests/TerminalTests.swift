import Journal
import Testing
import Transport

@testable import baton

/// Shell commands on a pseudo-terminal of their own, by script(1) of util-linux.
private struct Terminal: ~Copyable {
    private var child: ChildProcess
    /// What was shown so far.
    private(set) var shown = ""

    init(_ commands: String) throws {
        // Ctrl-C reaches the shell, too, which is to say how the program ended. Only a test that
        // would wait for ever is ended by the time.
        var plan = ChildPlan(
            path: "/usr/bin/timeout",
            arguments: [
                "timeout", "300", "script", "-qec", "trap : INT; \(commands)", "/dev/null",
            ],
            environment: ["PATH=/usr/bin:/bin", "TERM=xterm", "SHELL=/bin/sh"])
        plan.standardInput = .piped
        plan.standardOutput = .piped
        child = try ChildProcess.spawn(plan)
    }

    mutating func type(_ text: String) throws {
        try child.standardInput?.write(Array(text.utf8))
    }

    /// Until a text has been shown after what was before.
    mutating func wait(for text: String) throws {
        guard let pipe = child.standardOutput.take() else { return }
        var part: [UInt8] = []
        while !String(decoding: part, as: UTF8.self).contains(text) {
            let more = try Sockets.read(pipe, atMost: 65_536)
            try #require(!more.isEmpty, "\(text) is not in \(shown) and \(part)")
            part += more
        }
        child.standardOutput = consume pipe
        shown += String(decoding: part, as: UTF8.self)
    }

    /// All that was shown, to the end.
    mutating func end() throws -> String {
        let rest = try Program.readAll(child.standardOutput.take())
        #expect(Transport.ExitStatus(rawStatus: try child.wait()) == .code(0))
        return shown + rest
    }
}

@Suite("On a terminal")
struct TerminalTests {
    private func quoted(_ text: String) -> String { "'\(text)'" }

    private func baton(_ arguments: String) -> String { "\(quoted(Program.path)) \(arguments)" }

    /// The modes before and after, as stty(1) prints them around the program.
    private func modes(_ shown: String) -> [Substring] {
        shown.split(whereSeparator: \.isNewline).filter { line in
            line.count > 40 && line.allSatisfy { $0.isHexDigit || $0 == ":" }
        }
    }

    /// The lines of each picture, without what else is sent, and what the key for Ctrl-C echoes.
    private func frames(_ shown: String) -> [[Substring]] {
        shown.split(separator: "\u{1B}[?1049l")[0].replacing("\r\n", with: "\n")
            .replacing("\u{1B}[?25h", with: "").replacing("^C", with: "")
            .split(separator: "\u{1B}[H").dropFirst().map { frame in
                frame.replacing("\u{1B}[2K", with: "").replacing("\n\u{1B}[J", with: "")
                    .split(separator: "\n", omittingEmptySubsequences: false)
            }
    }

    @Test("watch fits the window, follows its size, and leaves the terminal as it was")
    func watch() throws {
        let log = try SampleLog()
        var terminal = try Terminal(
            "stty -g; tty; stty rows 10 cols 40; "
                + baton("watch --interval 3600 --database \(quoted(log.path))")
                + "; echo status $?; stty rows 0 cols 0; stty -g")
        try terminal.wait(for: "newest")
        let device = try #require(
            terminal.shown.split(whereSeparator: \.isNewline).first { $0.hasPrefix("/dev/pts/") })
        // One number, since stty sets, and the kernel tells, each by itself.
        var plan = ChildPlan(
            path: "/usr/bin/stty",
            arguments: ["stty", "-F", String(device), "cols", "24"])
        plan.standardInput = .discarded
        let resize = try ChildProcess.spawn(plan)
        #expect(Transport.ExitStatus(rawStatus: try resize.wait()) == .code(0))
        try terminal.wait(for: "\u{1B}[H")
        try terminal.type("\u{3}")
        let shown = try terminal.end()
        #expect(shown.contains("\u{1B}[?1049h\u{1B}[?25l"))
        #expect(shown.contains("\u{1B}[?25h\u{1B}[?1049lstatus 130"))
        let modes = modes(shown)
        #expect(modes.count == 2 && modes.first == modes.last)
        let frames = frames(shown)
        #expect(frames.count == 2)
        for (frame, size) in zip(frames, [(40, 10), (24, 10)]) {
            #expect(frame.count <= size.1)
            #expect(frame.allSatisfy { TextWidth.of(String($0)) <= size.0 })
            #expect(frame.contains { $0.hasSuffix("…") && TextWidth.of(String($0)) == size.0 })
            #expect(frame.contains { $0.hasPrefix("newest: ") })
        }
    }

    @Test("watch draws again when nothing happens")
    func decay() throws {
        let log = try SampleLog()
        var terminal = try Terminal(baton("watch --database \(quoted(log.path))") + "; true")
        try terminal.wait(for: "40 events  0 a second")
        try terminal.type("\u{3}")
        #expect(try terminal.end().contains("\u{1B}[?1049l"))
    }

    @Test("replay takes edited lines and earlier ones, and Ctrl-D")
    func replay() throws {
        let log = try SampleLog()
        var terminal = try Terminal(
            "stty -g; " + baton("replay --database \(quoted(log.path))")
                + "; echo status $?; stty -g")
        try terminal.wait(for: "#0> ")
        try terminal.type("ext\u{1}n\r")
        try terminal.wait(for: "#1> ")
        try terminal.type("goto 40\u{3}\u{1B}[A\r")
        try terminal.wait(for: "#2> ")
        try terminal.type("\u{4}")
        let shown = try terminal.end()
        #expect(shown.contains("coordinator.started"))
        #expect(!shown.contains("error"))
        #expect(shown.contains("status 0"))
        let modes = modes(shown)
        #expect(modes.count == 2 && modes.first == modes.last)
    }

    @Test(
        "a signal that ends replay finds the terminal as it was",
        arguments: [SignalDescriptor.terminate, SignalDescriptor.hangUp])
    func ended(signal: Int32) throws {
        let log = try SampleLog()
        let program = "exec \(Program.path) replay --database \(log.path)"
        var terminal = try Terminal(
            "stty -g; sh -c 'echo pid $$; \(program)'; echo status $?; stty -g")
        try terminal.wait(for: "#0> ")
        let pid = try #require(
            terminal.shown.split(whereSeparator: \.isNewline).first { $0.hasPrefix("pid ") }
                .flatMap { Int32($0.dropFirst(4)) })
        try ProcessHandle(pid: pid).signal(signal)
        let shown = try terminal.end()
        #expect(shown.contains("status \(128 + signal)"))
        let modes = modes(shown)
        #expect(modes.count == 2 && modes.first == modes.last)
    }

    @Test("a terminal that is dumb gets no editing")
    func dumb() throws {
        let log = try SampleLog()
        var terminal = try Terminal(
            "TERM=dumb " + baton("replay --database \(quoted(log.path))") + "; echo status $?")
        try terminal.wait(for: "#0> ")
        try terminal.type("quit\n")
        let shown = try terminal.end()
        #expect(!shown.contains("\u{1B}"))
        #expect(shown.contains("status 0"))
    }
}
