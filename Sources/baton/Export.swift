import ArgumentParser
import Journal
import Registry
import Replay
import Transport

/// The history in a form for other programs.
struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write the history for other programs: as a picture, as lines, as a table.",
        discussion: """
            chrome: a trace for ui.perfetto.dev or chrome://tracing, one track a process. \
            mermaid: a sequence diagram of at most \(SequenceDiagram.messagesMaximum) messages; \
            what is left out is said. jsonl: the bodies, byte for byte, one a line. csv: the \
            columns of baton history. The filters are those of baton history: \
            \(HistoryFilters.explanation)
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case chrome, mermaid, jsonl, csv
    }

    @Option(help: "What to make.")
    var format: Format

    @OptionGroup var filters: HistoryFilters

    func run() throws {
        let output = Output.standard()
        let reader = try filters.reader()
        let leftOut = try Self.write(
            try filters.query(in: reader), reader: reader, format: format, to: output)
        try output.flush()
        if leftOut > 0 {
            StandardStream.warn(
                "\(leftOut) events have no room in the picture; choose fewer with filters")
        }
    }

    /// How many events a picture has no room for.
    static func write(
        _ query: HistoryQuery, reader: LogReader, format: Format, to output: Output
    ) throws -> UInt64 {
        switch format {
        case .jsonl:
            try forEach(query, reader) { event in
                try output.write(event.body + [UInt8(ascii: "\n")])
            }
        case .csv:
            let end = try reader.eventCount()
            var listing = HistoryListing(
                reader: reader, query: query, style: RowStyle(.csv), output: output, end: end)
            _ = try listing.write(below: end, count: nil)
            try listing.finish()
        case .mermaid:
            var diagram = SequenceDiagram(reader)
            try forEach(query, reader) { event in try diagram.add(event) }
            for line in diagram.lines { try output.write(line: line) }
            return diagram.leftOut
        case .chrome: try writeTrace(query, reader, to: output)
        }
        return 0
    }

    private static func forEach(
        _ query: HistoryQuery, _ reader: LogReader, _ body: (StoredEvent) throws -> Void
    ) throws {
        let end = try reader.eventCount()
        var next: UInt64? = 0
        while let start = next {
            let page = try reader.page(query, from: start, below: end)
            for event in page.events { try body(event) }
            next = page.next
        }
    }

    private static func writeTrace(
        _ query: HistoryQuery, _ reader: LogReader, to output: Output
    ) throws {
        var builder = TraceBuilder(reader)
        var start: Timestamp?
        var isFirst = true
        func write(_ events: [TraceEvent]) throws {
            for event in events {
                try output.write(Array((isFirst ? "\n" : ",\n").utf8))
                isFirst = false
                try output.write(Array(JSONValue.object(event.json).description.utf8))
            }
        }
        try output.write(Array("{\"traceEvents\":[".utf8))
        try forEach(query, reader) { event in
            if start == nil { start = event.time }
            try write(try builder.add(event))
        }
        try write(try builder.finish())
        var facts = JSONObject([("log", .text(reader.logID))])
        facts["start"] = start.map { .text($0.description) }
        let last = "\n],\"displayTimeUnit\":\"ms\",\"otherData\":\(JSONValue.object(facts))}"
        try output.write(line: last)
    }
}

extension TraceEvent {
    /// Trace Event Format: ts and dur in microseconds, an id for what belongs together, and for the
    /// end of a flow `bp`, which binds it to the slice around it. The id of an asynchronous slice
    /// is local: one without that word is drawn apart from its process.
    var json: JSONObject {
        var object = JSONObject()
        object["ph"] = .text(phase.rawValue)
        object["name"] = .text(name)
        if !category.isEmpty { object["cat"] = .text(category) }
        object["ts"] = time.map { .integer($0) }
        if phase == .complete { object["dur"] = .integer(1) }
        object["pid"] = .integer(Int64(track))
        object["tid"] = .integer(Int64(track))
        if let id {
            let text = JSONValue.text("0x\(String(id, radix: 16))")
            if phase.isAsync {
                object["id2"] = .object(JSONObject([("local", text)]))
            } else {
                object["id"] = text
            }
        }
        if phase == .flowEnd { object["bp"] = .text("e") }
        if phase == .instant { object["s"] = .text("t") }
        if !arguments.isEmpty {
            object["args"] = .object(JSONObject(arguments.map { ($0.name, $0.value.json) }))
        }
        return object
    }
}

extension TraceEvent.Phase {
    fileprivate var isAsync: Bool {
        switch self {
        case .asyncBegin, .asyncInstant, .asyncEnd: true
        case .metadata, .complete, .flowStart, .flowEnd, .instant: false
        }
    }
}
