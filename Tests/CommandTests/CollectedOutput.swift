import Journal
import Testing

@testable import baton

/// What a verb would have written.
final class CollectedOutput {
    private(set) var bytes: [UInt8] = []
    private(set) var writeCount = 0

    var text: String { String(decoding: bytes, as: UTF8.self) }

    func output(isTerminal: Bool = false) -> Output {
        Output(isTerminal: isTerminal) { part in
            self.bytes += part
            self.writeCount += 1
        }
    }

    /// All that `body` writes.
    static func text(_ body: (Output) throws -> Void) throws -> String {
        let collected = CollectedOutput()
        let output = collected.output()
        try body(output)
        try output.flush()
        return collected.text
    }
}

/// The history of a log in one format.
func history(
    _ log: SampleLog, _ query: HistoryQuery = HistoryQuery(), format: RowFormat = .short,
    count: UInt64? = nil, isReversed: Bool = false, _ change: (inout RowStyle) -> Void = { _ in }
) throws -> String {
    try CollectedOutput.text { output in
        let reader = try log.reader()
        let end = try reader.eventCount()
        var style = RowStyle(format)
        change(&style)
        var listing = HistoryListing(
            reader: reader, query: query, style: style, output: output, end: end)
        if isReversed {
            try listing.writeBackwards(below: end, count: count)
        } else {
            #expect(try listing.write(below: end, count: count) == end)
        }
        try listing.finish()
    }
}

/// The numbers of the events that a query finds.
func numbers(
    _ log: SampleLog, count: UInt64? = nil, isReversed: Bool = false,
    _ change: (inout HistoryQuery) -> Void = { _ in }
) throws -> [Int] {
    var query = HistoryQuery()
    change(&query)
    let text = try history(log, query, format: .csv, count: count, isReversed: isReversed)
    return text.replacing("\r\n", with: "\n").split(separator: "\n").compactMap { line in
        Int(line.prefix { $0 != "," })
    }
}
