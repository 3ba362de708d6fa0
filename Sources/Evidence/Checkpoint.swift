/// What a coordinator signs: of which log, how many events, and the root over them. C2SP
/// tlog-checkpoint.
package struct Checkpoint: Equatable, Sendable {
    package let origin: String
    package let size: UInt64
    package let root: TreeHash

    package init(origin: String, size: UInt64, root: TreeHash) {
        self.origin = origin
        self.size = size
        self.root = root
    }

    /// The text that is signed. Nil unless it is that of a checkpoint without extension lines.
    package init?(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 4, lines[3] == "", !lines[0].isEmpty, let size = UInt64(lines[1]),
            let root = TreeHash(base64: lines[2])
        else { return nil }
        self.init(origin: String(lines[0]), size: size, root: root)
        guard self.text == text else { return nil }
    }

    package var text: String { "\(origin)\n\(size)\n\(root.base64)\n" }

    package func signed(by keys: [SigningKey]) throws -> SignedNote {
        try SignedNote(text, keys: keys)
    }
}
