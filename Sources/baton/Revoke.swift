import ArgumentParser
import Baton

/// Takes a handoff back before it is redeemed.
struct Revoke: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make the ticket of a handoff worthless and let its socket go.")

    @Argument(
        help: "The number of the handoff, as list and history print it.",
        transform: HistoryFilters.number)
    var handoff: UInt64

    @Option(help: ArgumentHelp("Why, for the record.", valueName: "text"))
    var reason: String?

    @OptionGroup var document: DocumentOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        try common.client().revoke(handoff: handoff, reason: reason)
        let output = Output.standard()
        switch document.format {
        case .json:
            let answer = JSONObject([
                ("handoff", JSONValue(exact: handoff)), ("state", .text("revoked")),
            ])
            try output.write(line: JSONValue.object(answer).description)
        case .short: try output.write(line: "handoff #\(handoff) is revoked")
        }
        try output.flush()
    }
}
