import ArgumentParser
import Baton
import Journal
import Transport

/// Which coordinator, and which database; the same names for every verb.
struct CommonOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The coordinator's socket.",
            discussion: "Without it: $BATON_SOCKET, or where baton serve puts it by default.",
            valueName: "path"))
    var socket: String?

    @Option(
        help: ArgumentHelp(
            "The coordinator's database, read directly and never written.",
            discussion: "Without it: $BATON_DATABASE, or where baton serve puts it by default.",
            valueName: "path"))
    var database: String?

    func client() -> Client { Client(socketPath: socket) }

    func reader() throws(JournalError) -> LogReader {
        try LogReader(path: database ?? DefaultPaths.databasePath())
    }
}

/// How one answer is written.
enum DocumentFormat: String, ExpressibleByArgument, CaseIterable {
    case short, json
}

/// For verbs whose answer is one thing.
struct DocumentOptions: ParsableArguments {
    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: "How to write the answer, and an error.")
    var format = DocumentFormat.short
}
