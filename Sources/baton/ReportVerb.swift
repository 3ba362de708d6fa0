import ArgumentParser
import Journal
import Registry
import Replay

/// Handoffs and refusals, counted.
struct ReportVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Count handoffs and refusals by user, program, reason, day or hour.",
        discussion: """
            With how long deliveries took, from issue to delivery: percentiles within 3 %. Every \
            row says in which events (A..B) it was counted, for baton history --seq. Days and \
            hours are those of UTC. The filters are those of baton history: \
            \(HistoryFilters.explanation)
            """)

    @Option(help: "What each row stands for. User and program are those who asked.")
    var by = Report.Heading.exe

    @OptionGroup var filters: HistoryFilters

    @OptionGroup(title: "Output") var rows: RowOptions

    func validate() throws { _ = try style }

    private var style: RowStyle {
        get throws {
            let style = try rows.style(usually: .table, names: ReportRow.headings(by))
            guard !style.format.isOfEvents else {
                throw ValidationError("\(style.format.rawValue) is for events, not for counts")
            }
            return style
        }
    }

    func run() throws {
        let output = Output.standard()
        let reader = try filters.reader()
        try Self.write(
            try filters.query(in: reader), by: by, reader: reader, style: try style, to: output)
        try output.flush()
    }

    static func write(
        _ query: HistoryQuery, by heading: Report.Heading, reader: LogReader, style: RowStyle,
        to output: Output
    ) throws {
        let rows = try Report.of(query, by: heading, in: reader).sorted.map {
            ReportRow(name: heading.rawValue, heading: $0.heading, row: $0.row)
        }
        var style = style
        // A line for a person would be the row of a table without its headings.
        if style.format == .short { style.format = .table }
        let names = ReportRow.headings(heading)
        var writer = RowWriter(
            style: style, output: output,
            headings: RowHeadings(csv: names, table: names.map(ReportRow.tableHeading)))
        try writer.write(rows)
        try writer.finish()
    }
}

extension Report.Heading: ExpressibleByArgument {}

/// One row of a report.
struct ReportRow: AnswerRow {
    /// Of what the row stands for, such as `uid`.
    let name: String
    let heading: String
    let row: Report.Row

    /// Durations are in microseconds.
    static func headings(_ by: Report.Heading) -> [String] {
        [
            by.rawValue, "issued", "delivered", "revoked", "expired", "voided", "failed",
            "refused", "p50_us", "p90_us", "p99_us", "max_us", "seq",
        ]
    }

    /// People see the unit with each duration.
    static func tableHeading(_ name: String) -> String {
        (name.hasSuffix("_us") ? String(name.dropLast(3)) : name).uppercased()
    }

    var csvCells: [String] { [heading] + cells { "\($0)" } }

    var tableCells: [String] { [PrintableText.escaped(heading)] + cells(Self.duration) }

    func line(numberWidth: Int) throws -> String? { nil }

    /// Durations in microseconds go through `text`.
    private func cells(_ text: (Int64) -> String) -> [String] {
        let counts = [row.issued, row.delivered, row.revoked, row.expired, row.voided, row.failed]
        let times = [0.5, 0.9, 0.99].map { row.latency.percentile($0) }
        let maximum = row.latency.count > 0 ? row.latency.maximum : nil
        return counts.map { "\($0)" } + ["\(row.refused)"]
            + (times + [maximum]).map { $0.map(text) ?? "" } + [sequences]
    }

    private var sequences: String {
        "\(row.sequences.lowerBound)..\(row.sequences.upperBound + 1)"
    }

    /// Three digits are enough to compare by eye.
    static func duration(_ microseconds: Int64) -> String {
        switch microseconds {
        case ..<10_000: "\(microseconds) µs"
        case ..<10_000_000: "\(microseconds / 1_000) ms"
        default: "\(microseconds / 1_000_000) s"
        }
    }

    var object: JSONObject {
        var object = JSONObject()
        object[name] = .text(heading)
        for (key, count) in [
            ("issued", row.issued), ("delivered", row.delivered), ("revoked", row.revoked),
            ("expired", row.expired), ("voided", row.voided), ("failed", row.failed),
        ] { object[key] = .integer(Int64(count)) }
        object["refused"] = .unsigned(row.refused)
        for (key, share) in [("p50_us", 0.5), ("p90_us", 0.9), ("p99_us", 0.99)] {
            object[key] = row.latency.percentile(share).map { .integer($0) }
        }
        if row.latency.count > 0 { object["max_us"] = .integer(row.latency.maximum) }
        object["seq"] = .text(sequences)
        return object
    }
}
