import ArgumentParser
import Journal
import Registry
import Transport

/// Which events are wanted. A filter given twice means "or", different filters mean "and".
struct HistoryFilters: ParsableArguments {
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Events by, for or about the process with this pid.", valueName: "pid"))
    var pid: [Int32] = []

    @Option(help: ArgumentHelp("Events of processes of this user.", valueName: "uid"))
    var uid: [UInt32] = []

    @Option(
        help: ArgumentHelp(
            "Events of processes of this program: a path, or the end of one.",
            valueName: "program"))
    var exe: [String] = []

    @Option(
        help: ArgumentHelp("Events of this handoff.", valueName: "number"),
        transform: Self.number)
    var handoff: [UInt64] = []

    @Option(
        help: ArgumentHelp(
            "Events of this socket, by its number.",
            discussion: """
                A value with a slash is taken for the path of the coordinator's socket, as with \
                the other verbs; history reads the database alone and has no use for it.
                """, valueName: "number"),
        transform: SocketArgument.parse)
    var socket: [SocketArgument] = []

    @Option(
        help: ArgumentHelp("Events of this kind, such as handoff.issued.", valueName: "kind"),
        transform: Self.kind)
    var event: [EventKind] = []

    @Option(
        help: ArgumentHelp(
            "Events with this outcome: \(Outcome.allCases.map(\.name).joined(separator: ", ")).",
            valueName: "outcome"),
        transform: Self.outcome)
    var outcome: [Outcome] = []

    @Option(
        help: ArgumentHelp(
            "Refusals and failures for this reason, such as \"wrong process\".",
            valueName: "reason"),
        transform: Self.reason)
    var reason: [String] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Events at or after this time.", discussion: "\(TimeArgument.forms).",
            valueName: "time"), transform: Self.time)
    var since: [Timestamp] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Events before this time.", valueName: "time"), transform: Self.time)
    var until: [Timestamp] = []

    @Option(
        name: .customLong("seq"),
        help: ArgumentHelp(
            "Events with these numbers, B left out; A or B may be empty.", valueName: "A..B"),
        transform: Self.sequences)
    var sequences: [Range<UInt64>] = []

    @Option(help: ArgumentHelp("The database, which is only read.", valueName: "path"))
    var database: String?

    func reader() throws(JournalError) -> LogReader {
        try LogReader(path: database ?? DefaultPaths.databasePath())
    }

    var query: HistoryQuery {
        var query = HistoryQuery()
        query.pids = pid
        query.uids = uid
        query.executables = exe
        query.handoffs = handoff
        query.sockets = socket.compactMap(\.number)
        query.kinds = event
        query.outcomes = outcome
        query.reasons = reason
        query.since = since.min { $0.microseconds < $1.microseconds }
        query.until = until.max { $0.microseconds < $1.microseconds }
        query.sequences = sequences
        return query
    }

    static func number(_ text: String) throws -> UInt64 {
        guard let number = SequenceArgument.number(text) else {
            throw ValidationError("a number is wanted, such as 12")
        }
        return number
    }

    static func kind(_ text: String) throws -> EventKind {
        guard let kind = EventKind(name: text) else {
            let names = EventKind.allCases.map(\.name).joined(separator: ", ")
            throw ValidationError("there is no such event; there are \(names)")
        }
        return kind
    }

    static func outcome(_ text: String) throws -> Outcome {
        guard let outcome = Outcome(name: text) else {
            let names = Outcome.allCases.map(\.name).joined(separator: ", ")
            throw ValidationError("there is no such outcome; there are \(names)")
        }
        return outcome
    }

    /// The words of the log, with hyphens for spaces where that is easier to type.
    static func reason(_ text: String) throws -> String {
        if reasons.contains(text) { return text }
        let spaced = text.replacing("-", with: " ")
        guard reasons.contains(spaced) else {
            throw ValidationError(
                "there is no such reason; there are \(reasons.joined(separator: ", "))")
        }
        return spaced
    }

    private static let reasons: [String] = {
        let all =
            Refusal.allCases.map(\.name) + DeliveryFailure.allCases.map(\.rawValue)
            + VoidReason.allCases.map(\.rawValue)
        return Set(all).sorted()
    }()

    static func time(_ text: String) throws -> Timestamp {
        guard let time = TimeArgument.parse(text, now: Clock.wallMicroseconds()) else {
            throw ValidationError("a time is one of: \(TimeArgument.forms)")
        }
        return time
    }

    static func sequences(_ text: String) throws -> Range<UInt64> {
        guard let range = SequenceArgument.parse(text) else {
            throw ValidationError("a range of numbers is A..B with A not after B, such as 10..20")
        }
        return range
    }
}

/// What `--socket` names where events are filtered.
enum SocketArgument: Equatable {
    case number(UInt64)
    /// The coordinator's, as with the other verbs.
    case path(String)

    var number: UInt64? {
        guard case .number(let number) = self else { return nil }
        return number
    }

    static func parse(_ text: String) throws -> SocketArgument {
        if let number = SequenceArgument.number(text) { return .number(number) }
        guard text.contains("/") else {
            throw ValidationError("the number of a socket is wanted, such as 9")
        }
        return .path(text)
    }
}
