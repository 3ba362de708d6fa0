import Testing
import Winsock

struct TicketTests {
    private func ticket(in record: [UInt8]) -> Ticket? {
        Ticket(record: record.span)
    }

    @Test(arguments: ProtocolInfo.Form.allCases)
    func `the four words stand at their offsets`(form: ProtocolInfo.Form) {
        var info = ProtocolInfo()
        info.ticket = Golden.ticket
        let bytes = info.encoded(as: form)
        #expect(Array(bytes[112..<116]) == [0xEF, 0xCD, 0xAB, 0x89])
        #expect(Array(bytes[4..<8]) == [0x67, 0x45, 0x23, 0x01])
        #expect(Array(bytes[8..<12]) == [0x10, 0x32, 0x54, 0x76])
        #expect(Array(bytes[12..<16]) == [0x98, 0xBA, 0xDC, 0xFE])
        #expect(bytes.filter { $0 != 0 }.count == 16)
    }

    @Test(arguments: [
        Ticket(handoff: 1, secret: 0), Ticket(handoff: 0, secret: 1),
        Ticket(handoff: 1 << 32, secret: 0), Ticket(handoff: 0, secret: 1 << 32),
        Ticket(handoff: .max, secret: .max), Ticket(handoff: 7, secret: 0xFFFF_FFFF),
    ])
    func `a ticket is found again in the record and by the fast path`(ticket: Ticket) throws {
        for entry in Catalog.entries {
            for form in ProtocolInfo.Form.allCases {
                let record = entry.record(with: ticket, as: form)
                #expect(self.ticket(in: record) == ticket)
                #expect(try ProtocolInfo(record).ticket == ticket)
            }
        }
    }

    @Test func `a plain record has no ticket`() {
        for entry in Catalog.entries {
            #expect(entry.info.ticket == nil)
            for form in ProtocolInfo.Form.allCases {
                #expect(ticket(in: entry.info.encoded(as: form)) == nil)
            }
        }
    }

    @Test(arguments: 0...130)
    func `the fast path needs the 116 bytes of the prefix`(count: Int) {
        let bytes = [UInt8](repeating: 0x11, count: count)
        let expected = Ticket(handoff: 0x1111_1111_1111_1111, secret: 0x1111_1111_1111_1111)
        #expect(ticket(in: bytes) == (count >= 116 ? expected : nil))
    }

    @Test func `the fast path sees only the four words`() {
        for offset in 0..<116 {
            var bytes = [UInt8](repeating: 0, count: 372)
            bytes[offset] = 1
            let isTicketByte = (4..<16).contains(offset) || (112..<116).contains(offset)
            #expect((ticket(in: bytes) != nil) == isTicketByte, "offset \(offset)")
        }
    }

    @Test func `setting nil takes the ticket out and leaves the rest`() throws {
        let plain = try #require(Catalog.entry(id: 1005)).info
        var info = plain
        info.ticket = Golden.ticket
        #expect(info != plain)
        #expect(info.ticket == Golden.ticket)
        info.ticket = nil
        #expect(info == plain)
    }

    @Test func `masking keeps the handoff number and nothing of the secret`() throws {
        var info = try #require(Catalog.entry(id: 1001)).info
        info.ticket = Golden.ticket
        let masked = info.withTicketMasked()
        #expect(masked.ticket == Ticket(handoff: Golden.ticket.handoff, secret: 0))
        var expected = info.encoded(as: .wide)
        Golden.put([UInt8](repeating: 0, count: 8), at: 8, in: &expected)
        #expect(masked.encoded(as: .wide) == expected)
        #expect(info.ticket == Golden.ticket)
    }

    @Test func `printing a ticket or a record shows no secret`() throws {
        var info = try #require(Catalog.entry(id: 1001)).info
        info.ticket = Ticket(handoff: 17, secret: 0x1234_5678_9ABC_DEF0)
        let secretWords = ["\(0x1234_5678_9ABC_DEF0)", "\(0x1234_5678)", "\(0x9ABC_DEF0)"]
        let ticket = try #require(info.ticket)
        for text in ["\(ticket)", "\(info)", String(reflecting: ticket), String(reflecting: info)] {
            #expect(text.contains("handoff 17"))
            for word in secretWords {
                #expect(!text.contains(word))
            }
        }
    }
}
