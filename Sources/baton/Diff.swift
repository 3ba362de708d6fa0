import ArgumentParser
import Journal
import Registry
import Replay

/// What changed between two instants.
struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what changed between two instants.",
        discussion: """
            Ends with 1 when something did, like diff(1). \(PointArgument.forms)
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
        let second = points.count > 1 ? points[1] : .end
        let isDifferent = try Self.write(
            try points[0].sequence(in: reader), try second.sequence(in: reader), reader: reader,
            why: why, format: document.format, to: output)
        try output.flush()
        if isDifferent { throw ExitCode(EndStatus.refused.rawValue) }
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

    /// One line a change, in columns.
    static func lines(_ changes: [FieldChange], _ reader: LogReader) throws -> [String] {
        let paths = changes.map { PrintableText.escaped($0.path) }
        let values = changes.map { "\(text($0.before)) → \(text($0.after))" }
        let isExplained = changes.contains { $0.sequence != nil }
        let pathWidth = paths.map(\.count).max() ?? 0
        let valueWidth = min(values.map(\.count).max() ?? 0, 40)
        return try zip(changes, zip(paths, values)).map { change, texts in
            var line = PrintableText.padded(texts.0, to: pathWidth) + "  "
            guard isExplained else { return line + texts.1 }
            line += PrintableText.padded(texts.1, to: valueWidth)
            guard let sequence = change.sequence else { return line }
            return line + "  #\(sequence) \(try kind(sequence, reader))"
        }
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
