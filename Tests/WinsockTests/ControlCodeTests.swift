import Testing
import Winsock

struct ControlCodeTests {
    static let rows: [(UInt32, ControlCode, UInt?)] = [
        (0x8004_667E, .nonBlocking, 0x5421), (0x4004_667F, .unreadByteCount, 0x541B),
        (0x4004_7307, .atMark, 0x8905), (0x8800_000B, .setQualityOfService, nil),
    ]

    @Test(arguments: rows)
    func `a command is known by its Windows code`(
        code: UInt32, control: ControlCode, linux: UInt?
    ) throws {
        #expect(try ControlCode(control: code) == control)
        #expect(control.linux == linux)
        if control == .setQualityOfService {
            #expect(throws: WSAError.invalidArgument) { try ControlCode(socketControl: code) }
        } else {
            #expect(try ControlCode(socketControl: code) == control)
        }
    }

    @Test func `every command has its row`() {
        #expect(Self.rows.map(\.1) == ControlCode.allCases)
    }

    @Test(
        arguments: [
            ("FIOASYNC", 0x8004_667D, .invalidArgument),
            ("Linux' FIONBIO", 0x5421, .invalidArgument),
            ("FIONBIO of an 8-byte u_long", 0x8008_667E, .invalidArgument),
            ("nothing", 0, .invalidArgument),
            ("SIO_GET_QOS", 0xC800_0007, .operationNotSupported),
            ("SIO_GET_EXTENSION_FUNCTION_POINTER", 0xC800_0006, .operationNotSupported),
            ("SIO_ADDRESS_LIST_CHANGE", 0x2800_0017, .operationNotSupported),
            ("SIO_KEEPALIVE_VALS", 0x9800_0004, .operationNotSupported),
            ("a code of an address family", 0x9000_0001, .operationNotSupported),
        ] as [(String, UInt32, WSAError)])
    func `other commands are refused by what they are`(
        name: String, code: UInt32, refusal: WSAError
    ) {
        #expect(throws: refusal) { try ControlCode(control: code) }
        #expect(throws: WSAError.invalidArgument) { try ControlCode(socketControl: code) }
    }

    @Test(
        arguments: [
            (true, true, true), (true, false, true), (false, true, false), (false, false, true),
        ])
    func `without a mark Windows says that it is reached`(
        linux: Bool, hasUrgentData: Bool, isAtMark: Bool
    ) {
        #expect(ControlCode.isAtMark(linux: linux, hasUrgentData: hasUrgentData) == isAtMark)
    }
}
