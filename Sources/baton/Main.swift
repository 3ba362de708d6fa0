import ArgumentParser
import Transport

/// The command line: one verb, one file.
@main
struct Main: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "baton",
        abstract: "Hands a socket from one process to another, once, and keeps the record of it.",
        discussion: """
            Exit status: 0 done (also when nothing was found), 1 the answer is no, 2 usage, \
            3 cannot reach or open, 4 tampered or damaged, 5 rolled back or forked, 6 incomplete, \
            7 no room for the log.
            """,
        version: "baton \(ProgramVersion.text)",
        subcommands: [
            Serve.self, Demo.self, Status.self, Duplicate.self, Redeem.self, List.self,
            Show.self, Decode.self, Revoke.self, WhoHolds.self, Reconcile.self, Backup.self,
            History.self, PolicyVerb.self, StateAt.self, Diff.self, Why.self, LineageVerb.self,
            ReportVerb.self, Redecide.self, Check.self, ReplayVerb.self, Export.self,
            Verify.self, Prove.self, PrintCheckpoint.self, Tiles.self, SigningKeys.self,
            Watch.self, BundleVerb.self, DriveVerb.self, Cflags.self, Libs.self, Bench.self,
            BenchSource.self, BenchTarget.self, DemoEcho.self, DriveActorVerb.self,
        ])

    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            var command = try parseAsRoot(BootArgument.completed(arguments))
            try command.run()
        } catch {
            let farewell = Farewell(of: error, asksForJSON: ErrorStyle.isJSON(arguments))
            farewell.write()
            exit(withError: ExitCode(farewell.status))
        }
    }
}

/// The version of this program.
enum ProgramVersion {
    static let text = "0.1.0"
}
