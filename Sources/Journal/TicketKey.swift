import Crypto

/// Makes the secrets of tickets. It never leaves the host, and never goes into the database: who
/// reads the log cannot redeem anything.
package struct TicketKey: Sendable {
    package static let byteCount = 32

    private let key: SymmetricKey
    private let log: [UInt8]

    /// - Parameter log: the log's id, 16 hexadecimal digits.
    package init(_ bytes: [UInt8], log: String) {
        precondition(bytes.count == Self.byteCount, "a ticket key has 32 bytes")
        key = SymmetricKey(data: bytes)
        self.log = Array(log.utf8)
    }

    package static func random() -> [UInt8] {
        unsafe SymmetricKey(size: .bits256).withUnsafeBytes { unsafe Array($0) }
    }

    /// The first 8 bytes of HMAC-SHA256(key, log id ‖ handoff number), both as big-endian bytes: the
    /// same ticket again after a crash, and nothing to store.
    package func secret(of handoff: UInt64) -> UInt64 {
        var message = log
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            message.append(UInt8(truncatingIfNeeded: handoff >> shift))
        }
        var code = HMAC<SHA256>(key: key)
        code.update(data: message)
        var secret: UInt64 = 0
        for byte in code.finalize().prefix(8) { secret = secret << 8 | UInt64(byte) }
        return secret
    }

    /// Compares without telling by its duration how much of the secret was right.
    package func isGenuine(secret: UInt64, of handoff: UInt64) -> Bool {
        (secret ^ self.secret(of: handoff)) == 0
    }
}
