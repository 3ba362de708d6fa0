/// A file that proves one event to be in the log: C2SP tlog-proof.
package struct EventProof: Equatable, Sendable {
    private static let header = "c2sp.org/tlog-proof@v1"
    /// A tree of 2⁶⁴ leaves has paths of 64 hashes.
    private static let pathMaximum = 64

    package let index: UInt64
    package let path: [TreeHash]
    package let note: SignedNote

    package init(index: UInt64, path: [TreeHash], note: SignedNote) {
        self.index = index
        self.path = path
        self.note = note
    }

    /// Nil unless it is such a file. An `extra` line is none of ours.
    package init?(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.first == Self.header[...], lines.count > 3, lines[1].hasPrefix("index "),
            let index = UInt64(lines[1].dropFirst(6)),
            let gap = lines.firstIndex(of: ""), gap - 2 <= Self.pathMaximum,
            let note = SignedNote(lines[(gap + 1)...].joined(separator: "\n"))
        else { return nil }
        var path: [TreeHash] = []
        for line in lines[2..<gap] {
            guard let hash = TreeHash(base64: line) else { return nil }
            path.append(hash)
        }
        self.init(index: index, path: path, note: note)
        guard description.utf8.elementsEqual(text.utf8) else { return nil }
    }

    /// Whether `body` is that event, by a checkpoint that the key signed.
    package func proves(_ body: [UInt8], by key: VerifierKey) -> Bool {
        guard note.isSigned(by: key), let checkpoint = Checkpoint(note.text),
            checkpoint.origin == key.name
        else { return false }
        return Proof.includes(
            .leaf(body), at: index, size: checkpoint.size, root: checkpoint.root, path: path)
    }
}

extension EventProof: CustomStringConvertible {
    package var description: String {
        "\(Self.header)\nindex \(index)\n" + path.map { "\($0.base64)\n" }.joined() + "\n"
            + note.description
    }
}
