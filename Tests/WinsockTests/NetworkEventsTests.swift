import Testing

@testable import Winsock

struct NetworkEventsTests {
    static let rows: [(NetworkEvents, UInt32, String)] = [
        (.read, 0x1, "FD_READ"), (.write, 0x2, "FD_WRITE"), (.outOfBand, 0x4, "FD_OOB"),
        (.accept, 0x8, "FD_ACCEPT"), (.connect, 0x10, "FD_CONNECT"), (.close, 0x20, "FD_CLOSE"),
        (.qualityOfService, 0x40, "FD_QOS"), (.groupQualityOfService, 0x80, "FD_GROUP_QOS"),
        (.routingInterfaceChange, 0x100, "FD_ROUTING_INTERFACE_CHANGE"),
        (.addressListChange, 0x200, "FD_ADDRESS_LIST_CHANGE"),
    ]

    @Test func `each event has the bit and the name of the header`() {
        for (bit, (event, number, name)) in Self.rows.enumerated() {
            #expect(event.rawValue == number)
            #expect(number == 1 << UInt32(bit))
            #expect(event.names == [name])
        }
        #expect(Self.rows.count == NetworkEvents.count)
        #expect(NetworkEvents.all.names == Self.rows.map(\.2))
        #expect(NetworkEvents(rawValue: 0x401).names == ["FD_READ", "0x400"])
    }

    @Test(arguments: [0, 1, 0x3F, 0x3FF] as [Int32])
    func `all ten events can be selected, or none`(mask: Int32) throws {
        #expect(try NetworkEvents(selecting: mask).rawValue == UInt32(mask))
    }

    @Test(arguments: [0x400, 0x401, -1, .min] as [Int32])
    func `a bit beyond the ten is WSAEINVAL`(mask: Int32) {
        #expect(throws: WSAError.invalidArgument) { try NetworkEvents(selecting: mask) }
    }

    @Test func `an empty record writes no code`() {
        let before = [UInt8](repeating: 0xAA, count: 44)
        var bytes = before
        NetworkEventRecord().write(over: &bytes)
        #expect(bytes == [0, 0, 0, 0] + before[4...])
    }

    @Test func `only the codes of recorded events are written`() {
        var record = NetworkEventRecord()
        record.insert(.write, code: nil)
        record.insert(.close, code: .connectionReset)
        let before = [UInt8](repeating: 0xAA, count: 44)
        var bytes = before
        record.write(over: &bytes)
        var expected = before
        expected.replaceSubrange(0..<4, with: [0x22, 0, 0, 0])
        expected.replaceSubrange(8..<12, with: [0, 0, 0, 0])
        expected.replaceSubrange(24..<28, with: [0x46, 0x27, 0, 0])
        #expect(bytes == expected)
    }

    @Test func `a record that is not 44 bytes is a bug`() async {
        await #expect(processExitsWith: .failure) {
            var bytes = [UInt8](repeating: 0, count: 43)
            NetworkEventRecord().write(over: &bytes)
        }
    }

    @Test func `a record keeps the last code of an event`() {
        var record = NetworkEventRecord()
        record.insert(.read, code: .networkDown)
        var second = NetworkEventRecord()
        second.insert(.read, code: nil)
        second.insert(.outOfBand, code: .networkDown)
        record.formUnion(second)
        #expect(record.events == [.read, .outOfBand])
        #expect(record.code(of: .read) == nil)
        #expect(record.code(of: .outOfBand) == .networkDown)
        #expect(record.code(of: .close) == nil)
        #expect(record.entries.map(\.event) == [.read, .outOfBand])
    }

    @Test(
        arguments: [
            (.read, nil, 0x0000_0001), (.close, .connectionReset, 0x2746_0020),
            (.connect, .connectionRefused, 0x274D_0010),
        ] as [(NetworkEvents, WSAError?, UInt32)])
    func `a message has the event below and the code above`(
        event: NetworkEvents, code: WSAError?, parameter: UInt32
    ) {
        #expect(NetworkEventRecord.messageParameter(event: event, code: code) == parameter)
    }
}
