import Testing
import Winsock

struct ProtocolListingTests {
    private func listing(
        _ protocols: [Int32]?, _ form: ProtocolInfo.Form, _ byteCount: Int
    ) -> ProtocolListing {
        ProtocolListing(protocols: protocols, as: form, bufferByteCount: byteCount)
    }

    @Test(arguments: ProtocolInfo.Form.allCases, [[0xDEAD, 6, 0xCAFE, 17, 0xBEEF, 0], nil])
    func `E1, S32: a buffer that is too small is told what is needed`(
        form: ProtocolInfo.Form, protocols: [Int32]?
    ) {
        let count = protocols == nil ? 7 : 4
        let needed = count * form.byteCount
        for short in [0, 1, form.byteCount, needed - 1] {
            #expect(listing(protocols, form, short) == .tooSmall(requiredByteCount: needed))
        }
        for enough in [needed, needed + 1] {
            guard case .records(let bytes, count) = listing(protocols, form, enough) else {
                Issue.record("a buffer of \(enough) bytes is enough")
                continue
            }
            #expect(bytes.count == needed)
        }
    }

    @Test(
        arguments: [
            (nil, [1001, 1002, 1004, 1005, 1007, 1008, 1009]),
            ([0xDEAD, 6, 0xCAFE, 17, 0xBEEF, 0], [1001, 1002, 1004, 1005]),
            ([6, 0, 17], [1001, 1004]),
            ([17], [1002, 1005]),
            ([0], []),
            ([], []),
            ([1, 58, 0], []),
        ] as [([Int32]?, [UInt32])])
    func `E2: the list is filtered, and nothing hidden is in it`(
        protocols: [Int32]?, ids: [UInt32]
    ) throws {
        for form in ProtocolInfo.Form.allCases {
            guard case .records(let bytes, let count) = listing(protocols, form, 10_000) else {
                Issue.record("10,000 bytes are enough")
                continue
            }
            let size = form.byteCount
            try #require(bytes.count == count * size)
            let records = try (0..<count).map {
                try ProtocolInfo(Array(bytes[$0 * size..<($0 + 1) * size]), form: form)
            }
            #expect(records == Catalog.entries.filter { ids.contains($0.id) }.map(\.info))
            #expect(records.allSatisfy { !$0.name.isEmpty && !$0.providerFlags.contains(.hidden) })
            #expect(records.allSatisfy { $0.ticket == nil })
        }
    }
}
