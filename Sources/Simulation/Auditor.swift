import Registry
import Wire

/// Judges a run by what can be seen of it: the durable log, the answers and descriptors that leave,
/// and what is true in the world. It has a model of its own, which knows nothing of the rules'.
struct Auditor {
    struct Handoff {
        enum State { case issued, reserved, delivered, ended }

        let number: HandoffNumber
        /// The process that was meant, by its identity in the world.
        let target: Int
        let targetNumber: ProcessNumber
        let source: Int
        let user: UInt32
        let socket: SocketNumber
        let cookie: UInt64
        /// By the boot clock of the world, in microseconds.
        let deadline: Int64?
        let request: RequestKey
        var state = State.issued
        var attempt: UInt32 = 0
        /// The commit that ended it.
        var ended = 0
        var isEscrowLost = false
    }

    enum Outcome { case issued(HandoffNumber), reserved(HandoffNumber), revoked, refused }

    /// One process's descriptors of one socket.
    struct Holding: Hashable {
        let process: Int
        let cookie: UInt64
    }

    struct Receipt: Hashable {
        let handoff: HandoffNumber
        let process: Int
    }

    private(set) var violation: Violation?
    /// What the world's processes are; the auditor reads nothing else of them.
    var processes: [Int: SimulatedProcess] = [:]

    var next: UInt64 = 0
    var commits = 0
    var handoffs: [HandoffNumber: Handoff] = [:]
    var open: [HandoffNumber] = []
    var process: [ProcessNumber: Int] = [:]
    var number: [UInt64: ProcessNumber] = [:]
    var exited: Set<ProcessNumber> = []
    var exits: Set<UInt64> = []
    var cookies: [SocketNumber: UInt64] = [:]
    /// Requests that were made, as they were.
    var asked: [RequestKey: SimulatedRequest] = [:]
    /// Processes that lived at the last commit: who still does lived at each decision since.
    var livedBefore: Set<Int> = []
    var outcomes: [RequestKey: Outcome] = [:]
    /// Requests of which a refusal is in the log.
    var refused: Set<RequestKey> = []
    var records: [RequestKey: HandoffNumber] = [:]
    var receipts: Set<Receipt> = []
    /// Descriptors that the log knows because their process handed them over, and closed ones.
    var sources: Set<Holding> = []
    var closed: Set<Holding> = []

    /// Counts rounds.
    var moment = 0
    /// Of what kind each socket is.
    var kinds: [Int: Action.SocketKind] = [:]
    var sockets: [SocketNumber: AuditedSocket] = [:]
    /// Sockets that nobody has any more, and those of them whose end nobody could be told.
    var gone: Set<UInt64> = []
    var unheard: Set<UInt64> = []
    /// Those that somebody was told of: since when they are known to be nobody's, by the boot
    /// clock, and how many rounds could have released them.
    var unreleased: [UInt64: (since: Int64?, rounds: Int)] = [:]
    /// Closes that processes told of, and that are not in the log.
    var toldCloses: [Holding: Int] = [:]
    /// When a process had no descriptor of a socket for the last time, where it has one.
    var lacked: [Holding: Int] = [:]
    /// The events of looks at everything.
    var looks: Set<UInt64> = []
    var isKeeperLossUntold = false
    private var grants: Set<Receipt> = []
    /// Grants of a delivery that had been granted before.
    private(set) var repeatedGrants = 0
    /// How often each refusal is in the log without the request, because its sender was not who it
    /// said or had not said who it is.
    var nameless: [Refusal: Int] = [:]

    mutating func report(_ rule: Violation.Rule, _ what: String) {
        if violation == nil { violation = Violation(rule: rule, what: what) }
    }

    // MARK: - What happens in the world

    mutating func asked(_ request: SimulatedRequest) {
        asked[RequestKey(nonce: request.nonce, counter: request.counter)] = request
    }

    mutating func received(_ handoff: HandoffNumber, by process: Int) {
        receipts.insert(Receipt(handoff: handoff, process: process))
    }

    /// A coordinator starts. Escrow is lost only by those faults that lose it, and while nobody
    /// else has the socket.
    mutating func lostEscrow(
        _ isLost: (HandoffNumber) -> Bool, isFound: (Handoff) -> Bool
    ) {
        for number in open {
            guard let handoff = handoffs[number] else { continue }
            handoffs[number]?.isEscrowLost =
                (handoff.isEscrowLost || isLost(number)) && !isFound(handoff)
        }
    }

    func key(_ request: RequestID) -> RequestKey {
        RequestKey(nonce: request.nonce, counter: request.counter)
    }

    // MARK: - What leaves the coordinator

    mutating func sent(_ answer: Answer, cookie: UInt64?, to process: Int, nonce: UInt64) {
        let key = RequestKey(nonce: nonce, counter: answer.counter)
        switch answer.content {
        case .record(let number, _, _): sentRecord(of: number, key)
        case .grant(let number, let attempt, _):
            sentGrant(of: number, attempt: attempt, cookie: cookie, to: process)
        case .done:
            guard case .revoked? = outcomes[key] else {
                return report(.durable, "\(key) is answered, its revocation is not in the log")
            }
        case .refusal(let reason, _, _): sentRefusal(reason, key)
        case .report(let text): sentReport(text)
        case .welcome, .selected, .notificationCancelled: break
        }
    }

    /// Of a look at everything.
    private mutating func sentReport(_ text: String) {
        let event = text.split(separator: "\n").first?.split(separator: "=").last
        guard let number = event.flatMap({ UInt64($0) }), looks.contains(number) else {
            return report(.durable, "a look is reported that is not in the log")
        }
    }

    private mutating func sentRecord(of number: HandoffNumber, _ key: RequestKey) {
        guard let handoff = handoffs[number], handoff.request == key else {
            return report(.durable, "the record of \(number) is sent, which is not in the log")
        }
        if let earlier = records[key], earlier != number {
            report(.repetition, "one request has the records \(earlier) and \(number)")
        }
        records[key] = number
    }

    private mutating func sentGrant(
        of number: HandoffNumber, attempt: UInt32, cookie: UInt64?, to process: Int
    ) {
        guard let handoff = handoffs[number], handoff.attempt >= attempt else {
            return report(
                .durable, "grant \(attempt) of \(number) is sent, which is not in the log")
        }
        if !grants.insert(Receipt(handoff: number, process: process)).inserted {
            repeatedGrants += 1
        }
        if handoff.target != process {
            report(.recipient, "process \(process) gets \(number), of \(handoff.target)")
        }
        if handoff.cookie != cookie {
            report(.recipient, "another socket than the one of \(number) is sent")
        }
        if handoff.state == .delivered, handoff.ended < commits {
            report(.single, "\(number) is granted again after its delivery")
        }
    }

    private mutating func sentRefusal(_ reason: Refusal, _ key: RequestKey) {
        if reason == .storeFull || refused.contains(key) { return }
        switch outcomes[key] {
        case .issued(let number), .reserved(let number):
            guard let handoff = handoffs[number] else { break }
            if handoff.state == .ended || handoff.state == .delivered { return }
        default: break
        }
        if let count = nameless[reason], count > 0 {
            nameless[reason] = count - 1
            return
        }
        report(.durable, "\(key) is refused (\(reason.name)), of which the log has nothing")
    }

    /// The client learns that its confirm was worked off.
    mutating func acknowledged(
        confirmOf number: HandoffNumber, attempt: UInt32, by process: Int
    ) {
        guard let handoff = handoffs[number], handoff.target == process else { return }
        if handoff.state == .reserved, handoff.attempt == attempt {
            report(.durable, "the confirm of \(number) is acknowledged, and is not in the log")
        }
    }

    // MARK: - What is held

    /// After each round: escrow is exactly what the open handoffs need.
    mutating func checkEscrow(_ escrow: [HandoffNumber: UInt64]) {
        var found = 0
        for number in open {
            guard let handoff = handoffs[number] else { continue }
            if let cookie = escrow[number] {
                found += 1
                if cookie != handoff.cookie { report(.escrow, "\(number) holds another socket") }
            } else if !handoff.isEscrowLost {
                report(.escrow, "\(number) is open, and its socket is not held")
            }
        }
        if found != escrow.count { report(.leak, "escrow holds what no open handoff needs") }
    }
}

/// A promise that was broken.
package struct Violation: Sendable, Equatable, CustomStringConvertible {
    package enum Rule: String, Sendable, CaseIterable {
        case recipient, durable, single, reason, repetition, lifetime, escrow, exit, proof
        case replay, order, leak, liveness, close, release, invariant, permission, refusal
    }

    package let rule: Rule
    package let what: String

    package var description: String { "\(rule.rawValue): \(what)" }
}
