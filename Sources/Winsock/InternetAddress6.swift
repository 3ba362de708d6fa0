/// An IPv6 address, without a scope. RFC 4291.
package struct InternetAddress6: Sendable, Hashable, CustomStringConvertible {
    /// The first eight bytes, the first one highest.
    package let high: UInt64
    /// The last eight bytes.
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The address of sixteen bytes in network order.
    init(_ bytes: ArraySlice<UInt8>) {
        precondition(bytes.count == 16, "An IPv6 address has 16 bytes.")
        high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Reads `2001:db8::1`: up to four hexadecimal digits of either case a group, one `::` for any
    /// number of zero groups, the last two groups also as an IPv4 address. Nil for anything else.
    /// RFC 4291, 2.2.
    package init?(_ text: Substring) {
        let halves = Self.halves(of: text)
        guard let first = halves.first, let left = Self.groups(of: first) else { return nil }
        var groups = left
        if halves.count == 2 {
            // An IPv4 address can only be the end of the whole.
            guard !first.contains("."), let right = Self.groups(of: halves[1]) else { return nil }
            let zeroCount = 8 - left.count - right.count
            guard zeroCount > 0 else { return nil }
            groups += [UInt16](repeating: 0, count: zeroCount) + right
        }
        guard groups.count == 8 else { return nil }
        high = groups.prefix(4).reduce(0) { $0 << 16 | UInt64($1) }
        low = groups.suffix(4).reduce(0) { $0 << 16 | UInt64($1) }
    }

    var bytes: [UInt8] {
        groups.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }
    }

    /// The shortest form: no zeros before a group, `::` for the longest run of zero groups, the
    /// first of several as long, but never for a single one; lower case. The last two groups are
    /// an IPv4 address where they stand for one (`::ffff:192.0.2.1`, `::192.0.2.1`). RFC 5952.
    package var description: String {
        if high == 0, low >> 32 == 0xFFFF || low >> 32 == 0 && low > 0xFFFF {
            let mapped = low >> 32 == 0 ? "" : "ffff:"
            return "::\(mapped)\(InternetAddress(number: UInt32(truncatingIfNeeded: low)))"
        }
        let run = longestRunOfZeros
        guard run.count > 1 else { return Self.text(groups[...]) }
        return Self.text(groups[..<run.lowerBound]) + "::" + Self.text(groups[run.upperBound...])
    }

    private var groups: [UInt16] {
        [high, low].flatMap { half in
            stride(from: 48, through: 0, by: -16).map { UInt16(truncatingIfNeeded: half >> $0) }
        }
    }

    private var longestRunOfZeros: Range<Int> {
        let groups = groups
        var longest = 0..<0
        var start = 0
        for end in 1...8 {
            if groups[end - 1] != 0 {
                start = end
            } else if end - start > longest.count {
                longest = start..<end
            }
        }
        return longest
    }

    private static func text(_ groups: ArraySlice<UInt16>) -> String {
        groups.map { String($0, radix: 16) }.joined(separator: ":")
    }

    /// The text before and after the first `::`, or the whole; a second one makes its half none.
    private static func halves(of text: Substring) -> [Substring] {
        for index in text.indices where text[index...].hasPrefix("::") {
            return [text[..<index], text[index...].dropFirst(2)]
        }
        return [text]
    }

    /// The groups between single colons; none for empty text, nil for what is no list of groups.
    private static func groups(of text: Substring) -> [UInt16]? {
        if text.isEmpty { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, let address = InternetAddress(part) {
                groups.append(UInt16(truncatingIfNeeded: address.number >> 16))
                groups.append(UInt16(truncatingIfNeeded: address.number))
                continue
            }
            // The initialiser of integers reads signs too.
            guard (1...4).contains(part.utf8.count), part.allSatisfy(\.isHexDigit),
                let group = UInt16(part, radix: 16)
            else { return nil }
            groups.append(group)
        }
        return groups
    }
}
