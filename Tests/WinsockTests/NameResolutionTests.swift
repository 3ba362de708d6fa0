import Testing
import Winsock

struct NameResolutionTests {
    @Test(
        arguments: [
            (0x0, 0x0), (0x1, 0x1), (0x2, 0x2), (0x4, 0x4), (0x8, 0x400), (0x100, 0x10),
            (0x400, 0x20), (0x800, 0x8), (0xD0F, 0x43F),
        ] as [(Int32, Int32)])
    func `flags of getaddrinfo have other numbers on Linux`(windows: Int32, linux: Int32) throws {
        #expect(try AddressInfoFlags(rawValue: windows).linux() == linux)
        #expect(AddressInfoFlags(linux: linux).rawValue == windows)
    }

    @Test(
        arguments: [
            (0x0, 0x0), (0x1, 0x4), (0x2, 0x1), (0x4, 0x8), (0x8, 0x2), (0x10, 0x10),
            (0x1F, 0x1F),
        ] as [(Int32, Int32)])
    func `flags of getnameinfo have other numbers on Linux`(windows: Int32, linux: Int32) throws {
        #expect(try NameInfoFlags(rawValue: windows).linux() == linux)
        #expect(NameInfoFlags(linux: linux).rawValue == windows)
    }

    @Test func `each flag has the number of the header`() {
        #expect(AddressInfoFlags.passive.rawValue == 0x1)
        #expect(AddressInfoFlags.canonicalName.rawValue == 0x2)
        #expect(AddressInfoFlags.numericHost.rawValue == 0x4)
        #expect(AddressInfoFlags.numericService.rawValue == 0x8)
        #expect(AddressInfoFlags.all.rawValue == 0x100)
        #expect(AddressInfoFlags.configuredAddresses.rawValue == 0x400)
        #expect(AddressInfoFlags.mappedAddresses.rawValue == 0x800)
        #expect(NameInfoFlags.localNameOnly.rawValue == 0x1)
        #expect(NameInfoFlags.numericHost.rawValue == 0x2)
        #expect(NameInfoFlags.nameRequired.rawValue == 0x4)
        #expect(NameInfoFlags.numericService.rawValue == 0x8)
        #expect(NameInfoFlags.datagramService.rawValue == 0x10)
    }

    @Test func `an unknown flag is WSAEINVAL one way and left out the other`() {
        for bit in 0..<32 {
            let flag = Int32(bitPattern: 1 << UInt32(bit))
            if 0xD0F & flag == 0 {
                #expect(throws: WSAError.invalidArgument, "bit \(bit)") {
                    try AddressInfoFlags(rawValue: flag | 1).linux()
                }
            }
            if 0x1F & flag == 0 {
                #expect(throws: WSAError.invalidArgument, "bit \(bit)") {
                    try NameInfoFlags(rawValue: flag | 1).linux()
                }
                #expect(NameInfoFlags(linux: flag).isEmpty)
            }
            if 0x43F & flag == 0 { #expect(AddressInfoFlags(linux: flag).isEmpty) }
        }
    }

    @Test(
        arguments: [
            (-1, 10_022), (-2, 11_001), (-3, 11_002), (-4, 11_003), (-5, 11_004), (-6, 10_047),
            (-7, 10_044), (-8, 10_109), (-9, 11_004), (-10, 8), (-12, 10_014), (-104, 10_004),
            (-105, 11_001), (-100, 11_003), (1, 11_003), (.min, 11_003),
        ] as [(Int32, Int32)])
    func `a result of name resolution is a WSA code`(result: Int32, code: Int32) {
        #expect(NameResolutionError.code(forLinux: result, errno: 13).rawValue == code)
    }

    @Test(arguments: [(13, 10_013), (24, 10_024), (111, 10_061)] as [(Int32, Int32)])
    func `EAI_SYSTEM is what errno says`(errno: Int32, code: Int32) {
        #expect(NameResolutionError.code(forLinux: -11, errno: errno).rawValue == code)
    }
}
