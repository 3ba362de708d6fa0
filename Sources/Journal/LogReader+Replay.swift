import Foundation
import GRDB
package import Registry

// What going back in time and deciding again need of the log.

extension LogReader {
    /// Events taken apart, oldest first, from `next` on and below `end`: a page of them at most.
    package func events(
        from next: UInt64, below end: UInt64 = .max, limit: Int = pageRows
    ) throws(JournalError) -> [Event] {
        let path = path
        return try read { db in
            var cursor = try EventCursor(
                db, path: path, from: next, below: end, form: .canonical)
            var events: [Event] = []
            while events.count < limit, let event = try cursor.next() { events.append(event) }
            return events
        }
    }

    /// Rows as they are, oldest first, with numbers from `next` on and below `end`: a page of them
    /// at most.
    package func rows(
        from next: Int64, below end: UInt64
    ) throws(JournalError) -> [StoredRow] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT * FROM event WHERE seq >= ? AND seq < ? ORDER BY seq LIMIT ?",
                arguments: [next, Int64(clamping: end), Self.pageRows]
            ).map { StoredRow($0) }
        }
    }

    /// One event; nil where there is none with this number.
    package func storedEvent(_ sequence: UInt64) throws(JournalError) -> StoredEvent? {
        try read { db in
            try Row.fetchOne(
                db, sql: "SELECT * FROM event WHERE seq = ?",
                arguments: [Int64(clamping: sequence)]
            ).map { try StoredEvent($0) }
        }
    }

    /// The number of the last event, in the order of the log, that is not after `time`; nil when
    /// all are after it. The wall clock may have stepped: later ones can have earlier times.
    package func lastSequence(notAfter time: Timestamp) throws(JournalError) -> UInt64? {
        try read { db in
            try Self.lastSequence(db, notAfter: time.microseconds).flatMap {
                UInt64(exactly: $0)
            }
        }
    }

    /// The number of the newest event of this kind; nil without one.
    package func lastSequence(of kind: EventKind) throws(JournalError) -> UInt64? {
        var query = HistoryQuery()
        query.kinds = [kind]
        return try pageBackwards(query, below: try eventCount(), limit: 1).events.first?.sequence
    }

    /// How many events a checkpoint covers, the newest when no number is given; nil without one.
    package func checkpointSize(_ number: UInt64?) throws(JournalError) -> UInt64? {
        try read { db in
            guard try db.tableExists("checkpoint") else { return nil }
            let size =
                if let number {
                    try Int64.fetchOne(
                        db, sql: "SELECT size FROM checkpoint WHERE number = ?",
                        arguments: [Int64(clamping: number)])
                } else {
                    try Int64.fetchOne(
                        db, sql: "SELECT size FROM checkpoint ORDER BY number DESC LIMIT 1")
                }
            return size.flatMap { UInt64(exactly: $0) }
        }
    }

    /// All numbers that this socket had: one that was forgotten and is seen again has a new one.
    package func numbers(ofSocket number: UInt64) throws(JournalError) -> [UInt64] {
        try read { db in
            try Int64.fetchAll(
                db,
                sql: """
                    SELECT a.number FROM socket a JOIN socket b
                        ON a.boot = b.boot AND a.cookie = b.cookie
                    WHERE b.number = ? ORDER BY a.number
                    """,
                arguments: [Int64(clamping: number)]
            ).compactMap { UInt64(exactly: $0) }
        }
    }

    /// The handoffs of these sockets, in the order of their numbers.
    package func handoffs(ofSockets sockets: [UInt64]) throws(JournalError) -> [StoredHandoff] {
        let marks = sockets.map { _ in "?" }.joined(separator: ", ")
        return try read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM handoff WHERE socket IN (\(marks)) ORDER BY number",
                arguments: StatementArguments(sockets.map { Int64(clamping: $0) })
            ).map { try Self.handoff(db, $0) }
        }
    }
}
