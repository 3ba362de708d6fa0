import TestSupport
import Testing
import Winsock

struct GUIDTests {
    private static let internet = GUID(
        0xE70F_1AA0, 0xAB8B, 0x11CF, [0x8C, 0xA3, 0x00, 0x80, 0x5F, 0x48, 0xA1, 0x92])

    @Test(arguments: [
        "{E70F1AA0-AB8B-11CF-8CA3-00805F48A192}",
        "{e70f1aa0-ab8b-11cf-8ca3-00805f48a192}",
        "E70F1AA0-AB8B-11CF-8CA3-00805F48A192",
    ])
    func `a GUID is read in either case, with braces or without`(text: String) throws {
        let guid = try #require(GUID(text))
        #expect(guid == Self.internet)
        #expect(guid.hashValue == Self.internet.hashValue)
        #expect(guid.description == "{E70F1AA0-AB8B-11CF-8CA3-00805F48A192}")
    }

    @Test(arguments: [
        "", "{}", "{E70F1AA0-AB8B-11CF-8CA3-00805F48A192", "E70F1AA0-AB8B-11CF-8CA3-00805F48A192}",
        "{E70F1AA0-AB8B-11CF-8CA3-00805F48A19}", "{E70F1AA0-AB8B-11CF-8CA3-00805F48A1921}",
        "{E70F1AA0AAB8BA11CFA8CA3A00805F48A192}", "{G70F1AA0-AB8B-11CF-8CA3-00805F48A192}",
        "{E70F1AA-0AB8B-11CF-8CA3-00805F48A192}", "(E70F1AA0-AB8B-11CF-8CA3-00805F48A192)",
        "{E70F1AA0-AB8B-11CF-8CA3-00805F48A1é}", " E70F1AA0-AB8B-11CF-8CA3-00805F48A192 ",
    ])
    func `other text is not a GUID`(text: String) {
        #expect(GUID(text) == nil)
    }

    @Test func `random GUIDs survive text and record`() throws {
        let seed: UInt64 = 0x6D1D
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let bytes = generator.bytes(count: 16)
            var record = [UInt8](repeating: 0, count: 372)
            Golden.put(bytes, at: 20, in: &record)
            let guid = try ProtocolInfo(record).providerID
            #expect(GUID(guid.description) == guid)
            #expect(try ProtocolInfo(record).encoded(as: .ansi) == record)
        }
    }

    @Test func `the first three fields are little-endian in memory`() {
        var info = ProtocolInfo()
        info.providerID = Self.internet
        #expect(
            Array(info.encoded(as: .wide)[20..<36]) == [
                0xA0, 0x1A, 0x0F, 0xE7, 0x8B, 0xAB, 0xCF, 0x11,
                0x8C, 0xA3, 0x00, 0x80, 0x5F, 0x48, 0xA1, 0x92,
            ])
    }

    @Test func `a difference in any field is a difference`() {
        var others = [Self.internet, Self.internet, Self.internet]
        others[0].data1 ^= 1
        others[1].data2 ^= 1
        others[2].data3 ^= 1
        for index in 0..<8 {
            var other = Self.internet
            other.data4[index] ^= 1
            others.append(other)
        }
        #expect(others.count == 11)
        #expect(Set(others + [Self.internet]).count == 12)
    }
}
