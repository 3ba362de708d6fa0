package import Journal
import Registry

extension HistoryBundle {
    /// Why a range cannot be packed.
    package enum PackError: Error, Equatable, Sendable, CustomStringConvertible {
        case noEvents(UInt64)
        case tooManyEvents(Int)
        /// A step that goes on for longer than a bundle can hold.
        case endlessStep(UInt64)
        case tooManyKeys(Int)
        /// Bytes that a bundle may have.
        case tooLong(Int)

        package var description: String {
            switch self {
            case .noEvents(let count): "there are no such events: the log has \(count)"
            case .tooManyEvents(let limit): "a bundle holds at most \(limit) events"
            case .endlessStep(let number): "the step of event \(number) is too long for a bundle"
            case .tooManyKeys(let limit): "a bundle holds the takeovers of at most \(limit) keys"
            case .tooLong(let limit):
                "a bundle has at most \(limit) bytes, so pack a shorter range"
            }
        }
    }

    /// A bundle as it is packed.
    package struct Packed {
        package let bytes: [UInt8]
        /// One of whole steps, so it can begin before what was asked for, and end after it.
        package let range: Range<UInt64>
        /// The first event that was asked for and that the log has.
        package let askedFirst: UInt64
        /// Nil where the log, or the bundle, has no evidence. Nothing is checked yet.
        package let evidence: RangeEvidence?
    }

    /// Packs a part of a log, with its evidence where that is wanted. Reads only.
    package static func pack(
        _ reader: LogReader, _ range: Range<UInt64>, program: String, withEvidence: Bool = true
    ) throws -> Packed {
        try pack(
            reader, range, program: program, withEvidence: withEvidence,
            byteCountMaximum: Bounds.byteCount)
    }

    static func pack(
        _ reader: LogReader, _ range: Range<UInt64>, program: String, withEvidence: Bool = true,
        byteCountMaximum: Int
    ) throws -> Packed {
        let count = try reader.eventCount()
        let asked = range.clamped(to: 0..<count)
        guard !asked.isEmpty else { throw PackError.noEvents(count) }
        guard asked.count <= Bounds.eventCount else {
            throw PackError.tooManyEvents(Bounds.eventCount)
        }
        let whole = try wholeRange(reader, asked, of: count)
        let start = try reader.state(after: whole.lowerBound)
        let boot = try reader.state(after: whole.upperBound).boot?.id
        var members = [
            ("format", "\(format)"), ("program", program), ("log", reader.logID),
            ("first", "\(whole.lowerBound)"), ("last", "\(whole.upperBound - 1)"),
        ]
        if let boot { members.append(("boot", boot)) }
        var bytes = Array((BundleLine(.header, members).text + "\n").utf8)
        // Read after the events were counted, so that it covers as many of them as can be.
        let evidence = withEvidence ? try reader.evidence(of: whole) : nil
        if let evidence {
            guard evidence.takeovers.count < Bounds.keyCount else {
                throw PackError.tooManyKeys(Bounds.keyCount)
            }
            for line in EvidenceLines.lines(evidence) { bytes += Array((line.text + "\n").utf8) }
        }
        if whole.lowerBound > 0 {
            let snapshot = BundleLine(
                .snapshot,
                [
                    ("format", "\(Registry.snapshotFormat)"),
                    ("state", Hexadecimal.text(start.snapshot())),
                ])
            bytes += Array((snapshot.text + "\n").utf8)
        }
        var next: UInt64? = whole.lowerBound
        while let from = next {
            let page = try reader.page(HistoryQuery(), from: from, below: whole.upperBound)
            for event in page.events {
                bytes += event.body
                bytes.append(UInt8(ascii: "\n"))
                // Nobody could read a longer one.
                guard bytes.count <= byteCountMaximum else {
                    throw PackError.tooLong(byteCountMaximum)
                }
            }
            next = page.next
        }
        return Packed(
            bytes: bytes, range: whole, askedFirst: asked.lowerBound, evidence: evidence)
    }

    private static func wholeRange(
        _ reader: LogReader, _ asked: Range<UInt64>, of count: UInt64
    ) throws -> Range<UInt64> {
        let begun = try beginning(reader, asked.lowerBound)
        let ended = try end(reader, asked.upperBound, of: count)
        let steps = try wholeSteps(reader, begun..<ended, of: count)
        return try beginning(reader, steps.lowerBound)..<steps.upperBound
    }

    /// Where what is seen for a request begins, and what a coordinator writes when it starts: half
    /// of that could not be performed.
    private static func beginning(_ reader: LogReader, _ first: UInt64) throws -> UInt64 {
        let from = first - min(first, Bounds.lookBack)
        let page = try reader.page(HistoryQuery(), from: from, below: first + 1)
        var begin = first
        for event in page.events.dropLast().reversed() {
            switch event.kind {
            case .socketSeen, .logOpened, .bootObserved, .configurationChanged: break
            case .processSeen, .socketMarked: continue
            case .coordinatorStarted:
                guard begin == first, page.events.last?.kind == .coordinatorRecovered else {
                    return begin
                }
            default: return begin
            }
            begin = event.sequence
        }
        return begin
    }

    /// As far beyond `upper` as what begins before it goes on: what is seen for a request that
    /// follows, and a start.
    private static func end(
        _ reader: LogReader, _ upper: UInt64, of count: UInt64
    ) throws -> UInt64 {
        var end = upper
        for next in upper..<min(count, upper + Bounds.lookBack) {
            if try beginning(reader, next) < upper { end = next + 1 }
        }
        return end
    }

    /// The steps that have an event in the range, from their first event to their last.
    private static func wholeSteps(
        _ reader: LogReader, _ asked: Range<UInt64>, of count: UInt64
    ) throws -> Range<UInt64> {
        var (lower, upper) = (asked.lowerBound, asked.upperBound)
        var next: UInt64? = lower
        while let from = next, from < upper {
            let page = try reader.page(HistoryQuery(), from: from, below: upper)
            let causes = try page.events.compactMap { try DecodedEvent($0.body).event.cause }
            if let earliest = causes.min(), earliest < lower {
                lower = earliest
                next = lower
            } else {
                next = page.next
            }
        }
        // What belongs to a step mostly follows at once.
        while upper < count {
            let page = try reader.page(HistoryQuery(), from: upper, below: count, limit: 1)
            guard let event = page.events.first,
                let cause = try DecodedEvent(event.body).event.cause, cause >= lower
            else { break }
            upper += 1
        }
        guard upper - lower <= UInt64(Bounds.eventCount) else {
            throw PackError.endlessStep(lower)
        }
        return lower..<upper
    }
}
