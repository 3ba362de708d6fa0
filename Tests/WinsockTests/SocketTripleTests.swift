import Testing
import Winsock

struct SocketTripleTests {
    /// A call without a record, and the socket or the code that comes of it.
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var family: Int32
        var type: Int32
        var number: Int32
        var expected: Result<SocketTriple, WSAError>

        init(
            _ name: String, _ family: Int32, _ type: Int32, _ number: Int32, _ code: WSAError
        ) {
            (self.name, self.family, self.type, self.number) = (name, family, type, number)
            expected = .failure(code)
        }

        init(
            _ name: String, _ family: Int32, _ type: Int32, _ number: Int32,
            _ triple: (Int32, Int32, Int32)
        ) {
            (self.name, self.family, self.type, self.number) = (name, family, type, number)
            expected = .success(
                SocketTriple(family: triple.0, type: triple.1, protocolNumber: triple.2))
        }

        var testDescription: String { name }
    }

    /// What Windows does, with the family of an open choice being IPv4, as before Windows 11.
    static let rows = [
        Row("S1", 0xDEAD, 1, 6, .addressFamilyNotSupported),
        Row("S2", -1, 1, 6, .addressFamilyNotSupported),
        Row("S3", 2, 0xDEAD, 6, .socketTypeNotSupported),
        Row("S4", 2, -1, 6, .socketTypeNotSupported),
        Row("S5", 2, 1, 0xDEAD, .protocolNotSupported),
        Row("S6", 2, 1, -1, .protocolNotSupported),
        Row("S7", 0xDEAD, 0xDEAD, 6, .socketTypeNotSupported),
        Row("S8", 0xDEAD, 1, 0xDEAD, .addressFamilyNotSupported),
        Row("S9", 2, 0xDEAD, 0xDEAD, .socketTypeNotSupported),
        Row("S10", 0xDEAD, 1, 17, .addressFamilyNotSupported),
        Row("S11", 2, 1, 0, (2, 1, 6)),
        Row("S12", 2, 2, 0, (2, 2, 17)),
        Row("S13", 2, 0xDEAD, 0, .socketTypeNotSupported),
        Row("S14", 2, 0, 6, (2, 1, 6)),
        Row("S15", 2, 0, 17, (2, 2, 17)),
        Row("S16", 2, 0, 0xDEAD, .protocolNotSupported),
        Row("S17", 2, 0, 0, (2, 1, 6)),
        Row("S18", 2, 1, 17, .protocolNotSupported),
        Row("S19", 2, 2, 6, .protocolNotSupported),
        Row("S20", 0, 1, 6, (2, 1, 6)),
        Row("S21", 0, 1, 0xDEAD, .protocolNotSupported),
        Row("S22", 0, 0xDEAD, 17, .socketTypeNotSupported),
        Row("S23", 0, 1, 0, .invalidArgument),
        Row("S24", 0, 2, 0, .invalidArgument),
        Row("S25", 0, 0xDEAD, 0, .invalidArgument),
        Row("S26", 0, 0, 0, .invalidArgument),
        Row("S27", 0, 0, 6, (2, 1, 6)),
        Row("S28", 0, 0, 17, (2, 2, 17)),
        Row("S29", 0, 0, 0xDEAD, .protocolNotSupported),
        Row("S41: raw ICMP", 2, 3, 1, (2, 3, 1)),
        Row("S42: IPX", 6, 3, 1000, .addressFamilyNotSupported),
        Row("S42: Bluetooth", 32, 1, 3, .addressFamilyNotSupported),
    ]

    /// What is not in the reference follows from the same rules.
    static let moreRows = [
        Row("IPv6 stream", 23, 1, 0, (23, 1, 6)),
        Row("IPv6 datagram", 23, 0, 17, (23, 2, 17)),
        Row("IPv6 by its Linux number", 10, 1, 6, .addressFamilyNotSupported),
        Row("IPv6 first", 23, 0, 0, (23, 1, 6)),
        Row("raw IPv6", 23, 3, 58, (23, 3, 58)),
        Row("raw, protocol 0", 2, 3, 0, (2, 3, 0)),
        Row("raw, protocol 255", 2, 3, 255, (2, 3, 255)),
        Row("raw, protocol 256", 2, 3, 256, .protocolNotSupported),
        Row("ICMP without a type", 2, 0, 1, (2, 3, 1)),
        Row("ICMP alone", 0, 0, 1, (2, 3, 1)),
        Row("Unix stream", 1, 1, 0, (1, 1, 0)),
        Row("Unix datagram", 1, 2, 0, (1, 2, 0)),
        Row("Unix sequenced packet", 1, 5, 0, (1, 5, 0)),
        Row("Unix first", 1, 0, 0, (1, 1, 0)),
        Row("Unix raw", 1, 3, 0, .socketTypeNotSupported),
        Row("Unix over TCP", 1, 1, 6, .protocolNotSupported),
        Row("sequenced packets of IPv4", 2, 5, 0, .socketTypeNotSupported),
        Row("reliable messages", 2, 4, 113, .socketTypeNotSupported),
        Row("sequenced packets of TCP", 0, 5, 6, .protocolNotSupported),
        Row("Linux' SOCK_CLOEXEC", 2, 0x80001, 6, .socketTypeNotSupported),
        Row("the least numbers", .min, .min, .min, .socketTypeNotSupported),
        Row("the greatest numbers", .max, 0, .max, .addressFamilyNotSupported),
    ]

    private func result(
        _ triple: SocketTriple, _ record: ProtocolInfo? = nil
    ) -> Result<SocketTriple, WSAError> {
        Result { () throws(WSAError) in try triple.resolved(with: record).triple }
    }

    @Test(arguments: rows + moreRows)
    func `a call without a record makes what Windows makes`(row: Row) {
        let triple = SocketTriple(family: row.family, type: row.type, protocolNumber: row.number)
        #expect(result(triple) == row.expected)
    }

    /// A call of WSASocket with a plain record.
    struct RecordRow: Sendable, CustomTestStringConvertible {
        var name: String
        var arguments: [Int32]
        var record: [Int32]
        var expected: Result<SocketTriple, WSAError>

        init(_ name: String, _ arguments: [Int32], _ record: [Int32], _ triple: [Int32]) {
            (self.name, self.arguments, self.record) = (name, arguments, record)
            expected = .success(SocketTripleTests.triple(triple))
        }

        init(_ name: String, _ arguments: [Int32], _ record: [Int32], _ code: WSAError) {
            (self.name, self.arguments, self.record) = (name, arguments, record)
            expected = .failure(code)
        }

        var testDescription: String { name }
    }

    static let recordRows = [
        RecordRow("S34: a record of −1", [0, 0, 17], [-1, -1, -1], .addressFamilyNotSupported),
        RecordRow("S35: a record of 0", [0, 0, 17], [0, 0, 0], .addressFamilyNotSupported),
        RecordRow("S36: all from the record", [0, 0, 0], [2, 2, 17], [2, 2, 17]),
        RecordRow("S37: explicit arguments win", [2, 1, 6], [2, 2, 17], [2, 1, 6]),
        RecordRow("an empty record alone", [0, 0, 0], [0, 0, 0], .invalidArgument),
        RecordRow("FROM_PROTOCOL_INFO of nothing", [-1, -1, -1], [-1, -1, -1], .invalidArgument),
        RecordRow("half from the record", [-1, 2, -1], [23, 2, 17], [23, 2, 17]),
        RecordRow("type left open by both", [0, 0, 0], [2, 0, 17], [2, 2, 17]),
        RecordRow("0 is taken from the record", [2, 1, 0], [2, 2, 17], .protocolNotSupported),
        RecordRow("an unknown family in it", [0, 0, 0], [34, 1, 1], .addressFamilyNotSupported),
        RecordRow("another family than its own", [23, 0, 0], [2, 1, 6], [23, 1, 6]),
        RecordRow("a raw record", [-1, -1, 58], [23, 3, 0], [23, 3, 58]),
    ]

    static func triple(_ numbers: [Int32]) -> SocketTriple {
        SocketTriple(family: numbers[0], type: numbers[1], protocolNumber: numbers[2])
    }

    private func record(_ numbers: [Int32]) -> ProtocolInfo {
        var record = ProtocolInfo()
        record.addressFamily = numbers[0]
        record.socketType = numbers[1]
        record.protocolNumber = numbers[2]
        return record
    }

    @Test(arguments: recordRows)
    func `a plain record fills what the arguments leave open`(row: RecordRow) {
        #expect(result(Self.triple(row.arguments), record(row.record)) == row.expected)
    }

    @Test(arguments: Catalog.entries)
    func `S33: every entry of the catalog opens by itself`(entry: CatalogEntry) throws {
        let socket = try SocketTriple.fromRecord.resolved(with: entry.info)
        #expect(socket.entry == entry)
        #expect(socket.family.rawValue == entry.info.addressFamily)
        #expect(socket.type.rawValue == entry.info.socketType)
        #expect(socket.protocolNumber == entry.info.protocolNumber)
    }

    @Test func `S39: a family alone gives its first entry that matches protocol 0`() throws {
        for family in AddressFamily.allCases {
            let first = try #require(
                Catalog.entries.first {
                    $0.info.addressFamily == family.rawValue
                        && $0.info.providerFlags.contains(.matchesProtocolZero)
                })
            let triple = SocketTriple(family: family.rawValue, type: 0, protocolNumber: 0)
            #expect(try triple.resolved().entry == first)
        }
    }

    @Test(arguments: [6, 17] as [Int32])
    func `S40: a protocol alone gives the first entry that has it`(number: Int32) throws {
        let first = try #require(Catalog.entries(protocols: [number]).first)
        let triple = SocketTriple(family: 0, type: 0, protocolNumber: number)
        #expect(try triple.resolved().entry == first)
    }

    @Test func `only IPv6 streams and datagrams need an option to be as on Windows`() throws {
        for entry in Catalog.entries {
            let socket = try SocketTriple.fromRecord.resolved(with: entry.info)
            let isDual = [1004, 1005].contains(entry.id)
            let option = LinuxOption(level: 41, name: 26, value: [1, 0, 0, 0])
            #expect(socket.initialOptions == (isDual ? [option] : []), "\(entry.id)")
        }
    }
}
