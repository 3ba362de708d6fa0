package import Journal
import Registry

/// One entry of a trace, by the rules of the Trace Event Format.
package struct TraceEvent: Sendable {
    package enum Phase: String, Sendable {
        case metadata = "M"
        case complete = "X"
        case asyncBegin = "b"
        case asyncInstant = "n"
        case asyncEnd = "e"
        case flowStart = "s"
        case flowEnd = "f"
        case instant = "i"
    }

    package var phase: Phase
    package var name: String
    package var category: String
    /// Microseconds from the first event; absent for metadata.
    package var time: Int64?
    /// The process's place in the trace: a pid can be used again, and would mix two processes.
    package var track: Int
    /// What belongs together: the handoff.
    package var id: UInt64?
    package var arguments: [(name: String, value: FieldValue)] = []
}

/// Makes a trace of a history: one track a process, in which slices of one name share a group;
/// handoffs as async slices, because they overlap;
/// a hop as a flow from a slice of its source to one of its target, because arrows join slices.
package struct TraceBuilder {
    private struct Open {
        var source: Int
        /// When it was issued; nil when that is not in the trace.
        var issued: Int64?
    }

    private let reader: LogReader
    private var tracks: [UInt64: Int] = [:]
    private var open: [UInt64: Open] = [:]
    /// Descriptors that targets hold: the handoffs that gave them, oldest first.
    private var held: [[UInt64]: [UInt64]] = [:]
    /// From the boot clock to the trace's time; another one in each boot.
    private var offset: Int64?
    private var base: Int64?
    private var last: Int64 = 0
    private var made: [TraceEvent] = []

    package init(_ reader: LogReader) { self.reader = reader }

    /// The coordinator's own track.
    private static let coordinator = 1

    /// What comes into the trace by this event.
    package mutating func add(_ event: StoredEvent) throws -> [TraceEvent] {
        if offset == nil || event.kind == .bootObserved {
            if base == nil { begin(event) }
            // The columns may be a stranger's: what they cannot be together must not trap.
            let known = event.time.microseconds &- event.bootMicroseconds &- (base ?? 0)
            // A clock that was set back between two boots would end slices before they begin.
            offset = max(known, last &- event.bootMicroseconds)
        }
        let time = max(0, event.bootMicroseconds &+ (offset ?? 0))
        last = max(last, time)
        try write(event, time)
        defer { made.removeAll(keepingCapacity: true) }
        return made
    }

    private mutating func begin(_ event: StoredEvent) {
        base = event.time.microseconds
        made.append(
            TraceEvent(
                phase: .metadata, name: "process_name", category: "", time: nil,
                track: Self.coordinator, arguments: [("name", .text("coordinator"))]))
    }

    /// What is still going on ends with the trace, and says so.
    package mutating func finish() throws -> [TraceEvent] {
        for (number, handoff) in open.sorted(by: { $0.key < $1.key }) {
            let state = try reader.handoff(number)?.state
            let isOpen = state == "issued" || state == "reserved"
            // What ended it may be an event that is not in the trace.
            let end: (String, FieldValue) =
                isOpen ? ("open", .bool(true)) : ("end", .text("not in the trace"))
            async(.asyncEnd, number, handoff.source, last, [end])
        }
        for (key, handoffs) in held.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            guard let track = tracks[key[0]] else { continue }
            for number in handoffs { hold(.asyncEnd, number, track, last) }
        }
        defer { made.removeAll() }
        return made
    }

    private mutating func write(_ event: StoredEvent, _ time: Int64) throws {
        switch event.kind {
        case .handoffIssued: try issue(event, time)
        case .handoffReserved, .deliveryFailed:
            guard let (number, handoff) = try handoff(of: event, time) else { return }
            let word = event.kind == .handoffReserved ? "reserved" : "not delivered"
            async(.asyncInstant, number, handoff.source, time, [("event", .text(word))])
        case .handoffDelivered: try deliver(event, time)
        case .handoffRevoked, .handoffExpired, .handoffVoided:
            guard let (number, handoff) = try handoff(of: event, time) else { return }
            async(
                .asyncEnd, number, handoff.source, time,
                [("state", .text(String(event.kind.name.dropFirst("handoff.".count))))])
            open[number] = nil
        case .descriptorClosed: try close(event, time)
        case .handoffRefused, .redemptionRefused, .requestRefused:
            let track = try event.actor.map { try self.track($0) } ?? Self.coordinator
            instant("refused: \(event.reason ?? "")", track, time, event)
        case .processExited:
            if let actor = event.actor { instant("exit", try track(actor), time, event) }
        case .coordinatorStarted, .coordinatorStopped, .coordinatorRecovered, .clockStepped,
            .bootObserved, .configurationChanged, .storeFull, .keeperLost, .requestsSuppressed:
            instant(event.kind.name, Self.coordinator, time, event)
        default: break
        }
    }

    private mutating func issue(_ event: StoredEvent, _ time: Int64) throws {
        guard let actor = event.actor else { return }
        let source = try track(actor)
        let number = event.sequence
        open[number] = Open(source: source, issued: time)
        slice("duplicate #\(number)", source, time, event)
        var facts: [(String, FieldValue)] = [("seq", .integer(Int64(number)))]
        if let label = try event.target.flatMap({ try reader.process($0) }) {
            facts.append(("target", .text(Self.name(label))))
        }
        if let socket = event.socket { facts.append(("socket", .integer(Int64(socket)))) }
        async(.asyncBegin, number, source, time, facts)
    }

    /// The open handoff of an event; one whose issue is not in the trace begins here.
    private mutating func handoff(
        of event: StoredEvent, _ time: Int64
    ) throws -> (UInt64, Open)? {
        guard let number = event.handoff else { return nil }
        if let known = open[number] { return (number, known) }
        guard let stored = try reader.handoff(number) else { return nil }
        let handoff = Open(source: try track(stored.source.number))
        open[number] = handoff
        async(.asyncBegin, number, handoff.source, time, [("issued", .text("before the trace"))])
        return (number, handoff)
    }

    private mutating func deliver(_ event: StoredEvent, _ time: Int64) throws {
        guard let (number, handoff) = try handoff(of: event, time),
            let stored = try reader.handoff(number)
        else { return }
        let target = try track(stored.target.number)
        slice("receive #\(number)", target, time, event)
        // An arrow has both its ends or none, so its start is written late: entries have no order.
        if let issued = handoff.issued {
            flow(.flowStart, number, handoff.source, issued)
            flow(.flowEnd, number, target, time)
        }
        async(.asyncEnd, number, handoff.source, time, [("state", .text("delivered"))])
        open[number] = nil
        hold(.asyncBegin, number, target, time)
        held[[stored.target.number, stored.socket.number], default: []].append(number)
    }

    private mutating func close(_ event: StoredEvent, _ time: Int64) throws {
        guard let process = event.actor, let socket = event.socket else { return }
        instant("close socket #\(socket)", try track(process), time, event)
        guard var handoffs = held[[process, socket]], !handoffs.isEmpty else { return }
        hold(.asyncEnd, handoffs.removeFirst(), try track(process), time)
        held[[process, socket]] = handoffs.isEmpty ? nil : handoffs
    }

    // MARK: - Entries

    private mutating func track(_ process: UInt64) throws -> Int {
        if let known = tracks[process] { return known }
        let track = Self.coordinator + 1 + tracks.count
        tracks[process] = track
        let name = try reader.process(process).map { Self.name($0) } ?? "process #\(process)"
        made.append(
            TraceEvent(
                phase: .metadata, name: "process_name", category: "", time: nil, track: track,
                arguments: [("name", .text(name))]))
        return track
    }

    private static func name(_ label: ProcessLabel) -> String {
        let file = label.executable?.split(separator: "/").last.map { " \($0)" } ?? ""
        return "pid \(label.pid)\(file)"
    }

    private mutating func slice(_ name: String, _ track: Int, _ time: Int64, _ event: StoredEvent) {
        made.append(
            TraceEvent(
                phase: .complete, name: name, category: "handoff", time: time, track: track,
                arguments: [("seq", .integer(Int64(event.sequence)))]))
    }

    private mutating func flow(
        _ phase: TraceEvent.Phase, _ number: UInt64, _ track: Int, _ time: Int64
    ) {
        made.append(
            TraceEvent(
                phase: phase, name: "hop", category: "hop", time: time, track: track, id: number))
    }

    private mutating func async(
        _ phase: TraceEvent.Phase, _ number: UInt64, _ track: Int, _ time: Int64,
        _ arguments: [(String, FieldValue)]
    ) {
        made.append(
            TraceEvent(
                phase: phase, name: "handoff", category: "handoff", time: time,
                track: track, id: number,
                arguments: [("handoff", .integer(Int64(clamping: number)))] + arguments))
    }

    private mutating func hold(
        _ phase: TraceEvent.Phase, _ number: UInt64, _ track: Int, _ time: Int64
    ) {
        made.append(
            TraceEvent(
                phase: phase, name: "has the socket", category: "descriptor",
                time: time, track: track, id: number,
                arguments: [("handoff", .integer(Int64(clamping: number)))]))
    }

    private mutating func instant(
        _ name: String, _ track: Int, _ time: Int64, _ event: StoredEvent
    ) {
        made.append(
            TraceEvent(
                phase: .instant, name: name, category: "event", time: time, track: track,
                arguments: [("seq", .integer(Int64(event.sequence)))]))
    }
}
