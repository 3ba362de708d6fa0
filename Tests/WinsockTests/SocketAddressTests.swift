import TestSupport
import Testing
import Winsock

struct SocketAddressTests {
    static let internet: [UInt8] = [2, 0, 0, 80, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    static let internet6: [UInt8] =
        [23, 0, 0x1F, 0x90, 1, 2, 3, 4] + [0x20, 1, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11)
        + [1, 3, 0, 0, 0]
    static let path: [UInt8] = Array("/run/x".utf8)

    static let address6 = SocketAddress.internet6(
        address: InternetAddress6(high: 0x2001_0DB8_0000_0000, low: 1), port: 8080,
        flow: 0x0403_0201, scope: 3)

    static let rows: [(SocketAddress, [UInt8], [UInt8])] = [
        (
            .internet(address: InternetAddress(number: 0xC000_0201), port: 80), internet, internet
        ),
        (address6, internet6, [10, 0] + internet6[2...]),
        (
            .unix(path: path), [1, 0] + path + [UInt8](repeating: 0, count: 102),
            [1, 0] + path + [0]
        ),
        (.unix(path: []), [1] + [UInt8](repeating: 0, count: 109), [1, 0]),
        (
            .unix(path: [UInt8](repeating: 65, count: 108)),
            [1, 0] + [UInt8](repeating: 65, count: 108),
            [1, 0] + [UInt8](repeating: 65, count: 108)
        ),
        (.unix(path: [0, 65, 66]), [1, 0, 0, 65, 66], [1, 0, 0, 65, 66]),
    ]

    @Test(arguments: rows)
    func `an address has its bytes on both systems`(
        address: SocketAddress, windows: [UInt8], linux: [UInt8]
    ) throws {
        #expect(address.windowsBytes == windows)
        #expect(address.linuxBytes == linux)
        #expect(try SocketAddress(windows: windows) == address)
        #expect(try SocketAddress(linux: linux) == address)
    }

    @Test(arguments: [internet, internet6])
    func `bytes beyond the address are ignored, and fewer are WSAEFAULT`(bytes: [UInt8]) throws {
        let longer = bytes + [UInt8](repeating: 0xFF, count: 128 - bytes.count)
        #expect(try SocketAddress(windows: longer) == SocketAddress(windows: bytes))
        for count in 0..<bytes.count {
            #expect(throws: WSAError.badAddress, "\(count) bytes") {
                try SocketAddress(windows: Array(bytes[..<count]))
            }
        }
    }

    @Test(arguments: [0, 3, 6, 10, 26, 32, 0xFFFF] as [UInt16])
    func `another family is WSAEAFNOSUPPORT`(family: UInt16) {
        let bytes = [UInt8(family & 0xFF), UInt8(family >> 8)] + Self.internet6[2...]
        #expect(throws: WSAError.addressFamilyNotSupported) { try SocketAddress(windows: bytes) }
    }

    @Test func `IPv6 has another number on each system`() {
        #expect(throws: WSAError.addressFamilyNotSupported) {
            try SocketAddress(linux: Self.internet6)
        }
    }

    @Test func `a path ends at its NUL, and an abstract name does not`() throws {
        let bytes: [UInt8] = [1, 0, 65, 66, 0, 67]
        #expect(try SocketAddress(windows: bytes) == .unix(path: [65, 66]))
        let abstract: [UInt8] = [1, 0, 0, 66, 0, 67, 0]
        #expect(try SocketAddress(windows: abstract) == .unix(path: [0, 66, 0, 67, 0]))
    }

    @Test func `random bytes are an address that survives, or are refused`() {
        var generator = SeededGenerator(seed: 0x50CA)
        var count = 0
        for _ in 0..<2000 {
            var bytes = generator.bytes(count: Int(generator.next() % 140))
            if bytes.count > 1 { bytes.replaceSubrange(0..<2, with: [[1, 2, 23][count % 3], 0]) }
            count += 1
            do throws(WSAError) {
                let address = try SocketAddress(windows: bytes)
                #expect(try SocketAddress(windows: address.windowsBytes) == address)
                #expect(try SocketAddress(linux: address.linuxBytes) == address)
            } catch {
                #expect(error == .badAddress)
            }
        }
    }
}
