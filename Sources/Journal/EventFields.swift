import GRDB
package import Registry

/// Values that fields of an event can have. A field without values says nothing.
///
/// The fields of processes and sockets are met also by the source, target and socket of the handoff
/// that an event belongs to: a delivery names only its handoff.
package struct EventFields: Sendable, Equatable {
    /// Of the actor, the target, or the process that an event is about or names.
    package var pids: [Int32] = []
    /// In clock ticks after the boot.
    package var starts: [UInt64] = []
    package var uids: [UInt32] = []
    /// Of the login that the process came from.
    package var loginUIDs: [UInt32] = []
    /// A path, or the last part of one.
    package var executables: [String] = []
    /// A path, with all below it, or one of the parts of a path, such as a unit.
    package var controlGroups: [String] = []
    package var handoffs: [UInt64] = []
    package var sockets: [UInt64] = []
    package var kinds: [EventKind] = []
    package var outcomes: [Outcome] = []
    package var reasons: [String] = []

    package init() {}

    /// Which rows of the table `process` are meant, for each field that has values.
    var processConditions: [ProcessCondition] {
        var found: [ProcessCondition] = []
        func add(
            _ column: String, _ values: [any DatabaseValueConvertible],
            named: (key: Key, kinds: [EventKind])? = nil
        ) {
            guard !values.isEmpty else { return }
            let sql = "\(column) IN (\(Marks.list(values.count)))"
            found.append(ProcessCondition(sql: sql, values: values, named: named))
        }
        // Two of the labels are in the body alone, of the event whose number the process has.
        func fromBody(_ key: Key) -> String {
            """
            (SELECT json_extract(CAST(seen.body AS TEXT), '$.\(key.name)') FROM event seen
                WHERE seen.seq = process.number)
            """
        }
        add("pid", pids, named: (.pid, [.handoffRefused, .requestRefused]))
        add(fromBody(.start), starts.map { "\($0)" })
        add(
            "uid", uids.map { Int64($0) },
            named: (.uid, [.requestRefused, .requestsSuppressed]))
        add(fromBody(.loginuid), loginUIDs.map { Int64($0) })
        if !executables.isEmpty {
            let each = executables.map { _ in "(exe = ? OR substr(exe, -length(?)) = ?)" }
            found.append(
                ProcessCondition(
                    sql: each.joined(separator: " OR "),
                    values: executables.flatMap { [$0, "/" + $0, "/" + $0] }))
        }
        if !controlGroups.isEmpty {
            let each = controlGroups.map { path in
                path.hasPrefix("/")
                    ? "substr(cgroup || '/', 1, length(?)) = ?" : "instr(cgroup || '/', ?) > 0"
            }
            let values = controlGroups.flatMap { path in
                guard path.hasPrefix("/") else { return ["/\(path)/"] }
                let folder = path.hasSuffix("/") ? path : path + "/"
                return [folder, folder]
            }
            found.append(ProcessCondition(sql: each.joined(separator: " OR "), values: values))
        }
        return found
    }
}

/// Which processes a field means.
struct ProcessCondition {
    /// Of the rows of the table `process`.
    var sql: String
    var values: [any DatabaseValueConvertible]
    /// Where an event names the value itself, of somebody who may be no known process.
    var named: (key: Key, kinds: [EventKind])?
}

/// The marks that stand for values in a statement.
enum Marks {
    static func list(_ count: Int) -> String {
        Array(repeating: "?", count: count).joined(separator: ", ")
    }
}
