import GRDBSQLite
import Registry

/// Notes in which chunks of the log to look for a process, socket, handoff or seldom kind.
///
/// Part of the hot path: most events repeat what their chunk has already, which a small table in
/// memory knows. A row is written a few dozen times in a thousand events.
struct ChunkWriter {
    /// 1,024 events.
    static let shift: UInt64 = 10
    static let eventCount: UInt64 = 1 << shift

    static func events(of chunk: UInt64) -> Range<UInt64> {
        chunk << shift..<(chunk + 1) << shift
    }

    private let insertKey: Statement
    private let insertHandoffKeys: Statement
    private let insertChunk: Statement
    private let insertChunkFromEvents: Statement

    /// The keys of this chunk that were written last, each at the place that its bits choose. One
    /// that was pushed out is written again, which changes nothing.
    private var written = [Int64](repeating: nothing, count: 1 << writtenBits)
    /// No key of anything.
    private static let nothing = Int64.min
    private static let writtenBits = 10

    /// Handoffs that were issued last, each at the place that its number chooses: most go on within
    /// some hundred events, often in the next chunk, and need not be read again for that.
    private var issued = [Parties?](repeating: nil, count: 1 << writtenBits)

    private struct Parties {
        var handoff: UInt64
        var source: UInt64
        var target: UInt64
        var socket: UInt64
    }

    private var chunk: UInt64?
    /// Nil when the beginning of the chunk was written by an earlier run, or taken back.
    private var times: (first: Int64, last: Int64)?

    init(_ connection: OpaquePointer) throws(JournalError) {
        insertKey = try unsafe Statement(
            connection, "INSERT OR IGNORE INTO chunk_key VALUES (?1, ?2)")
        insertHandoffKeys = try unsafe Statement(
            connection,
            """
            INSERT OR IGNORE INTO chunk_key
            SELECT ?1, key FROM (
                SELECT source AS key FROM handoff WHERE number = ?2
                UNION SELECT target FROM handoff WHERE number = ?2
                UNION SELECT socket FROM handoff WHERE number = ?2)
            WHERE key >> 10 <> ?1
            """)
        insertChunk = try unsafe Statement(
            connection, "INSERT OR REPLACE INTO chunk VALUES (?1, ?2, ?3)")
        insertChunkFromEvents = try unsafe Statement(
            connection,
            """
            INSERT OR REPLACE INTO chunk
            SELECT ?1, min(time_us), max(time_us) FROM event
            WHERE seq >= ?1 << 10 AND seq < (?1 + 1) << 10
            """)
    }

    /// Takes in one event, which is already in its table.
    mutating func note(_ event: Event, _ columns: EventColumns) throws(JournalError) {
        let current = event.sequence >> Self.shift
        if chunk != current {
            chunk = current
            // Of a chunk that goes on after a restart the beginning is not known.
            let isWhole = event.sequence == current << Self.shift
            let time = event.time.wallMicroseconds
            times = isWhole ? (time, time) : nil
            for index in written.indices { written[index] = Self.nothing }
        } else if let known = times {
            let time = event.time.wallMicroseconds
            times = (min(known.first, time), max(known.last, time))
        }
        if let key = columns.actor { _ = try write(key, current) }
        if let key = columns.target { _ = try write(key, current) }
        if let key = columns.socket { _ = try write(key, current) }
        if case .handoffIssued(let issued) = event.content {
            self.issued[Self.place(of: event.sequence)] = Parties(
                handoff: event.sequence, source: issued.actor, target: issued.target,
                socket: issued.socket)
        }
        if let key = columns.handoff, try write(key, current) {
            try writeParties(of: key, current)
        }
        switch columns.kind {
        case .handoffIssued, .handoffReserved, .handoffDelivered, .descriptorClosed: break
        default: try write(kind: columns.kind, current)
        }
        if event.sequence & (Self.eventCount - 1) == Self.eventCount - 1 { try close(current) }
    }

    /// The open transaction was taken back, and what it wrote with it.
    mutating func forget() {
        chunk = nil
        times = nil
        // Another event can have the number now.
        for index in issued.indices { issued[index] = nil }
    }

    private static func place(of handoff: UInt64) -> Int {
        Int(truncatingIfNeeded: handoff) & (1 << writtenBits - 1)
    }

    private mutating func writeParties(of handoff: UInt64, _ chunk: UInt64) throws(JournalError) {
        if let known = issued[Self.place(of: handoff)], known.handoff == handoff {
            _ = try write(known.source, chunk)
            _ = try write(known.target, chunk)
            _ = try write(known.socket, chunk)
        } else {
            insertHandoffKeys.bind(1, chunk)
            insertHandoffKeys.bind(2, handoff)
            try insertHandoffKeys.run()
        }
    }

    private mutating func close(_ chunk: UInt64) throws(JournalError) {
        guard let times else {
            insertChunkFromEvents.bind(1, chunk)
            return try insertChunkFromEvents.run()
        }
        insertChunk.bind(1, chunk)
        insertChunk.bind(2, times.first)
        insertChunk.bind(3, times.last)
        try insertChunk.run()
    }

    /// Whether it had to be written: not for what the chunk itself introduced.
    private mutating func write(_ key: UInt64, _ chunk: UInt64) throws(JournalError) -> Bool {
        guard key >> Self.shift != chunk else { return false }
        return try write(Int64(bitPattern: key), chunk)
    }

    private mutating func write(kind: EventKind, _ chunk: UInt64) throws(JournalError) {
        _ = try write(-Int64(kind.rawValue), chunk)
    }

    private mutating func write(_ key: Int64, _ chunk: UInt64) throws(JournalError) -> Bool {
        let mixed = UInt64(bitPattern: key) &* 0x9e37_79b9_7f4a_7c15
        let place = Int(truncatingIfNeeded: mixed >> UInt64(64 - Self.writtenBits))
        guard written[place] != key else { return false }
        insertKey.bind(1, chunk)
        insertKey.bind(2, key)
        try insertKey.run()
        written[place] = key
        return true
    }
}
