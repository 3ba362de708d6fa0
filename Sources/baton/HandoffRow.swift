import Journal
import Winsock

/// A handoff as it stands, for a list.
struct HandoffRow: AnswerRow {
    let handoff: StoredHandoff
    var reading = Reading()

    static let headings = RowHeadings(csv: csvHeadings, table: tableHeadings)

    init(_ handoff: StoredHandoff) { self.handoff = handoff }

    /// By the wall clock of its issue; the coordinator goes by the clock of the boot.
    var expires: Timestamp? {
        handoff.lifetime.map { Timestamp(microseconds: handoff.issued.microseconds + $0) }
    }

    static let tableHeadings = [
        "HANDOFF", "STATE", "SOURCE", "TARGET", "SOCKET", "ISSUED", "EXPIRES",
    ]

    var tableCells: [String] {
        [
            "\(handoff.number)", handoff.state, handoff.source.shortText,
            handoff.target.shortText, handoff.socket.shortText,
            reading.time(handoff.issued), expires.map { reading.time($0) } ?? "",
        ]
    }

    static let csvHeadings = [
        "handoff", "state", "pid", "exe", "target_pid", "target_exe", "socket", "local", "remote",
        "issued", "changed", "closed", "expires", "attempts", "program", "reason",
    ]

    var csvCells: [String] {
        [
            "\(handoff.number)", handoff.state, "\(handoff.source.pid)",
            handoff.source.executable ?? "", "\(handoff.target.pid)",
            handoff.target.executable ?? "", "\(handoff.socket.number)",
            handoff.socket.local ?? "", handoff.socket.remote ?? "",
            handoff.issued.description, handoff.changed.description,
            handoff.closed?.description ?? "", expires?.description ?? "",
            "\(handoff.attempts)", handoff.program ?? "", handoff.reason ?? "",
        ]
    }

    /// One line for a person. `numberWidth` is that of the largest number that will be printed.
    func shortLine(numberWidth: Int) -> String {
        var words = [
            PrintableText.padded("handoff #\(handoff.number)", to: "handoff #".count + numberWidth),
            PrintableText.padded(handoff.state, to: 9),
            "\(handoff.source.text) → \(handoff.target.text)", handoff.socket.text,
            "issued \(reading.time(handoff.issued))",
        ]
        if let expires { words.append("expires \(reading.time(expires))") }
        if let reason = handoff.reason { words.append(PrintableText.escaped(reason)) }
        return words.joined(separator: "  ")
    }

    func line(numberWidth: Int) throws -> String? { shortLine(numberWidth: numberWidth) }

    /// The names that `object` can have.
    static let fieldNames = [
        "handoff", "state", "pid", "uid", "exe", "target_pid", "target_uid", "target_exe",
        "target_exited", "socket", "protocol", "local", "remote", "form", "flags",
        "target_flags", "issued", "changed", "closed", "expires", "attempts", "program",
        "reason", "last_seq",
    ]

    var object: JSONObject {
        var object = JSONObject()
        object["handoff"] = .unsigned(handoff.number)
        object["state"] = .text(handoff.state)
        object["pid"] = .integer(Int64(handoff.source.pid))
        object["uid"] = .integer(Int64(handoff.source.uid))
        object["exe"] = handoff.source.executable.map { .text($0) }
        object["target_pid"] = .integer(Int64(handoff.target.pid))
        object["target_uid"] = .integer(Int64(handoff.target.uid))
        object["target_exe"] = handoff.target.executable.map { .text($0) }
        object["target_exited"] = handoff.target.exited.map { .text($0.description) }
        object["socket"] = .unsigned(handoff.socket.number)
        object["protocol"] = .text(handoff.socket.protocolText)
        object["local"] = handoff.socket.local.map { .text($0) }
        object["remote"] = handoff.socket.remote.map { .text($0) }
        object["form"] = .text(handoff.form)
        object["flags"] = .integer(Int64(handoff.sourceFlags))
        object["target_flags"] = handoff.targetFlags.map { .integer(Int64($0)) }
        object["issued"] = .text(handoff.issued.description)
        object["changed"] = .text(handoff.changed.description)
        object["closed"] = handoff.closed.map { .text($0.description) }
        object["expires"] = expires.map { .text($0.description) }
        object["attempts"] = .integer(Int64(handoff.attempts))
        object["program"] = handoff.program.map { .text($0) }
        object["reason"] = handoff.reason.map { .text($0) }
        object["last_seq"] = .unsigned(handoff.lastSequence)
        return object
    }

    /// What there is to say of it, name and text, for a person.
    var description: [(name: String, text: String)] {
        var facts = [
            ("handoff", "#\(handoff.number)"), ("state", handoff.state),
            ("source", fact(handoff.source)), ("target", fact(handoff.target)),
            ("socket", handoff.socket.shortText),
            ("issued", reading.time(handoff.issued)),
            ("changed", reading.time(handoff.changed)),
        ]
        if let expires { facts.append(("expires", reading.time(expires))) }
        if let closed = handoff.closed { facts.append(("closed", reading.time(closed))) }
        facts.append(("flags", SocketFlags(rawValue: handoff.sourceFlags).text))
        if let flags = handoff.targetFlags {
            facts.append(("target's flags", SocketFlags(rawValue: flags).text))
        }
        if handoff.attempts > 0 { facts.append(("attempts", "\(handoff.attempts)")) }
        if let program = handoff.program {
            facts.append(("program", PrintableText.escaped(program)))
        }
        if let reason = handoff.reason { facts.append(("reason", PrintableText.escaped(reason))) }
        return facts
    }

    private func fact(_ process: ProcessLabel) -> String {
        var words = ["pid \(process.pid)", "uid \(reading.user(process.uid))"]
        if let path = process.executable { words.append(PrintableText.escaped(path)) }
        if let exited = process.exited { words.append("exited \(reading.time(exited))") }
        return words.joined(separator: "  ")
    }
}
