import ArgumentParser
import Drive
import Journal
import Registry
import Replay
import Transport

/// `baton drive`: a recorded history, performed again.
struct DriveVerb: ParsableCommand {
    enum SpeedWord: String, ExpressibleByArgument, CaseIterable {
        case maximum, scale, step
    }

    static let configuration = CommandConfiguration(
        commandName: "drive",
        abstract: "Perform a recorded history again, with real processes and sockets.",
        discussion: """
            Starts a coordinator on a scratch database and one process for every process that \
            acts in the bundle, brings about each step in turn, and compares what the new log \
            says with what the bundle says. Status 0: all the same, and what could not be \
            performed is counted and named. Status 1: the first difference, as two columns. \
            Status 4: the events are not those that were signed. What the bundle's evidence \
            proves, and what it does not, is said on standard error.
            """)

    @Argument(help: "A file that `baton bundle` made.")
    var bundle: String

    @Option(
        help: """
            maximum, as fast as possible; scale, in the recorded distances times --scale; step, \
            each step after Enter.
            """)
    var speed = SpeedWord.maximum

    @Option(
        help: "Only with --speed scale: 1, the default, is as it was, 0.1 ten times as fast.")
    var scale: Double?

    @Option(
        help: ArgumentHelp(
            "The key that must have signed the events, as it came by another way than the bundle.",
            valueName: "vkey"))
    var key: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Stop after the step of this instant; with --speed step after one more Enter.",
            discussion: PointArgument.forms, valueName: "instant"),
        transform: PointArgument.point)
    var until: Point?

    @Option(help: "Where the scratch database is made.")
    var directory = "/tmp"

    func validate() throws {
        guard let scale else { return }
        guard scale >= 0, scale <= 1_000_000 else {
            throw ValidationError("--scale takes 0 to 1000000.")
        }
        guard speed == .scale else { throw ValidationError("--scale goes with --speed scale.") }
    }

    func run() throws {
        StandardStream.ignoreBrokenPipes()
        // Whoever ends the play early leaves no coordinator behind.
        let signals = try SignalWatch()
        let history = try BundleFile.read(bundle)
        let text = BundleEvidenceText(history, key: try key.map { try Verify.verifier($0) })
        for line in text.lines { StandardStream.note(line) }
        if let failure = text.failure(needsEvidence: key != nil) { throw failure }
        let output = Output.standard()
        let report: DriveReport
        do {
            let conductor = try Conductor(
                history, speed: chosenSpeed, until: try until.map { try $0.sequence(in: history) },
                directory: directory,
                say: { line in
                    try output.write(line: PrintableText.escaped(line))
                    try output.flush()
                },
                pause: { try Self.pause($0, signals) },
                awaitGo: { try Self.awaitLine(signals) },
                note: { StandardStream.note(PrintableText.escaped($0)) })
            report = try conductor.run()
        } catch let error as DriveError {
            throw CommandFailure(
                status: Self.status(error), message: error.description,
                hint: Self.advice(error))
        }
        if let divergence = report.divergence {
            let programs =
                "recorded by baton \(history.program), performed by \(ProgramVersion.text)"
            try output.write(line: PrintableText.escaped(programs))
            let width = output.isTerminal ? StandardStream.output.columnCount : nil
            for line in divergence.lines(width: width) {
                try output.write(line: PrintableText.escaped(line))
            }
            if !report.passedOver.isEmpty {
                try output.write(line: PrintableText.escaped(report.passedOverText))
            }
            try output.flush()
            throw ExitCode(EndStatus.refused.rawValue)
        }
        try output.write(line: PrintableText.escaped(report.summary))
        try output.flush()
    }

    private var chosenSpeed: Conductor.Speed {
        switch speed {
        case .maximum: .maximum
        case .scale: .scale(scale ?? 1)
        case .step: .step
        }
    }

    private static func status(_ error: DriveError) -> EndStatus {
        switch error {
        case .failed: .unreachable
        case .cannotBegin: .refused
        }
    }

    private static func advice(_ error: DriveError) -> String {
        switch error {
        case .failed: "run it again; --directory names another place for the scratch database"
        case .cannotBegin: "pack a range that begins at 0, or where nothing of it is open"
        }
    }

    private static func pause(_ milliseconds: Int32, _ signals: SignalWatch) throws {
        if let ending = try signals.wait(milliseconds: milliseconds) { throw ExitCode(ending) }
    }

    /// How often a wait for a line is interrupted to look for a signal.
    private static let lookNanoseconds: Int64 = 100_000_000

    /// The end of the input lets the play go on to its end.
    private static func awaitLine(_ signals: SignalWatch) throws {
        let input = PollRequest(
            number: StandardStream.input.rawValue, events: PollRequest.readable)
        while true {
            var requests = [input]
            if try SocketCalls.poll(&requests, nanoseconds: lookNanoseconds) == 0 {
                try pause(0, signals)
                continue
            }
            let byte = try StandardStream.input.read(limit: 1)
            if byte.isEmpty || byte[0] == UInt8(ascii: "\n") { return }
        }
    }
}

/// One process of the cast: it does what the conductor at the other end of descriptor 3 says.
struct DriveActorVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drive-actor", shouldDisplay: false)

    @Option var socket: String

    /// The ids that it takes, as `UserIDs.text` has them.
    @Option(transform: {
        guard let user = UserIDs(text: $0) else { throw ValidationError("four ids are wanted") }
        return user
    })
    var user: UserIDs?

    func run() throws {
        let channel = try Descriptor(inherited: DriveActor.channelNumber)
        let actor = DriveActor(channel: channel, socketPath: socket)
        throw ExitCode(try actor.run(as: user))
    }
}

extension Point {
    /// The number of the event of a bundle that this point means.
    fileprivate func sequence(in bundle: HistoryBundle) throws -> UInt64 {
        let last = bundle.first + UInt64(bundle.events.count) - 1
        let found: UInt64? =
            switch self {
            case .sequence(let number): bundle.first...last ~= number ? number : nil
            case .time(let time):
                bundle.events.last { $0.time.wallMicroseconds <= time.microseconds }?.sequence
            case .boot:
                bundle.events.last { $0.content.kind == .bootObserved }?.sequence
            case .checkpoint(nil):
                bundle.evidence.flatMap { $0.covered > 0 ? bundle.first + $0.covered - 1 : nil }
            case .checkpoint(.some): nil
            case .end: last
            }
        guard let found else {
            throw CommandFailure.usage(
                "the bundle has no such instant: its events are #\(bundle.first) to #\(last)",
                hint: "name the number of one of them")
        }
        return found
    }
}
