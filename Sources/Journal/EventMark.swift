import Registry

/// What of an event is looked at before anything proves it: told from the bytes of its body alone,
/// because the typed column beside it proves nothing.
enum EventMark {
    case stop
    case configuration
    case keyRotation

    private static let key = Array(#""event":""#.utf8)
    private static let names: [(bytes: [UInt8], mark: EventMark)] = [
        (name(of: .coordinatorStopped), .stop),
        (name(of: .configurationChanged), .configuration),
        (name(of: .keyRotated), .keyRotation),
    ]

    private static func name(of kind: EventKind) -> [UInt8] { Array("\(kind.name)\"".utf8) }

    /// Nil for every other event. Quotes inside a text are escaped, so that the key is found at its
    /// place only.
    init?(_ body: Span<UInt8>) {
        let key = Self.key
        guard body.count > key.count else { return nil }
        for place in 0..<body.count - key.count where Self.has(body, key, at: place) {
            let name = Self.names.first { Self.has(body, $0.bytes, at: place + key.count) }
            guard let name else { return nil }
            self = name.mark
            return
        }
        return nil
    }

    private static func has(_ body: Span<UInt8>, _ text: [UInt8], at place: Int) -> Bool {
        guard place + text.count <= body.count else { return false }
        for offset in text.indices where body[place + offset] != text[offset] { return false }
        return true
    }
}

/// Whether evidence was kept, as the log goes on. What was written without it is not missed.
struct EvidencePeriods {
    private(set) var keepsEvidence = true

    /// Takes in the body of a `configuration.changed`.
    mutating func note(_ body: [UInt8]) {
        guard case .configurationChanged(_, let content)? = Self.content(of: body) else { return }
        keepsEvidence = Rules(text: content).keepsEvidence
    }

    /// Nil for what cannot be read: where a checkpoint covers it, its root says so.
    static func content(of body: [UInt8]) -> Event.Content? {
        do throws(BodyError) {
            return try DecodedEvent(body).event.content
        } catch {
            return nil
        }
    }
}
