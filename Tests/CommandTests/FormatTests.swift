import Foundation
import Testing

@testable import baton

@Suite("JSON, CSV, tables, base64 and printable text")
struct FormatTests {
    @Test("base64 is read with line ends and blanks between")
    func base64Lines() {
        let bytes = (0..<628).map { UInt8(truncatingIfNeeded: $0) }
        let text = Data(bytes).base64EncodedString(options: .lineLength76Characters)
        #expect(text.contains("\r\n"))
        #expect(InputBytes.decoded(Array(text.utf8)) == bytes)
        #expect(InputBytes.decoded(Array(" Zm9v\tYg= =\n".utf8)) == Array("foob".utf8))
    }

    @Test(
        "what is not base64 is refused",
        arguments: ["Z", "Zg", "Zg=", "Zg===", "=Zg=", "Zh==", "Zm9=", "Zm9v!", "Zm-_", "===="])
    func noBase64(text: String) {
        #expect(InputBytes.decoded(Array(text.utf8)) == nil)
        #expect(InputBytes.decoded([0xFF] + Array(text.utf8)) == nil)
    }

    @Test(
        "JSON escapes what must be and what a terminal would obey",
        arguments: [
            ("plain → ü", "\"plain → ü\""), ("a\"b\\c", #""a\"b\\c""#),
            ("\n\r\t", #""\n\r\t""#), ("\u{0}\u{1B}[31m", #""\u0000\u001b[31m""#),
            ("\u{9B}\u{7F}", #""\u009b\u007f""#), ("\u{202E}x", #""\u202ex""#), ("/", "\"/\""),
        ])
    func json(text: String, expected: String) {
        #expect(JSONValue.text(text).description == expected)
    }

    @Test("JSON keeps the order of members, and leaves out what is absent")
    func objects() {
        var object = JSONObject([("b", .integer(-1)), ("a", .array([.bool(true), .bool(false)]))])
        object["c"] = nil
        object["b"] = .unsigned(.max)
        #expect(
            JSONValue.object(object).description == #"{"b":18446744073709551615,"a":[true,false]}"#)
        object["b"] = nil
        #expect(JSONValue.object(object).description == #"{"a":[true,false]}"#)
    }

    @Test("JSON writes a number that readers would round as text")
    func exact() {
        #expect(JSONValue(exact: UInt64(1 << 53) - 1).description == "9007199254740991")
        #expect(JSONValue(exact: UInt64(1 << 53)).description == "\"9007199254740992\"")
        #expect(JSONValue(exact: Int64.min).description == "\"-9223372036854775808\"")
    }

    @Test(
        "CSV quotes by RFC 4180",
        arguments: [
            (["a", "", "c d"], "a,,c d"), (["a,b"], "\"a,b\""),
            (["say \"x\""], "\"say \"\"x\"\"\""),
            (["two\nlines"], "\"two\nlines\""), (["\""], "\"\"\"\""),
        ])
    func csv(cells: [String], expected: String) {
        #expect(CommaSeparated.line(cells) == expected)
    }

    @Test("CSV for a terminal is escaped, for a file it is as recorded")
    func csvOnTerminal() throws {
        for (isTerminal, expected) in [(true, "\\u{1b}x\r\n"), (false, "\u{1B}x\r\n")] {
            let collected = CollectedOutput()
            let output = collected.output(isTerminal: isTerminal)
            try output.write(csv: ["\u{1B}x"])
            try output.flush()
            #expect(collected.text == expected)
        }
    }

    @Test("a table is as wide as its first rows, and has its headings once")
    func table() {
        var table = TextTable(headings: ["A", "LONG", "C"])
        #expect(
            table.lines([["1", "2", "3"], ["1234", "", ""]]) == [
                "A     LONG  C", "1     2     3", "1234",
            ])
        #expect(table.lines([["12345", "x", "y"]]) == ["12345  x     y"])
    }

    @Test(
        "text for people obeys no control characters",
        arguments: [
            ("plain ü", "plain ü"), ("a\nb", "a\\nb"), ("\u{1B}[31m", "\\u{1b}[31m"),
            ("\u{202E}", "\\u{202e}"), ("\u{85}", "\\u{85}"),
        ])
    func printable(text: String, expected: String) {
        #expect(PrintableText.escaped(text) == expected)
    }

    @Test(
        "the last part of a path names a program",
        arguments: [("/usr/bin/cat", "cat"), ("cat", "cat"), ("/", "/"), ("/a/b\n", "b\\n")])
    func component(path: String, expected: String) {
        #expect(PrintableText.lastComponent(path) == expected)
    }
}
