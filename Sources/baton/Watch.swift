import ArgumentParser
import Journal
import Registry
import Transport

/// The present, drawn again as it changes.
struct Watch: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch handoffs live: what is open, what just happened, how much of it.",
        discussion: """
            Redrawn each second and when the window changes, until interrupted; what there is no \
            room for is counted. Into a file or a pipe it is written once, in full. The database \
            is read directly, so this costs the coordinator nothing.
            """)

    @Option(help: ArgumentHelp("Lines of each list, 1 to 200.", valueName: "count"))
    var lines = 10

    @Option(help: ArgumentHelp("How often it is looked at.", valueName: "seconds"))
    var interval = 1

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard (1...200).contains(lines) else { throw ValidationError("--lines takes 1 to 200.") }
        guard (1...3600).contains(interval) else {
            throw ValidationError("--interval takes 1 to 3600 seconds.")
        }
    }

    func run() throws {
        let output = Output.standard()
        guard output.isTerminal else {
            var picture = WatchPicture(reader: try common.reader(), lineCount: lines)
            let content = try picture.content(at: Clock.monotonicNanoseconds())
            for line in content.lines() { try output.write(line: line) }
            return try output.flush()
        }
        // Before any other thread exists, or the signals could still go to one of them.
        let signals = try SignalWatch(
            also: [SignalDescriptor.windowChange, SignalDescriptor.suspend])
        var picture = WatchPicture(reader: try common.reader(), lineCount: lines)
        let screen = Screen(output: output)
        throw ExitCode(try screen.show { try watch(&picture, on: screen, signals) })
    }

    /// Until a signal ends it; the exit status.
    private func watch(
        _ picture: inout WatchPicture, on screen: Screen, _ signals: SignalWatch
    ) throws -> Int32 {
        let pause = UInt64(interval) * 1_000_000_000
        while true {
            let start = Clock.monotonicNanoseconds()
            let content = try picture.content(at: start)
            while case let past = Clock.monotonicNanoseconds() - start, past < pause {
                let size = StandardStream.output.terminalSize ?? Self.usualSize
                try screen.draw(content.lines(for: size), rows: size.rows)
                let rest = Int32((pause - past) / 1_000_000 + 1)
                guard let signal = try signals.next(milliseconds: rest) else { continue }
                if let status = SignalWatch.status(of: signal) { return status }
                if signal == SignalDescriptor.suspend { try screen.suspend() }
            }
        }
    }

    /// Of a terminal that does not know its own.
    private static let usualSize = TerminalSize(columns: 80, rows: 24)
}

/// Looks at the log for `baton watch`, again and again.
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
    mutating func content(at now: UInt64) throws -> WatchContent {
        let count = try reader.eventCount()
        var head = "\(count) events"
        if let last, now > last.nanoseconds, count >= last.count {
            let rate = Double(count - last.count) * 1e9 / Double(now - last.nanoseconds)
            head += "  \(Int(rate.rounded())) a second"
        }
        last = (count, now)
        let handoffs = try reader.openHandoffs(newest: lineCount)
        var open = WatchContent.List(title: "open", total: handoffs.count, keepsLast: true)
        head += "  \(open.total) open"
        var table = TextTable(headings: HandoffRow.tableHeadings)
        let rows = table.lines(handoffs.newest.map { HandoffRow($0).tableCells })
        open.heading = rows.first
        open.lines = Array(rows.dropFirst())
        let events = try reader.pageBackwards(HistoryQuery(), below: count, limit: lineCount).events
        var newest = WatchContent.List(title: "newest", total: events.count)
        for event in events {
            newest.lines.append(try names.row(event).shortLine(numberWidth: "\(count)".count))
        }
        return WatchContent(head: head, open: open, newest: newest)
    }
}
