import ArgumentParser
import Journal
import Registry
import Transport

/// Which events are wanted. A filter given twice means "or", different filters mean "and".
struct HistoryFilters: ParsableArguments {
    static let explanation = """
        A filter given twice means "or", different filters mean "and". Each of the options from \
        --pid to --boot is also an argument FIELD=VALUE, such as pid=4711, and has an opposite \
        that leaves events out, whatever else they match: --not-pid 4711, or pid!=4711.
        """

    @Argument(
        help: ArgumentHelp("The same filters, for quick hands.", valueName: "field=value"),
        transform: FilterTerm.init)
    var terms: [FilterTerm] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Events by, for or about the process with this pid.", valueName: "pid"),
        transform: FilterField.pid.value)
    var pid: [FilterValue] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Events of the process that started then, in clock ticks after the boot.",
            valueName: "ticks"),
        transform: FilterField.start.value)
    var start: [FilterValue] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Events of processes of this user.", valueName: "uid"),
        transform: FilterField.uid.value)
    var uid: [FilterValue] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Events of processes that this user's login led to.", valueName: "uid"),
        transform: FilterField.loginuid.value)
    var loginuid: [FilterValue] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Events of processes of this program: a path, or the end of one.",
            valueName: "program"),
        transform: FilterField.exe.value)
    var exe: [FilterValue] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Events of processes in this control group or below it.",
            discussion: "A path, or a part of one, such as a unit.", valueName: "group"),
        transform: FilterField.cgroup.value)
    var cgroup: [FilterValue] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Events of this handoff.", valueName: "number"),
        transform: FilterField.handoff.value)
    var handoff: [FilterValue] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Events of this socket, by its number.",
            discussion: """
                A value with a slash is taken for the path of the coordinator's socket, as with \
                the other verbs; --database says then which log is read.
                """, valueName: "number"),
        transform: SocketArgument.parse)
    var socket: [SocketArgument] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Events of this kind, such as handoff.issued.", valueName: "kind"),
        transform: FilterField.event.value)
    var event: [FilterValue] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Events with this outcome: \(Outcome.allCases.map(\.name).joined(separator: ", ")).",
            valueName: "outcome"),
        transform: FilterField.outcome.value)
    var outcome: [FilterValue] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Refusals and failures for this reason, such as \"wrong process\".",
            valueName: "reason"),
        transform: FilterField.reason.value)
    var reason: [FilterValue] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Events of this boot of the host: 0 or nothing for the newest, -1, or its id.",
            valueName: "boot"),
        transform: FilterField.boot.value)
    var boot: [FilterValue] = []

    @OptionGroup var excluding: ExcludingFilters

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

    func reader() throws -> LogReader {
        try LogReader(
            path: try NamedLog.path(database: database, socket: socket.compactMap(\.path).first))
    }

    private var wanted: [FilterValue] {
        pid + start + uid + loginuid + exe + cgroup + handoff
            + socket.compactMap(\.number).map { .socket($0) } + event + outcome + reason + boot
            + terms.filter { !$0.isExcluded }.map(\.value)
    }

    private var unwanted: [FilterValue] {
        excluding.values + terms.filter(\.isExcluded).map(\.value)
    }

    /// Whether there is any.
    var isUsed: Bool {
        !wanted.isEmpty || !unwanted.isEmpty || !since.isEmpty || !until.isEmpty
            || !sequences.isEmpty
    }

    func query(in reader: LogReader) throws -> HistoryQuery {
        var query = HistoryQuery()
        for value in wanted { query.wanted.add(value) }
        for value in unwanted { query.unwanted.add(value) }
        query.since = since.min { $0.microseconds < $1.microseconds }
        query.until = until.max { $0.microseconds < $1.microseconds }
        query.sequences = sequences
        query.boots = try BootArgument.parts(
            wanted: wanted.compactMap(\.boot), unwanted: unwanted.compactMap(\.boot), in: reader)
        return query
    }
}

extension FilterValue {
    fileprivate var boot: BootArgument? {
        guard case .boot(let boot) = self else { return nil }
        return boot
    }
}

/// Which events are left out, whatever else they match. Not listed in the help, which names the
/// whole family once.
struct ExcludingFilters: ParsableArguments {
    @Option(
        parsing: .unconditionalSingleValue, help: .hidden, transform: FilterField.pid.value)
    var notPid: [FilterValue] = []

    @Option(
        parsing: .unconditionalSingleValue, help: .hidden, transform: FilterField.start.value)
    var notStart: [FilterValue] = []

    @Option(
        parsing: .unconditionalSingleValue, help: .hidden, transform: FilterField.uid.value)
    var notUid: [FilterValue] = []

    @Option(
        parsing: .unconditionalSingleValue, help: .hidden, transform: FilterField.loginuid.value)
    var notLoginuid: [FilterValue] = []

    @Option(
        parsing: .unconditionalSingleValue, help: .hidden, transform: FilterField.exe.value)
    var notExe: [FilterValue] = []

    @Option(
        parsing: .unconditionalSingleValue, help: .hidden, transform: FilterField.cgroup.value)
    var notCgroup: [FilterValue] = []

    @Option(
        parsing: .unconditionalSingleValue, help: .hidden, transform: FilterField.handoff.value)
    var notHandoff: [FilterValue] = []

    @Option(
        parsing: .unconditionalSingleValue, help: .hidden, transform: FilterField.socket.value)
    var notSocket: [FilterValue] = []

    @Option(
        parsing: .unconditionalSingleValue, help: .hidden, transform: FilterField.event.value)
    var notEvent: [FilterValue] = []

    @Option(
        parsing: .unconditionalSingleValue, help: .hidden, transform: FilterField.outcome.value)
    var notOutcome: [FilterValue] = []

    @Option(
        parsing: .unconditionalSingleValue, help: .hidden, transform: FilterField.reason.value)
    var notReason: [FilterValue] = []

    @Option(
        parsing: .unconditionalSingleValue, help: .hidden, transform: FilterField.boot.value)
    var notBoot: [FilterValue] = []

    var values: [FilterValue] {
        let processes = notPid + notStart + notUid + notLoginuid + notExe + notCgroup
        return processes + notHandoff + notSocket + notEvent + notOutcome + notReason + notBoot
    }
}
