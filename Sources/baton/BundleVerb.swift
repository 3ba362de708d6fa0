import ArgumentParser
import Drive
import Evidence
import Journal
import Transport

/// `baton bundle`: a part of the log in one file.
struct BundleVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle",
        abstract: "Pack a part of the history into one file, for a bug report.",
        discussion: """
            The file has the state before the range, its events, and the proof that these are \
            what was signed, as docs/bundle.md describes; `baton drive` performs it again, \
            `baton verify --bundle` checks the proof. A range is made one of whole steps. The \
            file has what the log has: pids, users, paths and addresses, but no ticket. An \
            existing file is never overwritten; the database is only read.
            """)

    // As one list, because a time such as -5min looks like an option.
    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp(
            "The events, and the file to make.",
            discussion: """
                A..B are numbers, B left out; A or B may be an instant too, such as boot..end or \
                -5min..@checkpoint, and an instant B is included.
                """, valueName: "range file"))
    var words: [String] = []

    @Flag(help: "Leave out checkpoint and proof, as of a log that was damaged.")
    var noEvidence = false

    @OptionGroup var document: DocumentOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard words.count == 2 else {
            throw ValidationError("a range and a file are wanted, such as 0..40 report.bundle")
        }
        _ = try InstantRange(words[0])
    }

    private var file: String { words.count == 2 ? words[1] : "" }

    func run() throws {
        let packed = try pack()
        try NewFile.write(packed.bytes, to: file, mode: 0o600)
        let output = Output.standard()
        switch document.format {
        case .json: try output.write(line: json(packed).description)
        case .short:
            for line in lines(packed) { try output.write(line: PrintableText.escaped(line)) }
        }
        try output.flush()
    }

    private func lines(_ packed: HistoryBundle.Packed) -> [String] {
        let whole = packed.range
        var first = """
            \(file): events \(whole.lowerBound) to \(whole.upperBound - 1), \
            \(packed.bytes.count) bytes
            """
        if whole.lowerBound < packed.askedFirst {
            first += """
                 (from \(whole.lowerBound): the step of event \(packed.askedFirst) begins there)
                """
        }
        guard let evidence = packed.evidence else {
            return [first, "no evidence: nothing proves that these are the events of the log"]
        }
        let second = """
            evidence: \(evidence.covered) of \(whole.count) events are under a checkpoint of \
            \(evidence.stored.checkpoint.size)
            """
        return [first, second]
    }

    private func json(_ packed: HistoryBundle.Packed) -> JSONValue {
        let whole = packed.range
        var answer = JSONObject([
            ("file", .text(file)), ("bytes", .integer(Int64(packed.bytes.count))),
            ("first", .integer(Int64(clamping: whole.lowerBound))),
            ("last", .integer(Int64(clamping: whole.upperBound - 1))),
        ])
        answer["checkpoint"] = packed.evidence.map { .unsigned($0.stored.checkpoint.size) }
        answer["covered"] = .unsigned(packed.evidence?.covered ?? 0)
        answer["uncovered"] = .unsigned(UInt64(whole.count) - (packed.evidence?.covered ?? 0))
        return .object(answer)
    }

    private func pack() throws -> HistoryBundle.Packed {
        do {
            let reader = try common.reader()
            let range = try InstantRange(words[0]).sequences(in: reader)
            return try HistoryBundle.pack(
                reader, range, program: ProgramVersion.text,
                withEvidence: !noEvidence)
        } catch let error as HistoryBundle.PackError {
            throw CommandFailure(
                status: .refused, message: error.description,
                hint: "see `baton history` for the numbers of the events")
        }
    }
}
