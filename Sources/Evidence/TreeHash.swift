import Crypto

/// A SHA-256 of the tree, by RFC 6962: of a leaf, of an interior node, or of a whole tree.
package struct TreeHash: Hashable, Sendable {
    package static let byteCount = 32

    /// The 32 bytes as they stand in memory: four words are quicker to move than an array.
    private let words: SIMD4<UInt64>

    /// The root of a tree without leaves: the hash of nothing.
    package static let empty = TreeHash(SHA256.hash(data: [UInt8]()))

    private init(_ digest: SHA256.Digest) {
        words = unsafe digest.withUnsafeBytes { unsafe $0.loadUnaligned(as: SIMD4<UInt64>.self) }
    }

    /// Nil unless there are 32 bytes.
    package init?(_ bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == Self.byteCount else { return nil }
        words = unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(as: SIMD4<UInt64>.self) }
    }

    package init?(base64 text: some StringProtocol) {
        guard let bytes = Base64.bytes(text) else { return nil }
        self.init(bytes)
    }

    package var bytes: [UInt8] { unsafe withUnsafeBytes(of: words) { unsafe Array($0) } }
    package var base64: String { Base64.text(bytes) }

    /// SHA-256(0x00 ‖ body): the hash of an event.
    package static func leaf(_ body: Span<UInt8>) -> TreeHash {
        unsafe body.withUnsafeBytes { unsafe leaf($0) }
    }

    package static func leaf(_ body: [UInt8]) -> TreeHash { leaf(body.span) }

    private static func leaf(_ body: UnsafeRawBufferPointer) -> TreeHash {
        var hash = SHA256()
        let prefix: UInt8 = 0
        unsafe withUnsafeBytes(of: prefix) { unsafe hash.update(bufferPointer: $0) }
        unsafe hash.update(bufferPointer: body)
        return TreeHash(hash.finalize())
    }

    /// SHA-256(0x01 ‖ left ‖ right).
    package static func node(_ left: TreeHash, _ right: TreeHash) -> TreeHash {
        unsafe withUnsafeTemporaryAllocation(byteCount: 65, alignment: 1) { buffer in
            unsafe buffer.storeBytes(of: 1, as: UInt8.self)
            unsafe buffer.storeBytes(of: left.words, toByteOffset: 1, as: SIMD4<UInt64>.self)
            unsafe buffer.storeBytes(of: right.words, toByteOffset: 33, as: SIMD4<UInt64>.self)
            var hash = SHA256()
            unsafe hash.update(bufferPointer: UnsafeRawBufferPointer(buffer))
            return TreeHash(hash.finalize())
        }
    }

    /// The bytes of hashes, one after the other: as they stand in memory.
    package static func bytes(of hashes: [TreeHash]) -> [UInt8] {
        unsafe hashes.withUnsafeBytes { unsafe Array($0) }
    }
}

extension TreeHash: CustomStringConvertible {
    package var description: String { base64 }
}
