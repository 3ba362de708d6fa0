/// Where functions begin and end. The formatter's indentation is relied on, not a grammar.
enum Functions {
    struct Function {
        /// Of the first line, from 1.
        var line: Int
        var lineCount: Int
    }

    static func all(of file: Repository.File) -> [Function] {
        file.lines.indices.compactMap { start in
            let isStart = file.isSwift ? isSwiftStart(file.lines[start]) : isC(file.lines, start)
            guard isStart, let end = end(of: start, in: file.lines) else { return nil }
            return Function(line: start + 1, lineCount: end - start + 1)
        }
    }

    private static let keywords = ["func ", "init(", "init?(", "deinit", "subscript(", "var "]

    private static func isSwiftStart(_ line: Substring) -> Bool {
        let text = line.drop { $0 == " " }
        // A modifier before the keyword, never a call: those have no brace of their own.
        guard
            let keyword = keywords.first(where: { text.hasPrefix($0) || text.contains(" " + $0) }),
            !text.hasPrefix("//")
        else { return false }
        let before = text.prefix { $0 != "(" && $0 != "{" && $0 != "=" && $0 != ":" }
        guard text.hasPrefix(keyword) || before.contains(keyword.prefix { $0.isLetter }) else {
            return false
        }
        // A variable is a function when it has a body and no value.
        return keyword != "var " || text.hasSuffix("{") && !text.contains("=")
    }

    private static func isC(_ lines: [Substring], _ start: Int) -> Bool {
        guard let first = lines[start].first, first.isLetter else { return false }
        return lines[start].contains("(") && !lines[start].hasSuffix(";")
    }

    /// The last line of what begins here; nil when it has no body.
    private static func end(of start: Int, in lines: [Substring]) -> Int? {
        let indent = lines[start].prefix { $0 == " " }
        if lines[start].hasSuffix("}") { return start }
        var hasBody = lines[start].hasSuffix("{")
        for index in lines.indices.dropFirst(start + 1) {
            let line = lines[index]
            guard !line.isEmpty, line.prefix(while: { $0 == " " }).count <= indent.count else {
                continue
            }
            let text = line.drop { $0 == " " }
            if hasBody {
                if text.hasPrefix("}") { return index }
            } else if text.hasPrefix(")") || text.hasPrefix("{") || text.hasPrefix("where") {
                hasBody = text.hasSuffix("{")
                if !hasBody, !text.hasPrefix("where"), !text.hasSuffix(",") { return nil }
            } else {
                return nil
            }
        }
        return nil
    }
}

/// Paths that begin at the root of some machine.
enum AbsolutePaths {
    /// Whether `place` is in the line as the beginning of a path, and a name of two letters or more
    /// follows, when asked.
    static func has(_ place: String, in line: Substring, needsUser: Bool) -> Bool {
        let text = Array(line.utf8)
        return Search.offsets(of: place, in: line).contains { offset in
            if offset > 0, Search.isOfName(text[offset - 1]) || text[offset - 1] == 0x2e {
                return false
            }
            guard needsUser else { return true }
            let name = text[(offset + place.utf8.count)...].prefix { Search.isOfName($0) }
            guard let first = name.first else { return false }
            return name.count > 1 && !(0x30...0x39).contains(first)
        }
    }

    static func has(_ place: String, in line: String, needsUser: Bool) -> Bool {
        has(place, in: line[...], needsUser: needsUser)
    }
}
