package import Registry

/// Writes events as bodies. The keys of each kind stand in the order of their bytes; those that all
/// events have are merged in by `Fields`.
package struct EventEncoder {
    /// The versions of the bodies' layout, key `v`: a body says the first that has all its keys, so
    /// that a program which does not know one of them says that, and not that the body is damaged.
    static let versions: ClosedRange<Int64> = 1...2

    private var fields: Fields

    /// `log` is the log's random id, 16 hexadecimal digits.
    package init(log: String) { fields = Fields(log: log) }

    /// The body of `event`; valid until the next call.
    package mutating func encode(_ event: Event) -> [UInt8] {
        write(event)
        return fields.writer.bytes
    }

    /// Encodes without copying the buffer, for the hot path.
    mutating func withEncoded<R, E: Error>(
        _ event: Event, _ body: (Span<UInt8>) throws(E) -> R
    ) throws(E) -> R {
        write(event)
        return try body(fields.writer.bytes.span)
    }

    private mutating func write(_ event: Event) {
        fields.begin(event)
        fields.write(event.content)
        fields.end()
    }
}

/// The canonical writer with the common keys put in at their places.
struct Fields {
    var writer = CanonicalWriter()
    /// Quoted, ready to be written.
    private let log: [UInt8]
    private var sequence: UInt64 = 0
    private var time = Instant(wallMicroseconds: 0, bootMicroseconds: 0)
    private var cause: UInt64?
    private var kind = EventKind.logOpened
    private var version = EventEncoder.versions.lowerBound
    /// The next of the keys that all events have; nil after the last one.
    private var next: Key?

    /// The kinds' names, quoted, by their numbers.
    private static let allNames: [[UInt8]] = {
        var names = [[UInt8]](repeating: [], count: 256)
        for kind in EventKind.allCases {
            names[Int(kind.rawValue)] = Array("\"\(kind.name)\"".utf8)
        }
        return names
    }()
    private let names = allNames

    init(log: String) { self.log = Array("\"\(log)\"".utf8) }

    mutating func begin(_ event: Event) {
        sequence = event.sequence
        time = event.time
        cause = event.cause
        kind = event.content.kind
        version = event.content.version
        next = .cause
        writer.open()
    }

    mutating func end() {
        writeCommon(before: nil)
        writer.close()
    }

    private mutating func writeCommon(before key: Key?) {
        while let common = next, common.rawValue < key?.rawValue ?? .max {
            switch common {
            case .cause:
                if let cause { writer.write(.cause, Int64(cause)) }
                next = .event
            case .event:
                writer.write(.event, quoted: names[Int(kind.rawValue)])
                next = .log
            case .log:
                writer.write(.log, quoted: log)
                next = .mono
            case .mono:
                writer.write(.mono, time.bootMicroseconds)
                next = .seq
            case .seq:
                writer.write(.seq, Int64(sequence))
                next = .time
            case .time:
                writer.write(.time, time: time.wallMicroseconds)
                next = .v
            default:
                writer.write(.v, version)
                next = nil
            }
        }
    }

    mutating func put(_ key: Key, _ value: some FixedWidthInteger) {
        writeCommon(before: key)
        writer.write(key, Int64(value))
    }

    mutating func put(_ key: Key, _ value: (some FixedWidthInteger)?) {
        if let value { put(key, value) }
    }

    mutating func put(_ key: Key, identifier value: UInt64?) {
        guard let value else { return }
        writeCommon(before: key)
        writer.write(key, identifier: value)
    }

    mutating func put(_ key: Key, _ value: String?) {
        guard let value else { return }
        writeCommon(before: key)
        writer.write(key, value)
    }

    mutating func put(_ key: Key, _ values: [String]) {
        writeCommon(before: key)
        writer.write(key, values)
    }

    mutating func put(_ key: Key, _ value: Bool) {
        writeCommon(before: key)
        writer.write(key, value)
    }

    mutating func put(_ key: Key, _ request: RequestID?) {
        guard let request else { return }
        writeCommon(before: key)
        writer.write(
            key, nonce: request.nonce, counter: request.counter, watermark: request.watermark)
    }

    /// A path as text, or in `<key>_hex` when it is not UTF-8.
    mutating func put(text key: Key, hex: Key, _ bytes: [UInt8]?, isHex: Bool) {
        guard let bytes else { return }
        if let text = String(validating: bytes, as: UTF8.self) {
            if !isHex { put(key, text) }
        } else if isHex {
            put(hex, Hexadecimal.text(bytes))
        }
    }
}

extension Event.Content {
    /// 2 where `process.seen` has `egid`, which version 1 does not know.
    var version: Int64 {
        if case .processSeen(let identity) = self, identity.effectiveGID != identity.gid {
            2
        } else {
            1
        }
    }

    package var kind: EventKind {
        switch self {
        case .logOpened: .logOpened
        case .logClosed: .logClosed
        case .bootObserved: .bootObserved
        case .clockStepped: .clockStepped
        case .coordinatorStarted: .coordinatorStarted
        case .coordinatorStopped: .coordinatorStopped
        case .coordinatorRecovered: .coordinatorRecovered
        case .configurationChanged: .configurationChanged
        case .processSeen: .processSeen
        case .processExited: .processExited
        case .socketSeen: .socketSeen
        case .socketMarked: .socketMarked
        case .handoffIssued: .handoffIssued
        case .handoffRefused: .handoffRefused
        case .handoffReserved: .handoffReserved
        case .redemptionRefused: .redemptionRefused
        case .handoffDelivered: .handoffDelivered
        case .deliveryFailed: .deliveryFailed
        case .handoffRevoked: .handoffRevoked
        case .handoffExpired: .handoffExpired
        case .handoffVoided: .handoffVoided
        case .descriptorClosed: .descriptorClosed
        case .socketReleased: .socketReleased
        case .notificationSelected: .notificationSelected
        case .notificationCancelled: .notificationCancelled
        case .requestRefused: .requestRefused
        case .requestsSuppressed: .requestsSuppressed
        case .reconcileFound: .reconcileFound
        case .keeperLost: .keeperLost
        case .storeFull: .storeFull
        case .keyRotated: .keyRotated
        case .retentionPruned: .retentionPruned
        case .redactionApplied: .redactionApplied
        }
    }
}
