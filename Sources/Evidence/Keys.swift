import Crypto

/// The public half of a key that signs checkpoints: what an auditor gets by another way than the
/// log. Its text is the vkey of C2SP signed-note: `name+keyid+base64`.
package struct VerifierKey: Hashable, Sendable, CustomStringConvertible {
    /// The type byte of Ed25519.
    private static let algorithm: UInt8 = 1

    /// Whose key it is: the origin of the log.
    package let name: String
    /// The first four bytes of SHA-256(name ‖ LF ‖ type ‖ key): a hint which key signed.
    package let id: [UInt8]
    package let publicKey: [UInt8]

    init(name: String, publicKey: [UInt8]) {
        self.name = name
        self.publicKey = publicKey
        let text = Array(name.utf8) + [10, Self.algorithm] + publicKey
        id = Array(SHA256.hash(data: text).prefix(4))
    }

    /// Nil unless it is the text of an Ed25519 key.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, Self.isName(parts[0]), let key = Base64.bytes(parts[2]),
            key.count == 33, key[0] == Self.algorithm
        else { return nil }
        self.init(name: String(parts[0]), publicKey: Array(key.dropFirst()))
        guard description == text else { return nil }
    }

    package var description: String {
        let digits = id.map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        return "\(name)+\(digits)+\(Base64.text([Self.algorithm] + publicKey))"
    }

    /// Whether a name can stand in a signature line and in a vkey.
    static func isName(_ name: some StringProtocol) -> Bool {
        !name.isEmpty
            && !name.unicodeScalars.contains { $0 == "+" || $0.properties.isWhitespace }
    }

    func isValid(_ signature: [UInt8], of text: String) -> Bool {
        do {
            return try Curve25519.Signing.PublicKey(rawRepresentation: publicKey)
                .isValidSignature(signature, for: Array(text.utf8))
        } catch {
            // 32 bytes that are no point of the curve verify nothing.
            return false
        }
    }
}

/// Signs checkpoints with Ed25519.
package struct SigningKey: Sendable {
    package static let byteCount = 32

    private let key: Curve25519.Signing.PrivateKey
    package let verifier: VerifierKey

    /// Nil unless there are 32 bytes and the name can stand in a note.
    package init?(_ seed: [UInt8], name: String) {
        guard seed.count == Self.byteCount, VerifierKey.isName(name) else { return nil }
        do {
            key = try Curve25519.Signing.PrivateKey(rawRepresentation: seed)
        } catch {
            return nil
        }
        verifier = VerifierKey(name: name, publicKey: Array(key.publicKey.rawRepresentation))
    }

    package static func random() -> [UInt8] {
        unsafe SymmetricKey(size: .bits256).withUnsafeBytes { unsafe Array($0) }
    }

    func sign(_ text: String) throws -> [UInt8] {
        Array(try key.signature(for: Array(text.utf8)))
    }
}
