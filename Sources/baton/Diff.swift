import ArgumentParser
import Journal
import Registry
import Replay

/// What changed between two instants.
struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what changed between two instants.",
        discussion: """
            Begins with the two events that the instants were taken for. Ends with 1 when \
            something changed, like diff(1). \(PointArgument.forms)
            """)

    // As one list, because a time such as -5min looks like an option.
    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp(
            "The two instants; without a second one, the newest event.", valueName: "instant"),
        transform: PointArgument.point)
    var points: [Point]

    @Flag(help: "With each change, the event that made it.")
    var why = false

    @OptionGroup var document: DocumentOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard (1...2).contains(points.count) else {
            throw ValidationError("one or two instants are wanted")
        }
    }

    func run() throws {
        let output = Output.standard()
        let reader = try common.reader()
        let second = try (points.count > 1 ? points[1] : .end).sequence(in: reader)
        let first = try points[0].sequence(in: reader)
        if document.format == .short {
            let instants = try [first, second].map { try Self.instant($0, reader) }
            try output.write(line: instants.joined(separator: " → "))
        }
        let isDifferent = try Self.write(
            first, second, reader: reader, why: why, format: document.format, to: output)
        try output.flush()
        if isDifferent { throw ExitCode(EndStatus.refused.rawValue) }
    }

    /// What an instant was taken for.
    private static func instant(_ sequence: UInt64, _ reader: LogReader) throws -> String {
        let time = try reader.storedEvent(sequence)?.time
        return "#\(sequence)" + (time.map { "  \(EventRow.timeText($0))" } ?? "")
    }

    /// Whether anything differs. Instants in the wrong order are shown as they were asked for.
    static func write(
        _ first: UInt64, _ second: UInt64, reader: LogReader, why: Bool, format: DocumentFormat,
        to output: Output
    ) throws -> Bool {
        let (early, late) = (min(first, second), max(first, second))
        var changes = try Difference.between(early, late, in: reader, why: why)
        if first > second {
            for index in changes.indices {
                let before = changes[index].before
                changes[index].before = changes[index].after
                changes[index].after = before
            }
        }
        switch format {
        case .json:
            var object = JSONObject()
            object["from"] = .unsigned(first)
            object["to"] = .unsigned(second)
            object["changes"] = .array(try changes.map { .object(try json($0, reader)) })
            try output.write(line: JSONValue.object(object).description)
        case .short:
            for line in try lines(changes, reader) { try output.write(line: line) }
        }
        return !changes.isEmpty
    }

    /// One line for what is new (+) or gone (-), and one for each field that changed (~).
    static func lines(_ changes: [FieldChange], _ reader: LogReader) throws -> [String] {
        var rows: [(text: String, events: [UInt64])] = []
        var rest = changes[...]
        while let first = rest.first {
            let same = rest.prefix { $0.entity == first.entity }
            rest = rest.dropFirst(same.count)
            if same.allSatisfy({ $0.before == nil }), same.contains(where: \.isFirstField) {
                rows.append(("+ " + whole(same) { $0.after }, events(same)))
            } else if same.allSatisfy({ $0.after == nil }), same.contains(where: \.isFirstField) {
                rows.append(("- " + whole(same) { $0.before }, events(same)))
            } else {
                rows += same.map { change in
                    let values = "\(text(change.before)) → \(text(change.after))"
                    return ("~ \(PrintableText.escaped(change.path))  \(values)", events([change]))
                }
            }
        }
        let width = min(rows.map(\.text.count).max() ?? 0, 60)
        return try rows.map { row in
            guard !row.events.isEmpty else { return row.text }
            let names = try row.events.map { "#\($0) \(try kind($0, reader))" }
            return PrintableText.padded(row.text, to: width) + "  by "
                + names.joined(separator: ", ")
        }
    }

    private static func whole(
        _ changes: ArraySlice<FieldChange>, _ value: (FieldChange) -> FieldValue?
    ) -> String {
        let name = changes.first.map { [$0.entity.name] } ?? []
        let words = changes.compactMap { change in
            Self.telling.contains(change.field)
                ? "\(change.field) \(text(value(change)))" : nil
        }
        return (name + words).joined(separator: "  ")
    }

    /// What tells a thing from others, in a line that names it as a whole.
    private static let telling: Set<String> = [
        "pid", "exe", "local", "remote", "state", "source", "target", "socket", "how", "count",
        "process", "mask", "qos",
    ]

    private static func events(_ changes: ArraySlice<FieldChange>) -> [UInt64] {
        Set(changes.compactMap(\.sequence)).sorted()
    }

    private static func text(_ value: FieldValue?) -> String {
        value.map { PrintableText.escaped($0.text) } ?? "(none)"
    }

    private static func kind(_ sequence: UInt64, _ reader: LogReader) throws -> String {
        try reader.storedEvent(sequence)?.kind.name ?? ""
    }

    private static func json(_ change: FieldChange, _ reader: LogReader) throws -> JSONObject {
        var object = JSONObject()
        object["field"] = .text(change.path)
        object["before"] = change.before?.json
        object["after"] = change.after?.json
        if let sequence = change.sequence {
            object["seq"] = .unsigned(sequence)
            object["event"] = .text(try kind(sequence, reader))
        }
        return object
    }
}

extension FieldChange {
    /// Every thing of the state has the first of its fields for as long as it is there.
    fileprivate var isFirstField: Bool {
        switch entity {
        case .coordinator: false
        case .process: field == "pid"
        case .socket: field == "cookie"
        case .handoff: field == "state"
        case .ended: field == "how"
        case .descriptor: field == "count"
        case .registration: field == "number"
        case .client: field == "process"
        }
    }
}
