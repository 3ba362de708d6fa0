/// Reads the texts that the kernel writes under /proc.
///
/// proc(5)
enum KernelText {
    /// The integer at the start of a text, after spaces and tabs; nil when there is none.
    static func integer(_ text: borrowing Span<UInt8>, at start: Int = 0) -> Int64? {
        var index = start
        while index < text.count, text[index] == space || text[index] == tab { index += 1 }
        let isNegative = index < text.count && text[index] == minus
        if isNegative { index += 1 }
        let firstDigit = index
        var value: Int64 = 0
        while index < text.count, text[index] >= zero, text[index] <= nine {
            let (shifted, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, isTooLargeToo) = shifted.addingReportingOverflow(Int64(text[index] - zero))
            guard !isTooLarge, !isTooLargeToo else { return nil }
            value = sum
            index += 1
        }
        guard index > firstDigit else { return nil }
        return isNegative ? -value : value
    }

    /// Where the rest of the first line that begins with `label` is.
    static func line(_ label: String, in text: borrowing Span<UInt8>) -> Range<Int>? {
        let label = Array(label.utf8)
        var start = 0
        while start < text.count {
            var end = start
            while end < text.count, text[end] != newline { end += 1 }
            if end - start >= label.count {
                let isHere = label.indices.allSatisfy { text[start + $0] == label[$0] }
                if isHere { return start + label.count..<end }
            }
            start = end + 1
        }
        return nil
    }

    /// The first integer after a label that begins a line.
    static func integer(after label: String, in text: borrowing Span<UInt8>) -> Int64? {
        guard let line = line(label, in: text) else { return nil }
        return integer(text, at: line.lowerBound)
    }

    /// Where the words of a range are that blanks separate, at most `count` of them.
    static func words(
        of range: Range<Int>, in text: borrowing Span<UInt8>, count: Int
    ) -> [Range<Int>] {
        var words: [Range<Int>] = []
        var index = range.lowerBound
        while words.count < count, index < range.upperBound {
            if isBlank(text[index]) {
                index += 1
                continue
            }
            var end = index
            while end < range.upperBound, !isBlank(text[end]) { end += 1 }
            words.append(index..<end)
            index = end
        }
        return words
    }

    /// The start time in clock ticks after boot, from the text of /proc/PID/stat.
    ///
    /// The name in field 2 is the program's choice and can hold blanks and parentheses, so the
    /// fields are counted from the last parenthesis on.
    ///
    /// proc_pid_stat(5), field 22
    static func startTicks(_ text: borrowing Span<UInt8>) -> UInt64? {
        statField(22, text).flatMap { UInt64(exactly: $0) }
    }

    /// The raw wait status of a zombie; 0 where we may not ask.
    ///
    /// proc_pid_stat(5), field 52
    static func exitCode(_ text: borrowing Span<UInt8>) -> Int32? {
        statField(52, text).flatMap { Int32(exactly: $0) }
    }

    private static func statField(_ number: Int, _ text: borrowing Span<UInt8>) -> Int64? {
        var nameEnd = text.count - 1
        while nameEnd >= 0, text[nameEnd] != closingParenthesis { nameEnd -= 1 }
        guard nameEnd >= 0 else { return nil }
        let count = number - 2
        let words = words(of: nameEnd + 1..<text.count, in: text, count: count)
        guard words.count == count else { return nil }
        return integer(text, at: words[count - 1].lowerBound)
    }

    /// A copy of some of the bytes.
    static func bytes(_ range: Range<Int>, of text: borrowing Span<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        for index in range { bytes.append(text[index]) }
        return bytes
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == space || byte == tab || byte == newline
    }

    private static let space = UInt8(ascii: " ")
    private static let tab = UInt8(ascii: "\t")
    private static let newline = UInt8(ascii: "\n")
    private static let minus = UInt8(ascii: "-")
    private static let zero = UInt8(ascii: "0")
    private static let nine = UInt8(ascii: "9")
    private static let closingParenthesis = UInt8(ascii: ")")
}
