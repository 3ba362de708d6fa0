import Testing
import Winsock

struct SocketOpeningTests {
    private func decide(
        _ numbers: [Int32], _ record: ProtocolInfo?, group: UInt32 = 0, flags: UInt32 = 0
    ) -> Result<SocketOpening, WSAError> {
        Result { () throws(WSAError) in
            try SocketOpening.decide(
                SocketTripleTests.triple(numbers), record: record, group: group,
                flags: SocketFlags(rawValue: flags))
        }
    }

    private func plain(_ id: UInt32) throws -> ProtocolInfo {
        try #require(Catalog.entry(id: id)).info
    }

    private func ticketed(_ id: UInt32, protocolNumber: Int32? = nil) throws -> ProtocolInfo {
        var record = try plain(id)
        record.ticket = Golden.ticket
        if let protocolNumber { record.protocolNumber = protocolNumber }
        return record
    }

    @Test(
        arguments: [
            ("FROM_PROTOCOL_INFO", [-1, -1, -1]),
            ("D9: zeros", [0, 0, 0]),
            ("the record's own", [2, 1, 6]),
            ("C1: protocol 0", [2, 1, 0]),
            ("AF_UNSPEC", [0, 1, 6]),
            ("a mixture", [-1, 0, 6]),
        ] as [(String, [Int32])])
    func `arguments that say nothing against a ticket redeem it`(
        name: String, numbers: [Int32]
    ) throws {
        #expect(decide(numbers, try ticketed(1001)) == .success(.redeem(Golden.ticket)))
    }

    @Test(
        arguments: [
            [23, 1, 6], [2, 2, 6], [2, 1, 17], [0, 0, 17], [-1, 2, -1], [10, 0, 0], [2, 1, -2],
        ] as [[Int32]])
    func `arguments that contradict a ticket are WSAEINVAL`(numbers: [Int32]) throws {
        #expect(decide(numbers, try ticketed(1001)) == .failure(.invalidArgument))
    }

    @Test func `a raw ticket has the protocol of its socket`() throws {
        let record = try ticketed(1003, protocolNumber: 1)
        #expect(decide([2, 3, 1], record) == .success(.redeem(Golden.ticket)))
        #expect(decide([2, 3, 2], record) == .failure(.invalidArgument))
    }

    @Test func `a record without a ticket makes a new socket`() throws {
        let record = try plain(1002)
        let socket = try SocketTriple.fromRecord.resolved(with: record)
        #expect(decide([-1, -1, -1], record) == .success(.create(socket)))
        #expect(decide([2, 2, 17], nil) == .success(.create(socket)))
        #expect(decide([2, 2, 6], nil) == .failure(.protocolNotSupported))
    }

    @Test(
        arguments: [
            (0x00, true), (0x01, true), (0x80, true), (0x81, true),
            (0x02, false), (0x04, false), (0x08, false), (0x10, false), (0x1E, false),
            (0x20, false), (0x40, false), (0x100, false), (0x101, false), (0x200, false),
            (0x8000_0001, false), (0xFFFF_FFFF, false),
        ] as [(UInt32, Bool)])
    func `flags are checked before a ticket is used`(flags: UInt32, isAccepted: Bool) throws {
        let created = decide([2, 1, 6], nil, flags: flags)
        let redeemed = decide([-1, -1, -1], try ticketed(1001), flags: flags)
        if isAccepted {
            #expect(redeemed == .success(.redeem(Golden.ticket)))
            #expect(created == decide([2, 1, 6], nil))
        } else {
            #expect(redeemed == .failure(.invalidArgument))
            #expect(created == .failure(.invalidArgument))
        }
    }

    @Test(
        arguments: [
            (0, true, true), (1, true, true), (2, true, false), (3, false, false),
            (0x7FFF_FFFF, false, false), (.max, false, false),
        ] as [(UInt32, Bool, Bool)])
    func `a group is none, a new one, or WSAEINVAL`(
        group: UInt32, isForStreams: Bool, isForDatagrams: Bool
    ) throws {
        #expect(
            (decide([2, 1, 6], nil, group: group) != .failure(.invalidArgument)) == isForStreams)
        #expect(
            (decide([2, 2, 17], nil, group: group) != .failure(.invalidArgument)) == isForDatagrams)
        let redeemed = decide([0, 0, 0], try ticketed(1001), group: group)
        #expect((redeemed == .success(.redeem(Golden.ticket))) == isForStreams)
    }
}
