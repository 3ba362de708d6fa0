import Journal
import Transport

/// How times and users are written for a person. As they were recorded, in UTC and as numbers,
/// unless the reader wants them as this host has them: then it is this host's word, not the log's.
struct Reading {
    var isLocal = false
    var namesUsers = false

    func time(_ time: Timestamp) -> String {
        guard isLocal else { return EventRow.timeText(time) }
        let offset = LocalTime.offset(at: time.microseconds / 1_000_000)
        let shifted = Timestamp(microseconds: time.microseconds + offset * 1_000_000)
        let minutes = offset.magnitude / 60
        let digits = [minutes / 60, minutes % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
        return EventRow.timeText(shifted) + (offset < 0 ? "-" : "+") + digits.joined(separator: ":")
    }

    /// `1000`, or `1000 (anna)`.
    func user(_ uid: some BinaryInteger) -> String {
        guard namesUsers, let number = UInt32(exactly: uid),
            let name = UserNames.name(of: number)
        else { return "\(uid)" }
        return "\(uid) (\(PrintableText.escaped(name)))"
    }

    /// A member of a row, for a person.
    func text(_ name: String, _ value: JSONValue) -> String {
        switch (name, value) {
        case ("uid", .integer(let uid)), ("euid", .integer(let uid)),
            ("loginuid", .integer(let uid)), ("target_uid", .integer(let uid)),
            ("sender_uid", .integer(let uid)):
            return user(uid)
        case (_, .text(let text)):
            if Self.times.contains(name), let time = Timestamp(text) { return self.time(time) }
            return PrintableText.escaped(text)
        default: return PrintableText.escaped(value.plain)
        }
    }

    private static let times: Set<String> = [
        "time", "issued", "changed", "closed", "expires", "target_exited",
    ]
}
