import Journal

/// What the numbers in events stand for. Read once each, and forgotten when there are too many.
final class NameBook {
    private let reader: LogReader
    private var processes: [UInt64: ProcessLabel] = [:]
    private var sockets: [UInt64: SocketLabel] = [:]
    private var handoffs: [UInt64: StoredHandoff] = [:]
    private var details: [UInt64: ProcessDetails] = [:]
    private var boots: [BootPart]?

    /// Of each kind: some tens of megabytes, however long the history.
    private static let capacity = 65_536

    init(_ reader: LogReader) { self.reader = reader }

    func process(_ number: UInt64) throws(JournalError) -> ProcessLabel? {
        if let known = processes[number] { return known }
        let label = try reader.process(number)
        if processes.count >= Self.capacity { processes.removeAll() }
        processes[number] = label
        return label
    }

    func socket(_ number: UInt64) throws(JournalError) -> SocketLabel? {
        if let known = sockets[number] { return known }
        let label = try reader.socket(number)
        if sockets.count >= Self.capacity { sockets.removeAll() }
        sockets[number] = label
        return label
    }

    /// For its source, target and socket, which never change; the rest may be of an earlier moment.
    func handoff(_ number: UInt64) throws(JournalError) -> StoredHandoff? {
        if let known = handoffs[number] { return known }
        let handoff = try reader.handoff(number)
        if handoffs.count >= Self.capacity { handoffs.removeAll() }
        handoffs[number] = handoff
        return handoff
    }

    /// The event with the names of what it mentions.
    func row(_ stored: StoredEvent) throws(JournalError) -> EventRow {
        var row = EventRow(stored: stored, fields: try fields(stored))
        if let number = stored.actor { row.process = try process(number) }
        if let number = stored.target { row.target = try process(number) }
        if let number = stored.socket { row.socket = try socket(number) }
        if let number = stored.handoff, let handoff = try handoff(number) {
            if stored.actor == nil { row.process = handoff.source }
            if stored.target == nil { row.target = handoff.target }
            if stored.socket == nil { row.socket = handoff.socket }
        }
        return row
    }

    /// The same, with what takes another look: more of the process, and the boot.
    func wholeRow(_ stored: StoredEvent) throws(JournalError) -> EventRow {
        var row = try row(stored)
        if let process = row.process { row.details = try details(process.number) }
        row.boot = try boot(of: stored.sequence)
        return row
    }

    private func details(_ number: UInt64) throws(JournalError) -> ProcessDetails? {
        if let known = details[number] { return known }
        let found = try reader.processDetails(number)
        if details.count >= Self.capacity { details.removeAll() }
        details[number] = found
        return found
    }

    private func boot(of sequence: UInt64) throws(JournalError) -> String? {
        if boots == nil { boots = try reader.boots() }
        return boots?.last { $0.sequences.contains(sequence) }?.id
    }

    private func fields(
        _ stored: StoredEvent
    ) throws(JournalError) -> [(key: Key, value: FieldValue)] {
        do {
            return try stored.fields()
        } catch {
            throw .damaged(
                path: reader.path, detail: "event \(stored.sequence) cannot be read: \(error)")
        }
    }
}
