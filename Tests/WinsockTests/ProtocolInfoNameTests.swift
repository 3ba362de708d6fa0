import Testing
import Winsock

struct ProtocolInfoNameTests {
    private func named(_ name: String) -> ProtocolInfo {
        var info = ProtocolInfo()
        info.name = name
        return info
    }

    private func record(_ form: ProtocolInfo.Form, name: [UInt8]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: form.byteCount)
        Golden.put(name, at: 116, in: &bytes)
        return bytes
    }

    @Test func `W keeps every character and A replaces what is not ASCII`() throws {
        let info = named("TCP für 日本 🦆!")
        #expect(try ProtocolInfo(info.encoded(as: .wide)).name == "TCP für 日本 🦆!")
        #expect(try ProtocolInfo(info.encoded(as: .ansi)).name == "TCP f?r ?? ?!")
    }

    @Test func `the units of a W name are little-endian UTF-16`() {
        let bytes = named("é🦆").encoded(as: .wide)
        #expect(Array(bytes[116..<124]) == [0xE9, 0x00, 0x3E, 0xD8, 0x86, 0xDD, 0x00, 0x00])
    }

    @Test func `an A name may be UTF-8`() throws {
        let info = try ProtocolInfo(record(.ansi, name: [0x66, 0xC3, 0xBC, 0x72]))
        #expect(info.name == "für")
        #expect(try ProtocolInfo(info.encoded(as: .wide)).name == "für")
    }

    @Test(arguments: ProtocolInfo.Form.allCases)
    func `255 units fit and the 256th is cut`(form: ProtocolInfo.Form) throws {
        let longest = String(repeating: "x", count: 255)
        let bytes = named(longest).encoded(as: form)
        #expect(try ProtocolInfo(bytes).name == longest)
        #expect(named(longest + "y").encoded(as: form) == bytes)
        #expect(bytes.count == form.byteCount)
    }

    @Test func `a surrogate pair is cut whole`() throws {
        let info = named(String(repeating: "x", count: 254) + "🦆y")
        let bytes = info.encoded(as: .wide)
        #expect(try ProtocolInfo(bytes).name == String(repeating: "x", count: 254))
        #expect(bytes[(116 + 508)...].allSatisfy { $0 == 0 })
    }

    @Test func `127 ducks and a letter fill a W name to the last unit`() throws {
        let name = String(repeating: "🦆", count: 127) + "x"
        #expect(try ProtocolInfo(named(name).encoded(as: .wide)).name == name)
    }

    @Test func `255 characters of several bytes each are 255 question marks in A`() throws {
        let decoded = try ProtocolInfo(named(String(repeating: "日", count: 300)).encoded(as: .ansi))
        #expect(decoded.name == String(repeating: "?", count: 255))
    }

    @Test(arguments: ProtocolInfo.Form.allCases)
    func `a name ends at its NUL and nothing after it is seen`(form: ProtocolInfo.Form) throws {
        #expect(named("ab\0cd").encoded(as: form) == named("ab").encoded(as: form))
        var bytes = named("ab").encoded(as: form)
        let width = form == .ansi ? 1 : 2
        for offset in (116 + 3 * width)..<form.byteCount {
            bytes[offset] = 0xFF
        }
        let decoded = try ProtocolInfo(bytes)
        #expect(decoded.name == "ab")
        #expect(decoded.encoded(as: form) == named("ab").encoded(as: form))
    }

    @Test(arguments: ProtocolInfo.Form.allCases)
    func `a name without a NUL is refused`(form: ProtocolInfo.Form) {
        let name = [UInt8](repeating: UInt8(ascii: "x"), count: form.byteCount - 116)
        #expect(throws: ProtocolInfoError.nameNotTerminated) {
            try ProtocolInfo(record(form, name: name))
        }
    }

    @Test(arguments: [
        ([0xFF], 116),
        ([0x61, 0x62, 0x80], 118),
        ([0x61, 0xC3], 117),
        ([0xC0, 0x80], 116),
        ([0xED, 0xA0, 0x80], 116),
        ([0x61, 0xF0, 0x9F, 0xA6], 117),
        ([0xF5, 0x80, 0x80, 0x80], 116),
    ])
    func `an A name that is not UTF-8 is refused where it fails`(name: [UInt8], offset: Int) {
        #expect(throws: ProtocolInfoError.nameNotText(atOffset: offset)) {
            try ProtocolInfo(record(.ansi, name: name))
        }
    }

    @Test(arguments: [
        ([0x3E, 0xD8], 116),
        ([0x86, 0xDD], 116),
        ([0x61, 0x00, 0x3E, 0xD8, 0x62, 0x00], 118),
        ([0x86, 0xDD, 0x3E, 0xD8], 116),
        ([0x3E, 0xD8, 0x86, 0xDD, 0x86, 0xDD], 120),
    ])
    func `a W name with half a pair is refused where it fails`(name: [UInt8], offset: Int) {
        #expect(throws: ProtocolInfoError.nameNotText(atOffset: offset)) {
            try ProtocolInfo(record(.wide, name: name))
        }
    }

    @Test(arguments: [
        (ProtocolInfoError.wrongByteCount(371), ["372", "628", "371"]),
        (.otherForm(expected: .wide), ["W", "628"]),
        (.otherForm(expected: .ansi), ["A", "372"]),
        (.nameNotTerminated, ["NUL", "255"]),
        (.nameNotText(atOffset: 119), ["UTF-8", "UTF-16", "119"]),
    ])
    func `an error says what is wrong and what was expected`(
        error: ProtocolInfoError, words: [String]
    ) {
        for word in words {
            #expect("\(error)".contains(word))
        }
    }
}
