import Journal
import Registry

/// What a statement of the user's own found, in one of the formats.
enum SQLAnswer {
    static func write(
        _ sql: String, _ reader: LogReader, style: RowStyle, to output: Output
    ) throws {
        var style = style
        // Only a table fits whatever is asked for.
        if style.format == .short { style.format = .table }
        var names: [String] = []
        var rows: [SQLRow] = []
        var writer = RowWriter(
            style: style, output: output, headings: RowHeadings(csv: [], table: []))
        do {
            try reader.query(
                sql,
                columns: { found in
                    names = found
                    let headings = RowHeadings(
                        csv: found, table: found.map { PrintableText.escaped($0) })
                    writer = RowWriter(style: style, output: output, headings: headings)
                },
                row: { values in
                    rows.append(SQLRow(names: names, values: values))
                    guard rows.count == LogReader.pageRows else { return }
                    try writer.write(rows)
                    rows.removeAll(keepingCapacity: true)
                })
        } catch let refusal as SQLRefusal {
            // What was found until then.
            if !rows.isEmpty { try writer.write(rows) }
            try output.flush()
            throw CommandFailure(refusal)
        }
        try writer.write(rows)
        try writer.finish()
        try output.flush()
    }
}

/// One row of an answer to a statement.
private struct SQLRow: AnswerRow {
    let names: [String]
    let values: [SQLValue]

    var csvCells: [String] { values.map(Self.text) }

    var tableCells: [String] { csvCells.map { PrintableText.escaped($0) } }

    func line(numberWidth: Int) throws -> String? { nil }

    /// As stored; blobs, such as bodies, as text where they are that.
    private static func text(_ value: SQLValue) -> String {
        switch value {
        case .null: ""
        case .integer(let number): "\(number)"
        case .real(let number): "\(number)"
        case .text(let text): text
        case .blob(let bytes): blob(bytes)
        }
    }

    var object: JSONObject {
        var object = JSONObject()
        for (name, value) in zip(names, values) {
            switch value {
            case .null: break
            case .integer(let number): object[name] = JSONValue(exact: number)
            case .real(let number): object[name] = .text("\(number)")
            case .text(let text): object[name] = .text(text)
            case .blob(let bytes): object[name] = .text(Self.blob(bytes))
            }
        }
        return object
    }

    private static func blob(_ bytes: [UInt8]) -> String {
        String(validating: bytes, as: UTF8.self) ?? Hexadecimal.text(bytes)
    }
}

extension CommandFailure {
    init(_ refusal: SQLRefusal) {
        switch refusal {
        case .wrong(let message):
            self = .usage(
                "SQLite says: \(message)",
                hint: "the tables and views are listed by --sql "
                    + "\"SELECT name FROM sqlite_schema\"")
        case .severalStatements:
            self = .usage(
                "--sql takes one statement only", hint: "ask for each with a --sql of its own")
        case .tooMuchWork:
            self.init(
                status: .incomplete, message: "the statement takes too much work",
                hint: "limit it by seq, or ask a backup with sqlite3")
        case .tooManyRows(let count):
            self.init(
                status: .incomplete, message: "there are more than \(count) rows",
                hint: "add a LIMIT, or ask a backup with sqlite3")
        }
    }
}
