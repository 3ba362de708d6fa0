import Journal
import Registry

/// What a statement of the user's own found, in one of the formats.
enum SQLAnswer {
    static func write(
        _ sql: String, _ reader: LogReader, _ format: RowFormat, to output: Output
    ) throws {
        var names: [String] = []
        var rows: [[String]] = []
        var table = TextTable(headings: [])
        func writeTable() throws {
            for line in table.lines(rows) { try output.write(line: line) }
            rows.removeAll()
        }
        do {
            try reader.query(
                sql,
                columns: { found in
                    names = found
                    table = TextTable(headings: found.map { PrintableText.escaped($0) })
                    if format == .csv { try output.write(csv: found) }
                },
                row: { values in
                    switch format {
                    case .json: try output.write(line: json(names, values).description)
                    case .csv: try output.write(csv: values.map(text))
                    case .short, .table:
                        rows.append(values.map { PrintableText.escaped(text($0)) })
                        if rows.count == LogReader.pageRows { try writeTable() }
                    }
                })
        } catch let refusal as SQLRefusal {
            try output.flush()
            throw CommandFailure(refusal)
        }
        if format == .short || format == .table { try writeTable() }
        try output.flush()
    }

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

    private static func json(_ names: [String], _ values: [SQLValue]) -> JSONValue {
        var object = JSONObject()
        for (name, value) in zip(names, values) {
            switch value {
            case .null: break
            case .integer(let number): object[name] = JSONValue(exact: number)
            case .real(let number): object[name] = .text("\(number)")
            case .text(let text): object[name] = .text(text)
            case .blob(let bytes): object[name] = .text(blob(bytes))
            }
        }
        return .object(object)
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
