import GRDB
import Registry

extension LogReader {
    /// The events of a handoff in the order of their numbers, from `next` on, and those by which
    /// its target closed the socket after it was delivered; and where the next page begins.
    package func life(
        of handoff: StoredHandoff, from next: UInt64, below end: UInt64 = .max,
        limit: Int = pageRows
    ) throws(JournalError) -> (events: [StoredEvent], next: UInt64?) {
        var query = HistoryQuery()
        query.handoffs = [handoff.number]
        let start = max(next, handoff.number)
        let own = try page(query, from: start, below: end, limit: limit).events
        let closes = try closes(of: handoff, from: start, below: end, limit: limit)
        let events = (own + closes).sorted { $0.sequence < $1.sequence }.prefix(limit)
        guard events.count == limit, let last = events.last else { return (Array(events), nil) }
        return (Array(events), last.sequence + 1)
    }

    /// How the target closed its descriptors of the socket, once it had received it.
    private func closes(
        of handoff: StoredHandoff, from next: UInt64, below end: UInt64, limit: Int
    ) throws(JournalError) -> [StoredEvent] {
        var query = HistoryQuery()
        query.handoffs = [handoff.number]
        query.kinds = [.handoffDelivered]
        let delivery = try page(
            query, from: handoff.number, below: handoff.lastSequence + 1, limit: 1)
        guard let delivered = delivery.events.first?.sequence else { return [] }
        let (target, socket) = (handoff.target.number, handoff.socket.number)
        return try read { db in
            let end = min(end, try Self.eventCount(db))
            let filter = try ChunkFilter(all: [target, socket], db)
            return try Self.search(
                db, filter, from: max(next, delivered + 1), below: end, limit: limit
            ) { range, limit in
                try Row.fetchAll(
                    db,
                    sql: """
                        SELECT * FROM event WHERE seq >= ? AND seq < ?
                            AND kind = ? AND actor = ? AND socket = ? ORDER BY seq LIMIT ?
                        """,
                    arguments: [
                        Int64(range.lowerBound), Int64(range.upperBound),
                        EventKind.descriptorClosed.rawValue, Int64(target), Int64(socket), limit,
                    ])
            }.map { try StoredEvent($0) }
        }
    }
}
