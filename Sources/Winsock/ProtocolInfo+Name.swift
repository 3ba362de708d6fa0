// szProtocol: 256 units, of which the last one used is a NUL. A unit is a byte in the A form and
// a UTF-16 code unit, little-endian, in the W form.

extension ProtocolInfo {
    static func decodedName(_ bytes: [UInt8], form: Form) throws(ProtocolInfoError) -> String {
        switch form {
        case .ansi: try ansiName(bytes)
        case .wide: try wideName(bytes)
        }
    }

    /// Accepts UTF-8: it is the code page of this system, and contains ASCII.
    private static func ansiName(_ bytes: [UInt8]) throws(ProtocolInfoError) -> String {
        let room = bytes[FieldOffset.name..<Form.ansi.byteCount]
        guard let end = room.firstIndex(of: 0) else { throw .nameNotTerminated }
        let text = Array(room[..<end])
        do {
            return String(copying: try UTF8Span(validating: text.span))
        } catch {
            throw .nameNotText(atOffset: FieldOffset.name + error.byteOffsets.lowerBound)
        }
    }

    private static func wideName(_ bytes: [UInt8]) throws(ProtocolInfoError) -> String {
        if let name = asciiName(bytes) { return name }
        var units: [UInt16] = []
        for offset in stride(from: FieldOffset.name, to: Form.wide.byteCount, by: 2) {
            let unit = bytes.halfWord(at: offset)
            if unit == 0 { break }
            units.append(unit)
        }
        guard units.count <= maximumNameUnitCount else { throw .nameNotTerminated }
        var index = 0
        while index < units.count {
            let isPair =
                UTF16.isLeadSurrogate(units[index]) && index + 1 < units.count
                && UTF16.isTrailSurrogate(units[index + 1])
            guard isPair || !UTF16.isSurrogate(units[index]) else {
                throw .nameNotText(atOffset: FieldOffset.name + 2 * index)
            }
            index += isPair ? 2 : 1
        }
        return String(decoding: units, as: UTF16.self)
    }

    /// The name of a W record that has only ASCII, as all names of the catalog: it needs no look at
    /// surrogates, and no memory but its own. Nil for any other.
    private static func asciiName(_ bytes: [UInt8]) -> String? {
        var text = [255 of UInt8](repeating: 0)
        for index in 0...maximumNameUnitCount {
            let unit = bytes.halfWord(at: FieldOffset.name + 2 * index)
            if unit == 0 { return String(ascii: text.span.extracting(..<index)) }
            guard unit < 0x80, index < maximumNameUnitCount else { return nil }
            text[index] = UInt8(unit)
        }
        return nil
    }

    /// Writes the name into bytes that are still zero, which terminates it and clears the rest.
    func writeName(to bytes: inout [UInt8], form: Form) {
        let scalars = name.unicodeScalars.prefix { $0 != "\0" }
        switch form {
        case .ansi:
            for (index, scalar) in scalars.prefix(Self.maximumNameUnitCount).enumerated() {
                bytes[FieldOffset.name + index] =
                    scalar.isASCII ? UInt8(truncatingIfNeeded: scalar.value) : UInt8(ascii: "?")
            }
        case .wide where isASCIIName:
            for (index, byte) in name.utf8.prefix(Self.maximumNameUnitCount).enumerated() {
                if byte == 0 { return }
                bytes[FieldOffset.name + 2 * index] = byte
            }
        case .wide:
            var unitCount = 0
            for scalar in scalars {
                let units = UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter
                guard unitCount + units.count <= Self.maximumNameUnitCount else { return }
                for unit in units {
                    bytes.setHalfWord(unit, at: FieldOffset.name + 2 * unitCount)
                    unitCount += 1
                }
            }
        }
    }

    private var isASCIIName: Bool { name.utf8.allSatisfy { $0 < 0x80 } }
}

extension String {
    fileprivate init?(ascii bytes: Span<UInt8>) {
        do {
            self.init(copying: try UTF8Span(validating: bytes))
        } catch {
            return nil
        }
    }
}
