import Crypto

/// Makes the secrets of tickets. It never leaves the host, and never goes into the database: who
/// reads the log cannot redeem anything.
package struct TicketKey {
    package static let byteCount = 32

    /// Keyed and fed with the log's id already: what is left for each ticket is its number.
    private let prepared: HMAC<SHA256>

    /// - Parameter log: the log's id, 16 hexadecimal digits.
    package init(_ bytes: [UInt8], log: String) {
        precondition(bytes.count == Self.byteCount, "a ticket key has 32 bytes")
        var prepared = HMAC<SHA256>(key: SymmetricKey(data: bytes))
        prepared.update(data: Array(log.utf8))
        self.prepared = prepared
    }

    package static func random() -> [UInt8] {
        unsafe SymmetricKey(size: .bits256).withUnsafeBytes { unsafe Array($0) }
    }

    /// The first 8 bytes of HMAC-SHA256(key, log id ‖ handoff number): the id as its ASCII digits,
    /// the number as 8 big-endian bytes. The same ticket again after a crash, and nothing to store.
    package func secret(of handoff: UInt64) -> UInt64 {
        var code = prepared
        var number = handoff.bigEndian
        unsafe withUnsafeBytes(of: &number) { unsafe code.update(data: $0) }
        var secret: UInt64 = 0
        for byte in code.finalize().prefix(8) { secret = secret << 8 | UInt64(byte) }
        return secret
    }

    /// Compares without telling by its duration how much of the secret was right.
    package static func areEqual(_ a: UInt64, _ b: UInt64) -> Bool { (a ^ b) == 0 }
}
