import Crypto

/// Makes the secrets of tickets. It never leaves the host, and never goes into the database: who
/// reads the log cannot redeem anything.
package struct TicketKey {
    package static let byteCount = 32

    /// The two hashes of RFC 2104, fed with all that is the same for every ticket. CryptoKit's HMAC
    /// takes three times as long for the eight bytes that are left.
    private let inner: SHA256
    private let outer: SHA256

    /// - Parameter log: the log's id, 16 hexadecimal digits.
    package init(_ bytes: [UInt8], log: String) {
        precondition(bytes.count == Self.byteCount, "a ticket key has 32 bytes")
        var inner = SHA256()
        var outer = SHA256()
        let room = [UInt8](repeating: 0, count: SHA256.blockByteCount - bytes.count)
        inner.update(data: (bytes + room).map { $0 ^ 0x36 })
        outer.update(data: (bytes + room).map { $0 ^ 0x5c })
        inner.update(data: Array(log.utf8))
        self.inner = inner
        self.outer = outer
    }

    package static func random() -> [UInt8] {
        unsafe SymmetricKey(size: .bits256).withUnsafeBytes { unsafe Array($0) }
    }

    /// The first 8 bytes of HMAC-SHA256(key, log id ‖ handoff number): the id as its ASCII digits,
    /// the number as 8 big-endian bytes. The same ticket again after a crash, and nothing to store.
    package func secret(of handoff: UInt64) -> UInt64 {
        var inner = inner
        var outer = outer
        var number = handoff.bigEndian
        unsafe withUnsafeBytes(of: &number) { unsafe inner.update(bufferPointer: $0) }
        unsafe inner.finalize().withUnsafeBytes { unsafe outer.update(bufferPointer: $0) }
        return unsafe outer.finalize().withUnsafeBytes {
            UInt64(bigEndian: unsafe $0.loadUnaligned(as: UInt64.self))
        }
    }

    /// Compares without telling by its duration how much of the secret was right.
    package static func areEqual(_ a: UInt64, _ b: UInt64) -> Bool { (a ^ b) == 0 }
}
