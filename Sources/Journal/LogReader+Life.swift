import Registry

extension LogReader {
    /// The events of a handoff in the order of their numbers, from `next` on, and the one by which
    /// its target closed what it had received; and where the next page begins.
    package func life(
        of handoff: StoredHandoff, from next: UInt64, below end: UInt64 = .max,
        limit: Int = pageRows
    ) throws(JournalError) -> (events: [StoredEvent], next: UInt64?) {
        var query = HistoryQuery()
        query.handoffs = [handoff.number]
        let start = max(next, handoff.number)
        var events = try page(query, from: start, below: end, limit: limit).events
        // A close is the last that happens to a handoff. The same process can have received the
        // same socket by others, whose closes are theirs.
        if handoff.closed != nil, (start..<max(start, end)).contains(handoff.lastSequence),
            let close = try storedEvent(handoff.lastSequence), close.kind == .descriptorClosed
        {
            events.append(close)
            events.sort { $0.sequence < $1.sequence }
        }
        let page = Array(events.prefix(limit))
        guard page.count == limit, let last = page.last else { return (page, nil) }
        return (page, last.sequence + 1)
    }
}
