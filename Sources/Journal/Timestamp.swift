/// A time by the wall clock, and its one text form: RFC 3339, UTC, six digits.
package struct Timestamp: Sendable, Hashable, CustomStringConvertible {
    package var microseconds: Int64

    package init(microseconds: Int64) { self.microseconds = microseconds }

    package var description: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    static func secondStart(of microseconds: Int64) -> Int64 {
        microseconds.floorDivided(by: 1_000_000) * 1_000_000
    }

    func append(to bytes: inout [UInt8]) {
        let second = microseconds.floorDivided(by: 1_000_000)
        let fraction = microseconds - second * 1_000_000
        let day = second.floorDivided(by: 86400)
        let inDay = second - day * 86400
        let (year, month, dayOfMonth) = Self.civil(day: day)
        func append(_ value: Int64, digits: Int) {
            var divisor: Int64 = 1
            for _ in 1..<digits { divisor *= 10 }
            while divisor > 0 {
                bytes.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
                divisor /= 10
            }
        }
        append(year, digits: 4)
        bytes.append(UInt8(ascii: "-"))
        append(month, digits: 2)
        bytes.append(UInt8(ascii: "-"))
        append(dayOfMonth, digits: 2)
        bytes.append(UInt8(ascii: "T"))
        append(inDay / 3600, digits: 2)
        bytes.append(UInt8(ascii: ":"))
        append(inDay / 60 % 60, digits: 2)
        bytes.append(UInt8(ascii: ":"))
        append(inDay % 60, digits: 2)
        bytes.append(UInt8(ascii: "."))
        append(fraction, digits: 6)
        bytes.append(UInt8(ascii: "Z"))
    }

    /// Reads RFC 3339: a date, `T` or a space, a time with up to six digits after the point, and
    /// `Z` or an offset. Nil for anything else.
    package init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        func number(_ digits: Int) -> Int64? {
            guard rest.count >= digits else { return nil }
            var value: Int64 = 0
            for byte in rest.prefix(digits) {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            rest.removeFirst(digits)
            return value
        }
        func skip(_ allowed: String) -> Bool {
            guard let byte = rest.first, allowed.utf8.contains(byte) else { return false }
            rest.removeFirst()
            return true
        }
        guard let year = number(4), skip("-"), let month = number(2), skip("-"),
            let day = number(2), (1...12).contains(month)
        else { return nil }
        let days = Self.day(year: year, month: month, day: day)
        // A day that its month does not have would count as one of the next.
        guard Self.civil(day: days) == (year, month, day) else { return nil }
        var seconds = days * 86400
        var fraction: Int64 = 0
        if !rest.isEmpty {
            guard skip("Tt "), let hour = number(2), skip(":"), let minute = number(2), hour < 24,
                minute < 60
            else { return nil }
            var second: Int64 = 0
            if skip(":") {
                guard let value = number(2), value <= 60 else { return nil }
                second = value
            }
            if skip(".") {
                var scale: Int64 = 1_000_000
                while scale > 1, let digit = number(1) {
                    scale /= 10
                    fraction += digit * scale
                }
                guard scale < 1_000_000 else { return nil }
            }
            seconds += hour * 3600 + minute * 60 + second
            if !rest.isEmpty, !skip("Zz") {
                let isEast = rest.first == UInt8(ascii: "+")
                guard skip("+-"), let hours = number(2), skip(":"), let minutes = number(2),
                    hours < 24, minutes < 60
                else { return nil }
                seconds -= (isEast ? 1 : -1) * (hours * 3600 + minutes * 60)
            }
        }
        guard rest.isEmpty else { return nil }
        microseconds = seconds * 1_000_000 + fraction
    }

    // Days since 1970 and dates of the Gregorian calendar, counted in eras of 400 years that begin
    // on 1 March, so that the leap day is the last of its year.

    private static func civil(day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = shifted.floorDivided(by: 146_097)
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let fromMarch = (5 * ofYear + 2) / 153
        let month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
            ofYear - (153 * fromMarch + 2) / 5 + 1
        )
    }

    private static func day(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted.floorDivided(by: 400)
        let yearOfEra = shifted - era * 400
        let fromMarch = month > 2 ? month - 3 : month + 9
        let ofYear = (153 * fromMarch + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + ofYear
            - 719_468
    }
}

extension Int64 {
    fileprivate func floorDivided(by divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : -((-self + divisor - 1) / divisor)
    }
}
