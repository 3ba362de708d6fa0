import ArgumentParser
import Journal
import Registry
import Replay

/// What led to the state of a handoff.
struct Why: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show why a handoff is as it is: the events that led there.")

    @Argument(
        help: "The number of the handoff, as list and history print it.",
        transform: HistoryFilters.number)
    var handoff: UInt64

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "As it was at this instant.", discussion: PointArgument.forms, valueName: "instant"),
        transform: PointArgument.point)
    var at = Point.end

    @OptionGroup var document: DocumentOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        let output = Output.standard()
        let reader = try common.reader()
        try Self.write(
            handoff, at: try at.sequence(in: reader), reader: reader, format: document.format,
            to: output)
        try output.flush()
    }

    static func write(
        _ number: UInt64, at end: UInt64, reader: LogReader, format: DocumentFormat,
        to output: Output
    ) throws {
        guard let explanation = try Explanation(of: number, at: end, in: reader),
            let state = explanation.state
        else { throw CommandFailure(refusal: .unknownHandoff) }
        let names = NameBook(reader)
        let rows = try explanation.links.map { (try names.row($0.event), words($0.part)) }
        switch format {
        case .json:
            var object = JSONObject()
            object["handoff"] = .unsigned(number)
            object["state"] = .text(state.name)
            object["since"] = .unsigned(state.since)
            object["events"] = .array(
                rows.map { row, part in
                    var event = JSONObject([("part", .text(part))])
                    if case .object(let members) = row.json {
                        for member in members.members { event[member.name] = member.value }
                    }
                    return .object(event)
                })
            try output.write(line: JSONValue.object(object).description)
        case .short:
            try output.write(line: "handoff #\(number) is \(state.name) since #\(state.since)")
            let width = rows.map(\.1.count).max() ?? 0
            let numberWidth = "\(explanation.links.last?.event.sequence ?? 0)".count
            for (row, part) in rows {
                let line = try row.shortLine(numberWidth: numberWidth)
                try output.write(line: "  \(PrintableText.padded(part, to: width))  \(line)")
            }
        }
    }

    private static func words(_ part: Explanation.Part) -> String {
        switch part {
        case .source: "the source"
        case .target: "the target"
        case .socket: "the socket"
        case .became(let state): "→ \(state)"
        case .cause(let of): "led to #\(of)"
        case .nothing: "no change"
        case .closed: "closed"
        }
    }
}
