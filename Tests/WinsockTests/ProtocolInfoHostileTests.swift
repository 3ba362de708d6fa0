import TestSupport
import Testing
import Winsock

struct ProtocolInfoHostileTests {
    @Test(arguments: 0...700)
    func `only 372 and 628 bytes are a record`(count: Int) throws {
        let bytes = [UInt8](repeating: 0, count: count)
        switch count {
        case 372, 628:
            let form: ProtocolInfo.Form = count == 372 ? .ansi : .wide
            let other: ProtocolInfo.Form = count == 372 ? .wide : .ansi
            #expect(try ProtocolInfo(bytes) == ProtocolInfo())
            #expect(try ProtocolInfo(bytes, form: form) == ProtocolInfo())
            #expect(throws: ProtocolInfoError.otherForm(expected: other)) {
                try ProtocolInfo(bytes, form: other)
            }
        default:
            #expect(throws: ProtocolInfoError.wrongByteCount(count)) {
                try ProtocolInfo(bytes)
            }
            for form in ProtocolInfo.Form.allCases {
                #expect(throws: ProtocolInfoError.wrongByteCount(count)) {
                    try ProtocolInfo(bytes, form: form)
                }
            }
        }
    }

    @Test(arguments: [Int32.min, -1, 0, 1, 7, 8, 0x7FFF_FFFF])
    func `any chain length survives and is never trusted`(length: Int32) throws {
        for form in ProtocolInfo.Form.allCases {
            var info = try #require(Catalog.entry(id: 1001)).info
            info.protocolChain = ProtocolChain(length: length, entries: [1, 2, 3, 4, 5, 6, .max])
            let bytes = info.encoded(as: form)
            let written = UInt32(bitPattern: length)
            #expect(bytes[40] == UInt8(truncatingIfNeeded: written))
            #expect(bytes[43] == UInt8(truncatingIfNeeded: written >> 24))
            #expect(Array(bytes[68..<72]) == [0xFF, 0xFF, 0xFF, 0xFF])
            #expect(try ProtocolInfo(bytes) == info)
            #expect(try ProtocolInfo(bytes).protocolChain.length == length)
        }
    }

    @Test(arguments: [Int32.min, -1, .max])
    func `the extremes of a signed field survive`(value: Int32) throws {
        let fields: [WritableKeyPath<ProtocolInfo, Int32>] = [
            \.version, \.addressFamily, \.maximumAddressByteCount, \.minimumAddressByteCount,
            \.socketType, \.protocolNumber, \.protocolMaximumOffset, \.byteOrder,
            \.securityScheme,
        ]
        for field in fields {
            for form in ProtocolInfo.Form.allCases {
                var info = ProtocolInfo()
                info[keyPath: field] = value
                let decoded = try ProtocolInfo(info.encoded(as: form))
                #expect(decoded[keyPath: field] == value)
                #expect(decoded == info)
            }
        }
    }

    /// Decodes, encodes and decodes again: the result must be what was decoded first. In the A
    /// form a name outside ASCII settles into question marks, once.
    private func checkStability(_ bytes: [UInt8], form: ProtocolInfo.Form) throws {
        let first = try ProtocolInfo(bytes)
        var expected = first
        if form == .ansi {
            expected.name = String(
                String.UnicodeScalarView(first.name.unicodeScalars.map { $0.isASCII ? $0 : "?" }))
        }
        let encoded = first.encoded(as: form)
        let second = try ProtocolInfo(encoded)
        #expect(second == expected)
        #expect(second.encoded(as: form) == encoded)
        #expect(encoded[..<116] == bytes[..<116])
    }

    @Test(arguments: ProtocolInfo.Form.allCases, [0x00BA_7011, 0x5EED_0002, 0x5EED_0003])
    func `random bytes never trap and what decodes is stable`(
        form: ProtocolInfo.Form, seed: UInt64
    ) throws {
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        var decodedCount = 0
        var refusedCount = 0
        for _ in 0..<1500 {
            let bytes = generator.bytes(count: form.byteCount)
            do throws(ProtocolInfoError) {
                _ = try ProtocolInfo(bytes)
                decodedCount += 1
            } catch {
                #expect(!"\(error)".isEmpty)
                refusedCount += 1
                continue
            }
            try checkStability(bytes, form: form)
        }
        #expect(decodedCount + refusedCount == 1500)
        #expect(refusedCount > 0)
    }

    @Test(arguments: ProtocolInfo.Form.allCases, [0x00BA_7011, 0x5EED_0002, 0x5EED_0003])
    func `random records with a readable name are stable`(
        form: ProtocolInfo.Form, seed: UInt64
    ) throws {
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<1000 {
            var bytes = generator.bytes(count: form.byteCount)
            var name: [UInt8] = []
            for _ in 0..<Int.random(in: 0...60, using: &generator) {
                let scalar =
                    Unicode.Scalar(UInt32.random(in: 1...0x1_FFFF, using: &generator)) ?? "x"
                switch form {
                case .ansi: name += Array(String(scalar).utf8)
                case .wide:
                    name += String(scalar).utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
                }
            }
            name += form == .ansi ? [0] : [0, 0]
            Golden.put(name, at: 116, in: &bytes)
            try checkStability(bytes, form: form)
        }
    }
}
