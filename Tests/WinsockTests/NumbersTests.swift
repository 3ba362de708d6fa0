import Testing
import Winsock

struct NumbersTests {
    @Test(
        arguments: [
            (AddressFamily.unix, 1, 1), (.internet, 2, 2), (.internet6, 23, 10),
        ] as [(AddressFamily, Int32, Int32)])
    func `a family has a Windows and a Linux number`(
        family: AddressFamily, windows: Int32, linux: Int32
    ) {
        #expect(family.rawValue == windows)
        #expect(family.linux == linux)
        #expect(AddressFamily(linux: linux) == family)
        #expect(AddressFamily(rawValue: windows) == family)
    }

    @Test func `only three families of either system are known`() {
        #expect(
            (-1...50).compactMap { AddressFamily(linux: $0) } == [.unix, .internet, .internet6])
        #expect((-1...50).filter { AddressFamily(rawValue: $0) != nil } == [1, 2, 23])
    }

    @Test func `the socket types have the numbers of both systems`() {
        let types: [SocketType] = [
            .stream, .datagram, .raw, .reliablyDeliveredMessage, .sequencedPacket,
        ]
        #expect(types.map(\.rawValue) == [1, 2, 3, 4, 5])
        #expect(SocketType.allCases == types)
    }

    @Test func `the constants have the values of the header`() {
        #expect(Sentinel.fromProtocolInfo == -1)
        #expect(Sentinel.socketError == -1)
        #expect(~Sentinel.invalidSocket == 0)
        #expect(ProtocolChain.maximumLength == 7)
        #expect(ProtocolChain().entries.count == ProtocolChain.maximumLength)
        #expect(ProtocolChain.baseProtocol == 1)
        #expect(ProtocolChain.layeredProtocol == 0)
        #expect(ByteOrder.bigEndian == 0)
        #expect(ByteOrder.littleEndian == 1)
        #expect(SecurityScheme.none == 0)
        #expect(MessageByteCount.stream == 0)
        #expect(MessageByteCount.knownWhenBound == 1)
        #expect(MessageByteCount.unlimited == 0xFFFF_FFFF)
        #expect(ProtocolNumber.unspecified == 0)
        #expect(ProtocolNumber.transmissionControl == 6)
        #expect(ProtocolNumber.userDatagram == 17)
        #expect(ProtocolNumber.controlMessages == 1)
        #expect(ProtocolNumber.controlMessages6 == 58)
    }

    @Test func `chains differ by length and by any entry`() {
        var chains = [ProtocolChain(), ProtocolChain(length: 1)]
        for index in 0..<7 {
            var chain = ProtocolChain()
            chain.entries[index] = 1
            chains.append(chain)
        }
        #expect(Set(chains).count == 9)
    }
}
