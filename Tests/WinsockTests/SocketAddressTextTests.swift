import TestSupport
import Testing
import Winsock

struct SocketAddressTextTests {
    private func address(_ text: String, _ family: Int32) -> Result<SocketAddress, WSAError> {
        Result { () throws(WSAError) in try SocketAddress(text, family: family) }
    }

    private static func internet(_ number: UInt32, _ port: UInt16 = 0) -> SocketAddress {
        .internet(address: InternetAddress(number: number), port: port)
    }

    private static func internet6(
        _ high: UInt64, _ low: UInt64, _ port: UInt16 = 0, scope: UInt32 = 0
    ) -> SocketAddress {
        .internet6(address: InternetAddress6(high: high, low: low), port: port, scope: scope)
    }

    static let rows: [(SocketAddress, String)] = [
        (internet(0), "0.0.0.0"),
        (internet(0x7F00_0001), "127.0.0.1"),
        (internet(0x7F00_0001, 1), "127.0.0.1:1"),
        (internet(0xFFFF_FFFF, 65535), "255.255.255.255:65535"),
        (internet6(0, 0), "::"),
        (internet6(0, 1), "::1"),
        (internet6(0, 1, 80), "[::1]:80"),
        (internet6(0xFE80 << 48, 1, scope: 4), "fe80::1%4"),
        (internet6(0xFE80 << 48, 1, 443, scope: .max), "[fe80::1%4294967295]:443"),
        (internet6(0x2001_0DB8_0000_0000, 0), "2001:db8::"),
        (internet6(0x2001_0DB8_0000_0001, 0x0001_0001_0001_0001), "2001:db8:0:1:1:1:1:1"),
        (internet6(0x2001_0000_0000_0001, 0x0000_0000_0000_0001), "2001:0:0:1::1"),
        (internet6(0x2001_0DB8_0000_0000, 0x0001_0000_0000_0001), "2001:db8::1:0:0:1"),
        (internet6(0x0001_0002_0003_0004, 0x0005_0006_0007_0000), "1:2:3:4:5:6:7:0"),
        (internet6(0x0000_0002_0003_0004, 0x0005_0006_0007_0008), "0:2:3:4:5:6:7:8"),
        (internet6(.max, .max), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        (internet6(0, 0xFFFF_C000_0201), "::ffff:192.0.2.1"),
        (internet6(0, 0xFFFF_C000_0201, 7), "[::ffff:192.0.2.1]:7"),
        (internet6(0, 0xC000_0201), "::192.0.2.1"),
        (internet6(0, 0xFFFF), "::ffff"),
        (internet6(0, 0x1_0000), "::0.1.0.0"),
        (internet6(0, 0x0001_FFFF_0000_0000), "::1:ffff:0:0"),
        (.unix(path: Array("/run/baton.sock".utf8)), "/run/baton.sock"),
    ]

    @Test(arguments: rows)
    func `an address has one text, which is read as that address`(
        address: SocketAddress, text: String
    ) throws {
        #expect(address.text == text)
        #expect(try SocketAddress.text(windows: address.windowsBytes) == text)
        #expect(self.address(text, address.family.rawValue) == .success(address))
    }

    @Test(
        arguments: [
            ("127.0.0.1:0", internet(0x7F00_0001)),
            ("[::1]", internet6(0, 1)),
            ("[::1]:0", internet6(0, 1)),
            ("::1%0", internet6(0, 1)),
            ("0:0:0:0:0:0:0:1", internet6(0, 1)),
            ("0000:0000::0001", internet6(0, 1)),
            ("2001:DB8::A", internet6(0x2001_0DB8_0000_0000, 10)),
            ("1:2:3:4:5:6:7::", internet6(0x0001_0002_0003_0004, 0x0005_0006_0007_0000)),
            ("::2:3:4:5:6:7:8", internet6(0x0000_0002_0003_0004, 0x0005_0006_0007_0008)),
            ("1:2:3:4:5:6:1.2.3.4", internet6(0x0001_0002_0003_0004, 0x0005_0006_0102_0304)),
            ("[fe80::1%2]:9", internet6(0xFE80 << 48, 1, 9, scope: 2)),
        ] as [(String, SocketAddress)])
    func `other texts of the same address are read too`(text: String, expected: SocketAddress) {
        #expect(address(text, expected.family.rawValue) == .success(expected))
    }

    @Test(
        arguments: [
            "", ".", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "256.0.0.1",
            "-1.0.0.1", "+1.0.0.1", "01.2.3.4", "0x7f.0.0.1", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4:",
            "1.2.3.4:65536", "1.2.3.4:+1", "1.2.3.4:080", "1.2.3.4:80:", "1.2.3.4:a", "[1.2.3.4]:1",
            "::1", "host", "1.2.3.4\0", "１.2.3.4",
        ])
    func `what is no IPv4 address is WSAEINVAL`(text: String) {
        #expect(address(text, 2) == .failure(.invalidArgument))
    }

    @Test(
        arguments: [
            "", ":", ":::", "1", "1.2.3.4", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::1::",
            "1::2::3", ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", "1:2:3:4::5:6:7:8", "12345::", "g::",
            "+1::", "-1::", "::1.2.3", "1.2.3.4::", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4",
            "[::1", "::1]", "[::1]80", "[::1]:", "[::1]:65536", "[::1]:-1", "[::1]:80x", "[[::1]]",
            "::1%", "::1%eth0", "::1%-1", "::1%4294967296", "::1%1%2", "%1", "::1 ", " ::1",
            "[]:80", "::１",
        ])
    func `what is no IPv6 address is WSAEINVAL`(text: String) {
        #expect(address(text, 23) == .failure(.invalidArgument))
    }

    @Test func `what is no path is WSAEINVAL`() {
        #expect(address("", 1) == .failure(.invalidArgument))
        #expect(address("a\0b", 1) == .failure(.invalidArgument))
        let longest = String(repeating: "x", count: 108)
        #expect(address(longest, 1) == .success(.unix(path: Array(longest.utf8))))
        #expect(address(longest + "x", 1) == .failure(.invalidArgument))
    }

    @Test(arguments: [0, 10, 6, 32, -1, .min, .max] as [Int32])
    func `text of another family is WSAEINVAL`(family: Int32) {
        #expect(address("127.0.0.1", family) == .failure(.invalidArgument))
    }

    @Test(
        arguments: [
            ([], .badAddress), ([2], .badAddress), ([2, 0, 0, 80], .badAddress),
            ([23, 0] + [UInt8](repeating: 0, count: 14), .badAddress),
            ([0, 0] + [UInt8](repeating: 0, count: 14), .invalidArgument),
            ([1, 0, 0, 65], .invalidArgument), ([1, 0, 0xFF, 0xFE], .invalidArgument),
        ] as [([UInt8], WSAError)])
    func `bytes without a text are refused`(bytes: [UInt8], refusal: WSAError) {
        #expect(throws: refusal) { try SocketAddress.text(windows: bytes) }
    }

    @Test func `a socket without a name has an empty text`() throws {
        #expect(try SocketAddress.text(windows: [1, 0]) == "")
    }

    @Test func `random addresses survive their text`() {
        var generator = SeededGenerator(seed: 0x7E57)
        for _ in 0..<2000 {
            // Half of the groups are zero, so that runs of every length and place occur.
            let zeros = generator.next()
            func half(_ shift: Int) -> UInt64 {
                (0..<4).reduce(0) { sum, index in
                    let isZero = zeros >> (shift + index) & 1 == 0
                    return sum << 16 | (isZero ? 0 : generator.next() & 0xFFFF)
                }
            }
            let port = UInt16(truncatingIfNeeded: generator.next())
            let scope = UInt32(truncatingIfNeeded: generator.next() >> 40)
            let six = Self.internet6(half(0), half(4), port, scope: scope)
            let four = Self.internet(UInt32(truncatingIfNeeded: generator.next()), port)
            for address in [six, four] {
                let text = address.text ?? "none"
                #expect(self.address(text, address.family.rawValue) == .success(address))
            }
        }
    }
}
