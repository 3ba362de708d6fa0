import ArgumentParser
import Journal
import Registry
import Winsock

/// The whole life of one handoff.
struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show one handoff: its processes, its record and all that happened to it.")

    @Argument(
        help: "The number of the handoff, as list and history print it.",
        transform: HistoryFilters.number)
    var handoff: UInt64

    @OptionGroup var document: DocumentOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        let output = Output.standard()
        try Self.write(
            handoff, reader: try common.reader(), format: document.format, to: output)
        try output.flush()
    }

    static func write(
        _ number: UInt64, reader: LogReader, format: DocumentFormat, to output: Output
    ) throws {
        guard let handoff = try reader.handoff(number) else {
            throw CommandFailure(refusal: .unknownHandoff)
        }
        let names = NameBook(reader)
        var rows: [EventRow] = []
        var next: UInt64? = number
        while let start = next {
            let page = try reader.life(of: handoff, from: start)
            for event in page.events { rows.append(try names.row(event)) }
            next = page.next
        }
        let row = HandoffRow(handoff)
        let record = rows.first.flatMap { Self.record($0, number: number) }
        switch format {
        case .json:
            var object = row.object
            object["record"] = record?.json
            object["events"] = .array(rows.map(\.json))
            try output.write(line: JSONValue.object(object).description)
        case .short: try write(row, record, rows, to: output)
        }
    }

    private static func write(
        _ row: HandoffRow, _ record: RecordFields?, _ events: [EventRow], to output: Output
    ) throws {
        let facts = row.description
        let width = facts.map(\.name.count).max() ?? 0
        for fact in facts {
            try output.write(line: PrintableText.padded(fact.name, to: width) + "  " + fact.text)
        }
        if let record {
            try output.write(line: "")
            try output.write(line: "record")
            for line in record.lines { try output.write(line: "  " + line) }
        }
        try output.write(line: "")
        try output.write(line: "events")
        let numberWidth = "\(events.last?.stored.sequence ?? 0)".count
        for event in events {
            try output.write(line: "  " + event.shortLine(numberWidth: numberWidth))
        }
    }

    /// The record that the source was given, made again from its catalog entry; nil for an entry
    /// that this program does not have.
    private static func record(_ issued: EventRow, number: UInt64) -> RecordFields? {
        guard issued.stored.kind == .handoffIssued,
            let id = issued.integer(.catalog).flatMap({ UInt32(exactly: $0) }),
            let entry = Catalog.entry(id: id),
            let protocolNumber = issued.integer(.protocol).flatMap({ Int32(exactly: $0) })
        else { return nil }
        let form: ProtocolInfo.Form = issued.text(.form) == "A" ? .ansi : .wide
        var info = entry.info
        if info.socketType == SocketType.raw.rawValue { info.protocolNumber = protocolNumber }
        // The secret is in no log; any stands for it where it is masked.
        info.ticket = Ticket(handoff: number, secret: 0)
        return RecordFields(info, form: form)
    }
}
