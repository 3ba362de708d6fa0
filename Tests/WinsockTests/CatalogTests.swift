import Testing
import Winsock

struct CatalogTests {
    struct Row: Sendable {
        var id: UInt32
        var name: String
        var provider: String
        var family: Int32
        var type: Int32
        var number: Int32
        var addresses: [Int32]
        var service: UInt32
        var provides: UInt32
        var offset: Int32
        var message: UInt32
    }

    static let internet = "{E70F1AA0-AB8B-11CF-8CA3-00805F48A192}"
    static let internet6 = "{F9EAB0C0-26D4-11D0-BBBF-00AA006C34E4}"
    static let unix = "{A00943D9-9C2E-4633-9B59-0057A3160994}"

    /// What Windows lists, and the two Unix entries that are this library's own.
    static let rows = [
        Row(
            id: 1001, name: "MSAFD Tcpip [TCP/IP]", provider: internet, family: 2, type: 1,
            number: 6, addresses: [16, 16], service: 0x20066, provides: 0x8, offset: 0, message: 0),
        Row(
            id: 1002, name: "MSAFD Tcpip [UDP/IP]", provider: internet, family: 2, type: 2,
            number: 17, addresses: [16, 16], service: 0x20609, provides: 0x8, offset: 0,
            message: 65467),
        Row(
            id: 1003, name: "MSAFD Tcpip [RAW/IP]", provider: internet, family: 2, type: 3,
            number: 0, addresses: [16, 16], service: 0x20609, provides: 0xC, offset: 255,
            message: 32768),
        Row(
            id: 1004, name: "MSAFD Tcpip [TCP/IPv6]", provider: internet6, family: 23, type: 1,
            number: 6, addresses: [28, 28], service: 0x20066, provides: 0x8, offset: 0, message: 0),
        Row(
            id: 1005, name: "MSAFD Tcpip [UDP/IPv6]", provider: internet6, family: 23, type: 2,
            number: 17, addresses: [28, 28], service: 0x20609, provides: 0x8, offset: 0,
            message: 65467),
        Row(
            id: 1006, name: "MSAFD Tcpip [RAW/IPv6]", provider: internet6, family: 23, type: 3,
            number: 0, addresses: [28, 28], service: 0x20609, provides: 0xC, offset: 255,
            message: 32768),
        Row(
            id: 1007, name: "AF_UNIX", provider: unix, family: 1, type: 1,
            number: 0, addresses: [110, 2], service: 0x20006, provides: 0x8, offset: 0, message: 0),
        Row(
            id: 1008, name: "AF_UNIX [DGRAM]", provider: unix, family: 1, type: 2,
            number: 0, addresses: [110, 2], service: 0x2000F, provides: 0x8, offset: 0,
            message: 0xFFFF_FFFF),
        Row(
            id: 1009, name: "AF_UNIX [SEQPACKET]", provider: unix, family: 1, type: 5,
            number: 0, addresses: [110, 2], service: 0x2000E, provides: 0x8, offset: 0,
            message: 0xFFFF_FFFF),
    ]

    @Test(arguments: rows)
    func `an entry says what Windows says`(row: Row) throws {
        let entry = try #require(Catalog.entry(id: row.id))
        let info = entry.info
        #expect(entry.id == row.id)
        #expect(info.catalogEntryID == row.id)
        #expect(info.name == row.name)
        #expect(info.providerID.description == row.provider)
        #expect(info.addressFamily == row.family)
        #expect(info.socketType == row.type)
        #expect(info.protocolNumber == row.number)
        #expect([info.maximumAddressByteCount, info.minimumAddressByteCount] == row.addresses)
        #expect(info.serviceFlags1.rawValue == row.service)
        #expect(info.providerFlags.rawValue == row.provides)
        #expect(info.protocolMaximumOffset == row.offset)
        #expect(info.messageByteCount == row.message)
        #expect(info.protocolChain == ProtocolChain(length: 1))
        #expect(info.version == 2)
        #expect(info.byteOrder == 0)
        #expect(info.securityScheme == 0)
        #expect(info.ticket == nil)
    }

    @Test func `the entries are these nine in the order of their ids`() {
        #expect(Catalog.entries.map(\.id) == Array(1001...1009))
        #expect(Set(Catalog.entries).count == 9)
        #expect(Set(Catalog.entries.map(\.info.name)).count == 9)
    }

    @Test(arguments: [0, 1000, 1010, UInt32.max])
    func `an unknown id has no entry`(id: UInt32) {
        #expect(Catalog.entry(id: id) == nil)
    }

    @Test(arguments: rows)
    func `a socket is found by family, type and protocol`(row: Row) throws {
        let family = try #require(AddressFamily(rawValue: row.family))
        let type = try #require(SocketType(rawValue: row.type))
        func id(_ number: Int32) -> UInt32? {
            Catalog.entry(family: family, type: type, protocolNumber: number)?.id
        }
        #expect(id(row.number) == row.id)
        #expect(id(0) == row.id)
        let others: [Int32] = [-1, 1, 58, 132, 255, 256, 262, .min, .max]
        for number in others {
            let fits = row.type == 3 && (0...255).contains(number)
            #expect(id(number) == (fits ? row.id : nil), "protocol \(number)")
        }
    }

    @Test func `kinds of socket that are not in the catalog have no entry`() {
        let ids = AddressFamily.allCases.flatMap { family in
            SocketType.allCases.compactMap { type in
                Catalog.entry(family: family, type: type, protocolNumber: 0)?.id
            }
        }
        #expect(ids.sorted() == Array(1001...1009))
        #expect(Catalog.entry(family: .unix, type: .raw, protocolNumber: 0) == nil)
        #expect(
            Catalog.entry(family: .internet, type: .sequencedPacket, protocolNumber: 132) == nil)
    }

    @Test(
        arguments: [
            (nil, [1001, 1002, 1004, 1005, 1007, 1008, 1009]),
            ([], []),
            ([6], [1001, 1004]),
            ([0xDEAD, 6, 0xCAFE, 17, 0xBEEF], [1001, 1002, 1004, 1005]),
            ([17, 17, 6], [1001, 1002, 1004, 1005]),
            ([0], [1007, 1008, 1009]),
            ([-1, 255, 1], []),
        ] as [([Int32]?, [UInt32])])
    func `the list is filtered by protocol and hides what is hidden`(
        protocols: [Int32]?, ids: [UInt32]
    ) {
        let listed = Catalog.entries(protocols: protocols)
        #expect(listed.map(\.id) == ids)
        #expect(listed.allSatisfy { !$0.info.providerFlags.contains(.hidden) })
        #expect(listed.allSatisfy { !$0.info.name.isEmpty })
    }
}
