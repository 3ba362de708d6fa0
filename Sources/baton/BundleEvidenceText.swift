import Drive
import Evidence
import Transport

/// A bundle that a verb was given.
enum BundleFile {
    static func read(_ path: String) throws -> HistoryBundle {
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try SystemFiles.readFile(path, limit: HistoryBundle.byteCountMaximum)
        } catch .fileTooLarge {
            throw CommandFailure.usage(
                "\(path) has more than \(HistoryBundle.byteCountMaximum) bytes",
                hint: "pack a smaller range")
        } catch {
            throw CommandFailure.unreachable("cannot read \(path): \(error)")
        }
        do {
            return try HistoryBundle(bytes)
        } catch {
            throw CommandFailure(
                status: error.kind == .damaged ? .damaged : .usage,
                message: "\(path), \(error.description)",
                hint: error.kind == .damaged
                    ? "pack it anew" : "name a file that `baton bundle` of this version made")
        }
    }
}

/// What the evidence of a bundle proves, and what it does not.
struct BundleEvidenceText {
    private let bundle: HistoryBundle
    /// The key that came by another way than the bundle.
    private let key: VerifierKey?

    init(_ bundle: HistoryBundle, key: VerifierKey?) {
        self.bundle = bundle
        self.key = key
    }

    private var eventCount: UInt64 { UInt64(bundle.events.count) }
    private var uncovered: UInt64 { eventCount - (bundle.evidence?.covered ?? 0) }

    /// Whether the given key signed it, or vouches for the one that did. Without one, nobody knows.
    private var isTrusted: Bool {
        guard let key else { return true }
        return bundle.evidence?.keys.contains(key) ?? false
    }

    private var isVerified: Bool { isTrusted && (bundle.evidence?.covered ?? 0) > 0 }

    /// How a verb ends that may not go on with this bundle.
    func failure(needsEvidence: Bool) -> CommandFailure? {
        guard needsEvidence || bundle.evidence != nil else { return nil }
        guard let evidence = bundle.evidence else {
            return CommandFailure(
                status: .incomplete, message: "the bundle has no evidence",
                hint: "a log without a signed checkpoint has none; else pack it anew")
        }
        guard isTrusted else {
            return CommandFailure(
                status: .damaged,
                message: "the events are not signed by the given key, but by others",
                hint: "ask for the log's key again: baton key show --all")
        }
        guard evidence.covered == 0, needsEvidence else { return nil }
        return CommandFailure(
            status: .incomplete, message: "no checkpoint covers an event of the bundle",
            hint: "pack it anew when the coordinator has signed")
    }

    var lines: [String] {
        guard let evidence = bundle.evidence else {
            return ["no evidence: nothing proves that these are the events of the log"]
        }
        var lines: [String] = []
        if isVerified {
            lines.append(
                """
                \(evidence.covered) events from \(bundle.first) on are those that were signed: a \
                checkpoint of \(evidence.checkpoint.size) events of \(evidence.checkpoint.origin)
                """)
        }
        if uncovered > 0 { lines.append("\(uncovered) events are covered by no checkpoint") }
        if bundle.first > 0 {
            lines.append("the state before event \(bundle.first) is not signed, and not proved")
        }
        if key == nil {
            lines.append(
                """
                without --key: the keys are from the bundle itself, and prove nothing about its \
                origin
                """)
        }
        return lines
    }

    func write(_ format: DocumentFormat, to output: Output) throws {
        switch format {
        case .json: try output.write(line: json.description)
        case .short:
            let keys = bundle.evidence?.keys.map { "key \($0)" } ?? []
            for line in lines + keys { try output.write(line: PrintableText.escaped(line)) }
        }
    }

    private var json: JSONValue {
        var object = JSONObject()
        object["verified"] = .bool(isVerified)
        object["log"] = .text(bundle.log)
        object["origin"] = bundle.evidence.map { .text($0.checkpoint.origin) }
        object["first"] = .unsigned(bundle.first)
        object["events"] = .unsigned(eventCount)
        object["covered"] = .unsigned(isTrusted ? bundle.evidence?.covered ?? 0 : 0)
        object["uncovered"] = isTrusted ? .unsigned(uncovered) : nil
        object["checkpoint"] = bundle.evidence.map { .unsigned($0.checkpoint.size) }
        object["root"] = bundle.evidence.map { .text($0.checkpoint.root.base64) }
        object["key_given"] = .bool(key != nil)
        object["keys"] = .array(bundle.evidence?.keys.map { .text($0.description) } ?? [])
        return .object(object)
    }
}
