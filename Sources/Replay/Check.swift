package import Journal
import Registry

/// What holds of every history, by ids that never change their meaning; docs/checks.md says more.
package enum HistoryCheck: String, Sendable, CaseIterable {
    case sequenceDense = "BH001"
    case bodyCanonical = "BH002"
    case columnsDerived = "BH003"
    case oneLog = "BH004"
    case bootClockAdvances = "BH005"
    case clockStepsRecorded = "BH006"
    case causeIsEarlierStep = "BH007"
    case referencesExist = "BH008"
    case deliveredOnce = "BH009"
    case reservedWhileOpen = "BH010"
    case redeemedByTarget = "BH011"
    case redeemedInTime = "BH012"
    case deliveredAfterReserved = "BH013"
    case endedOnce = "BH014"
    case closedWhatWasOpen = "BH015"
    case silentAfterExit = "BH016"
    case releasedWhenEmpty = "BH017"
    case attemptsCount = "BH018"
    case projectionAgrees = "BH019"
    case epochsRise = "BH020"

    /// What is promised.
    package var promise: String {
        switch self {
        case .sequenceDense: "events are numbered from 0 without gaps"
        case .bodyCanonical: "a body is what this program would write for its event"
        case .columnsDerived: "an event's columns follow from its body"
        case .oneLog: "all events carry the id of this log"
        case .bootClockAdvances: "the boot clock does not go back within one boot"
        case .clockStepsRecorded:
            "the wall clock moves against the boot clock only where that is recorded"
        case .causeIsEarlierStep: "a cause is an earlier event that is the first of its step"
        case .referencesExist: "processes, sockets and handoffs that are named were seen before"
        case .deliveredOnce: "a handoff is delivered at most once"
        case .reservedWhileOpen: "a handoff is reserved only while it is open"
        case .redeemedByTarget: "a ticket is redeemed by the process it was issued for"
        case .redeemedInTime: "a ticket is not redeemed after its deadline"
        case .deliveredAfterReserved: "a handoff is delivered only while it is reserved"
        case .endedOnce: "a handoff ends once"
        case .closedWhatWasOpen: "a process closes only descriptors that it has"
        case .silentAfterExit: "a process asks for nothing after its exit"
        case .releasedWhenEmpty: "a counted release leaves no descriptor and no open handoff"
        case .attemptsCount: "the attempts of a handoff count from 1 without gaps"
        case .projectionAgrees: "the handoffs that are listed as open are those of the events"
        case .epochsRise: "each start of a coordinator has the next epoch"
        }
    }
}

/// A promise that a history breaks.
package struct Finding: Sendable, Equatable {
    package var check: HistoryCheck
    package var sequence: UInt64
    package var detail: String
}

/// Goes through a history, and compares it with what is promised. With bookkeeping of its own: it
/// shares no code with the rules that wrote the history.
package struct HistoryChecker {
    struct OpenHandoff {
        var source: UInt64
        var target: UInt64
        var socket: UInt64
        var deadline: Int64?
        var isReserved = false
        var attempt: Int64 = 0
    }

    package private(set) var findings: [Finding] = []
    package private(set) var findingCount = 0
    package private(set) var eventCount: UInt64 = 0

    /// More than anybody reads; the count goes on.
    package static let findingsMaximum = 1_000
    /// As the coordinator's: below that, the wall clock is slewed, not stepped.
    static let clockStepMicroseconds: Int64 = 500_000
    /// Ends are remembered for the checks of "once"; of more than so many the oldest are forgotten.
    static let endingsMaximum = 1_048_576

    let logID: String
    var open: [UInt64: OpenHandoff] = [:]
    var ended: Set<UInt64> = []
    var delivered: Set<UInt64> = []
    var endOrder: [UInt64] = []
    var descriptors: [[UInt64]: Int] = [:]
    var descriptorsBySocket: [UInt64: Int] = [:]
    var handoffsBySocket: [UInt64: Int] = [:]
    var processes: [UInt64: UInt64] = [:]
    var instances: [UInt64: UInt64] = [:]
    var exited: Set<UInt64> = []
    var sockets: [UInt64: UInt64] = [:]
    var cookies: [UInt64: UInt64] = [:]
    var stepFirst: Set<UInt64> = []
    var lastBoot: Int64?
    var clockOffset: Int64?
    var epoch: UInt64 = 0

    package init(logID: String) { self.logID = logID }

    /// Checks a whole log.
    package static func run(_ reader: LogReader) throws -> HistoryChecker {
        var checker = HistoryChecker(logID: reader.logID)
        let end = try reader.eventCount()
        var next = Int64.min
        while case let page = try reader.rows(from: next, below: end), let last = page.last {
            for row in page { checker.check(row) }
            next = last.sequence + 1
        }
        try checker.compareProjection(reader, end: end)
        return checker
    }

    /// The next event of the log, as it is stored.
    package mutating func check(_ row: StoredRow) {
        guard let sequence = UInt64(exactly: row.sequence) else {
            return note(.sequenceDense, 0, "there is an event \(row.sequence)")
        }
        if sequence != eventCount {
            note(.sequenceDense, sequence, "event \(eventCount) is missing")
            eventCount = sequence
        }
        eventCount += 1
        let decoded: DecodedEvent
        do throws(BodyError) {
            decoded = try DecodedEvent(row.body)
        } catch {
            return note(.bodyCanonical, sequence, Self.words(error))
        }
        let event = decoded.event
        if decoded.log != logID { note(.oneLog, sequence, "it is of log \(decoded.log)") }
        if event.sequence != sequence {
            note(.bodyCanonical, sequence, "its body is of event \(event.sequence)")
        }
        if let stored = row.event {
            compareColumns(stored, event)
        } else {
            note(.columnsDerived, sequence, "a column holds what no coordinator writes")
        }
        checkTime(event)
        checkCause(event)
        checkReferences(event)
        checkContent(event)
    }

    /// A kind or a layout that is not known was written by a newer program, or by nobody.
    private static func words(_ error: BodyError) -> String {
        switch error {
        case .unknownKind(let name): "its kind \(name) is none that this program knows"
        case .unknownVersion(let version):
            "its layout has version \(version), which this program does not know"
        default: "\(error)"
        }
    }

    mutating func note(_ check: HistoryCheck, _ sequence: UInt64, _ detail: String) {
        findingCount += 1
        guard findings.count < Self.findingsMaximum else { return }
        findings.append(Finding(check: check, sequence: sequence, detail: detail))
    }

    private mutating func compareColumns(_ stored: StoredEvent, _ event: Event) {
        let columns = EventColumns(event)
        let isEqual =
            columns.kind == stored.kind && columns.kind.outcome == stored.outcome
            && columns.reason == stored.reason && columns.handoff == stored.handoff
            && columns.actor == stored.actor && columns.target == stored.target
            && columns.socket == stored.socket
            && event.time.wallMicroseconds == stored.time.microseconds
            && event.time.bootMicroseconds == stored.bootMicroseconds
        if !isEqual { note(.columnsDerived, stored.sequence, "a column says otherwise") }
    }

    // MARK: - Clocks and causes

    private mutating func checkTime(_ event: Event) {
        let offset = event.time.wallMicroseconds &- event.time.bootMicroseconds
        switch event.content {
        case .bootObserved:
            lastBoot = nil
            clockOffset = nil
        // While no coordinator runs, nobody records what the clock does.
        case .coordinatorStarted: clockOffset = nil
        case .clockStepped(let by): clockOffset = clockOffset.map { $0 &+ by }
        default: break
        }
        if let lastBoot, event.time.bootMicroseconds < lastBoot {
            note(
                .bootClockAdvances, event.sequence,
                "it went back by \(lastBoot - event.time.bootMicroseconds) µs")
        }
        if let clockOffset, (offset &- clockOffset).magnitude > Self.clockStepMicroseconds {
            note(.clockStepsRecorded, event.sequence, "it moved by \(offset &- clockOffset) µs")
        }
        lastBoot = event.time.bootMicroseconds
        clockOffset = offset
    }

    private mutating func checkCause(_ event: Event) {
        guard let cause = event.cause else {
            // What an exit or a look at the host leads to comes in portions, between other steps.
            switch event.content {
            case .processExited, .reconcileFound: stepFirst.insert(event.sequence)
            default: lastFirst = event.sequence
            }
            return
        }
        guard cause < event.sequence, cause == lastFirst || stepFirst.contains(cause) else {
            return note(
                .causeIsEarlierStep, event.sequence, "#\(cause) is not the first of its step")
        }
    }

    private var lastFirst: UInt64?
}
