import GRDBSQLite
import Registry
import Winsock

/// The tables of the present state, written along with the events they follow from.
struct Projections {
    /// What a batch did to the row of one handoff.
    private struct Change {
        var state: State?
        var attempts: UInt64?
        var targetFlags: UInt64?
        var program: String?
        var reason: String?
        var ended: Int64?
        var closed: Int64?
        var time: Int64 = 0
        var sequence: UInt64 = 0

        /// Whether it was reserved, and nothing else.
        var isOnlyReserved: Bool {
            state == .reserved && reason == nil && ended == nil && closed == nil
        }
    }

    private enum State {
        case issued, reserved, delivered, revoked, expired, voided

        var name: StaticString {
            switch self {
            case .issued: "issued"
            case .reserved: "reserved"
            case .delivered: "delivered"
            case .revoked: "revoked"
            case .expired: "expired"
            case .voided: "voided"
            }
        }
    }

    private let insertHandoff: Statement
    private let updateHandoff: Statement
    private let reserveHandoff: Statement
    private let insertDescriptor: Statement
    private let deleteDescriptor: Statement
    private let insertProcess: Statement
    private let updateProcess: Statement
    private let insertSocket: Statement
    private let updateSocket: Statement

    private var changes: [HandoffNumber: Change] = [:]
    /// In the order of their first change, because a dictionary's order decides nothing.
    private var order: [HandoffNumber] = []
    /// Descriptors that were opened in this batch and are still open at its end.
    private var opened: [HandoffNumber: (process: UInt64, socket: UInt64, time: Int64)] = [:]

    init(_ connection: OpaquePointer) throws(JournalError) {
        insertHandoff = try unsafe Statement(
            connection,
            """
            INSERT INTO handoff (number, state, source, target, socket, form, source_flags,
                issued_us, expires_mono_us, changed_us, last_seq)
            VALUES (?1, 'issued', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?7, ?1)
            """)
        updateHandoff = try unsafe Statement(
            connection,
            """
            UPDATE handoff SET state = coalesce(?2, state), attempts = coalesce(?3, attempts),
                target_flags = coalesce(?4, target_flags), program = coalesce(?5, program),
                reason = coalesce(?6, reason), closed_us = coalesce(?7, closed_us),
                changed_us = ?8, last_seq = ?9, ended_us = coalesce(?10, ended_us)
            WHERE number = ?1
            """)
        reserveHandoff = try unsafe Statement(
            connection,
            // Of what every handoff passes this has half the work: no column of an index changes.
            """
            UPDATE handoff SET state = 'reserved', attempts = ?2, target_flags = ?3,
                changed_us = ?4, last_seq = ?5, program = coalesce(?6, program)
            WHERE number = ?1
            """)
        insertDescriptor = try unsafe Statement(
            connection, "INSERT OR REPLACE INTO descriptor VALUES (?1, ?2, ?3, ?4)")
        deleteDescriptor = try unsafe Statement(
            connection,
            "DELETE FROM descriptor WHERE process = ?1 AND socket = ?2 AND handoff = ?3")
        insertProcess = try unsafe Statement(
            connection,
            """
            INSERT INTO process (number, boot, instance, pid, uid, euid, exe, cgroup, seen_us)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            """)
        updateProcess = try unsafe Statement(
            connection,
            // A process that was seen again, after an exec for instance, has a row for each time.
            """
            UPDATE process SET exited_us = ?2, status = ?3
            WHERE pid = (SELECT pid FROM process WHERE number = ?1)
                AND instance = (SELECT instance FROM process WHERE number = ?1)
            """)
        insertSocket = try unsafe Statement(
            connection,
            """
            INSERT INTO socket (number, boot, cookie, inode, family, type, protocol, local,
                remote, seen_us)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            """)
        updateSocket = try unsafe Statement(
            connection,
            """
            UPDATE socket SET qos = coalesce(?2, qos), released_us = coalesce(?3, released_us)
            WHERE number = ?1
            """)
    }

    /// Takes in one event. Rows of handoffs and descriptors wait for `flush`.
    mutating func note(
        _ event: Event, _ applied: Registry.Applied, boot: String
    ) throws(JournalError) {
        let time = event.time.wallMicroseconds
        switch event.content {
        case .processSeen(let identity): try insert(identity, event, boot: boot)
        case .processExited(let process, let status):
            updateProcess.bind(1, process)
            updateProcess.bind(2, time)
            updateProcess.bind(3, time: status.map { Int64($0) })
            try updateProcess.run()
        case .socketSeen(let identity): try insert(identity, event, boot: boot)
        case .socketMarked(let socket, _, let quality):
            try update(socket: socket, quality: quality, released: nil)
        case .socketReleased(let socket, _):
            try update(socket: socket, quality: nil, released: time)
        case .handoffIssued(let issued):
            try insert(issued, event)
            if applied == .opened {
                try insert(
                    process: issued.actor, socket: issued.socket, handoff: 0, time: time)
            }
        case .notificationSelected(let process, let socket, _):
            if applied == .opened {
                try insert(process: process, socket: socket, handoff: 0, time: time)
            }
        case .handoffReserved(let reserved):
            change(reserved.handoff, event) {
                $0.state = .reserved
                $0.attempts = UInt64(reserved.attempt)
                $0.targetFlags = UInt64(reserved.flags)
                // As over several batches, what an earlier attempt said stays.
                if let program = reserved.program { $0.program = program }
            }
        case .handoffDelivered(let handoff, _):
            change(handoff, event) {
                $0.state = .delivered
                $0.ended = time
            }
            if case .delivered(let process, let socket) = applied {
                opened[handoff] = (process, socket, time)
            }
        case .deliveryFailed(let handoff, _): change(handoff, event) { $0.state = .issued }
        case .handoffRevoked(let revoked):
            change(revoked.handoff, event) {
                $0.state = .revoked
                $0.ended = time
                $0.reason = revoked.text
            }
        case .handoffExpired(let handoff):
            change(handoff, event) {
                $0.state = .expired
                $0.ended = time
            }
        case .handoffVoided(let handoff, let reason):
            change(handoff, event) {
                $0.state = .voided
                $0.ended = time
                $0.reason = reason.rawValue
            }
        case .descriptorClosed(let process, let socket, _):
            guard case .closed(let handoff) = applied else { return }
            try close(process: process, socket: socket, handoff: handoff, event)
        default: break
        }
    }

    /// Writes the rows of all handoffs that the batch changed.
    mutating func flush() throws(JournalError) {
        for handoff in order {
            if let open = opened[handoff] {
                try insert(
                    process: open.process, socket: open.socket, handoff: handoff, time: open.time)
            }
            guard let change = changes[handoff] else { continue }
            if change.isOnlyReserved {
                try reserve(handoff, change)
            } else {
                try update(handoff, change)
            }
        }
        forget()
    }

    private func update(_ handoff: HandoffNumber, _ change: Change) throws(JournalError) {
        updateHandoff.bind(1, handoff)
        updateHandoff.bind(2, constant: change.state?.name)
        updateHandoff.bind(3, change.attempts)
        updateHandoff.bind(4, change.targetFlags)
        updateHandoff.bind(5, change.program)
        updateHandoff.bind(6, change.reason)
        updateHandoff.bind(7, time: change.closed)
        updateHandoff.bind(8, change.time)
        updateHandoff.bind(9, change.sequence)
        updateHandoff.bind(10, time: change.ended)
        try updateHandoff.run()
    }

    private func reserve(_ handoff: HandoffNumber, _ change: Change) throws(JournalError) {
        reserveHandoff.bind(1, handoff)
        reserveHandoff.bind(2, change.attempts)
        reserveHandoff.bind(3, change.targetFlags)
        reserveHandoff.bind(4, change.time)
        reserveHandoff.bind(5, change.sequence)
        reserveHandoff.bind(6, change.program)
        try reserveHandoff.run()
    }

    mutating func forget() {
        changes.removeAll(keepingCapacity: true)
        order.removeAll(keepingCapacity: true)
        opened.removeAll(keepingCapacity: true)
    }

    private mutating func change(
        _ handoff: HandoffNumber, _ event: Event, _ body: (inout Change) -> Void
    ) {
        let known = changes.count
        update(&changes[handoff, default: Change()])
        if changes.count > known { order.append(handoff) }

        func update(_ change: inout Change) {
            body(&change)
            change.time = event.time.wallMicroseconds
            change.sequence = event.sequence
        }
    }

    private mutating func close(
        process: UInt64, socket: UInt64, handoff: HandoffNumber, _ event: Event
    ) throws(JournalError) {
        if handoff != 0 {
            change(handoff, event) { $0.closed = event.time.wallMicroseconds }
        }
        if opened.removeValue(forKey: handoff) != nil { return }
        deleteDescriptor.bind(1, process)
        deleteDescriptor.bind(2, socket)
        deleteDescriptor.bind(3, handoff)
        try deleteDescriptor.run()
    }

    private func insert(_ issued: Event.Issued, _ event: Event) throws(JournalError) {
        insertHandoff.bind(1, event.sequence)
        insertHandoff.bind(2, issued.actor)
        insertHandoff.bind(3, issued.target)
        insertHandoff.bind(4, issued.socket)
        insertHandoff.bind(5, issued.form.letter)
        insertHandoff.bind(6, UInt64(issued.flags))
        insertHandoff.bind(7, event.time.wallMicroseconds)
        insertHandoff.bind(
            8, time: issued.lifetime.map { event.time.bootMicroseconds + Int64($0) })
        try insertHandoff.run()
    }

    private func insert(
        process: UInt64, socket: UInt64, handoff: HandoffNumber, time: Int64
    ) throws(JournalError) {
        insertDescriptor.bind(1, process)
        insertDescriptor.bind(2, socket)
        insertDescriptor.bind(3, handoff)
        insertDescriptor.bind(4, time)
        try insertDescriptor.run()
    }

    private func insert(
        _ identity: ProcessIdentity, _ event: Event, boot: String
    ) throws(JournalError) {
        insertProcess.bind(1, event.sequence)
        insertProcess.bind(2, boot)
        insertProcess.bind(3, "\(identity.instance)")
        insertProcess.bind(4, Int64(identity.pid))
        insertProcess.bind(5, UInt64(identity.uid))
        insertProcess.bind(6, UInt64(identity.effectiveUID))
        insertProcess.bind(7, identity.executable.map { String(decoding: $0, as: UTF8.self) })
        insertProcess.bind(8, identity.controlGroup.map { String(decoding: $0, as: UTF8.self) })
        insertProcess.bind(9, event.time.wallMicroseconds)
        try insertProcess.run()
    }

    private func insert(
        _ identity: SocketIdentity, _ event: Event, boot: String
    ) throws(JournalError) {
        insertSocket.bind(1, event.sequence)
        insertSocket.bind(2, boot)
        insertSocket.bind(3, "\(identity.cookie)")
        insertSocket.bind(4, "\(identity.inode)")
        insertSocket.bind(5, Int64(identity.family))
        insertSocket.bind(6, Int64(identity.type))
        insertSocket.bind(7, Int64(identity.protocolNumber))
        insertSocket.bind(8, identity.local)
        insertSocket.bind(9, identity.remote)
        insertSocket.bind(10, event.time.wallMicroseconds)
        try insertSocket.run()
    }

    private func update(
        socket: UInt64, quality: String?, released: Int64?
    ) throws(JournalError) {
        updateSocket.bind(1, socket)
        updateSocket.bind(2, quality)
        updateSocket.bind(3, time: released)
        try updateSocket.run()
    }
}
