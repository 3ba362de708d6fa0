import Testing

@testable import Evidence

struct NoteTests {
    @Test func `the other program's notes are read, verified, and written the same`() throws {
        let golden = try Golden.read()
        let key = try #require(VerifierKey(golden.vkey))
        #expect(key.description == golden.vkey)
        #expect(key.name == Golden.name)
        for (text, size) in [(golden.checkpoint, Golden.leafCount), (golden.old, 42_007)] {
            let note = try #require(SignedNote(text))
            #expect(note.description == text)
            #expect(note.isSigned(by: key))
            let checkpoint = try #require(Checkpoint(note.text))
            #expect(checkpoint.origin == Golden.name && checkpoint.size == size)
            #expect(checkpoint.root.base64 == Golden.roots[size])
        }
    }

    @Test func `we sign what the other program's key verifies`() throws {
        let golden = try Golden.read()
        let key = try #require(SigningKey(Golden.seed, name: Golden.name))
        #expect(key.verifier.description == golden.vkey)
        let checkpoint = try #require(SignedNote(golden.checkpoint).flatMap { Checkpoint($0.text) })
        let note = try checkpoint.signed(by: [key])
        #expect(note.isSigned(by: key.verifier))
        // Ed25519 of RFC 8032 gives the same signature each time; this library's does not have to.
        #expect(note.text + "\n" == golden.checkpoint.prefix(note.text.count + 1))
    }

    @Test func `a note with two signatures is signed by both keys, and by no third`() throws {
        let keys = try (1...3).map { number in
            try #require(
                SigningKey([UInt8](repeating: UInt8(number), count: 32), name: "a/b"))
        }
        let note = try Checkpoint(origin: "a/b", size: 9, root: .empty).signed(
            by: [keys[0], keys[1]])
        let again = try #require(SignedNote(note.description))
        #expect(again == note)
        #expect(keys.map { again.isSigned(by: $0.verifier) } == [true, true, false])
    }

    @Test func `no bit of a note can be turned`() throws {
        let golden = try Golden.read()
        let key = try #require(VerifierKey(golden.vkey))
        let bytes = Array(golden.checkpoint.utf8)
        for index in bytes.indices {
            for bit in 0..<8 {
                var other = bytes
                other[index] ^= 1 << UInt8(bit)
                guard let text = String(validating: other, as: UTF8.self) else { continue }
                #expect(SignedNote(text)?.isSigned(by: key) != true, "byte \(index) bit \(bit)")
            }
        }
    }

    @Test func `no bit of a proof can be turned, and it proves no other event`() throws {
        let golden = try Golden.read()
        let key = try #require(VerifierKey(golden.vkey))
        let text = try Golden.text(of: "ev.tlog-proof")
        let body = Array(golden.leaf.utf8)
        let proof = try #require(EventProof(text))
        #expect(proof.description == text)
        #expect(proof.proves(body, by: key))
        #expect(!proof.proves(body + [32], by: key))
        for index in text.utf8.indices {
            var other = Array(text.utf8)
            other[text.utf8.distance(from: text.startIndex, to: index)] ^= 1
            guard let text = String(validating: other, as: UTF8.self) else { continue }
            #expect(EventProof(text)?.proves(body, by: key) != true)
        }
    }

    @Test(arguments: [
        "", "\n", "a\n", "a\n1\n", "a\n1\nAAAA\n", "\n1\n\(TreeHash.empty.base64)\n",
        "a\n01\n\(TreeHash.empty.base64)\n", "a\n1\n\(TreeHash.empty.base64)",
        "a\n1\n\(TreeHash.empty.base64)\nmore\n", "a\n-1\n\(TreeHash.empty.base64)\n",
        "a\n+1\n\(TreeHash.empty.base64)\n",
    ])
    func `what is no checkpoint is refused`(_ text: String) {
        #expect(Checkpoint(text) == nil)
    }

    @Test(arguments: [
        "", "a", "a+b", "a+00000000+AAAA", "a b+d8adb843+AQ==", "+d8adb843+AQ==",
        "handoff.example/host-7f3a9c/4b1d2e90+d8adb844+"
            + "AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "handoff.example/host-7f3a9c/4b1d2e90+D8ADB843+"
            + "AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
    ])
    func `what is no key is refused`(_ text: String) {
        #expect(VerifierKey(text) == nil)
    }

    @Test func `base64 has one text for each value, and one value for each text`() {
        let texts = ["": "", "f": "Zg==", "fo": "Zm8=", "foo": "Zm9v", "foobar": "Zm9vYmFy"]
        for (bytes, text) in texts {
            #expect(Base64.text(Array(bytes.utf8)) == text)
            #expect(Base64.bytes(text) == Array(bytes.utf8))
        }
        for text in ["Zg=", "Zg", "Zh==", "Zm9=", "Zm9v====", "Z===", "====", "Zm9v\n", "Zm9-"] {
            #expect(Base64.bytes(text) == nil, "\(text)")
        }
    }

    @Test func `a key has 32 bytes and a name without space or plus`() {
        #expect(SigningKey([1], name: "a") == nil)
        for name in ["", "a b", "a+b", "a\n"] {
            #expect(SigningKey(Golden.seed, name: name) == nil)
        }
    }
}
