import Testing

@testable import Journal

struct TicketKeyTests {
    private static let bytes = (0..<32).map { UInt8($0) }

    /// Computed with Python's hmac over the ASCII digits of the log id and the number as 8 bytes,
    /// the most significant first; the first 8 bytes of the result.
    @Test(
        arguments: [
            (0, "00112233445566ff", 7, 0xed93_01b0_94a3_fa59),
            (0, "00112233445566ff", 8, 0xdeb9_523f_586e_289e),
            (0, "00112233445566fe", 7, 0x1aa5_b10e_467d_c264),
            (1, "00112233445566ff", 7, 0xec11_8781_2cc4_ee5f),
            (0, "00112233445566ff", 0, 0x5c28_bc9f_75dd_e6c4),
            (0, "00112233445566ff", .max, 0xdb62_e28d_5628_9456),
            (0, "00112233445566ff", 0x0102_0304_0506_0708, 0x7bfa_eb58_e6a0_dd16),
        ] as [(UInt8, String, UInt64, UInt64)])
    func `a secret is the HMAC of the log and the handoff`(
        _ first: UInt8, _ log: String, _ handoff: UInt64, _ secret: UInt64
    ) {
        let key = TicketKey(Self.bytes.map { $0 + first }, log: log)
        #expect(key.secret(of: handoff) == secret)
        // The same key gives it again, whatever it was asked in between.
        _ = key.secret(of: handoff ^ 1)
        #expect(key.secret(of: handoff) == secret)
        #expect(TicketKey(Self.bytes.map { $0 + first }, log: log).secret(of: handoff) == secret)
    }

    @Test func `no two handoffs of a log have the same secret`() {
        let key = TicketKey(Self.bytes, log: Golden.log)
        #expect(Set((0..<10_000).map { key.secret(of: $0) }).count == 10_000)
    }

    @Test func `a key is 32 random bytes`() async {
        #expect(TicketKey.random().count == TicketKey.byteCount)
        #expect(TicketKey.random() != TicketKey.random())
        await #expect(processExitsWith: .failure) {
            _ = TicketKey([1, 2, 3], log: Golden.log)
        }
    }

    @Test func `secrets are compared in all their bits`() {
        for bit in 0..<64 as Range<UInt64> {
            #expect(!TicketKey.areEqual(5, 5 ^ (1 << bit)))
        }
        #expect(TicketKey.areEqual(5, 5))
    }
}
