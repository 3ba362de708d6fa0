/// A text with signatures: C2SP signed-note.
package struct SignedNote: Equatable, Sendable {
    package struct Signature: Equatable, Sendable {
        package let name: String
        package let keyID: [UInt8]
        package let bytes: [UInt8]

        var line: String { "\u{2014} \(name) \(Base64.text(keyID + bytes))\n" }
    }

    /// A note of ours has less than 1 KiB; witnesses may add lines to a copy.
    package static let byteCountMaximum = 65_536

    /// Ends with a newline.
    package let text: String
    package private(set) var signatures: [Signature] = []

    /// Signs `text` with each of the keys.
    package init(_ text: String, keys: [SigningKey]) throws {
        self.text = text
        for key in keys {
            signatures.append(
                Signature(
                    name: key.verifier.name, keyID: key.verifier.id, bytes: try key.sign(text)))
        }
    }

    /// Nil unless it is a signed note in the one way of writing it.
    package init?(_ note: String) {
        guard note.utf8.count <= Self.byteCountMaximum else { return nil }
        let lines = note.split(separator: "\n", omittingEmptySubsequences: false)
        // The last line ends too, so the last part is empty.
        guard lines.last == "", let gap = lines.dropLast().lastIndex(of: ""), gap > 0 else {
            return nil
        }
        for line in lines[(gap + 1)...].dropLast() {
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count == 3, words[0] == "\u{2014}", VerifierKey.isName(words[1]),
                let blob = Base64.bytes(words[2]), blob.count > 4
            else { return nil }
            signatures.append(
                Signature(
                    name: String(words[1]), keyID: Array(blob.prefix(4)),
                    bytes: Array(blob.dropFirst(4))))
        }
        text = lines[..<gap].map { "\($0)\n" }.joined()
        guard !signatures.isEmpty, description.utf8.elementsEqual(note.utf8) else { return nil }
    }

    /// Whether one of the signatures is this key's, and right. A line with the key's name and id
    /// and another signature makes the whole note invalid.
    package func isSigned(by key: VerifierKey) -> Bool {
        let lines = signatures.filter { $0.name == key.name && $0.keyID == key.id }
        return !lines.isEmpty && lines.allSatisfy { key.isValid($0.bytes, of: text) }
    }

    /// Whether each of the keys has signed it once, and nobody else has: then no byte of the note
    /// can be another.
    package func isSignedOnly(by keys: [VerifierKey]) -> Bool {
        signatures.count == keys.count && keys.allSatisfy(isSigned)
    }
}

extension SignedNote: CustomStringConvertible {
    package var description: String { text + "\n" + signatures.map(\.line).joined() }
}
