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

    @OptionGroup(title: "Output") var rows: RowOptions

    @OptionGroup var common: CommonOptions

    func validate() throws { _ = try style }

    private var style: RowStyle {
        get throws {
            let style = try rows.style(usually: .table, names: HandoffRow.fieldNames)
            guard !style.format.isOfEvents else {
                throw ValidationError("\(style.format.rawValue) is for events, not for handoffs")
            }
            return style
        }
    }

    func run() throws {
        let output = Output.standard()
        try Self.write(
            reader: try common.reader(), states: state, pids: pid, style: try style, to: output)
        try output.flush()
    }

    static func write(
        reader: LogReader, states: [State], pids: [Int32], style: RowStyle, to output: Output
    ) throws {
        var writer = RowWriter(
            style: style, output: output, headings: HandoffRow.headings,
            largestNumber: try reader.eventCount())
        var next: UInt64 = 0
        while true {
            let page = try reader.handoffs(
                states: states.map(\.rawValue), pids: pids, from: next)
            try writer.write(
                page.map { handoff in
                    var row = HandoffRow(handoff)
                    row.reading = style.reading
                    return row
                })
            guard page.count == LogReader.pageRows, let last = page.last else {
                return try writer.finish()
            }
            next = last.number + 1
        }
    }
}
