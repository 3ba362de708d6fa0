import Testing

@testable import baton

@Suite("A line that is typed in a terminal")
struct LineEditorTests {
    /// Types into an editor; the outcome of the last byte.
    @discardableResult
    private func type(_ text: String, _ editor: inout LineEditor) -> LineEditor.Outcome {
        type(Array(text.utf8), &editor)
    }

    @discardableResult
    private func type(_ bytes: [UInt8], _ editor: inout LineEditor) -> LineEditor.Outcome {
        bytes.reduce(.typing) { _, byte in editor.take(byte) }
    }

    /// The line with a bar where the cursor is.
    private func line(_ editor: LineEditor) -> String {
        String(editor.characters[..<editor.cursor]) + "|"
            + String(editor.characters[editor.cursor...])
    }

    @Test(
        "each key does what it does in a shell",
        arguments: [
            ("next 12", "next 12|"),
            ("ab\u{1B}[Dc", "ac|b"), ("ab\u{1B}ODc", "ac|b"), ("ab\u{2}c", "ac|b"),
            ("ab\u{1B}[D\u{1B}[D\u{1B}[D\u{1B}[Cc", "ac|b"), ("ab\u{1}\u{1B}OCc", "ac|b"),
            ("ab\u{1}\u{6}c", "ac|b"),
            ("ab\u{1B}[Hc", "c|ab"), ("ab\u{1B}OHc", "c|ab"), ("ab\u{1B}[1~c", "c|ab"),
            ("ab\u{1B}[7~c", "c|ab"), ("ab\u{1}c", "c|ab"),
            ("ab\u{1}\u{1B}[Fc", "abc|"), ("ab\u{1}\u{1B}OFc", "abc|"),
            ("ab\u{1}\u{1B}[4~c", "abc|"), ("ab\u{1}\u{1B}[8~c", "abc|"),
            ("ab\u{1}\u{5}c", "abc|"),
            ("abc\u{7F}", "ab|"), ("abc\u{8}", "ab|"), ("\u{7F}", "|"), ("abc\u{1}\u{7F}", "|abc"),
            ("abc\u{1}\u{1B}[3~", "|bc"), ("abc\u{1B}[3~", "abc|"), ("abc\u{1}\u{4}", "|bc"),
            ("abc\u{4}", "abc|"),
            ("abcd\u{1B}[D\u{1B}[D\u{15}", "|cd"), ("abcd\u{1B}[D\u{1B}[D\u{B}", "ab|"),
            ("run until  x\u{17}", "run until  |"), ("run until  \u{17}", "run |"),
            ("one two\u{1B}[D\u{17}", "one |o"), ("\u{17}", "|"),
            ("abc\u{3}d", "d|"),
            // Keys that mean nothing here leave nothing behind.
            ("a\u{1B}[1;5Cb", "ab|"), ("a\u{1B}[15~b", "ab|"), ("a\u{1B}xb", "ab|"),
            ("a\tb\u{0}", "ab|"), ("a\u{1B}\u{1B}[Db", "b|a"), ("a\u{1B}[1\u{1}b", "b|a"),
        ])
    func keys(typed: String, expected: String) {
        var editor = LineEditor()
        #expect(type(typed, &editor) == .typing)
        #expect(line(editor) == expected)
    }

    @Test("Enter gives the line, and begins another", arguments: ["\r", "\n"])
    func enter(key: String) {
        var editor = LineEditor()
        #expect(type("goto 7\u{1B}[D" + key, &editor) == .line("goto 7"))
        #expect(line(editor) == "|")
        #expect(type(key, &editor) == .line(""))
    }

    @Test("Ctrl-D ends on an empty line alone, and Ctrl-Z suspends and keeps the line")
    func ends() {
        var editor = LineEditor()
        #expect(type("a\u{4}", &editor) == .typing)
        #expect(type("\u{1A}", &editor) == .suspend)
        #expect(line(editor) == "a|")
        #expect(type("\u{3}\u{4}", &editor) == .end)
    }

    @Test(
        "earlier lines come back, and what was being typed after them",
        arguments: [("\u{1B}[A", "\u{1B}[B"), ("\u{1B}OA", "\u{1B}OB"), ("\u{10}", "\u{E}")])
    func history(up: String, down: String) {
        var editor = LineEditor()
        type("one\rtwo\rtwo\r\rdraft", &editor)
        var seen: [String] = []
        for key in [up, up, up, down, down, down] {
            type(key, &editor)
            seen.append(line(editor))
        }
        #expect(seen == ["two|", "one|", "one|", "two|", "draft|", "draft|"])
        // What is changed in an earlier line is a new one, and leaves it as it was.
        #expect(type(up + up + "!\r", &editor) == .line("one!"))
        type(up + up + up, &editor)
        #expect(line(editor) == "one|")
        type("\u{3}" + up, &editor)
        #expect(line(editor) == "one!|")
    }

    @Test("only so many lines are kept")
    func bounds() {
        var editor = LineEditor()
        for number in 0..<1_200 { type("\(number)\r", &editor) }
        for _ in 0..<1_200 { type("\u{1B}[A", &editor) }
        #expect(line(editor) == "200|")
        type("\u{3}" + String(repeating: "x", count: 5_000), &editor)
        #expect(editor.characters.count == 4_096)
    }

    @Test("what is more than ASCII is a character, however many bytes it has")
    func characters() {
        var editor = LineEditor()
        type("aäß漢e\u{301}", &editor)
        #expect(line(editor) == "aäß漢e\u{301}|")
        #expect(editor.characters.count == 5)
        type("\u{7F}\u{7F}\u{1B}[D", &editor)
        #expect(line(editor) == "aä|ß")
        // Broken off, not shortest, alone: none of it is taken, and what follows is.
        type([0xC3], &editor)
        type("x", &editor)
        type([0xE0, 0x80, 0x80, 0x80, 0xFF, 0xC0, 0xF0, 0x9F], &editor)
        type("y\u{85}\u{202E}", &editor)
        #expect(line(editor) == "aäxy|ß")
    }

    @Test("it is drawn in one row, with the cursor in its place")
    func drawing() {
        var editor = LineEditor()
        #expect(editor.drawing(prompt: "#1> ", columns: 20) == "\r#1> \u{1B}[K")
        type("next", &editor)
        #expect(editor.drawing(prompt: "#1> ", columns: 20) == "\r#1> next\u{1B}[K")
        type("\u{2}\u{2}", &editor)
        #expect(editor.drawing(prompt: "#1> ", columns: 20) == "\r#1> next\u{1B}[K\u{1B}[2D")
        // Ten columns are five for the prompt and the free one, and five for the line.
        type("\u{3}abcdefgh", &editor)
        #expect(editor.drawing(prompt: "#1> ", columns: 10) == "\r#1> defgh\u{1B}[K")
        type("\u{1}", &editor)
        #expect(editor.drawing(prompt: "#1> ", columns: 10) == "\r#1> abcde\u{1B}[K\u{1B}[5D")
        type("\u{3}漢漢漢\u{2}", &editor)
        #expect(editor.drawing(prompt: "#1> ", columns: 10) == "\r#1> 漢漢\u{1B}[K")
        type("\u{2}", &editor)
        #expect(editor.drawing(prompt: "#1> ", columns: 10) == "\r#1> 漢漢\u{1B}[K\u{1B}[2D")
        #expect(editor.drawing(prompt: "#1> ", columns: 3).hasPrefix("\r#1> \u{1B}[K"))
    }
}
