import ArgumentParser
import Journal
import Registry
import Replay
import Transport

/// Goes through the past step by step.
struct ReplayVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Go through the past event by event, forwards and back, with the state at each.",
        discussion: """
            Commands are read from the terminal, or from a script; help lists them. A script \
            ends at the first command that cannot be carried out, with status 2. Nothing is \
            written and nothing is carried out: only the log is read. In a terminal a line can be \
            edited: arrow keys, Home, End, Delete, Ctrl-A, E, U, K, W, with earlier lines above; \
            Ctrl-C clears it, Ctrl-D on an empty one ends.
            """)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Where to begin; without it, at the first event.", discussion: PointArgument.forms,
            valueName: "instant"),
        transform: PointArgument.point)
    var from = Point.sequence(0)

    @Option(
        help: ArgumentHelp(
            "Commands, one a line, from a file, or - for standard input.", valueName: "file"))
    var script: String?

    @OptionGroup var common: CommonOptions

    /// More commands than a person writes.
    private static let scriptMaximum = 1_048_576

    func run() throws {
        let output = Output.standard()
        let reader = try common.reader()
        var session = try ReplaySession(
            reader: reader, at: try from.sequence(in: reader), output: output)
        do {
            try run(&session, isTerminal: output.isTerminal)
        } catch {
            // What was done before comes first.
            try output.flush()
            throw error
        }
        try output.flush()
    }

    private func run(_ session: inout ReplaySession, isTerminal: Bool) throws {
        guard let script, script != "-" else {
            return try session.interact(isScript: script != nil || !isTerminal)
        }
        try session.run(
            script: String(decoding: try Self.read(script), as: UTF8.self).split(
                separator: "\n", omittingEmptySubsequences: false
            ).map { String($0) })
    }

    private static func read(_ script: String) throws(CommandFailure) -> [UInt8] {
        do throws(Errno) {
            return try SystemFiles.readFile(script, limit: scriptMaximum)
        } catch .fileTooLarge {
            throw .usage("\(script) has more than \(scriptMaximum) bytes")
        } catch {
            throw .unreachable(
                "cannot read \(script): \(error)",
                hint: "name the file that holds the commands, or - for standard input")
        }
    }
}

/// One run of `baton replay`: its place in the log, its break points and bookmarks.
struct ReplaySession {
    private let reader: LogReader
    private let names: NameBook
    private let output: Output
    private var cursor: ReplayCursor
    private var breaks: [(text: String, condition: ReplayCondition)] = []
    private var bookmarks: [String: UInt64] = [:]

    /// More are of no use, and each is tried on every event.
    private static let breaksMaximum = 64

    init(reader: LogReader, at sequence: UInt64, output: Output) throws {
        self.reader = reader
        self.output = output
        names = NameBook(reader)
        cursor = try ReplayCursor(at: sequence, in: reader)
    }

    // MARK: - Reading commands

    mutating func interact(isScript: Bool) throws {
        if isScript {
            var number = 0
            while let line = readLine() {
                number += 1
                if try !runScriptLine(line, number) { return }
            }
            return
        }
        try showEvent(cursor.sequence)
        var editor = TerminalEditing.isPossible ? LineReader(output: output) : nil
        while true {
            guard let line = try nextLine(&editor) else { return try output.write(line: "") }
            do {
                if try !execute(line) { return }
            } catch let error as CommandFailure {
                try output.write(line: error.text)
            } catch let error as PointError {
                try output.write(line: CommandFailure(error).text)
            }
        }
    }

    private func nextLine(_ editor: inout LineReader?) throws -> String? {
        let prompt = "#\(cursor.sequence)> "
        if editor != nil { return try editor?.read(prompt: prompt) }
        try output.write(Array(prompt.utf8))
        try output.flush()
        return readLine()
    }

    mutating func run(script lines: [String]) throws {
        for (number, line) in zip(1..., lines) {
            if try !runScriptLine(line, number) { return }
        }
    }

    private mutating func runScriptLine(_ line: String, _ number: Int) throws -> Bool {
        let isComment = line.drop { $0 == " " }.first == "#"
        guard !isComment, line.contains(where: { $0 != " " }) else { return true }
        try output.write(line: "> \(PrintableText.escaped(line))")
        do {
            return try execute(line)
        } catch {
            let failure = CommandFailure(error)
            guard failure.status == .usage else { throw error }
            throw CommandFailure.usage("line \(number): \(failure.message)", hint: failure.hint)
        }
    }

    static let help = [
        "next [N]         the next event, or N of them",
        "prev [N]         one event back, or N",
        "goto INSTANT     an event's number, a time, boot, end, or @BOOKMARK",
        "until CONDITION  on to the next event for which it holds; run-until is the same",
        "break CONDITION  stop there at every continue; break alone lists them",
        "clear [N]        forget break point N, or all",
        "continue         on to the next break point",
        "state [NAME]     the state here; of what begins with NAME only, such as handoff.7",
        "diff INSTANT     what changes from here to there",
        "events [N]       the newest N events up to here",
        "bookmark NAME    remember this place",
        "quit             end",
        "A condition: event=KIND, outcome=WORD, reason=TEXT, handoff=N, pid=N, or a field such",
        "as handoff.7.state, with =VALUE or for any change.",
    ]

    /// Carries out one command. False when it ends the session.
    mutating func execute(_ line: String) throws -> Bool {
        let words = line.split(separator: " ", maxSplits: 1).map { String($0) }
        guard let verb = words.first else { return true }
        let argument = words.count > 1 ? words[1].trimmed : ""
        switch verb {
        case "next", "n": try forwards(try count(argument))
        case "prev", "p": try back(try count(argument))
        case "goto", "g": try go(argument)
        case "until", "run-until", "u": try run(until: [try condition(argument)])
        case "break", "b": try addBreak(argument)
        case "clear": try clear(argument)
        case "continue", "c":
            guard !breaks.isEmpty else {
                throw CommandFailure.usage(
                    "there is no break point", hint: "break CONDITION makes one")
            }
            try run(until: breaks.map(\.condition))
        case "state", "s": try showState(argument)
        case "diff", "d": try showDifference(argument)
        case "events", "e": try showEvents(try count(argument, else: 10))
        case "bookmark": try bookmark(argument)
        case "help", "h", "?": for text in Self.help { try output.write(line: text) }
        case "quit", "q", "exit": return false
        default:
            throw CommandFailure.usage(
                "there is no command \(PrintableText.escaped(verb))", hint: "help lists them")
        }
        return true
    }

    private func count(_ text: String, else preset: UInt64 = 1) throws -> UInt64 {
        if text.isEmpty { return preset }
        guard let number = UInt64(text), number > 0 else {
            throw CommandFailure.usage("a number above 0 is wanted, not \(text)")
        }
        return number
    }

    private func condition(_ text: String) throws -> ReplayCondition {
        guard let condition = ReplayCondition(text) else {
            throw CommandFailure.usage(
                "that is no condition: \(text)",
                hint: "such as event=handoff.voided, handoff=7 or handoff.7.state=reserved")
        }
        return condition
    }

    private func point(_ text: String) throws -> UInt64 {
        if text.hasPrefix("@"), let known = bookmarks[String(text.dropFirst())] { return known }
        guard let point = PointArgument.parse(text, now: Clock.wallMicroseconds()) else {
            throw CommandFailure.usage(
                "that is no instant: \(text)", hint: "a number, a time, boot, end or @BOOKMARK")
        }
        return try point.sequence(in: reader)
    }

    // MARK: - Moving

    private mutating func forwards(_ count: UInt64) throws {
        for _ in 0..<count {
            guard let step = try cursor.advance() else {
                return try output.write(line: "this is the newest event")
            }
            try show(step)
        }
    }

    private mutating func back(_ count: UInt64) throws {
        guard cursor.sequence > 0 else { return try output.write(line: "this is the first event") }
        try cursor.go(to: cursor.sequence - min(count, cursor.sequence))
        try showEvent(cursor.sequence)
    }

    private mutating func go(_ text: String) throws {
        try cursor.go(to: try point(text))
        try showEvent(cursor.sequence)
    }

    private mutating func run(until conditions: [ReplayCondition]) throws {
        if let found = try cursor.run(until: conditions) {
            try show(found.step)
        } else {
            try output.write(line: "not before the newest event, #\(cursor.sequence)")
        }
    }

    private mutating func addBreak(_ text: String) throws {
        if !text.isEmpty {
            guard breaks.count < Self.breaksMaximum else {
                throw CommandFailure.usage("there are \(Self.breaksMaximum) break points already")
            }
            breaks.append((text, try condition(text)))
        }
        for (number, one) in zip(1..., breaks) {
            try output.write(line: "break \(number)  \(PrintableText.escaped(one.text))")
        }
    }

    private mutating func clear(_ text: String) throws {
        guard !text.isEmpty else { return breaks.removeAll() }
        guard let number = Int(text), breaks.indices.contains(number - 1) else {
            throw CommandFailure.usage("there is no break point \(text)", hint: "break lists them")
        }
        breaks.remove(at: number - 1)
    }

    private mutating func bookmark(_ name: String) throws {
        guard !name.isEmpty else { throw CommandFailure.usage("a bookmark has a name") }
        bookmarks[name] = cursor.sequence
    }

    // MARK: - Showing

    private func showEvent(_ sequence: UInt64) throws {
        guard let event = try reader.storedEvent(sequence) else { return }
        try output.write(line: try names.row(event).shortLine(numberWidth: "\(sequence)".count))
    }

    private func show(_ step: ReplayCursor.Step) throws {
        try showEvent(step.event.sequence)
        for line in try Diff.lines(step.changes, reader) { try output.write(line: "  " + line) }
    }

    private func showEvents(_ count: UInt64) throws {
        let end = cursor.sequence + 1
        var next: UInt64? = end - min(count, end)
        while let start = next {
            let page = try reader.page(HistoryQuery(), from: start, below: end)
            for event in page.events {
                try output.write(
                    line: try names.row(event).shortLine(numberWidth: "\(end)".count))
            }
            next = page.next
        }
    }

    private func showState(_ name: String) throws {
        let wanted =
            name.isEmpty
            ? nil
            : Set(
                cursor.registry.entities.filter {
                    $0.name == name || $0.name.hasPrefix(name + ".")
                })
        let document = StateDocument(
            registry: cursor.registry, sequence: cursor.sequence,
            time: try reader.storedEvent(cursor.sequence)?.time, isWanted: wanted)
        for line in document.lines { try output.write(line: line) }
    }

    private func showDifference(_ text: String) throws {
        let other = try point(text)
        _ = try Diff.write(
            cursor.sequence, other, reader: reader, why: true, format: .short, to: output)
    }
}

extension String {
    /// Without the blanks at both ends.
    fileprivate var trimmed: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text.drop { $0 == " " })
    }
}
