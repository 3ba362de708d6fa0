import Foundation
import GRDB
import Registry

/// A socket as the log knows it, with all that is recorded of who has it.
package struct RecordedSocket: Sendable, Equatable {
    package var label: SocketLabel
    package var boot: String
    package var cookie: UInt64
    package var inode: UInt64
    /// Absent where the coordinator could not ask.
    package var networkNamespace: UInt64?
    package var released: Timestamp?
    package var holders: [RecordedHolder]
    /// Handoffs for which the coordinator itself has it in escrow.
    package var openHandoffs: [UInt64]
}

/// One descriptor of a socket, as far as the log knows.
package struct RecordedHolder: Sendable, Equatable {
    package var process: ProcessLabel
    package var instance: UInt64
    /// The handoff that gave it; nil for the one that a source had already.
    package var handoff: UInt64?
}

/// The coordinator that started last.
package struct RecordedCoordinator: Sendable, Equatable {
    package var pid: Int32
    /// Nil where the log does not say.
    package var boot: String?
    /// When it wrote that it had started, in CLOCK_BOOTTIME microseconds.
    package var startedMicroseconds: Int64
}

extension LogReader {
    /// The socket that an event number stands for: its own, or that of its handoff.
    package func recordedSocket(_ number: UInt64) throws(JournalError) -> RecordedSocket? {
        try read { db in
            let handoff = try Int64.fetchOne(
                db, sql: "SELECT socket FROM handoff WHERE number = ?",
                arguments: [Int64(clamping: number)])
            return try Self.recordedSocket(
                db, "number = ?", [handoff ?? Int64(clamping: number)])
        }
    }

    /// The socket with this cookie, which is unique for one boot.
    package func recordedSocket(
        boot: String, cookie: UInt64
    ) throws(JournalError) -> RecordedSocket? {
        try read { db in
            try Self.recordedSocket(
                db, "boot = ? AND cookie = ? ORDER BY number DESC", [boot, "\(cookie)"])
        }
    }

    /// Sockets of this boot with this local address that are not released, in their order.
    package func recordedSockets(
        boot: String, local: String
    ) throws(JournalError) -> [RecordedSocket] {
        try read { db in
            try Int64.fetchAll(
                db,
                sql: """
                    SELECT number FROM socket WHERE boot = ? AND local = ? AND released_us IS NULL
                    ORDER BY number
                    """, arguments: [boot, local]
            ).compactMap { try Self.recordedSocket(db, "number = ?", [$0]) }
        }
    }

    package func coordinator() throws(JournalError) -> RecordedCoordinator? {
        try read { db in
            guard
                let row = try Row.fetchOne(
                    db,
                    sql: """
                        SELECT seq, mono_us, json_extract(CAST(body AS TEXT), '$.pid') AS pid
                        FROM event WHERE kind = ? ORDER BY seq DESC LIMIT 1
                        """, arguments: [EventKind.coordinatorStarted.rawValue])
            else { return nil }
            let boot = try String.fetchOne(
                db,
                sql: """
                    SELECT json_extract(CAST(body AS TEXT), '$.boot') FROM event
                    WHERE kind = ? AND seq < ? ORDER BY seq DESC LIMIT 1
                    """,
                arguments: [EventKind.bootObserved.rawValue, row["seq"] as Int64])
            return RecordedCoordinator(
                pid: row["pid"], boot: boot, startedMicroseconds: row["mono_us"])
        }
    }

    private static func recordedSocket(
        _ db: Database, _ condition: String, _ arguments: StatementArguments
    ) throws -> RecordedSocket? {
        guard
            let row = try Row.fetchOne(
                db, sql: "SELECT * FROM socket WHERE \(condition) LIMIT 1", arguments: arguments),
            let label = try socket(db, try row.number("number", of: "a socket"))
        else { return nil }
        guard let cookie = UInt64(row["cookie"] as String),
            let inode = UInt64(row["inode"] as String)
        else {
            throw JournalError.damagedRow("socket \(label.number) has no cookie or no inode")
        }
        let number = Int64(clamping: label.number)
        let namespace = try String.fetchOne(
            db,
            sql: """
                SELECT json_extract(CAST(body AS TEXT), '$.network_namespace') FROM event
                WHERE seq = ?
                """, arguments: [number])
        let open = try Int64.fetchAll(
            db,
            sql: "SELECT number FROM handoff WHERE socket = ? AND ended_us IS NULL ORDER BY number",
            arguments: [number])
        return RecordedSocket(
            label: label, boot: row["boot"], cookie: cookie, inode: inode,
            networkNamespace: namespace.flatMap { UInt64($0) },
            released: row.integer("released_us").map { Timestamp(microseconds: $0) },
            holders: try holders(db, of: number),
            openHandoffs: try open.map { number in
                guard let handoff = UInt64(exactly: number) else {
                    throw JournalError.damagedRow("a handoff has the number \(number)")
                }
                return handoff
            })
    }

    private static func holders(
        _ db: Database, of socket: Int64
    ) throws -> [RecordedHolder] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT d.process, d.handoff, p.instance FROM descriptor d
                JOIN process p ON p.number = d.process
                WHERE d.socket = ? ORDER BY d.process, d.handoff
                """, arguments: [socket]
        ).compactMap { row in
            let owner = "a descriptor of socket \(socket)"
            guard let label = try process(db, try row.number("process", of: owner)) else {
                return nil
            }
            guard let instance = UInt64(row["instance"] as String) else {
                throw JournalError.damagedRow("process \(label.number) has no instance")
            }
            let handoff: UInt64 = try row.number("handoff", of: owner)
            return RecordedHolder(
                process: label, instance: instance, handoff: handoff == 0 ? nil : handoff)
        }
    }
}
