import Testing
import Winsock
import Wire

/// What can be told of a presented record without the ticket key.
struct PresentedRecordTests {
    private func presented(_ record: [UInt8]) throws -> Request.PresentedRecord? {
        guard case .redeem(let redeem) = try decodeRequest(Samples.redeem(record)) else {
            return nil
        }
        return redeem.record
    }

    @Test(arguments: [0, 1, 116, 371, 373, 627, 629, 744, 2000])
    func `a record of another size is malformed`(count: Int) throws {
        #expect(try presented([UInt8](repeating: 1, count: count)) == .malformed)
    }

    @Test(arguments: ProtocolInfo.Form.allCases)
    func `a record without a ticket is plain`(form: ProtocolInfo.Form) throws {
        #expect(try presented([UInt8](repeating: 0, count: form.byteCount)) == .plain)
        for entry in Catalog.entries {
            #expect(try presented(entry.info.encoded(as: form)) == .plain)
        }
    }

    @Test(arguments: ProtocolInfo.Form.allCases)
    func `a change of any public field shows`(form: ProtocolInfo.Form) throws {
        let ticketBytes = Set(4..<16).union(112..<116)
        for offset in 0..<116 where !ticketBytes.contains(offset) {
            var record = Samples.record(form)
            record[offset] ^= 0x80
            guard
                case .ticket(let handoff, let secret, let catalog, true)? = try presented(record)
            else {
                Issue.record("the change at \(offset) does not show")
                return
            }
            #expect((handoff, secret) == (Samples.ticket.handoff, Samples.ticket.secret))
            #expect((catalog == 1001) == !(36..<40).contains(offset))
        }
    }

    @Test func `a change of the ticket gives another ticket`() throws {
        for offset in Array(4..<16) + Array(112..<116) {
            var record = Samples.record(.wide)
            record[offset] ^= 1
            guard case .ticket(let handoff, let secret, _, let isAltered)? = try presented(record)
            else {
                Issue.record("no ticket at \(offset)")
                return
            }
            #expect(!isAltered)
            #expect((handoff, secret) != (Samples.ticket.handoff, Samples.ticket.secret))
        }
    }

    @Test func `a strange catalog entry is altered`() throws {
        var record = [UInt8](repeating: 0, count: 628)
        record[8] = 1
        #expect(
            try presented(record) == .ticket(handoff: 0, secret: 1, catalog: 0, isAltered: true))
    }
}
