import Evidence
import Journal
import Registry
import Winsock

extension HistoryBundle {
    /// Reads a bundle, and checks every line of it. What it says is not believed beyond its form:
    /// it may come from anybody.
    package init(_ bytes: [UInt8]) throws(BundleError) {
        guard bytes.starts(with: BundleLine.prefix) else {
            throw .notOurs(1, "this is no bundle: it does not begin with {\"bundle\":\"header\"")
        }
        var lines = BundleLines(bytes)
        let head = try Self.header(&lines)
        program = head["program"] ?? ""
        log = head["log"] ?? ""
        let first = try head.number("first", line: 1)
        let last = try head.number("last", line: 1)
        guard first <= last, last - first < UInt64(Bounds.eventCount) else {
            throw .damaged(1, "events \(first) to \(last) are not a range of a bundle")
        }
        start = Registry()
        events = []
        var hasSnapshot = false
        var proof: EvidenceLines?
        var leaves: [TreeHash] = []
        while let line = try lines.next() {
            guard line.starts(with: BundleLine.prefix) else {
                guard hasSnapshot || first == 0 else {
                    throw .damaged(lines.number, "the snapshot is missing before the first event")
                }
                try append(line, first: first, last: last, number: lines.number)
                // An event that nothing covers is compared with nothing.
                if let proof, leaves.count < proof.leafCount { leaves.append(.leaf(line)) }
                continue
            }
            let part = try BundleLine(line, line: lines.number)
            switch part.kind {
            case .header: throw .damaged(lines.number, "a second header")
            case .checkpoint, .proof:
                guard events.isEmpty, !hasSnapshot else {
                    throw .damaged(lines.number, "evidence does not belong here")
                }
                try Self.add(
                    part, of: first...last, log: log, to: &proof, count: line.count,
                    number: lines.number)
            case .snapshot:
                guard events.isEmpty, !hasSnapshot, first > 0 else {
                    throw .damaged(lines.number, "a snapshot does not belong here")
                }
                start = try Self.snapshot(part, before: first, line: lines.number)
                hasSnapshot = true
            }
        }
        guard let end = events.last, end.sequence == last else {
            let found = events.last.map { "it ends after event \($0.sequence)" } ?? "it has none"
            throw .damaged(lines.number, "events up to \(last) are promised, and \(found)")
        }
        evidence = try proof?.check(leaves, from: first)
    }

    private static func add(
        _ part: BundleLine, of events: ClosedRange<UInt64>, log: String,
        to proof: inout EvidenceLines?, count: Int, number: Int
    ) throws(BundleError) {
        guard count <= Bounds.evidenceByteCount else { throw .damaged(number, "it is too long") }
        switch (part.kind, proof) {
        case (.checkpoint, nil):
            proof = try EvidenceLines(part, of: events, log: log, line: number)
        case (.checkpoint, _): throw .damaged(number, "a second checkpoint")
        default:
            guard proof != nil else { throw .damaged(number, "its checkpoint is missing") }
            try proof?.add(part, line: number)
        }
    }

    private static func header(_ lines: inout BundleLines) throws(BundleError) -> BundleLine {
        guard let line = try lines.next() else { throw .notOurs(1, "this is no bundle") }
        let head = try BundleLine(line, line: 1)
        guard head.kind == .header else { throw .notOurs(1, "the first line is no header") }
        let format = try head.number("format", line: 1)
        guard format == Self.format else {
            throw .notOurs(
                1, "format \(format) is not known to this program, which reads \(Self.format)")
        }
        guard let log = head["log"], log.utf8.count == 16 else {
            throw .damaged(1, "the id of the log is missing")
        }
        return head
    }

    private static func snapshot(
        _ part: BundleLine, before first: UInt64, line: Int
    ) throws(BundleError) -> Registry {
        let format = try part.number("format", line: line)
        guard let known = Int(exactly: format), Registry.snapshotFormats.contains(known) else {
            throw .notOurs(line, "a snapshot of format \(format) is not known to this program")
        }
        guard let text = part["state"], let bytes = Hexadecimal.bytes(text) else {
            throw .damaged(line, "the snapshot is not hexadecimal")
        }
        let state: Registry
        do {
            state = try Registry(snapshot: bytes, format: known)
        } catch {
            throw .damaged(line, "the snapshot cannot be read at its byte \(error.offset)")
        }
        guard state.nextSequence == first else {
            throw .damaged(
                line, "the snapshot is of event \(state.nextSequence), not of \(first)")
        }
        return state
    }

    private mutating func append(
        _ line: [UInt8], first: UInt64, last: UInt64, number: Int
    ) throws(BundleError) {
        guard line.count <= Bounds.eventByteCount else { throw .damaged(number, "it is too long") }
        let decoded: DecodedEvent
        do {
            decoded = try DecodedEvent(line)
        } catch {
            throw .damaged(number, "it is no event: \(error)")
        }
        let event = decoded.event
        let expected = first + UInt64(events.count)
        guard decoded.log == log else { throw .damaged(number, "it is of another log") }
        guard event.sequence == expected else {
            throw .damaged(number, "it is event \(event.sequence), and \(expected) is due")
        }
        guard event.sequence <= last else {
            throw .damaged(number, "it is beyond event \(last), the last that is promised")
        }
        if let cause = event.cause {
            guard cause >= first, cause < event.sequence,
                events[Int(cause - first)].cause == nil
            else { throw .damaged(number, "its cause is not the first event of a step here") }
        }
        if let problem = event.content.unspeakable { throw .damaged(number, problem) }
        events.append(event)
    }
}

extension Event.Content {
    /// What no client could have asked for, so that nothing can be made of it.
    fileprivate var unspeakable: String? {
        let text: String? =
            switch self {
            case .handoffRevoked(let revoked): revoked.text
            case .handoffReserved(let reserved): reserved.program
            case .socketMarked(_, _, let quality): quality
            default: nil
            }
        if let text, text.utf8.count > Limits.textByteCount { return "its text is too long" }
        switch self {
        case .notificationSelected(_, _, let mask), .notificationCancelled(_, _, let mask, _):
            return mask & ~NetworkEvents.all.rawValue == 0
                ? nil : "its mask has unknown network events"
        default: return nil
        }
    }
}

/// The lines of a file, none of them empty, each with its end.
private struct BundleLines {
    private let bytes: [UInt8]
    private var offset = 0
    /// Of the last line, from 1.
    private(set) var number = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Nil after the last one.
    mutating func next() throws(BundleError) -> [UInt8]? {
        guard offset < bytes.count else { return nil }
        number += 1
        guard let end = bytes[offset...].firstIndex(of: UInt8(ascii: "\n")) else {
            throw .damaged(number, "it is cut off: no line ends here")
        }
        guard end > offset else { throw .damaged(number, "it is empty") }
        defer { offset = end + 1 }
        return Array(bytes[offset..<end])
    }
}
