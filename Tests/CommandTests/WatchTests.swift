import Journal
import Registry
import Testing
import Transport
import Winsock

@testable import baton

@Suite("A picture of the present, on a terminal of any size")
struct WatchTests {
    private func content(open: Int, newest: Int) -> WatchContent {
        WatchContent(
            head: "900 events  3 a second  \(open) open",
            open: WatchContent.List(
                title: "open", heading: "HANDOFF  STATE",
                lines: (0..<open).suffix(10).map { "open \($0)" }, total: open, keepsLast: true),
            newest: WatchContent.List(
                title: "newest", lines: (0..<newest).map { "newest \($0)" }, total: newest))
    }

    private func lines(
        _ content: WatchContent, _ columns: Int, _ rows: Int
    ) -> [String] {
        content.lines(for: TerminalSize(columns: columns, rows: rows))
    }

    @Test("with room for all nothing is left out")
    func whole() {
        let content = content(open: 2, newest: 3)
        let expected = [
            "900 events  3 a second  2 open", "", "open", "  HANDOFF  STATE", "  open 0",
            "  open 1", "", "newest", "  newest 0", "  newest 1", "  newest 2",
        ]
        #expect(content.lines() == expected)
        #expect(lines(content, 80, 24) == expected)
        #expect(lines(content, 80, 11) == expected)
    }

    @Test("the newest are kept, and those left out are counted")
    func clipped() {
        #expect(
            lines(content(open: 8, newest: 8), 80, 12) == [
                "900 events  3 a second  8 open", "", "open: 3 of 8", "  HANDOFF  STATE",
                "  open 5", "  open 6", "  open 7", "", "newest: 3 of 8", "  newest 0",
                "  newest 1", "  newest 2",
            ])
        // What one list does not need the other has.
        #expect(
            lines(content(open: 1, newest: 8), 80, 12).filter { $0.contains("  newest") }.count
                == 5)
        #expect(
            lines(content(open: 8, newest: 1), 80, 12).filter { $0.contains("  open") }.count
                == 5)
        // Of a list that was cut for another reason the count is told, too.
        #expect(content(open: 35, newest: 1).lines().contains("open: 10 of 35"))
    }

    @Test("of more open handoffs than a page holds the newest are shown, and all are counted")
    func manyOpen() throws {
        let first = 7
        let count = LogReader.pageRows + 5
        let issued = (0..<count).map { number in
            Event.Content.handoffIssued(
                Event.Issued(
                    actor: 4, target: 5, socket: 6, form: .wide, catalog: 1001, family: 2, type: 1,
                    protocolNumber: 6, services: 0x20066, flags: 1, lifetime: nil,
                    request: RequestID(
                        nonce: 77, counter: UInt64(number + 1), watermark: UInt64(number))))
        }
        let ended = Event.Content.handoffExpired(handoff: UInt64(first + count - 1))
        let log = try SampleLog(Array(SampleLog.everyKind.prefix(first)) + issued + [ended])
        var picture = WatchPicture(reader: try log.reader(), lineCount: 3)
        let content = try picture.content(at: 1)
        #expect(content.head == "\(first + count + 1) events  \(count - 1) open")
        #expect(content.open.total == count - 1)
        // The very newest has ended.
        let shown = content.open.lines.map { Int($0.prefix { $0.isNumber }) }
        #expect(shown == (first + count - 4..<first + count - 1).map { $0 })
        #expect(content.lines().contains("open: 3 of \(count - 1)"))
    }

    @Test(
        "no line is wider and no picture higher than the terminal",
        arguments: [(80, 24), (40, 10), (20, 6), (10, 5), (5, 3), (1, 1)])
    func fits(columns: Int, rows: Int) {
        for (open, newest) in [(0, 0), (1, 1), (50, 10), (0, 10), (10, 0)] {
            let lines = lines(content(open: open, newest: newest), columns, rows)
            #expect(lines.count <= rows)
            #expect(lines.allSatisfy { TextWidth.of($0) <= columns })
            #expect(lines.first?.isEmpty == false)
        }
    }

    @Test("a text is clipped by columns, not by characters")
    func width() {
        #expect(TextWidth.of("abc") == 3)
        #expect(TextWidth.of("漢字") == 4)
        #expect(TextWidth.of("e\u{301}") == 1)
        #expect(TextWidth.clipped("abcdef", to: 6) == "abcdef")
        #expect(TextWidth.clipped("abcdef", to: 5) == "abcd…")
        #expect(TextWidth.clipped("漢字漢", to: 5) == "漢字…")
        #expect(TextWidth.clipped("漢字漢", to: 4) == "漢…")
        #expect(TextWidth.clipped("ab", to: 1) == "…")
        #expect(TextWidth.clipped("ab", to: 0) == "")
    }

    @Test("a full screen does not scroll, and what is below a shorter picture goes")
    func screen() {
        #expect(Screen.text(["a", "b"], rows: 2) == "\u{1B}[H\u{1B}[2Ka\n\u{1B}[2Kb")
        #expect(Screen.text(["a"], rows: 2) == "\u{1B}[H\u{1B}[2Ka\n\u{1B}[J")
    }
}
