package import Journal
import Registry

/// A Mermaid sequence diagram of a history, within what its viewers draw.
package struct SequenceDiagram {
    /// Beyond that a diagram is not read any more.
    package static let messagesMaximum = 200
    /// GitHub and other viewers refuse texts of more than 50,000 characters.
    package static let charactersMaximum = 48_000

    private let reader: LogReader
    private var participants: [UInt64: String] = [:]
    private var declarations: [String] = ["participant C as coordinator"]
    private var messages: [String] = []
    private var characterCount = 200
    /// Events that would have a message, and have none: there was no room.
    package private(set) var leftOut: UInt64 = 0
    private var firstLeftOut: UInt64?
    /// Events of kinds that have no message.
    private var undrawnCount: UInt64 = 0

    package init(_ reader: LogReader) { self.reader = reader }

    package var lines: [String] {
        var lines = ["sequenceDiagram"]
        lines += declarations.map { "    " + $0 }
        lines += messages.map { "    " + $0 }
        if let firstLeftOut {
            lines.append(
                "    Note over C: \(leftOut) more events left out, from \(firstLeftOut) on")
        }
        if undrawnCount > 0 {
            lines.append("    Note over C: \(undrawnCount) events of other kinds are not drawn")
        }
        return lines
    }

    package mutating func add(_ event: StoredEvent) throws {
        guard Self.kinds.contains(event.kind) else {
            // Processes are participants.
            if event.kind != .processSeen { undrawnCount += 1 }
            return
        }
        guard firstLeftOut == nil else { return leftOut += 1 }
        let known = (participants, declarations, characterCount)
        let message = try message(event)
        characterCount += message.count + 5
        guard messages.count < Self.messagesMaximum,
            characterCount <= Self.charactersMaximum
        else {
            (participants, declarations, characterCount) = known
            firstLeftOut = event.sequence
            leftOut = 1
            return
        }
        messages.append(message)
    }

    private static let kinds: Set<EventKind> = [
        .handoffIssued, .handoffRefused, .handoffReserved, .redemptionRefused, .handoffDelivered,
        .deliveryFailed, .handoffRevoked, .handoffExpired, .handoffVoided, .descriptorClosed,
        .processExited, .requestRefused, .requestsSuppressed, .coordinatorStarted,
        .coordinatorStopped,
    ]

    private mutating func message(_ event: StoredEvent) throws -> String {
        let number = event.handoff.map { "\($0)" } ?? ""
        let handoff = try event.handoff.flatMap { try reader.handoff($0) }
        let reason = Self.plain(event.reason ?? "")
        switch event.kind {
        case .handoffIssued:
            // Declared in this order, so that most arrows go from left to right.
            let source = try actor(event)
            let target = try event.target.map { try participant($0) } ?? "C"
            return "\(source)->>C: duplicate for \(target), handoff \(number)"
        case .handoffRefused, .redemptionRefused, .requestRefused:
            return "C--x\(try actor(event)): refused, \(reason)"
        case .handoffReserved: return "\(try actor(event))->>C: redeem handoff \(number)"
        case .handoffDelivered:
            let target = try handoff.map { try participant($0.target.number) } ?? "C"
            return "C->>\(target): descriptor of handoff \(number), \(try proof(event))"
        case .deliveryFailed:
            let target = try handoff.map { try participant($0.target.number) } ?? "C"
            return "C-x\(target): descriptor of handoff \(number), \(reason)"
        case .handoffRevoked: return "\(try actor(event))->>C: revoke handoff \(number)"
        case .handoffExpired: return "Note over C: handoff \(number) expired"
        case .handoffVoided: return "Note over C: handoff \(number) voided, \(reason)"
        case .descriptorClosed:
            return "\(try actor(event))-)C: closed socket \(event.socket.map { "\($0)" } ?? "")"
        case .processExited: return "Note over \(try actor(event)): exit"
        case .requestsSuppressed: return "Note over C: refusals only counted, \(reason)"
        default: return "Note over C: \(event.kind.name.replacing(".", with: " "))"
        }
    }

    /// How it is known that a descriptor arrived.
    private func proof(_ event: StoredEvent) throws -> String {
        for field in try event.fields() where field.key == .how {
            return Self.plain(field.value.text)
        }
        return ""
    }

    private mutating func actor(_ event: StoredEvent) throws -> String {
        try event.actor.map { try participant($0) } ?? "C"
    }

    private mutating func participant(_ process: UInt64) throws -> String {
        if let known = participants[process] { return known }
        let name = "P\(process)"
        let label = try reader.process(process)
        let file = label?.executable?.split(separator: "/").last.map { " \(Self.plain($0))" } ?? ""
        let text = label.map { "pid \($0.pid)\(file)" } ?? "process \(process)"
        let declaration = "participant \(name) as \(text)"
        participants[process] = name
        declarations.append(declaration)
        characterCount += declaration.count + 5
        return name
    }

    /// Only what Mermaid takes for text everywhere.
    private static func plain(_ text: some StringProtocol) -> String {
        String(
            text.prefix(64).map { letter in
                let isPlain =
                    letter.isASCII
                    && (letter.isLetter || letter.isNumber || " ._-/'".contains(letter))
                return isPlain ? letter : "_"
            })
    }
}
