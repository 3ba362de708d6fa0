import ArgumentParser
import Journal
import Registry
import Replay

/// Who passed a socket to whom.
struct LineageVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lineage",
        abstract: "Show who passed a socket to whom, every hop.",
        discussion: """
            A hop stands under the newest delivery by which its source had got the socket when it \
            passed it on; without one, under the source itself.
            """)

    @Argument(
        help: "The number of the socket, as list and history print it.",
        transform: HistoryFilters.number)
    var number: UInt64

    @OptionGroup var document: DocumentOptions
    @OptionGroup var common: CommonOptions

    /// Deeper ones are not indented further: they say how deep they are.
    private static let indentedDepth = 12

    func run() throws {
        let output = Output.standard()
        try Self.write(
            number, reader: try common.reader(), format: document.format, to: output)
        try output.flush()
    }

    static func write(
        _ number: UInt64, reader: LogReader, format: DocumentFormat, to output: Output
    ) throws {
        guard let lineage = try Lineage(of: number, in: reader) else {
            throw CommandFailure(
                status: .refused, message: "the log has no socket #\(number)",
                hint: "baton history --event socket.seen lists them")
        }
        switch format {
        case .json: try output.write(line: JSONValue.object(json(lineage)).description)
        case .short: try writeTree(lineage, to: output)
        }
    }

    private static func writeTree(_ lineage: Lineage, to output: Output) throws {
        try output.write(line: lineage.socket.text)
        if lineage.numbers.count > 1 {
            let all = lineage.numbers.map { "#\($0)" }.joined(separator: ", ")
            try output.write(line: "also known as \(all): it was forgotten and seen again")
        }
        if lineage.hops.isEmpty { try output.write(line: "never handed over") }
        let children = lineage.childrenByParent
        for origin in lineage.origins {
            try output.write(line: "\(origin.text)\(end(of: origin))")
            // With a stack of its own: a socket can have been passed on thousands of times.
            var stack = places(lineage.children(of: origin), prefix: "")
            while let place = stack.popLast() {
                let hop = lineage.hops[place.hop]
                let isDeep = hop.depth > indentedDepth
                let branch = place.isLast ? "└─ " : "├─ "
                let line = isDeep ? "\(place.prefix)(hop \(hop.depth)) " : place.prefix + branch
                try output.write(line: line + words(hop.handoff))
                let deeper =
                    hop.depth >= indentedDepth
                    ? place.prefix : place.prefix + (place.isLast ? "   " : "│  ")
                stack += places(children[place.hop], prefix: deeper)
            }
        }
    }

    private struct Place {
        var hop: Int
        var prefix: String
        var isLast: Bool
    }

    /// In the reverse of their order, so that the first comes from the stack first.
    private static func places(_ hops: [Int], prefix: String) -> [Place] {
        hops.enumerated().reversed().map { index, hop in
            Place(hop: hop, prefix: prefix, isLast: index == hops.count - 1)
        }
    }

    private static func words(_ handoff: StoredHandoff) -> String {
        var words = ["#\(handoff.number) \(handoff.state) → \(handoff.target.text)"]
        if let omission = omission(handoff) { words.append(omission) }
        words.append(EventRow.timeText(handoff.issued))
        if let closed = handoff.closed { words.append("closed \(EventRow.timeText(closed))") }
        if let reason = handoff.reason { words.append(PrintableText.escaped(reason)) }
        return words.joined(separator: "  ")
    }

    /// What a hop that brought nobody the socket did not come to.
    private static func omission(_ handoff: StoredHandoff) -> String? {
        switch handoff.state {
        case "delivered", "reserved": nil
        case "issued": "not redeemed yet"
        default: handoff.attempts == 0 ? "never redeemed" : "never delivered"
        }
    }

    private static func end(of process: ProcessLabel) -> String {
        process.exited.map { "  exited \(EventRow.timeText($0))" } ?? ""
    }

    private static func json(_ lineage: Lineage) -> JSONObject {
        var object = JSONObject()
        object["socket"] = .unsigned(lineage.socket.number)
        object["numbers"] = .array(lineage.numbers.map { .unsigned($0) })
        object["local"] = lineage.socket.local.map { .text($0) }
        object["remote"] = lineage.socket.remote.map { .text($0) }
        object["hops"] = .array(
            lineage.hops.map { hop in
                var one = HandoffRow(hop.handoff).object
                one["depth"] = .integer(Int64(hop.depth))
                one["parent"] = hop.parent.map { .unsigned(lineage.hops[$0].handoff.number) }
                return .object(one)
            })
        return object
    }
}
