import ArgumentParser
import Journal
import Replay
import Transport

/// An instant of the log on a command line.
enum PointArgument {
    static let forms = """
        An event's number (12), a time (2026-11-22T18:35:15Z, -5min, today), boot (the newest \
        boot), @checkpoint (the newest one, or @checkpoint.3) or end (the newest event). A time \
        means the last event, in the order of the log, that is not after it; the event itself is \
        included.
        """

    /// Nil for what is no point.
    static func parse(_ text: String, now: Int64) -> Point? {
        switch text {
        case "boot": return .boot
        case "end": return .end
        default: break
        }
        if text == "@checkpoint" { return .checkpoint(nil) }
        if text.hasPrefix("@checkpoint."), let number = UInt64(text.dropFirst(12)) {
            return .checkpoint(number)
        }
        if let number = SequenceArgument.number(text) { return .sequence(number) }
        return TimeArgument.parse(text, now: now).map { .time($0) }
    }

    static func point(_ text: String) throws -> Point {
        guard let point = parse(text, now: Clock.wallMicroseconds()) else {
            throw ValidationError("an instant is wanted. \(forms)")
        }
        return point
    }
}

/// From one instant to another, as `A..B`. Where B is the number of an event it is left out, as
/// everywhere in ranges of numbers; any other instant is included.
struct InstantRange {
    private let first: Point
    private let last: Point
    private let includesLast: Bool

    init(_ text: String) throws {
        guard let dots = text.firstRange(of: "..") else {
            throw ValidationError("a range is A..B, such as 0..40 or boot..end")
        }
        let (lower, upper) = (text[..<dots.lowerBound], text[dots.upperBound...])
        first = lower.isEmpty ? .sequence(0) : try PointArgument.point(String(lower))
        last = upper.isEmpty ? .end : try PointArgument.point(String(upper))
        if case .sequence = last { includesLast = false } else { includesLast = true }
    }

    /// May be empty. A number beyond the newest event is what a log does not have yet.
    func sequences(in reader: LogReader) throws -> Range<UInt64> {
        func number(_ point: Point) throws -> UInt64 {
            if case .sequence(let number) = point { return number }
            return try point.sequence(in: reader)
        }
        let lower = try number(first)
        let upper = try number(last) + (includesLast ? 1 : 0)
        return lower..<max(lower, upper)
    }
}

extension CommandFailure {
    init(_ error: PointError) {
        let hint =
            switch error {
            case .emptyLog: "the coordinator writes its first events when it starts"
            case .notYet: "name an event that there is, or end for the newest"
            case .beforeLog: "name a later time, or 0 for the first event"
            case .noBoot, .noCheckpoint: "name an event or a time"
            }
        self.init(status: .usage, message: error.description, hint: hint)
    }
}
