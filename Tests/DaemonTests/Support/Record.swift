import Testing
import Winsock

/// A record as peers write it: hexadecimal digits.
struct Record {
    var bytes: [UInt8]

    init(_ text: String) throws {
        let digits = Array(text)
        bytes = try stride(from: 0, to: digits.count, by: 2).map { index in
            try #require(UInt8(String(digits[index...index + 1]), radix: 16))
        }
    }

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var text: String {
        bytes.map { byte in byte < 16 ? "0\(String(byte, radix: 16))" : String(byte, radix: 16) }
            .joined()
    }

    /// The number of the handoff, as its ticket says.
    var handoff: UInt64 {
        get throws {
            let ticket = Ticket(record: bytes.span)
            return try #require(ticket).handoff
        }
    }
}
