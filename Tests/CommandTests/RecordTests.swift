import Registry
import Testing
import Winsock

@testable import baton

@Suite("What decode says of a record")
struct RecordTests {
    static func record(
        _ id: UInt32, _ form: ProtocolInfo.Form, protocolNumber: Int32? = nil
    ) throws -> [UInt8] {
        let entry = try #require(Catalog.entry(id: id))
        let ticket = Ticket(handoff: 0x1_0000_002A, secret: 0xDEAD_BEEF_CAFE_F00D)
        return entry.record(
            with: ticket, as: form, protocolNumber: protocolNumber ?? entry.info.protocolNumber)
    }

    @Test("every field is printed by its C name, with its meaning and without the secret")
    func lines() throws {
        let fields = try Decode.fields(of: try Self.record(1004, .wide))
        #expect(fields.lines == Golden.decoded)
    }

    @Test("the A form differs in its size alone")
    func ansi() throws {
        let wide = try Decode.fields(of: try Self.record(1004, .wide))
        let ansi = try Decode.fields(of: try Self.record(1004, .ansi))
        #expect(ansi.lines.first == "form                A, 372 bytes")
        #expect(ansi.lines.dropFirst() == wide.lines.dropFirst())
    }

    @Test("JSON has every field, flags as lists of names")
    func json() throws {
        let fields = try Decode.fields(of: try Self.record(1007, .ansi))
        #expect(fields.json.description == Golden.decodedJSON)
    }

    @Test("neither form of output has the secret", arguments: ProtocolInfo.Form.allCases)
    func secret(form: ProtocolInfo.Form) throws {
        let fields = try Decode.fields(of: try Self.record(1002, form))
        let text = (fields.lines + [fields.json.description]).joined().lowercased()
        for part in [
            "deadbeef", "cafef00d", "\(0xDEAD_BEEF as UInt32)", "\(0xCAFE_F00D as UInt32)",
        ] {
            #expect(!text.contains(part))
        }
    }

    @Test("a raw socket's record keeps its protocol")
    func raw() throws {
        let fields = try Decode.fields(of: try Self.record(1003, .wide, protocolNumber: 1))
        #expect(fields.lines.contains("iProtocol           1           IPPROTO_ICMP"))
    }

    @Test("a plain record has no ticket, and a stranger's numbers stay as they are")
    func plain() throws {
        var info = ProtocolInfo()
        info.catalogEntryID = 7
        info.protocolChain.length = -4
        info.addressFamily = 99
        info.serviceFlags1 = ServiceFlags(rawValue: 0x8000_0001)
        info.name = "\u{1B}[2J"
        let fields = try Decode.fields(of: info.encoded(as: .wide))
        let text = fields.lines.joined(separator: "\n")
        #expect(text.contains("none: a plain catalog record"))
        #expect(text.contains("0x80000001  XP1_CONNECTIONLESS | 0x80000000"))
        #expect(text.contains("not a length"))
        #expect(text.contains("not in the catalog"))
        #expect(text.contains("\"\\u{1b}[2J\""))
        #expect(!text.contains("\u{1B}"))
        #expect(!fields.json.description.contains("\u{1B}"))
        #expect(!fields.json.description.contains("ticket"))
    }

    @Test("bytes of another size are no record", arguments: [0, 1, 371, 373, 627, 629, 65_536])
    func wrongSize(count: Int) {
        let error = #expect(throws: CommandFailure.self) {
            try Decode.fields(of: [UInt8](repeating: 0, count: count))
        }
        #expect(error?.status == .refused)
        #expect(error?.reason == Refusal.malformedRecord.name)
        #expect(error?.message.contains("\(count)") == true)
    }
}
