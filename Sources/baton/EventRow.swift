import Journal
import Registry

/// One event with the names of what it mentions.
struct EventRow {
    let stored: StoredEvent
    /// The keys of the body.
    let fields: [(key: Key, value: FieldValue)]
    /// Who did it or whom it is about; the source, where only a handoff is named.
    var process: ProcessLabel?
    var target: ProcessLabel?
    var socket: SocketLabel?
    /// What else is known of the process, and the boot that the event is of, where that was read.
    var details: ProcessDetails?
    var boot: String?
    var reading = Reading()

    init(stored: StoredEvent, fields: [(key: Key, value: FieldValue)]) {
        self.stored = stored
        self.fields = fields
    }

    func field(_ key: Key) -> FieldValue? { fields.first { $0.key == key }?.value }

    func integer(_ key: Key) -> Int64? {
        guard case .integer(let value)? = field(key) else { return nil }
        return value
    }

    func text(_ key: Key) -> String? {
        guard case .text(let value)? = field(key) else { return nil }
        return value
    }

    /// The handoff it is about. A refused request may name one that no log can have.
    var handoff: UInt64? { stored.handoff ?? text(.handoff).flatMap { UInt64($0) } }

    /// The pid that was asked for, where the target is not known as a process.
    var askedPID: Int64? {
        guard stored.kind == .handoffRefused, target == nil else { return nil }
        return text(.pid).flatMap { Int64($0) }
    }

    /// The time for people.
    var timeText: String { reading.time(stored.time) }

    /// In UTC.
    static func timeText(_ time: Timestamp) -> String {
        time.description.replacing("T", with: " ").replacing("Z", with: "")
    }
}
