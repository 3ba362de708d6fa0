/// One line of comma-separated values, by RFC 4180, without its line end.
enum CommaSeparated {
    static let lineEnd = "\r\n"

    static func line(_ cells: [String]) -> String {
        cells.map(quoted).joined(separator: ",")
    }

    private static func quoted(_ cell: String) -> String {
        let needsQuotes = cell.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }
        guard needsQuotes else { return cell }
        return "\""
            + cell.split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"") + "\""
    }
}

/// Values with tabs between them. What would end a value or a line is written as `\t`, `\n` or
/// `\r`, and a backslash as two, so that a program can split first and read afterwards.
enum TabSeparated {
    static func escaped(_ cell: String) -> String {
        guard cell.utf8.contains(where: { [0x09, 0x0A, 0x0D, 0x5C].contains($0) }) else {
            return cell
        }
        return cell.replacing("\\", with: "\\\\").replacing("\t", with: "\\t")
            .replacing("\n", with: "\\n").replacing("\r", with: "\\r")
    }
}

/// Columns under headings, as wide as the first rows need. Later rows that need more shift what
/// follows them, so that any number of rows can be written without keeping them.
struct TextTable {
    let headings: [String]
    private var widths: [Int]
    private var hasHeading = false

    init(headings: [String]) {
        self.headings = headings
        widths = headings.map(\.count)
    }

    /// The lines of these rows, with the headings before the first.
    mutating func lines(_ rows: [[String]]) -> [String] {
        var lines: [String] = []
        if !hasHeading {
            hasHeading = true
            for row in rows {
                for (column, cell) in row.enumerated() {
                    widths[column] = max(widths[column], cell.count)
                }
            }
            lines.append(line(headings))
        }
        return lines + rows.map(line)
    }

    private func line(_ cells: [String]) -> String {
        var text = ""
        for (column, cell) in cells.enumerated() {
            let isLast = column == cells.count - 1
            text += isLast ? cell : PrintableText.padded(cell, to: widths[column]) + "  "
        }
        while text.last == " " { text.removeLast() }
        return text
    }
}
