import Journal
import Registry
import Replay
import Testing

@testable import baton

/// What Mermaid's grammar of sequence diagrams takes, as far as ours use it.
struct DiagramRules {
    private static let arrows = ["-->>", "->>", "--x", "-x", "--)", "-)"]

    private(set) var participants: [String] = []
    private(set) var messageCount = 0
    private(set) var noteCount = 0
    /// What breaks a rule; empty for a diagram that can be drawn.
    private(set) var violations: [String] = []

    init(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.first != "sequenceDiagram" || lines.last != "" { violations.append("form") }
        for line in lines.dropFirst().dropLast() {
            guard line.hasPrefix("    ") else {
                violations.append("form: \(line)")
                continue
            }
            read(String(line.dropFirst(4)))
        }
    }

    private mutating func read(_ line: String) {
        // Both end a statement wherever they are: one is its end, the other begins a comment.
        if line.contains(where: { ";#".contains($0) || !$0.isASCII || $0.isNewline }) {
            return violations.append("letter: \(line)")
        }
        if line.hasPrefix("participant ") {
            let words = line.split(separator: " ", maxSplits: 3)
            guard words.count == 4, words[2] == "as", isIdentifier(words[1]) else {
                return violations.append("form: \(line)")
            }
            if participants.contains(String(words[1])) { violations.append("twice: \(line)") }
            return participants.append(String(words[1]))
        }
        let parts = line.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, parts[1].hasPrefix(" "), parts[1].contains(where: { $0 != " " })
        else { return violations.append("form: \(line)") }
        if parts[0].hasPrefix("Note over ") {
            noteCount += 1
            return use(parts[0].dropFirst("Note over ".count), line)
        }
        guard let arrow = Self.arrows.first(where: { parts[0].contains($0) }),
            let place = parts[0].firstRange(of: arrow)
        else { return violations.append("arrow: \(line)") }
        messageCount += 1
        use(parts[0][..<place.lowerBound], line)
        use(parts[0][place.upperBound...], line)
    }

    private mutating func use(_ name: Substring, _ line: String) {
        if !participants.contains(String(name)) { violations.append("undeclared: \(line)") }
    }

    /// No word of the grammar, such as `end`, and no sign of it, such as the + of an activation.
    private func isIdentifier(_ name: Substring) -> Bool {
        name == "C"
            || name.first == "P" && name.count > 1
                && name.dropFirst().allSatisfy { $0.isASCII && $0.isNumber }
    }
}

@Suite("The rules of Mermaid's sequence diagrams")
struct DiagramRuleTests {
    private func export(_ log: LivedLog) throws -> (text: String, leftOut: UInt64) {
        let reader = try log.reader()
        var leftOut: UInt64 = 0
        let text = try GoldenFile.text { output in
            leftOut = try Export.write(
                HistoryQuery(), reader: reader, format: .mermaid, to: output)
        }
        return (text, leftOut)
    }

    @Test func `a diagram of every way in which a handoff goes breaks none`() throws {
        let log = try LivedLog()
        _ = log.tell()
        let rules = DiagramRules(try export(log).text)
        #expect(rules.violations == [])
        #expect(rules.participants.count == 5)
        #expect(rules.messageCount > 15 && rules.noteCount > 4)
    }

    @Test(arguments: [
        "a;b", "a#b", "a\nb", "a\r\nb", "end", "a as b", "%%{init}%%", "x: C->>C", "+a",
        "a\u{2028}b",
        "é\u{301}🙂", "<b>", "\"", "#35;", "activate C", " ", "note over C",
    ])
    func `a program's name breaks none`(_ name: String) throws {
        let log = try LivedLog()
        log.open()
        let (source, target) = (log.process(5, "/\(name)"), log.process(6, "/x/\(name)"))
        log.duplicate(source, to: .process(target), log.socket(1))
        let rules = DiagramRules(try export(log).text)
        #expect(rules.violations == [])
        #expect(rules.participants == ["C", "P\(source)", "P\(target)"])
    }

    /// Long names make a diagram large before it has too many messages.
    @Test(arguments: [1, 300])
    func `it ends within its limits, and says what is left out`(_ length: Int) throws {
        let log = try LivedLog()
        log.open()
        let socket = log.socket(1)
        var expected = 1
        for index: Int32 in 0..<260 {
            let name = "/opt/" + String(repeating: "n", count: length)
            let source = log.process(1_000 + 2 * index, name)
            log.duplicate(source, to: .process(log.process(1_001 + 2 * index, name)), socket)
            expected += 1
        }
        let (text, leftOut) = try export(log)
        let rules = DiagramRules(text)
        #expect(rules.violations == [])
        #expect(text.count < 50_000)
        // The coordinator's start is a note, and so are what is left out and what is not drawn.
        let drawn = rules.messageCount + rules.noteCount - 2
        #expect(drawn <= SequenceDiagram.messagesMaximum)
        #expect(leftOut > 0 && drawn + Int(leftOut) == expected)
        #expect(text.contains(": \(leftOut) more events left out, from "))
        if length > 1 { #expect(drawn < SequenceDiagram.messagesMaximum) }
    }

    @Test func `each rule is broken by a diagram that breaks it`() {
        let good = "sequenceDiagram\n    participant C as coordinator\n    participant P1 as a\n"
        #expect(DiagramRules(good + "    C->>P1: x\n").violations == [])
        for (line, word) in [
            ("C->>P2: x", "undeclared"), ("Note over P2: x", "undeclared"),
            ("C->P1: x", "arrow"), ("C->>P1: x;y", "letter"), ("C->>P1: #1", "letter"),
            ("C->>P1:", "form"), ("C->>P1", "form"), ("C->>+P1: x", "undeclared"),
            ("activate C", "form"), ("participant P1 as b", "twice"),
            ("participant end as b", "form"), ("participant P3", "form"),
        ] {
            let found = DiagramRules(good + "    \(line)\n").violations
            #expect(found.contains { $0.hasPrefix(word) }, "\(line): \(found)")
        }
    }
}
