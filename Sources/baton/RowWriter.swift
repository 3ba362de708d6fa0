import Journal

/// Writes events one after the other in one of the formats.
struct RowWriter {
    let format: RowFormat
    let output: Output
    /// That of the largest number to come, as far as it is known.
    let numberWidth: Int
    private var table = TextTable(headings: EventRow.tableHeadings)
    private var hasHeading = false

    init(format: RowFormat, output: Output, largestNumber: UInt64) {
        self.format = format
        self.output = output
        numberWidth = "\(largestNumber)".count
    }

    /// The headings, where the format has them; also before no rows at all.
    mutating func writeHeading() throws {
        guard !hasHeading else { return }
        hasHeading = true
        if format == .csv {
            try output.write(csv: EventRow.csvHeadings)
        }
    }

    mutating func write(_ rows: [EventRow]) throws {
        try writeHeading()
        if format == .table {
            for line in table.lines(rows.map(\.tableCells)) { try output.write(line: line) }
            return
        }
        for row in rows { try writeLine(row) }
    }

    private func writeLine(_ row: EventRow) throws {
        switch format {
        case .short: try output.write(line: row.shortLine(numberWidth: numberWidth))
        case .json: try output.write(line: row.json.description)
        case .csv: try output.write(csv: row.csvCells)
        case .table: preconditionFailure("a table is written by the page")
        }
    }
}
