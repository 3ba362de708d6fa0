import ArgumentParser
import Drive
import Journal
import Transport

/// `baton bundle`: a part of the log in one file.
struct BundleVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle",
        abstract: "Pack a part of the history into one file, for a bug report.",
        discussion: """
            The file has the state before the range and its events, as docs/bundle.md describes; \
            `baton drive` performs it again. A range is made one of whole steps. The file has \
            what the log has: pids, users, paths and addresses, but no ticket. An existing file \
            is never overwritten; the database is only read.
            """)

    @Argument(
        help: ArgumentHelp("The events, A..B without B, such as 0..40.", valueName: "range"),
        transform: HistoryFilters.sequences)
    var range: Range<UInt64>

    @Argument(help: "The file to make.")
    var file: String

    @OptionGroup var document: DocumentOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        let (bytes, whole) = try pack()
        do throws(Errno) {
            try SystemFiles.writeFileExclusively(file, bytes, mode: 0o600)
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
        case .json:
            let answer = JSONObject([
                ("file", .text(file)), ("bytes", .integer(Int64(bytes.count))),
                ("first", .integer(Int64(clamping: whole.lowerBound))),
                ("last", .integer(Int64(clamping: whole.upperBound - 1))),
            ])
            try output.write(line: JSONValue.object(answer).description)
        case .short:
            try output.write(
                line: "\(PrintableText.escaped(file)): events \(whole.lowerBound) to "
                    + "\(whole.upperBound - 1), \(bytes.count) bytes")
        }
        try output.flush()
    }

    private func pack() throws -> (bytes: [UInt8], range: Range<UInt64>) {
        do {
            return try HistoryBundle.pack(
                try common.reader(), range, program: ProgramVersion.text)
        } catch let error as HistoryBundle.PackError {
            throw CommandFailure(
                status: .refused, message: error.description,
                hint: "see `baton history` for the numbers of the events")
        }
    }
}
