import GRDB
import Registry

/// Which events to read. Values of one filter mean "or", different filters mean "and"; an event
/// with any value that is not wanted is left out. The wanted fields can be named directly.
@dynamicMemberLookup
package struct HistoryQuery: Sendable, Equatable {
    package var wanted = EventFields()
    package var unwanted = EventFields()
    package var since: Timestamp?
    /// Exclusive.
    package var until: Timestamp?
    package var sequences: [Range<UInt64>] = []
    /// The parts of the log that the wanted boots wrote, in their order; nil for all of it.
    package var boots: [Range<UInt64>]?

    package init() {}

    package subscript<Value>(dynamicMember field: WritableKeyPath<EventFields, Value>) -> Value {
        get { wanted[keyPath: field] }
        set { wanted[keyPath: field] = newValue }
    }

    /// Whether it asks for every event with its numbers: then what is missing can be told.
    package var isWhole: Bool {
        wanted == EventFields() && unwanted == EventFields() && since == nil && until == nil
    }

    /// The numbers that a whole query asks for in a part of the log of which these are all events,
    /// in their order, and that none of them has.
    package func gaps(in whole: Range<UInt64>, beside events: [StoredEvent]) -> [Range<UInt64>] {
        guard isWhole else { return [] }
        var gaps: [Range<UInt64>] = []
        var rest = events[...]
        for part in parts(of: whole) {
            var expected = part.lowerBound
            while let found = rest.first?.sequence, found < part.upperBound {
                if expected < found { gaps.append(expected..<found) }
                expected = found + 1
                rest.removeFirst()
            }
            if expected < part.upperBound { gaps.append(expected..<part.upperBound) }
        }
        return gaps
    }

    /// The kinds of event that can match.
    var possibleKinds: Set<EventKind> {
        Set(EventKind.allCases).filter { kind in
            (wanted.kinds.isEmpty || wanted.kinds.contains(kind))
                && (wanted.outcomes.isEmpty || wanted.outcomes.contains(kind.outcome))
                && (wanted.reasons.isEmpty || Self.kindsWithReason.contains(kind))
                && !unwanted.kinds.contains(kind) && !unwanted.outcomes.contains(kind.outcome)
        }
    }

    private static let kindsWithReason: Set<EventKind> = [
        .handoffRefused, .redemptionRefused, .requestRefused, .requestsSuppressed,
        .deliveryFailed, .handoffVoided,
    ]

    /// The parts of `whole` that the filters by number and by boot leave, in their order.
    func parts(of whole: Range<UInt64>) -> [Range<UInt64>] {
        var parts = Self.united(sequences.isEmpty ? [whole] : sequences)
        if let boots {
            let boots = Self.united(boots)
            parts = parts.flatMap { part in boots.map { part.clamped(to: $0) } }
        }
        return parts.map { $0.clamped(to: whole) }.filter { !$0.isEmpty }
    }

    /// The same numbers in their order, each once.
    private static func united(_ ranges: [Range<UInt64>]) -> [Range<UInt64>] {
        var united: [Range<UInt64>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
            if let last = united.last, range.lowerBound <= last.upperBound {
                united[united.count - 1] =
                    last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                united.append(range)
            }
        }
        return united
    }
}

extension LogReader {
    /// Events that one look through a long log takes in at most, so that a search for what is
    /// seldom does not keep the WAL from being written back either.
    package static let lookedAtMaximum: UInt64 = 65_536

    /// One page of events that match, oldest first, from `next` on and below `end`; and where the
    /// next page begins, nil after the last one. Between two pages no lock is held. A page can have
    /// fewer events than `limit` before the end only when `lookingAt` says so,
    /// or the next is damaged.
    package func page(
        _ query: HistoryQuery, from next: UInt64, below end: UInt64 = .max, limit: Int = pageRows,
        lookingAt maximum: UInt64 = .max
    ) throws(JournalError) -> (events: [StoredEvent], next: UInt64?) {
        try read { db in
            let end = min(end, try Self.eventCount(db))
            guard next < end else { return ([], nil) }
            let search = try EventSearch(query, db)
            var events: [StoredEvent] = []
            var budget = maximum
            for part in query.parts(of: next..<end) {
                let found = try Self.search(
                    db, search.chunks, in: part, limit: limit - events.count, budget: &budget
                ) { range, limit in
                    try search.rows(db, range, limit: limit, isReversed: false)
                }
                guard try events.take(found.rows, isReversed: false) else {
                    return (events, events.last.map { $0.sequence + 1 })
                }
                if events.count == limit { return (events, events.last.map { $0.sequence + 1 }) }
                if let next = found.next { return (events, next) }
            }
            return (events, nil)
        }
    }

    /// One page of events that match, newest first, below `end`.
    package func pageBackwards(
        _ query: HistoryQuery, below end: UInt64, limit: Int = pageRows,
        lookingAt maximum: UInt64 = .max
    ) throws(JournalError) -> (events: [StoredEvent], end: UInt64?) {
        try read { db in
            let end = min(end, try Self.eventCount(db))
            let search = try EventSearch(query, db)
            var events: [StoredEvent] = []
            var budget = maximum
            for part in query.parts(of: 0..<end).reversed() {
                let found = try Self.searchBackwards(
                    db, search.chunks, in: part, limit: limit - events.count, budget: &budget
                ) { range, limit in
                    try search.rows(db, range, limit: limit, isReversed: true)
                }
                guard try events.take(found.rows, isReversed: true) else {
                    return (events, events.last?.sequence)
                }
                if events.count == limit { return (events, events.last?.sequence) }
                if let end = found.end { return (events, end) }
            }
            return (events, nil)
        }
    }
}

extension [StoredEvent] {
    /// Adds rows up to one that is damaged, and says whether these were all. A page that would
    /// begin with that one throws, so that whoever lists has those before it; below the first
    /// event no page begins.
    fileprivate mutating func take(_ rows: [Row], isReversed: Bool) throws -> Bool {
        for row in rows {
            do {
                append(try StoredEvent(row))
            } catch  where !isEmpty && !(isReversed && last?.sequence == 0) {
                return false
            }
        }
        return true
    }
}
