import Journal
import Registry
import Testing

@testable import baton

@Suite("Whole outputs")
struct GoldenTests {
    @Test("history, one line an event")
    func short() throws {
        #expect(try history(try SampleLog()) == Golden.historyShort)
    }

    @Test("history, one JSON object a line")
    func json() throws {
        #expect(try history(try SampleLog(), format: .json) == Golden.historyJSON)
    }

    @Test("history as comma-separated values, with the line ends of RFC 4180")
    func csv() throws {
        let text = try history(try SampleLog(), format: .csv)
        #expect(text.replacing("\r\n", with: "\n") == Golden.historyCSV)
        #expect(text.utf8.count { $0 == 13 } == 41)
    }

    @Test("history as a table")
    func table() throws {
        #expect(try history(try SampleLog(), format: .table) == Golden.historyTable)
    }

    @Test(
        "the handoffs in each format",
        arguments: [
            (RowFormat.short, Golden.listShort), (.json, Golden.listJSON),
            (.csv, Golden.listCSV), (.table, Golden.listTable),
        ])
    func list(format: RowFormat, expected: String) throws {
        let log = try SampleLog()
        let text = try CollectedOutput.text { output in
            try List.write(
                reader: try log.reader(), states: [], pids: [], style: RowStyle(format), to: output)
        }
        #expect(text.replacing("\r\n", with: "\n") == expected)
    }

    @Test(
        "the handoffs in a state, for a target",
        arguments: [
            ([.delivered], [], [7]), ([.ended], [], [15, 17, 19]), ([.issued, .reserved], [], []),
            ([], [815], [7, 15, 17, 19]), ([.delivered, .ended], [812], []),
        ] as [([List.State], [Int32], [Int])])
    func states(states: [List.State], pids: [Int32], expected: [Int]) throws {
        let log = try SampleLog()
        let text = try CollectedOutput.text { output in
            try List.write(
                reader: try log.reader(), states: states, pids: pids, style: RowStyle(.csv),
                to: output)
        }
        let found = text.replacing("\r\n", with: "\n").split(separator: "\n").compactMap { line in
            Int(line.prefix { $0 != "," })
        }
        #expect(found == expected)
    }

    @Test("the whole life of a handoff")
    func show() throws {
        #expect(try shown(7, .short) == Golden.showShort)
        #expect(try shown(7, .json) == Golden.showJSON + "\n")
    }

    @Test("a handoff without a lifetime, revoked, in the A form")
    func showRevoked() throws {
        let text = try shown(15, .short)
        #expect(text.contains("form                A, 372 bytes"))
        #expect(text.contains("handoff 15, secret ****"))
        #expect(!text.contains("expires"))
        #expect(text.contains("by pid 812 (echo-client)"))
        // The target closed this socket before, but by another handoff.
        #expect(!text.contains("descriptor.closed"))
    }

    @Test("a handoff that is none is refused by name")
    func unknown() {
        let error = #expect(throws: CommandFailure.self) { try shown(6, .short) }
        #expect(error == CommandFailure(refusal: .unknownHandoff))
    }

    @Test("an empty log gives no lines, and headings where the format has them")
    func empty() throws {
        let log = try SampleLog([])
        #expect(try history(log) == "")
        #expect(try history(log, format: .json) == "")
        #expect(
            try history(log, format: .csv) == EventRow.csvHeadings.joined(separator: ",") + "\r\n")
        #expect(
            try history(log, format: .table)
                == EventRow.tableHeadings.joined(separator: "  ") + "\n")
    }

    @Test(
        "nothing that a terminal would obey reaches a person", arguments: [RowFormat.short, .table])
    func harmless(format: RowFormat) throws {
        let text = try history(try SampleLog(), format: format)
        let harmful = text.unicodeScalars.filter { PrintableText.isHarmful($0) && $0 != "\n" }
        #expect(harmful.isEmpty)
        #expect(text.split(separator: "\n").count == (format == .table ? 41 : 40))
    }

    @Test("the sample has every kind of event")
    func kinds() throws {
        let kinds = SampleLog.everyKind.map(\.kind)
        #expect(Set(kinds) == Set(EventKind.allCases))
    }

    private func shown(_ number: UInt64, _ format: DocumentFormat) throws -> String {
        let log = try SampleLog()
        return try CollectedOutput.text { output in
            try Show.write(number, reader: try log.reader(), format: format, to: output)
        }
    }
}
