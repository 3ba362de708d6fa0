// Words of a protocol info record: little-endian wherever the record was made, so that records
// from machines of either byte order are the same bytes.

/// A 32-bit word from its four bytes, the lowest first.
func word(_ byte0: UInt8, _ byte1: UInt8, _ byte2: UInt8, _ byte3: UInt8) -> UInt32 {
    UInt32(byte0) | UInt32(byte1) << 8 | UInt32(byte2) << 16 | UInt32(byte3) << 24
}

extension [UInt8] {
    func word(at offset: Int) -> UInt32 {
        Winsock.word(self[offset], self[offset + 1], self[offset + 2], self[offset + 3])
    }

    func signedWord(at offset: Int) -> Int32 {
        Int32(bitPattern: word(at: offset))
    }

    func halfWord(at offset: Int) -> UInt16 {
        UInt16(self[offset]) | UInt16(self[offset + 1]) << 8
    }

    mutating func setWord(_ value: UInt32, at offset: Int) {
        for index in 0..<4 {
            self[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(index)))
        }
    }

    mutating func setSignedWord(_ value: Int32, at offset: Int) {
        setWord(UInt32(bitPattern: value), at: offset)
    }

    mutating func setHalfWord(_ value: UInt16, at offset: Int) {
        self[offset] = UInt8(truncatingIfNeeded: value)
        self[offset + 1] = UInt8(truncatingIfNeeded: value >> 8)
    }
}

extension Span<UInt8> {
    func word(at offset: Int) -> UInt32 {
        Winsock.word(self[offset], self[offset + 1], self[offset + 2], self[offset + 3])
    }
}
