import ArgumentParser
import Journal
import Registry
import Transport

/// The present, drawn again as it changes.
struct Watch: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch handoffs live: what is open, what just happened, how much of it.",
        discussion: """
            Redrawn when something happened, until interrupted. Into a file or a pipe it is \
            written once. The database is read directly, so this costs the coordinator nothing.
            """)

    @Option(help: ArgumentHelp("Lines of each list, 1 to 200.", valueName: "count"))
    var lines = 10

    @Option(help: ArgumentHelp("How often it is looked at, at most.", valueName: "seconds"))
    var interval = 1

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard (1...200).contains(lines) else { throw ValidationError("1 to 200 lines") }
        guard (1...3600).contains(interval) else { throw ValidationError("1 to 3600 seconds") }
    }

    func run() throws {
        let signals = try Following.signals()
        let reader = try common.reader()
        let output = Output.standard()
        var picture = WatchPicture(reader: reader, lineCount: lines)
        var seen: Int64?
        while true {
            let version = try reader.dataVersion()
            if version != seen {
                seen = version
                let frame = try picture.frame(at: Clock.monotonicNanoseconds())
                // Home, and what is below forgotten: no flicker, and no more than one screen.
                if output.isTerminal { try output.write(Array("\u{1B}[H\u{1B}[J".utf8)) }
                for line in frame { try output.write(line: line) }
                try output.flush()
            }
            guard output.isTerminal else { return }
            if let ending = try signals.wait(milliseconds: Int32(interval) * 1_000) {
                throw ExitCode(ending)
            }
        }
    }
}

/// What `baton watch` shows at one moment.
struct WatchPicture {
    private let reader: LogReader
    private let names: NameBook
    private let lineCount: Int
    private var last: (count: UInt64, nanoseconds: UInt64)?

    init(reader: LogReader, lineCount: Int) {
        self.reader = reader
        self.lineCount = lineCount
        names = NameBook(reader)
    }

    /// - Parameter now: of a clock that only advances, for the rate since the last picture.
    mutating func frame(at now: UInt64) throws -> [String] {
        let count = try reader.eventCount()
        var head = "\(count) events"
        if let last, now > last.nanoseconds, count >= last.count {
            let rate = Double(count - last.count) * 1e9 / Double(now - last.nanoseconds)
            head += "  \(Int(rate.rounded())) a second"
        }
        last = (count, now)
        // Of more than a page of open ones the number is not worth counting each second.
        let open = try reader.handoffs(states: ["issued", "reserved"], pids: [], from: 0)
        let isAll = open.count < LogReader.pageRows
        head += "  \(open.count)\(isAll ? "" : " or more") open"
        var lines = [head, "", "open"]
        var table = TextTable(headings: HandoffRow.tableHeadings)
        lines += table.lines(open.suffix(lineCount).map { HandoffRow($0).tableCells }).map {
            "  " + $0
        }
        lines += ["", "newest"]
        let newest = try reader.pageBackwards(HistoryQuery(), below: count, limit: lineCount)
        for event in newest.events {
            lines.append("  " + (try names.row(event).shortLine(numberWidth: "\(count)".count)))
        }
        return lines
    }
}
