import Journal

/// What one row of an answer says, for each of the formats.
protocol AnswerRow {
    /// For programs, below the headings of csv.
    var csvCells: [String] { get }
    /// For people, below the headings of the table.
    var tableCells: [String] { get }
    /// What it says by itself, by name.
    var object: JSONObject { get }
    /// What there is to say when it is asked for: also what costs more to find.
    var wholeObject: JSONObject { get }
    /// One line for a person; nil where a table says it better.
    func line(numberWidth: Int) throws -> String?
    /// The line without number and time, where it has them.
    func plainLine() throws -> String?
    /// The bytes of the log that it stands for.
    var rawBytes: [UInt8] { get }
}

extension AnswerRow {
    var wholeObject: JSONObject { object }
    func plainLine() throws -> String? { nil }
    var rawBytes: [UInt8] { [] }
}

/// The headings of the formats that have them.
struct RowHeadings {
    var csv: [String]
    var table: [String]
}

/// Writes rows one after the other in one of the formats.
struct RowWriter {
    let style: RowStyle
    let output: Output
    /// That of the largest number to come, as far as it is known.
    let numberWidth: Int
    private let headings: RowHeadings
    private var table: TextTable
    private var hasHeading = false
    private var rowCount = 0

    init(style: RowStyle, output: Output, headings: RowHeadings, largestNumber: UInt64 = 0) {
        self.style = style
        self.output = output
        var headings = headings
        if let fields = style.fields {
            headings = RowHeadings(csv: fields, table: fields.map { $0.uppercased() })
        }
        self.headings = headings
        table = TextTable(headings: headings.table)
        numberWidth = "\(largestNumber)".count
    }

    /// The headings, where the format has them; also before no rows at all.
    mutating func writeHeading() throws {
        guard !hasHeading else { return }
        hasHeading = true
        switch style.format {
        case .csv: try output.write(csv: headings.csv)
        case .tsv: try output.write(tsv: headings.csv)
        default: break
        }
    }

    mutating func write(_ rows: [some AnswerRow]) throws {
        try writeHeading()
        if style.format == .table {
            for line in table.lines(rows.map(tableCells)) { try output.write(line: line) }
            rowCount += rows.count
            return
        }
        for row in rows {
            try write(row)
            rowCount += 1
        }
    }

    /// That rows are missing between two others, where the format has a place for it.
    mutating func writeGap(_ missing: Range<UInt64>) throws {
        switch style.format {
        case .short, .full, .cat: try output.write(line: "-- gap: no \(Self.words(missing))")
        case .json:
            let gap = JSONObject([
                ("from", .unsigned(missing.lowerBound)), ("to", .unsigned(missing.upperBound - 1)),
            ])
            try write(JSONValue.object(JSONObject([("gap", .object(gap))])))
            rowCount += 1
        case .csv, .tsv, .table, .raw: break
        }
    }

    static func words(_ missing: Range<UInt64>) -> String {
        let last = missing.upperBound - 1
        return missing.lowerBound == last
            ? "event \(last)" : "events \(missing.lowerBound) to \(last)"
    }

    /// What follows the last row.
    mutating func finish() throws {
        try writeHeading()
        switch style.format {
        case .table where rowCount == 0:
            for line in table.lines([]) { try output.write(line: line) }
        case .json where style.isArray:
            try output.write(line: rowCount == 0 ? "[]" : "\n]")
        default: break
        }
    }

    private func write(_ row: some AnswerRow) throws {
        switch style.format {
        case .short:
            if let line = try row.line(numberWidth: numberWidth) {
                try output.write(line: line)
            }
        case .full: try writeBlock(row)
        case .cat: if let line = try row.plainLine() { try output.write(line: line) }
        case .json: try write(JSONValue.object(chosen(of: row) ?? row.object))
        case .csv: try output.write(csv: machineCells(row))
        case .tsv: try output.write(tsv: machineCells(row))
        case .raw: try output.write(record: row.rawBytes)
        case .table: preconditionFailure("a table is written by the page")
        }
    }

    private func write(_ object: JSONValue) throws {
        guard style.isArray else { return try output.write(line: object.description) }
        try output.write(Array(((rowCount == 0 ? "[\n" : ",\n") + object.description).utf8))
    }

    /// All that there is to say, a line each.
    private func writeBlock(_ row: some AnswerRow) throws {
        if rowCount > 0 { try output.write(line: "") }
        let head = try row.line(numberWidth: 0)
        if let head { try output.write(line: head) }
        let members = row.wholeObject.members
        let width = members.map(\.name.count).max() ?? 0
        for member in members {
            let line =
                PrintableText.padded(PrintableText.escaped(member.name), to: width) + "  "
                + style.reading.text(member.name, member.value)
            try output.write(line: head == nil ? line : "    " + line)
        }
    }

    /// The members that were asked for and apply, in the order of the asking.
    private func chosen(of row: some AnswerRow) -> JSONObject? {
        style.fields.map { fields in
            let whole = row.wholeObject
            return JSONObject(fields.compactMap { name in whole[name].map { (name, $0) } })
        }
    }

    private func machineCells(_ row: some AnswerRow) -> [String] {
        guard let fields = style.fields else { return row.csvCells }
        let whole = row.wholeObject
        return fields.map { whole[$0]?.plain ?? "" }
    }

    private func tableCells(_ row: some AnswerRow) -> [String] {
        guard let fields = style.fields else { return row.tableCells }
        let whole = row.wholeObject
        return fields.map { name in whole[name].map { style.reading.text(name, $0) } ?? "" }
    }
}
