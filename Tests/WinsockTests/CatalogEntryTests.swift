import TestSupport
import Testing

@testable import Winsock

struct CatalogEntryTests {
    private func matches(_ entry: CatalogEntry, _ record: [UInt8]) -> Bool {
        entry.matchesPrefix(of: record.span)
    }

    private static let ticketOffsets = Set(4..<16).union(112..<116)

    @Test(arguments: Catalog.entries, ProtocolInfo.Form.allCases)
    func `a record matches its entry whatever its ticket`(
        entry: CatalogEntry, form: ProtocolInfo.Form
    ) {
        #expect(matches(entry, entry.info.encoded(as: form)))
        var generator = SeededGenerator(seed: 0x71C7)
        for _ in 0..<50 {
            let ticket = Ticket(handoff: generator.next(), secret: generator.next())
            #expect(matches(entry, entry.record(with: ticket, as: form)))
        }
        for other in Catalog.entries where other != entry {
            #expect(!matches(other, entry.record(with: Golden.ticket, as: form)))
        }
    }

    @Test(arguments: Catalog.entries, ProtocolInfo.Form.allCases)
    func `one changed byte outside the ticket makes it another record`(
        entry: CatalogEntry, form: ProtocolInfo.Form
    ) {
        let record = entry.record(with: Golden.ticket, as: form)
        let isRaw = entry.info.socketType == 3
        for offset in 0..<116 {
            for bit in 0..<8 {
                var changed = record
                changed[offset] ^= 1 << UInt8(bit)
                let allowed = Self.ticketOffsets.contains(offset) || (isRaw && offset == 92)
                #expect(matches(entry, changed) == allowed, "offset \(offset), bit \(bit)")
            }
        }
    }

    @Test(arguments: Catalog.entries)
    func `fewer than 116 bytes match nothing and the name is not looked at`(entry: CatalogEntry) {
        let record = entry.record(with: Golden.ticket, as: .ansi)
        for count in 0..<116 {
            #expect(!matches(entry, Array(record[..<count])), "\(count) bytes")
        }
        #expect(matches(entry, Array(record[..<116])))
        #expect(matches(entry, Array(record[..<116]) + [0xFF, 0xFF]))
    }

    @Test(arguments: [1003, 1006] as [UInt32], [0, 1, 58, 254, 255] as [Int32])
    func `the record of a raw socket carries the socket's own protocol`(
        id: UInt32, number: Int32
    ) throws {
        let entry = try #require(Catalog.entry(id: id))
        for form in ProtocolInfo.Form.allCases {
            let record = entry.record(with: Golden.ticket, as: form, protocolNumber: number)
            #expect(matches(entry, record))
            var expected = entry.info
            expected.ticket = Golden.ticket
            expected.protocolNumber = number
            #expect(record == expected.encoded(as: form))
        }
    }

    @Test(arguments: [1003, 1006] as [UInt32], [-1, 256, 0x0100_0001, Int32.min] as [Int32])
    func `a raw record with a protocol beyond 255 matches nothing`(
        id: UInt32, number: Int32
    ) throws {
        let entry = try #require(Catalog.entry(id: id))
        var info = entry.info
        info.protocolNumber = number
        #expect(!matches(entry, info.encoded(as: .wide)))
        #expect(!entry.accepts(protocolNumber: number))
    }

    @Test func `protocol 0 of another socket stands for the entry's own`() throws {
        let entry = try #require(Catalog.entry(id: 1001))
        let plain = entry.record(with: Golden.ticket, as: .wide)
        #expect(entry.record(with: Golden.ticket, as: .wide, protocolNumber: 0) == plain)
        #expect(entry.record(with: Golden.ticket, as: .wide, protocolNumber: 6) == plain)
        #expect(!entry.accepts(protocolNumber: 17))
    }

    @Test func `a protocol that is not the entry's is a bug`() async {
        await #expect(processExitsWith: .failure) {
            let entry = try #require(Catalog.entry(id: 1001))
            _ = entry.record(
                with: Ticket(handoff: 1, secret: 1), as: .ansi, protocolNumber: 17)
        }
    }

    @Test func `a catalog entry with a ticket is a bug`() async {
        await #expect(processExitsWith: .failure) {
            var info = ProtocolInfo()
            info.ticket = Ticket(handoff: 1, secret: 1)
            _ = CatalogEntry(info)
        }
    }
}
