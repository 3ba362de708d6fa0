import Testing
import Winsock

struct WinsockVersionTests {
    @Test(
        arguments: [
            (0x0202, 0x0202), (0x0001, 0x0001), (0x0101, 0x0101), (0x0002, 0x0002),
            (0x0102, 0x0102), (0x0201, 0x0101), (0xFF01, 0x0101), (0x0302, 0x0202),
            (0x0003, 0x0202), (0x0103, 0x0202), (0xFFFF, 0x0202),
        ] as [(UInt16, UInt16)])
    func `the version agreed on is the one asked for or the next below`(
        requested: UInt16, agreed: UInt16
    ) throws {
        #expect(try WinsockVersion.agreed(on: WinsockVersion(word: requested)).word == agreed)
    }

    @Test(arguments: [0x0000, 0x0100, 0x0900, 0xFF00] as [UInt16])
    func `there is no Winsock 0`(requested: UInt16) {
        #expect(throws: WSAError.versionNotSupported) {
            try WinsockVersion.agreed(on: WinsockVersion(word: requested))
        }
    }

    @Test func `the major number is in the low byte`() {
        #expect(WinsockVersion(word: 0x0102) == WinsockVersion(2, 1))
        #expect(WinsockVersion(2, 1).word == 0x0102)
        #expect(WinsockVersion.highest.word == 0x0202)
    }
}
