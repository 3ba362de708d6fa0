import GRDB
import Registry
import TestSupport
import Testing
import Winsock

@testable import Journal

/// A history drawn from a seed, written in batches of any size, with failures and restarts.
struct RandomHistory {
    let log: Log
    private var random: SeededGenerator
    private var handoffs: [HandoffNumber] = []
    private(set) var failures = 0
    private(set) var restarts = 0

    init(seed: UInt64) throws {
        random = SeededGenerator(seed: seed)
        log = try Log()
    }

    private mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }

    /// One batch of commands; then it is written, or everything goes back to what was.
    mutating func runBatch() throws {
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            step()
            if chance(15) { try log.stage() }
        }
        switch Int.random(in: 0..<20, using: &random) {
        case 0: try fail()
        case 1:
            try log.append()
            try log.reopen()
            restarts += 1
        case 2:
            try log.append()
            try log.journal.takeSnapshot(of: log.registry)
        default: try log.append()
        }
    }

    private mutating func fail() throws {
        guard !log.batch.isEmpty else { return }
        try log.journal.queue.inDatabase { db in
            try db.execute(
                sql: """
                    CREATE TEMP TRIGGER failing BEFORE INSERT ON main.event
                    BEGIN SELECT RAISE(ABORT, 'as the test wants'); END;
                    CREATE TEMP TRIGGER failing_end BEFORE UPDATE ON main.handoff
                    BEGIN SELECT RAISE(ABORT, 'as the test wants'); END;
                    """)
        }
        do throws(JournalError) {
            try log.append()
        } catch {
            guard case .notWritten = error else { throw error }
            failures += 1
            try log.discard()
        }
        try log.journal.queue.inDatabase { db in
            // One that was made while a batch was staged is gone with it.
            try db.execute(
                sql: "DROP TRIGGER IF EXISTS failing; DROP TRIGGER IF EXISTS failing_end")
        }
    }

    private mutating func living() -> ProcessNumber {
        let numbers = log.registry.processes.values.filter { !$0.hasExited }.map(\.number).sorted()
        guard numbers.count > 3, let number = numbers.randomElement(using: &random) else {
            return log.process()
        }
        return number
    }

    private mutating func socket() -> SocketNumber {
        let numbers = log.registry.sockets.keys.sorted()
        guard numbers.count > 2, let number = numbers.randomElement(using: &random) else {
            return log.socket()
        }
        return number
    }

    private mutating func handoff() -> Handoff? {
        log.registry.handoffs.values.sorted { $0.number < $1.number }.randomElement(using: &random)
    }

    private mutating func step() {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<16:
            let lifetime: UInt64? = chance(30) ? UInt64.random(in: 1...400, using: &random) : nil
            let (source, target, socket) = (living(), living(), socket())
            _ = log.issue(from: source, to: target, socket: socket, lifetime: lifetime)
        case 16..<22: log.select(socket(), by: living(), mask: chance(20) ? 0 : 33)
        case 22..<42:
            guard let handoff = handoff() else { return }
            let program = chance(30) ? "/bin/program\(handoff.number)" : nil
            log.redeem(handoff.number, by: chance(90) ? handoff.target : living(), program: program)
        case 42..<60:
            guard let handoff = handoff() else { return }
            log.confirm(handoff.number, by: handoff.target)
        case 60..<63:
            guard let handoff = handoff() else { return }
            log.perform(
                .deliveryFailed(handoff: handoff.number, actor: nil, reason: .unsent))
        case 63..<80:
            let held = log.registry.descriptors.keys.sorted {
                ($0.process, $0.socket) < ($1.process, $1.socket)
            }
            guard let key = held.randomElement(using: &random) else { return }
            log.close(key.socket, by: key.process)
        case 80..<84:
            guard let handoff = handoff() else { return }
            let text = chance(50) ? "text \(handoff.number)" : nil
            log.revoke(handoff.number, by: living(), text: text)
        case 84..<87:
            log.perform(.exit(process: living(), status: chance(50) ? 9 : nil))
        case 87..<95: log.perform(.drain)
        case 95..<98:
            guard let due = log.registry.due(at: log.now, limit: 1).first else { return }
            log.perform(.expire(handoff: due))
        default: recover()
        }
    }

    private mutating func recover() {
        let open = log.registry.handoffs.keys.sorted()
        let kept = Set(open.filter { _ in chance(80) })
        let observed = Set(open.filter { _ in chance(30) })
        log.perform(
            .recover(Command.Recovery(pid: 1, epoch: 2, kept: kept, observed: observed)))
    }
}
