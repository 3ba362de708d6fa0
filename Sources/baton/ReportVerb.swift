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
            hours are those of UTC. The filters are those of baton history.
            """)

    @Option(help: "What each row stands for. User and program are those who asked.")
    var by = Report.Heading.exe

    @OptionGroup var filters: HistoryFilters

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: "How to write them: table, json or csv.")
    var format = RowFormat.table

    func run() throws {
        let output = Output.standard()
        try Self.write(
            filters.query, by: by, reader: try filters.reader(), format: format, to: output)
        try output.flush()
    }

    static func write(
        _ query: HistoryQuery, by heading: Report.Heading, reader: LogReader, format: RowFormat,
        to output: Output
    ) throws {
        let rows = try Report.of(query, by: heading, in: reader).sorted.map {
            ReportRow(heading: $0.heading, row: $0.row)
        }
        let headings = [heading.rawValue] + ReportRow.headings
        switch format {
        case .json:
            for row in rows {
                try output.write(line: JSONValue.object(row.json(heading.rawValue)).description)
            }
        case .csv:
            try output.write(csv: headings)
            for row in rows { try output.write(csv: [row.heading] + row.cells { "\($0)" }) }
        case .short, .table:
            var table = TextTable(headings: headings.map { $0.uppercased() })
            let cells = rows.map {
                [PrintableText.escaped($0.heading)] + $0.cells(ReportRow.duration)
            }
            for line in table.lines(cells) { try output.write(line: line) }
        }
    }
}

extension Report.Heading: ExpressibleByArgument {}

/// One row of a report.
struct ReportRow {
    let heading: String
    let row: Report.Row

    static let headings = [
        "issued", "delivered", "revoked", "expired", "voided", "failed", "refused", "p50", "p90",
        "p99",
        "max", "seq",
    ]

    /// Durations in microseconds go through `text`.
    func cells(_ text: (Int64) -> String) -> [String] {
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

    func json(_ name: String) -> JSONObject {
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
