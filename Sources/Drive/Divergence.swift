/// Where two histories begin to differ, with what comes before and after: two columns.
package struct Divergence: Sendable, Equatable {
    struct Row: Sendable, Equatable {
        var recorded: String
        var now: String
    }

    var rows: [Row]

    private static let divider = " | "
    /// How much further in a line goes on that does not fit.
    private static let indentation = 6

    /// The lines, none of them longer than `width` where it is given and can hold two columns.
    package func lines(width: Int? = nil) -> [String] {
        let longest = rows.map(\.recorded.count).max() ?? 0
        guard let width, rows.contains(where: { longest + 3 + $0.now.count > width }) else {
            return rows.map { Self.joined($0.recorded, $0.now, longest) }
        }
        let column = max(20, (width - Self.divider.count) / 2)
        return rows.flatMap { row in
            let left = Self.wrapped(row.recorded, column)
            let right = Self.wrapped(row.now, column)
            return (0..<max(left.count, right.count)).map { index in
                Self.joined(
                    index < left.count ? left[index] : "", index < right.count ? right[index] : "",
                    column)
            }
        }
    }

    private static func joined(_ left: String, _ right: String, _ column: Int) -> String {
        let space = String(repeating: " ", count: max(0, column - left.count))
        return right.isEmpty ? "\(left)\(space) |" : "\(left)\(space)\(divider)\(right)"
    }

    /// Breaks between words, and in them where they are too long.
    private static func wrapped(_ text: String, _ column: Int) -> [String] {
        var lines: [String] = []
        var rest = text[...]
        while rest.count > column - (lines.isEmpty ? 0 : indentation) {
            let room = column - (lines.isEmpty ? 0 : indentation)
            let limit = rest.index(rest.startIndex, offsetBy: room)
            // The mark and number at the beginning stay with what follows them.
            let place = rest[..<limit].lastIndex(of: " ").flatMap { place in
                rest.distance(from: rest.startIndex, to: place) > indentation ? place : nil
            }
            lines.append(indented(rest[..<(place ?? limit)], lines.count))
            rest = rest[(place.map { rest.index(after: $0) } ?? limit)...]
        }
        return lines + [indented(rest, lines.count)]
    }

    private static func indented(_ text: Substring, _ index: Int) -> String {
        index == 0 ? String(text) : String(repeating: " ", count: indentation) + text
    }
}
