import Testing
import Winsock

struct ProtocolInfoLayoutTests {
    @Test(arguments: ProtocolInfo.Form.allCases, [false, true])
    func `a TCP record is the one written by hand`(
        form: ProtocolInfo.Form, withTicket: Bool
    ) throws {
        let entry = try #require(Catalog.entry(id: 1001))
        var info = entry.info
        if withTicket { info.ticket = Golden.ticket }
        let golden = Golden.tcp(form, withTicket: withTicket)
        #expect(info.encoded(as: form) == golden)
        #expect(try ProtocolInfo(golden) == info)
        #expect(try ProtocolInfo(golden, form: form) == info)
        if withTicket {
            #expect(entry.record(with: Golden.ticket, as: form) == golden)
        }
    }

    /// A word of `Golden.distinct` at an offset.
    private func number(at offset: UInt32) -> UInt32 {
        (offset + 1) | (offset + 2) << 8 | (offset + 3) << 16 | (offset + 4) << 24
    }

    @Test(arguments: ProtocolInfo.Form.allCases)
    func `every field is read from its offset`(form: ProtocolInfo.Form) throws {
        let info = try ProtocolInfo(Golden.distinct(form))
        #expect(info.serviceFlags1.rawValue == number(at: 0))
        #expect(info.serviceFlags2 == number(at: 4))
        #expect(info.serviceFlags3 == number(at: 8))
        #expect(info.serviceFlags4 == number(at: 12))
        #expect(info.providerFlags.rawValue == number(at: 16))
        #expect(info.providerID == GUID("{18171615-1A19-1C1B-1D1E-1F2021222324}"))
        #expect(info.catalogEntryID == number(at: 36))
        #expect(info.protocolChain.length == Int32(number(at: 40)))
        for index in 0..<7 {
            #expect(info.protocolChain.entries[index] == number(at: 44 + 4 * UInt32(index)))
        }
        #expect(info.version == Int32(number(at: 72)))
        #expect(info.addressFamily == Int32(number(at: 76)))
        #expect(info.maximumAddressByteCount == Int32(number(at: 80)))
        #expect(info.minimumAddressByteCount == Int32(number(at: 84)))
        #expect(info.socketType == Int32(number(at: 88)))
        #expect(info.protocolNumber == Int32(number(at: 92)))
        #expect(info.protocolMaximumOffset == Int32(number(at: 96)))
        #expect(info.byteOrder == Int32(number(at: 100)))
        #expect(info.securityScheme == Int32(number(at: 104)))
        #expect(info.messageByteCount == number(at: 108))
        #expect(info.providerReserved == number(at: 112))
        #expect(info.name == "n")
        #expect(info.encoded(as: form) == Golden.distinct(form))
    }

    @Test func `the forms have the sizes and letters of Windows`() {
        #expect(ProtocolInfo.Form.ansi.byteCount == 372)
        #expect(ProtocolInfo.Form.wide.byteCount == 628)
        #expect(ProtocolInfo.Form.allCases.map(\.letter) == ["A", "W"])
        #expect(ProtocolInfo.Form.allCases.map(\.rawValue) == [0, 1])
        #expect(ProtocolInfo.prefixByteCount == 116)
        #expect(ProtocolInfo.maximumNameUnitCount == 255)
    }

    @Test(arguments: Catalog.entries)
    func `A and W agree in the first 116 bytes`(entry: CatalogEntry) {
        var info = entry.info
        info.ticket = Golden.ticket
        let ansi = info.encoded(as: .ansi)
        let wide = info.encoded(as: .wide)
        #expect(ansi.count == 372)
        #expect(wide.count == 628)
        #expect(ansi[..<116] == wide[..<116])
    }

    @Test(arguments: Catalog.entries)
    func `a record goes from A to W and back unchanged`(entry: CatalogEntry) throws {
        let ansi = entry.record(with: Golden.ticket, as: .ansi)
        let wide = entry.record(with: Golden.ticket, as: .wide)
        #expect(try ProtocolInfo(ansi).encoded(as: .wide) == wide)
        #expect(try ProtocolInfo(wide).encoded(as: .ansi) == ansi)
        #expect(try ProtocolInfo(ansi) == ProtocolInfo(wide))
    }

    @Test func `a record of zeros is an empty one`() throws {
        for form in ProtocolInfo.Form.allCases {
            let zeros = [UInt8](repeating: 0, count: form.byteCount)
            #expect(try ProtocolInfo(zeros) == ProtocolInfo())
            #expect(ProtocolInfo().encoded(as: form) == zeros)
        }
    }
}
