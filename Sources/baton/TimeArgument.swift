import Journal

/// A point in time as people name it on a command line.
enum TimeArgument {
    static let forms = """
        RFC 3339 (2026-11-22T18:35:15Z), a date (2026-11-22), a time before now (-30s, -5min, \
        -2h, -1d, -1h30min), today, yesterday or now; days begin at midnight UTC
        """

    private static let microsecondsPerDay: Int64 = 86_400_000_000

    /// Nil for what is none of `forms`. `now` is in microseconds since 1970.
    static func parse(_ text: String, now: Int64) -> Timestamp? {
        switch text {
        case "now": return Timestamp(microseconds: now)
        case "today": return midnight(before: now)
        case "yesterday": return midnight(before: now - microsecondsPerDay)
        default: break
        }
        if text.hasPrefix("-") {
            return age(text.dropFirst()).flatMap { age in
                let (time, isOverflow) = now.subtractingReportingOverflow(age)
                return isOverflow ? nil : Timestamp(microseconds: time)
            }
        }
        return calendar(text)
    }

    private static func midnight(before time: Int64) -> Timestamp {
        Timestamp(microseconds: time - time % microsecondsPerDay)
    }

    /// A date and time, of which the date must exist: 30 February does not become 2 March.
    private static func calendar(_ text: String) -> Timestamp? {
        let date = text.prefix(10)
        guard let time = Timestamp(text), let day = Timestamp(String(date)),
            day.description.hasPrefix(date)
        else { return nil }
        return time
    }

    /// One or more numbers with their units, in microseconds.
    private static func age(_ text: Substring) -> Int64? {
        var rest = text
        var sum: Int64 = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let count = Int64(digits), let length = microseconds(perUnit: String(unit))
            else { return nil }
            let (part, isTooLong) = count.multipliedReportingOverflow(by: length)
            let (total, isSumTooLong) = sum.addingReportingOverflow(part)
            guard !isTooLong, !isSumTooLong else { return nil }
            sum = total
        }
        return sum
    }

    private static func microseconds(perUnit unit: String) -> Int64? {
        switch unit {
        case "s", "sec": 1_000_000
        case "m", "min": 60_000_000
        case "h": 3_600_000_000
        case "d": microsecondsPerDay
        case "w": 7 * microsecondsPerDay
        default: nil
        }
    }
}

/// A length of time in seconds, or `none`.
enum LifetimeArgument {
    /// Whole seconds, or up to six digits after a point. The outer nil is for anything else.
    static func parse(_ text: String) -> Duration?? {
        if text == "none" { return .some(nil) }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let isDecimal = parts.allSatisfy { part in
            !part.isEmpty && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
        }
        guard isDecimal, (1...2).contains(parts.count), let seconds = Int64(parts[0]) else {
            return nil
        }
        guard parts.count == 2 else { return .seconds(seconds) }
        guard parts[1].count <= 6, let digits = Int64(parts[1]) else { return nil }
        var microseconds = digits
        for _ in parts[1].count..<6 { microseconds *= 10 }
        return .seconds(seconds) + .microseconds(microseconds)
    }
}

/// A part of the log by sequence numbers.
enum SequenceArgument {
    /// `A..B` without B; either may be left out; one number stands for that event alone. Nil for
    /// anything else.
    static func parse(_ text: String) -> Range<UInt64>? {
        if let number = number(text[...]) {
            return number == .max ? nil : number..<number + 1
        }
        guard let dots = text.firstRange(of: "..") else { return nil }
        let (start, end) = (text[..<dots.lowerBound], text[dots.upperBound...])
        guard let lower = start.isEmpty ? 0 : number(start),
            let upper = end.isEmpty ? UInt64.max : number(end), lower <= upper
        else { return nil }
        return lower..<upper
    }

    /// Of an event, a handoff, a process or a socket, with or without the `#` it is printed with.
    static func number(_ text: some StringProtocol) -> UInt64? {
        let digits = text.first == "#" ? text.dropFirst() : text[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return UInt64(digits)
    }
}
