import Registry
import Testing
import Winsock

@testable import Journal

/// The tables of the present state, worked out from the events alone, by other means than those of
/// the writer and of the rules.
struct Projection {
    struct Row: Equatable {
        var state = "issued"
        var facts: String
        var targetFlags: UInt32?
        var issued: Int64
        var deadline: Int64?
        var changed: Int64
        var attempts: UInt32 = 0
        var program: String?
        var reason: String?
        var ended: Int64?
        var closed: Int64?
        var last: UInt64

        /// As `File.rows` has it.
        var text: String {
            func field<T>(_ value: T?) -> String { value.map { "\($0)" } ?? "" }
            return [
                state, facts, field(targetFlags), "\(issued)", field(deadline), "\(changed)",
                "\(attempts)", field(program), field(reason), field(ended), field(closed),
                "\(last)",
            ].joined(separator: "|")
        }
    }

    struct Holding: Hashable {
        var process: UInt64
        var socket: UInt64
    }

    private(set) var handoffs: [UInt64: Row] = [:]
    private(set) var holders: [UInt64: Holding] = [:]
    private(set) var open: [Holding: [(handoff: UInt64, time: Int64)]] = [:]
    private(set) var exits: [UInt64: (time: Int64, status: Int32?)] = [:]
    private(set) var released: [UInt64: Int64] = [:]

    init(_ events: [Event]) {
        for event in events { take(event) }
    }

    private mutating func change(
        _ handoff: UInt64, _ event: Event, _ state: String? = nil, ends: Bool = false
    ) {
        handoffs[handoff]?.changed = event.time.wallMicroseconds
        handoffs[handoff]?.last = event.sequence
        if let state { handoffs[handoff]?.state = state }
        if ends { handoffs[handoff]?.ended = event.time.wallMicroseconds }
    }

    private mutating func take(_ event: Event) {
        let time = event.time.wallMicroseconds
        switch event.content {
        case .handoffIssued(let issued): take(issued, event)
        case .handoffReserved(let reserved):
            change(reserved.handoff, event, "reserved")
            handoffs[reserved.handoff]?.attempts = reserved.attempt
            handoffs[reserved.handoff]?.targetFlags = reserved.flags
            if let program = reserved.program { handoffs[reserved.handoff]?.program = program }
        case .deliveryFailed(let handoff, _): change(handoff, event, "issued")
        case .handoffDelivered(let handoff, _):
            change(handoff, event, "delivered", ends: true)
            if let holder = holders[handoff] { open[holder, default: []].append((handoff, time)) }
        case .handoffRevoked(let revoked):
            change(revoked.handoff, event, "revoked", ends: true)
            handoffs[revoked.handoff]?.reason = revoked.text
        case .handoffExpired(let handoff): change(handoff, event, "expired", ends: true)
        case .handoffVoided(let handoff, let reason):
            change(handoff, event, "voided", ends: true)
            handoffs[handoff]?.reason = reason.rawValue
        case .notificationSelected(let process, let socket, _):
            show(Holding(process: process, socket: socket), time)
        case .descriptorClosed(let process, let socket, _):
            let holder = Holding(process: process, socket: socket)
            guard let handoff = open[holder]?.removeFirst().handoff else { return }
            if open[holder]?.isEmpty == true { open[holder] = nil }
            change(handoff, event)
            handoffs[handoff]?.closed = time
        case .processExited(let process, let status): exits[process] = (time, status)
        case .socketReleased(let socket, _): released[socket] = time
        default: break
        }
    }

    private mutating func take(_ issued: Event.Issued, _ event: Event) {
        let time = event.time.wallMicroseconds
        handoffs[event.sequence] = Row(
            facts: """
                \(issued.actor)|\(issued.target)|\(issued.socket)|\(issued.form.letter)|\
                \(issued.flags)
                """,
            issued: time,
            deadline: issued.lifetime.map { event.time.bootMicroseconds + Int64($0) },
            changed: time, last: event.sequence)
        holders[event.sequence] = Holding(process: issued.target, socket: issued.socket)
        show(Holding(process: issued.actor, socket: issued.socket), time)
    }

    /// A process has shown that it has a descriptor.
    private mutating func show(_ holder: Holding, _ time: Int64) {
        if open[holder] == nil { open[holder] = [(0, time)] }
    }

    /// Compares the tables of a log with its events and its state.
    static func expect(in log: Log, location: SourceLocation = #_sourceLocation) throws {
        let expected = Projection(log.events)
        func check(_ sql: String, _ rows: [String]) throws {
            #expect(try File.rows(log.path, sql) == rows, sourceLocation: location)
        }
        try check(
            """
            SELECT number, state, source, target, socket, form, source_flags, target_flags,
                issued_us, expires_mono_us, changed_us, attempts, program, reason, ended_us,
                closed_us, last_seq
            FROM handoff ORDER BY number
            """,
            expected.handoffs.keys.sorted().map { number in
                "\(number)|\(expected.handoffs[number]?.text ?? "")"
            })
        try check(
            "SELECT * FROM descriptor ORDER BY process, socket, handoff",
            expected.open.flatMap { holder, all in
                all.map { ([holder.process, holder.socket, $0.handoff], $0.time) }
            }.sorted { $0.0.lexicographicallyPrecedes($1.0) }.map { key, time in
                "\(key[0])|\(key[1])|\(key[2])|\(time)"
            })
        try check(
            "SELECT number, exited_us, status FROM process WHERE exited_us NOTNULL ORDER BY number",
            expected.exits.keys.sorted().map { number in
                let exit = expected.exits[number]
                return "\(number)|\(exit?.time ?? 0)|\(exit?.status.map { "\($0)" } ?? "")"
            })
        try check(
            "SELECT number, released_us FROM socket WHERE released_us NOTNULL ORDER BY number",
            expected.released.keys.sorted().map { "\($0)|\(expected.released[$0] ?? 0)" })
        try expectState(in: log, expected, location)
    }

    /// The rules' own state says the same of what is open.
    private static func expectState(
        in log: Log, _ expected: Projection, _ location: SourceLocation
    ) throws {
        let open = expected.open.mapValues { $0.map(\.handoff) }
        let held = log.registry.descriptors.map { key, handoffs in
            (Holding(process: key.process, socket: key.socket), handoffs)
        }
        #expect(open == Dictionary(uniqueKeysWithValues: held), sourceLocation: location)
        let states = try File.rows(
            log.path,
            "SELECT number, state FROM handoff WHERE ended_us IS NULL ORDER BY number")
        let present = log.registry.handoffs.values.sorted { $0.number < $1.number }.map {
            "\($0.number)|\($0.isReserved ? "reserved" : "issued")"
        }
        #expect(states == present, sourceLocation: location)
    }
}
