/// Finds words in text byte by byte: the tree is large, and these are unoptimised builds.
enum Search {
    /// Where `word` begins in `line`, as offsets of bytes.
    static func offsets(of word: String, in line: some StringProtocol) -> [Int] {
        let (text, word) = (Array(line.utf8), Array(word.utf8))
        guard let first = word.first, text.count >= word.count else { return [] }
        return (0...text.count - word.count).filter { offset in
            text[offset] == first && text[offset..<offset + word.count] == word[...]
        }
    }

    static func contains(_ word: String, in line: some StringProtocol) -> Bool {
        !offsets(of: word, in: line).isEmpty
    }

    /// Whether `word` is there with nothing of a name before or after it.
    static func containsName(_ word: String, in line: some StringProtocol) -> Bool {
        let text = Array(line.utf8)
        let count = word.utf8.count
        return offsets(of: word, in: line).contains { offset in
            let before = text[..<offset].last
            let after = text[(offset + count)...].prefix(2)
            let isWithin = before.map { isOfName($0) || $0 == point } ?? false
            let goesOn = after.first.map { isOfName($0) } ?? false
            return !isWithin && !goesOn
                && !(after.count == 2 && after.first == point
                    && isOfName(after[after.endIndex - 1]))
        }
    }

    /// Joins the parts of a name such as `handoff.issued`.
    private static let point = UInt8(ascii: ".")

    /// A letter, digit or underscore.
    static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
