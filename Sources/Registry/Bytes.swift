/// Writes numbers and texts one after the other: unsigned LEB128, so that small ones stay small.
package struct ByteWriter {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func write(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// Zigzag, so that small negative numbers stay small too.
    package mutating func write(signed value: Int64) {
        write(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    package mutating func write(_ value: Bool) { bytes.append(value ? 1 : 0) }

    package mutating func write(_ value: [UInt8]) {
        write(UInt64(value.count))
        bytes += value
    }

    package mutating func write(_ value: String) { write(Array(value.utf8)) }

    package mutating func write<T>(_ value: T?, _ body: (inout ByteWriter, T) -> Void) {
        write(value != nil)
        if let value { body(&self, value) }
    }
}

/// Reads what `ByteWriter` wrote. Any damage is an error, never a trap.
package struct ByteReader {
    package struct Damage: Error, Equatable {
        package let offset: Int
    }

    private let bytes: [UInt8]
    package private(set) var offset = 0

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package var isAtEnd: Bool { offset == bytes.count }

    package mutating func unsigned() throws(Damage) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard offset < bytes.count else { throw Damage(offset: offset) }
            let byte = bytes[offset]
            offset += 1
            guard shift < 63 || byte <= 1 else { throw Damage(offset: offset) }
            value |= UInt64(byte & 0x7f) << shift
            if byte & 0x80 == 0 { return value }
        }
        throw Damage(offset: offset)
    }

    package mutating func signed() throws(Damage) -> Int64 {
        let value = try unsigned()
        return Int64(bitPattern: value >> 1) ^ -Int64(value & 1)
    }

    package mutating func number<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(Damage) -> T
    {
        guard let value = T(exactly: try unsigned()) else { throw Damage(offset: offset) }
        return value
    }

    package mutating func signedNumber<T: FixedWidthInteger>(
        _ type: T.Type = T.self
    ) throws(Damage) -> T {
        guard let value = T(exactly: try signed()) else { throw Damage(offset: offset) }
        return value
    }

    package mutating func bool() throws(Damage) -> Bool {
        let value: UInt8 = try number()
        guard value <= 1 else { throw Damage(offset: offset) }
        return value == 1
    }

    package mutating func array() throws(Damage) -> [UInt8] {
        let count: Int = try number()
        guard count <= bytes.count - offset else { throw Damage(offset: offset) }
        defer { offset += count }
        return Array(bytes[offset..<offset + count])
    }

    package mutating func string() throws(Damage) -> String {
        guard let text = String(validating: try array(), as: UTF8.self) else {
            throw Damage(offset: offset)
        }
        return text
    }

    package mutating func optional<T>(
        _ body: (inout ByteReader) throws(Damage) -> T
    ) throws(Damage) -> T? {
        try bool() ? try body(&self) : nil
    }

    /// A count and as many elements. Each takes at least one byte, which bounds a damaged count.
    package mutating func each(
        _ body: (inout ByteReader) throws(Damage) -> Void
    ) throws(Damage) {
        let count: Int = try number()
        guard count <= bytes.count - offset else { throw Damage(offset: offset) }
        for _ in 0..<count { try body(&self) }
    }
}
