import GRDB
import Registry

/// What people call a process: its numbers and its program, as they were recorded.
package struct ProcessLabel: Sendable, Equatable {
    package var number: UInt64
    package var pid: Int32
    package var uid: UInt32
    package var executable: String?
    package var exited: Timestamp?
    package var status: Int32?
}

package struct SocketLabel: Sendable, Equatable {
    package var number: UInt64
    package var family: Int32
    package var type: Int32
    package var protocolNumber: Int32
    package var local: String?
    package var remote: String?
}

/// The present state of a handoff, as the projection has it.
package struct StoredHandoff: Sendable, Equatable {
    package var number: UInt64
    package var state: String
    package var source: ProcessLabel
    package var target: ProcessLabel
    package var socket: SocketLabel
    package var form: String
    package var sourceFlags: UInt32
    package var targetFlags: UInt32?
    package var issued: Timestamp
    package var changed: Timestamp
    package var closed: Timestamp?
    /// CLOCK_BOOTTIME microseconds.
    package var deadline: Int64?
    /// Microseconds from issue to deadline.
    package var lifetime: Int64?
    package var attempts: Int
    package var program: String?
    package var reason: String?
    package var lastSequence: UInt64
}

extension LogReader {
    package func process(_ number: UInt64) throws(JournalError) -> ProcessLabel? {
        try read { db in try Self.process(db, number) }
    }

    package func socket(_ number: UInt64) throws(JournalError) -> SocketLabel? {
        try read { db in try Self.socket(db, number) }
    }

    package func handoff(_ number: UInt64) throws(JournalError) -> StoredHandoff? {
        try read { db in
            try Row.fetchOne(
                db.cachedStatement(sql: "SELECT * FROM handoff WHERE number = ?"),
                arguments: [Int64(clamping: number)]
            ).map { try Self.handoff(db, $0) }
        }
    }

    /// Handoffs in the order of their numbers, from `next` on. "ended" stands for every end but
    /// delivery; `pid` is that of the target.
    package func handoffs(
        states: [String], pids: [Int32], from next: UInt64, limit: Int = pageRows
    ) throws(JournalError) -> [StoredHandoff] {
        var conditions = ["number >= ?"]
        var arguments = StatementArguments([Int64(clamping: next)])
        if !states.isEmpty {
            let names = states.flatMap { $0 == "ended" ? ["revoked", "expired", "voided"] : [$0] }
            conditions.append("state IN (\(names.map { _ in "?" }.joined(separator: ", ")))")
            // The words for open ones have an index that is as small as their number.
            if names.allSatisfy({ $0 == "issued" || $0 == "reserved" }) {
                conditions.append("ended_us IS NULL")
            }
            arguments += StatementArguments(names)
        }
        if !pids.isEmpty {
            let marks = pids.map { _ in "?" }.joined(separator: ", ")
            conditions.append("target IN (SELECT number FROM process WHERE pid IN (\(marks)))")
            arguments += StatementArguments(pids)
        }
        let sql = """
            SELECT * FROM handoff WHERE \(conditions.joined(separator: " AND "))
            ORDER BY number LIMIT \(limit)
            """
        return try read { db in
            try Row.fetchAll(db, sql: sql, arguments: arguments).map { try Self.handoff(db, $0) }
        }
    }

    /// The newest of the open handoffs in the order of their numbers, and how many are open in all.
    package func openHandoffs(
        newest limit: Int
    ) throws(JournalError) -> (newest: [StoredHandoff], count: Int) {
        try read { db in
            // The index of the open ones alone answers both.
            let count = try Int.fetchOne(
                db.cachedStatement(sql: "SELECT count(*) FROM handoff WHERE ended_us IS NULL"))
            let rows = try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT * FROM handoff WHERE ended_us IS NULL ORDER BY number DESC LIMIT ?
                        """), arguments: [limit])
            return (try rows.reversed().map { try Self.handoff(db, $0) }, count ?? 0)
        }
    }

    static func process(_ db: Database, _ number: UInt64) throws -> ProcessLabel? {
        try Row.fetchOne(
            db.cachedStatement(sql: "SELECT * FROM process WHERE number = ?"),
            arguments: [Int64(clamping: number)]
        ).map { row in
            let owner = "process \(number)"
            return ProcessLabel(
                number: number, pid: try row.number("pid", of: owner),
                uid: try row.number("uid", of: owner), executable: row["exe"],
                exited: row.integer("exited_us").map { Timestamp(microseconds: $0) },
                status: try row.optionalNumber("status", of: owner))
        }
    }

    static func socket(_ db: Database, _ number: UInt64) throws -> SocketLabel? {
        try Row.fetchOne(
            db.cachedStatement(sql: "SELECT * FROM socket WHERE number = ?"),
            arguments: [Int64(clamping: number)]
        ).map { row in
            let owner = "socket \(number)"
            return SocketLabel(
                number: number, family: try row.number("family", of: owner),
                type: try row.number("type", of: owner),
                protocolNumber: try row.number("protocol", of: owner), local: row["local"],
                remote: row["remote"])
        }
    }

    static func handoff(_ db: Database, _ row: Row) throws -> StoredHandoff {
        let number: UInt64 = try row.number("number", of: "a handoff")
        let owner = "handoff \(number)"
        guard let source = try process(db, try row.number("source", of: owner)),
            let target = try process(db, try row.number("target", of: owner)),
            let socket = try socket(db, try row.number("socket", of: owner))
        else {
            throw JournalError.damagedRow("\(owner) names a process or socket that is not there")
        }
        let deadline = row.integer("expires_mono_us")
        let issued = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT mono_us FROM event WHERE seq = ?"),
            arguments: [Int64(clamping: number)])
        let lifetime = deadline.flatMap { end in
            issued.map { end.subtractingReportingOverflow($0) }
        }
        guard lifetime?.overflow != true else {
            throw JournalError.damagedRow("\(owner) has no possible lifetime")
        }
        return StoredHandoff(
            number: number, state: row["state"], source: source, target: target,
            socket: socket, form: row["form"],
            sourceFlags: try row.number("source_flags", of: owner),
            targetFlags: try row.optionalNumber("target_flags", of: owner),
            issued: Timestamp(microseconds: try row.number("issued_us", of: owner)),
            changed: Timestamp(microseconds: try row.number("changed_us", of: owner)),
            closed: row.integer("closed_us").map { Timestamp(microseconds: $0) },
            deadline: deadline, lifetime: lifetime?.partialValue,
            attempts: try row.number("attempts", of: owner),
            program: row["program"], reason: row["reason"],
            lastSequence: try row.number("last_seq", of: owner))
    }
}
