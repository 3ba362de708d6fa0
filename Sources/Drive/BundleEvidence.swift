package import Evidence
import Journal

/// What a bundle brings to prove that its events are those of the log, checked against itself:
/// only who has one of the keys from elsewhere knows that they are those of *that* log.
package struct BundleEvidence: Equatable, Sendable {
    /// Signed by the last of the keys.
    package let checkpoint: Checkpoint
    /// In the order in which they took over, each of them proved by the one before.
    package let keys: [VerifierKey]
    /// How many of the bundle's events are under the checkpoint, from the first on.
    package let covered: UInt64
}

/// The lines of evidence in a bundle, as they are packed and read.
struct EvidenceLines {
    private let stored: StoredCheckpoint
    private var keys: [VerifierKey]
    private let covered: UInt64
    /// What the tree has beside the events, and where that is said.
    private var path: (hashes: [TreeHash], line: Int)?
    /// Where the checkpoint is.
    private let line: Int
    private let log: String

    /// How many of the events are hashed, to be compared.
    var leafCount: UInt64 { covered }

    // MARK: - Packing

    static func lines(_ evidence: RangeEvidence) -> [BundleLine] {
        func text(_ value: some CustomStringConvertible) -> String {
            Base64.text(Array(value.description.utf8))
        }
        var lines = [
            BundleLine(
                .checkpoint,
                [
                    ("covered", "\(evidence.covered)"), ("key", text(evidence.firstKey)),
                    ("note", text(evidence.stored.note)),
                ])
        ]
        lines += evidence.takeovers.map {
            BundleLine(
                .proof,
                [
                    ("of", Subject.key.rawValue), ("event", Base64.text($0.body)),
                    ("path", text($0.proof)),
                ])
        }
        guard evidence.covered > 0 else { return lines }
        return lines + [
            BundleLine(
                .proof,
                [
                    ("of", Subject.events.rawValue),
                    ("path", Base64.text(TreeHash.bytes(of: evidence.path))),
                ])
        ]
    }

    /// What a `proof` is of.
    private enum Subject: String {
        case key, events
    }

    // MARK: - Reading

    /// From a `checkpoint` of a bundle of these events of `log`.
    init(
        _ part: BundleLine, of events: ClosedRange<UInt64>, log: String, line: Int
    ) throws(BundleError) {
        guard let stored = try StoredCheckpoint(part.decodedText("note", line: line)) else {
            throw .damaged(line, "“note” is no signed checkpoint")
        }
        guard let key = try VerifierKey(part.decodedText("key", line: line)),
            key.name == stored.checkpoint.origin
        else { throw .damaged(line, "“key” is no key of the checkpoint's log") }
        let size = stored.checkpoint.size
        covered = min(size - min(size, events.lowerBound), UInt64(events.count))
        guard try part.number("covered", line: line) == covered else {
            throw .damaged(line, "the checkpoint covers \(covered) of the events, and not as said")
        }
        self.stored = stored
        self.line = line
        self.log = log
        keys = [key]
    }

    mutating func add(_ part: BundleLine, line: Int) throws(BundleError) {
        guard path == nil else { throw .damaged(line, "it follows the proof of the events") }
        guard let subject = part["of"].flatMap(Subject.init(rawValue:)) else {
            throw .notOurs(line, "there is no proof of “\(part["of"] ?? "")” in this version")
        }
        switch subject {
        case .key:
            guard keys.count < HistoryBundle.Bounds.keyCount else {
                throw .damaged(line, "too many keys")
            }
            keys.append(try takeover(part, line: line))
        case .events:
            let bytes = try part.decoded("path", line: line)
            let width = TreeHash.byteCount
            guard covered > 0, bytes.count.isMultiple(of: width),
                bytes.count <= HistoryBundle.Bounds.pathCount * width
            else { throw .damaged(line, "it proves none of the events") }
            let hashes = stride(from: 0, to: bytes.count, by: width).compactMap {
                TreeHash(bytes[$0..<$0 + width])
            }
            path = (hashes, line)
        }
    }

    private func takeover(_ part: BundleLine, line: Int) throws(BundleError) -> VerifierKey {
        let body = try part.decoded("event", line: line)
        let text = try part.decodedText("path", line: line)
        guard let proof = EventProof(text), let last = keys.last,
            let key = KeyTakeover(body: body, proof: proof).key(after: last, log: log)
        else { throw .damaged(line, "it does not prove that a key took over from the one before") }
        return key
    }

    /// Compares all of it with the events, of which `leaves` are those that are covered.
    func check(_ leaves: [TreeHash], from first: UInt64) throws(BundleError) -> BundleEvidence {
        // Who signs is one key, or it and the one that it takes over from.
        guard [1, 2].contains(where: { stored.note.isSignedOnly(by: keys.suffix($0)) }) else {
            throw .damaged(line, "the checkpoint is not signed by the key that it is said to be")
        }
        guard covered > 0 else {
            return BundleEvidence(checkpoint: stored.checkpoint, keys: keys, covered: 0)
        }
        guard let path else { throw .damaged(line, "the proof of the events is missing") }
        let root = Proof.root(
            of: leaves, from: first, size: stored.checkpoint.size, path: path.hashes)
        guard root == stored.checkpoint.root else {
            throw .damaged(
                path.line,
                "events \(first) to \(first + covered - 1) are not those that were signed")
        }
        return BundleEvidence(checkpoint: stored.checkpoint, keys: keys, covered: covered)
    }
}

extension BundleLine {
    /// Bytes that stand in base64, which has no character that ends a text.
    fileprivate func decoded(_ name: String, line: Int) throws(BundleError) -> [UInt8] {
        guard let text = self[name] else { throw .damaged(line, "“\(name)” is missing") }
        guard let bytes = Base64.bytes(text) else {
            throw .damaged(line, "“\(name)” is not base64")
        }
        return bytes
    }

    fileprivate func decodedText(_ name: String, line: Int) throws(BundleError) -> String {
        guard let text = String(validating: try decoded(name, line: line), as: UTF8.self) else {
            throw .damaged(line, "“\(name)” is not UTF-8")
        }
        return text
    }
}
