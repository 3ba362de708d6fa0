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
            discussion: """
                Without it: $BATON_DATABASE, or where baton serve puts it by default. A verb that \
                reads a log, and is given --socket, needs one of the first two.
                """,
            valueName: "path"))
    var database: String?

    func client() -> Client { Client(socketPath: socket) }

    func reader() throws -> LogReader { try LogReader(path: try databasePath()) }

    func databasePath() throws(CommandFailure) -> String {
        try NamedLog.path(database: database, socket: socket)
    }
}

/// The log that a command line names.
enum NamedLog {
    /// A coordinator that is named by its socket has a log of its own: the default one may be that
    /// of another, and would be read without anybody noticing.
    static func path(database: String?, socket: String?) throws(CommandFailure) -> String {
        if let database { return database }
        if let socket, HostFacts.environmentVariable("BATON_DATABASE")?.isEmpty ?? true {
            throw .usage(
                "--socket does not say which log is to be read",
                hint: "--database names the log; baton status --socket \(socket) prints it")
        }
        return DefaultPaths.databasePath()
    }
}

/// How one answer is written.
enum DocumentFormat: String, ExpressibleByArgument, CaseIterable {
    case short, json
}

/// For verbs that write a record or become another program, so that only an error has a form.
struct ErrorOptions: ParsableArguments {
    // Read by `ErrorStyle`, from the arguments themselves.
    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: "How to write an error. It changes nothing else.")
    var format = DocumentFormat.short
}

/// For verbs whose answer is one thing.
struct DocumentOptions: ParsableArguments {
    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: "How to write the answer, and an error.")
    var format = DocumentFormat.short
}
