import Registry
import Testing
import Winsock

@testable import Journal

struct BodyTests {
    @Test func `every kind of event has a golden body`() {
        #expect(Set(Golden.all.map(\.content.kind)) == Set(EventKind.allCases))
    }

    @Test(arguments: Golden.all) func `an event has exactly this body`(_ golden: Golden) {
        var encoder = EventEncoder(log: Golden.log)
        let body = encoder.encode(golden.event)
        #expect(String(decoding: body, as: UTF8.self) == golden.body)
        // The buffer is used again: nothing of one event stays for the next.
        #expect(encoder.encode(golden.event) == body)
    }

    @Test(arguments: Golden.all) func `a body is read back as its event`(_ golden: Golden) throws {
        let decoded = try DecodedEvent(Array(golden.body.utf8))
        #expect(decoded.event == golden.event)
        #expect(decoded.log == Golden.log)
    }

    @Test(arguments: Golden.all) func `the columns can be derived from the body`(
        _ golden: Golden
    ) throws {
        let columns = EventColumns(try DecodedEvent(Array(golden.body.utf8)).event)
        #expect(columns.kind == golden.content.kind)
        #expect(columns.named == golden.columns)
    }

    @Test func `the keys stand in the order of their bytes, and each is found by its name`() {
        let names = Key.allCases.map(\.name)
        #expect(names == names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) })
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { $0.allSatisfy { $0 == "_" || ("a"..."z").contains($0) } })
        for key in Key.allCases { #expect(Key(name: key.name) == key) }
        #expect(Key(name: "ticket") == nil)
    }

    @Test func `the bodies of a handoff have at most 240 bytes on average`() {
        let request = RequestID(nonce: .max, counter: 1_000_001, watermark: 1_000_000)
        let contents: [Event.Content] = [
            .handoffIssued(
                Event.Issued(
                    actor: 1_000_001, target: 1_000_002, socket: 1_000_003, form: .wide,
                    catalog: 1001, family: 2, type: 1, protocolNumber: 6, services: 0x20066,
                    flags: 1, lifetime: 300_000_000, request: request)),
            .handoffReserved(
                Event.Reserved(
                    actor: 1_000_002, handoff: 1_000_004, attempt: 1, flags: 1, request: request)),
            .handoffDelivered(handoff: 1_000_004, how: .confirmed),
            .descriptorClosed(process: 1_000_002, socket: 1_000_003, how: .closesocket),
        ]
        let time = Instant(
            wallMicroseconds: Golden.time.wallMicroseconds, bootMicroseconds: 9_999_999_999_999)
        var encoder = EventEncoder(log: Golden.log)
        let sizes = contents.map { content in
            encoder.encode(
                Event(sequence: 1_000_007, time: time, cause: nil, content: content)
            ).count
        }
        #expect(sizes.reduce(0, +) <= 240 * sizes.count, "\(sizes)")
    }
}
