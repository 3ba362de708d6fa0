import ArgumentParser
import Journal

/// Which handoffs there are, and how each stands.
struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the handoffs: for whom, and whether they were redeemed.")

    /// What can be asked for; "ended" is every end but delivery.
    enum State: String, ExpressibleByArgument, CaseIterable {
        case issued, reserved, delivered, ended
    }

    @Option(help: "Only handoffs in this state.")
    var state: [State] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Only handoffs for this target.", valueName: "pid"))
    var pid: [Int32] = []

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: "How to write them.")
    var format = RowFormat.table

    @OptionGroup var common: CommonOptions

    func run() throws {
        let output = Output.standard()
        try Self.write(
            reader: try common.reader(), states: state, pids: pid, format: format, to: output)
        try output.flush()
    }

    static func write(
        reader: LogReader, states: [State], pids: [Int32], format: RowFormat, to output: Output
    ) throws {
        var table = TextTable(headings: HandoffRow.tableHeadings)
        if format == .csv { try output.write(csv: HandoffRow.csvHeadings) }
        let numberWidth = "\(try reader.eventCount())".count
        var next: UInt64 = 0
        while true {
            let page = try reader.handoffs(
                states: states.map(\.rawValue), pids: pids, from: next)
            let rows = page.map { HandoffRow($0) }
            switch format {
            case .short:
                for row in rows { try output.write(line: row.shortLine(numberWidth: numberWidth)) }
            case .json:
                for row in rows {
                    try output.write(line: JSONValue.object(row.json).description)
                }
            case .csv: for row in rows { try output.write(csv: row.csvCells) }
            case .table:
                for line in table.lines(rows.map(\.tableCells)) { try output.write(line: line) }
            }
            guard page.count == LogReader.pageRows, let last = page.last else { return }
            next = last.number + 1
        }
    }
}
