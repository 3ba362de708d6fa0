import Registry
import Testing

@testable import Journal

struct ProjectionTests {
    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func `the tables equal the state after any history`(_ seed: UInt64) throws {
        var history = try RandomHistory(seed: seed)
        for batch in 0..<120 {
            try history.runBatch()
            guard batch.isMultiple(of: 20) else { continue }
            try Projection.expect(in: history.log)
            #expect(history.log.registry.snapshot() == history.log.folded().snapshot())
        }
        try Projection.expect(in: history.log)
        #expect(history.log.registry.snapshot() == history.log.folded().snapshot())
        #expect(history.failures > 0)
        #expect(history.restarts > 0)
        let log = history.log
        let kinds = Set(log.events.map(\.content.kind))
        let expected: Set<EventKind> = [
            .handoffIssued, .handoffReserved, .handoffDelivered, .deliveryFailed, .handoffRevoked,
            .handoffExpired, .handoffVoided, .descriptorClosed, .socketReleased, .processExited,
        ]
        #expect(expected.subtracting(kinds).isEmpty)
        let reader = try log.reader()
        for part in 0...4 {
            let end = UInt64(log.events.count * part / 4)
            #expect(
                try reader.state(after: end).snapshot() == log.folded(Int(end)).snapshot(),
                "after \(end) events")
        }
    }

    @Test func `a row keeps what it was told over several batches and in one`() throws {
        for isOneBatch in [true, false] {
            let log = try Log()
            let (source, target, socket) = (log.process(), log.process(), log.socket())
            let handoff = log.issue(
                from: source, to: target, socket: socket, lifetime: 1_000_000)
            if !isOneBatch { try log.append() }
            log.redeem(handoff, by: target, program: "/bin/cat")
            if !isOneBatch { try log.append() }
            log.perform(.deliveryFailed(handoff: handoff, actor: nil, reason: .unsent))
            if !isOneBatch { try log.append() }
            log.redeem(handoff, by: target)
            if !isOneBatch { try log.append() }
            log.confirm(handoff, by: target)
            if !isOneBatch { try log.append() }
            log.close(socket, by: target)
            try log.append()
            try Projection.expect(in: log)
            let stored = try #require(try log.reader().handoff(handoff))
            #expect(stored.state == "delivered")
            #expect(stored.attempts == 2)
            #expect(stored.program == "/bin/cat")
            #expect(stored.targetFlags == 129)
            #expect(stored.lifetime == 1_000_000)
            #expect(stored.closed == stored.changed)
            #expect(stored.lastSequence == log.registry.nextSequence - 1)
        }
    }

    @Test func `a mark and its socket's end are in the socket's row`() throws {
        let log = try Log()
        let (source, socket) = (log.process(), log.socket())
        log.perform(
            .mark(
                Command.Mark(
                    actor: source, socket: .socket(socket), quality: "voice",
                    request: log.request(of: source))))
        try log.append()
        #expect(
            try File.rows(log.path, "SELECT cookie, qos, released_us, boot, local FROM socket")
                == ["9002|voice||b|127.0.0.1:80"])
    }
}

/// The views for people who open the file with other programs.
struct ViewTests {
    private let log: Log
    private let ended: HandoffNumber
    private let open: HandoffNumber
    private let numbers: (source: UInt64, target: UInt64, socket: UInt64)

    init() throws {
        log = try Log()
        // 2023-11-14T22:13:20Z is 1,700,000,000 seconds after 1970.
        log.now = 1_234_000
        numbers = (log.process(), log.process(path: "/bin/target"), log.socket())
        ended = log.issue(from: numbers.source, to: numbers.target, socket: numbers.socket)
        log.redeem(ended, by: numbers.target)
        log.confirm(ended, by: numbers.target)
        log.close(numbers.socket, by: numbers.target)
        open = log.issue(from: numbers.source, to: numbers.target, socket: numbers.socket)
        log.redeem(open, by: numbers.source)
        try log.append()
    }

    @Test func `v_events has a row for each event, with ISO times and names`() throws {
        #expect(
            try File.number(log.path, "SELECT count(*) FROM v_events") == log.events.count)
        let rows = try File.rows(
            log.path,
            """
            SELECT seq, time, event, outcome, reason, handoff, pid, exe, target_pid, target_exe,
                socket, json_extract(body, '$.seq')
            FROM v_events WHERE seq >= \(ended) ORDER BY seq
            """)
        let (source, target) = ("1|/bin/cat", "2|/bin/target")
        let time = "2023-11-14T22:13:21.2340"
        #expect(
            rows == [
                """
                7|\(time)40Z|handoff.issued|accepted||7|\(source)|\(target)|\(numbers.socket)|7
                """,
                "8|\(time)50Z|handoff.reserved|accepted||7|\(target)||||8",
                "9|\(time)60Z|handoff.delivered|accepted||7||||||9",
                "10|\(time)70Z|descriptor.closed|observed|||\(target)|||\(numbers.socket)|10",
                """
                11|\(time)80Z|handoff.issued|accepted||11|\(source)|\(target)|\(numbers.socket)|11
                """,
                "12|\(time)90Z|redemption.refused|refused|wrong process|11|\(source)||||12",
            ])
    }

    @Test func `v_handoffs has a row for each handoff, and v_open those that have not ended`()
        throws
    {
        let fields = """
            handoff, state, pid, exe, target_pid, target_exe, socket, local, remote, issued,
            changed, ended, closed, attempts, program, reason, last_seq
            """
        let people = "1|/bin/cat|2|/bin/target|\(numbers.socket)|127.0.0.1:80|"
        let time = "2023-11-14T22:13:21.2340"
        let rows = [
            "7|delivered|\(people)|\(time)40Z|\(time)70Z|\(time)60Z|\(time)70Z|1|||10",
            "11|issued|\(people)|\(time)80Z|\(time)80Z|||0|||11",
        ]
        #expect(try File.rows(log.path, "SELECT \(fields) FROM v_handoffs ORDER BY 1") == rows)
        #expect(try File.rows(log.path, "SELECT \(fields) FROM v_open") == [rows[1]])
    }
}
