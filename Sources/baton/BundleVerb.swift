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

    @Argument(
        help: ArgumentHelp("The events, A..B without B, such as 0..40.", valueName: "range"),
        transform: HistoryFilters.sequences)
    var range: Range<UInt64>

    @Argument(help: "The file to make.")
    var file: String

    @Flag(help: "Leave out checkpoint and proof, as of a log that was damaged.")
    var noEvidence = false

    @OptionGroup var document: DocumentOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        let packed = try pack()
        do throws(Errno) {
            try SystemFiles.writeFileExclusively(file, packed.bytes, mode: 0o600)
        } catch .exists {
            throw CommandFailure(
                status: .refused, message: "\(file) exists already",
                hint: "name a file that does not exist; nothing was written")
        } catch {
            throw CommandFailure.unreachable(
                "cannot make \(file): \(error)",
                hint: "name a file in a directory that this user may write to")
        }
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
        let first = """
            \(file): events \(whole.lowerBound) to \(whole.upperBound - 1), \
            \(packed.bytes.count) bytes
            """
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
            return try HistoryBundle.pack(
                try common.reader(), range, program: ProgramVersion.text,
                withEvidence: !noEvidence)
        } catch let error as HistoryBundle.PackError {
            throw CommandFailure(
                status: .refused, message: error.description,
                hint: "see `baton history` for the numbers of the events")
        }
    }
}
