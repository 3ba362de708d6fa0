import Journal
import Registry

extension EventRow {
    /// What the columns say under other names, or what every line would repeat.
    private static let columnKeys: Set<Key> = [
        .v, .log, .seq, .time, .event, .handoff, .reason, .socket,
    ]

    var json: JSONValue { .object(object) }

    /// The common keys first, then those of the body. What does not apply is absent.
    var object: JSONObject {
        var object = JSONObject()
        object["seq"] = .unsigned(stored.sequence)
        object["time"] = .text(stored.time.description)
        object["event"] = .text(stored.kind.name)
        object["outcome"] = .text(stored.outcome.name)
        object["reason"] = stored.reason.map { .text($0) }
        object["handoff"] = handoff.map { JSONValue(exact: $0) }
        object["pid"] = process.map { .integer(Int64($0.pid)) }
        object["uid"] = process.map { .integer(Int64($0.uid)) }
        object["exe"] = process?.executable.map { .text($0) }
        object["target_pid"] =
            target.map { .integer(Int64($0.pid)) } ?? askedPID.map { JSONValue(exact: $0) }
        object["target_exe"] = target?.executable.map { .text($0) }
        object["socket"] = (stored.socket ?? socket?.number).map { .unsigned($0) }
        object["local"] = socket?.local.map { .text($0) }
        object["remote"] = socket?.remote.map { .text($0) }
        for (key, value) in fields where !Self.columnKeys.contains(key) {
            add(key, value, to: &object)
        }
        return object
    }

    /// The same, with what else is known of the process, and every key of the body.
    var wholeObject: JSONObject {
        var object = object
        object["target_uid"] = target.map { .integer(Int64($0.uid)) }
        object["start"] = object["start"] ?? details.map { .text("\($0.start)") }
        object["loginuid"] =
            object["loginuid"] ?? details?.loginUID.map { .integer(Int64($0)) }
        object["cgroup"] = object["cgroup"] ?? details?.controlGroup.map { .text($0) }
        object["boot"] = object["boot"] ?? boot.map { .text($0) }
        for (key, value) in fields where object[key.name] == nil { object[key.name] = value.json }
        return object
    }

    /// The names that `wholeObject` can have, the common ones first.
    static let fieldNames: [String] = {
        let common = [
            "seq", "time", "event", "outcome", "reason", "handoff", "pid", "uid", "exe",
            "target_pid", "target_uid", "target_exe", "socket", "local", "remote", "start",
            "loginuid", "cgroup", "boot", "sender_pid", "sender_uid",
        ]
        return common + Key.allCases.map(\.name).filter { !common.contains($0) }
    }()

    private func add(_ key: Key, _ value: FieldValue, to object: inout JSONObject) {
        switch (stored.kind, key) {
        case (.handoffRefused, .pid): return
        case (.requestRefused, .pid) where process != nil: object["sender_pid"] = value.json
        case (.requestRefused, .uid) where process != nil: object["sender_uid"] = value.json
        default:
            if object[key.name] == nil { object[key.name] = value.json }
        }
    }
}

extension FieldValue {
    var json: JSONValue {
        switch self {
        case .integer(let number): .integer(number)
        case .text(let text): .text(text)
        case .texts(let texts): .array(texts.map { .text($0) })
        case .bool(let bool): .bool(bool)
        }
    }
}
