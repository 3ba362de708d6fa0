import ArgumentParser
import Baton
import Registry
import Transport

/// WSASocket with FROM_PROTOCOL_INFO from the shell, for a program that is to have the socket.
struct Redeem: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Redeem a protocol info and become another program, which gets the socket.",
        usage: "baton redeem [--info <file>] [--base64] [--stdin] -- <program> [<argument> ...]",
        discussion: """
            The process stays the same, so a ticket for this process is good. The program finds \
            the socket as descriptor 3, announced by LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES, \
            or as its standard input with --stdin.
            """)

    @Option(
        help: ArgumentHelp(
            "The file with the record, or - for standard input.", valueName: "file"))
    var info = "-"

    @Flag(help: "The record is base64 text.")
    var base64 = false

    @Flag(name: .customLong("stdin"), help: "The socket becomes the program's standard input.")
    var isStandardInput = false

    @OptionGroup var errors: ErrorOptions
    @OptionGroup var common: CommonOptions

    @Argument(parsing: .postTerminator, help: "After --: the program and its arguments.")
    var command: [String] = []

    /// The number at which socket activation begins. sd_listen_fds(3), SD_LISTEN_FDS_START
    private static let firstPassedNumber: Int32 = 3

    /// How long a coordinator that is away may take to come back and record the delivery. Nobody
    /// says it again once this is another program.
    private static let settlingMilliseconds: Int64 = 5000

    func validate() throws {
        guard !command.isEmpty else {
            throw ValidationError("name the program that is to get the socket, after --")
        }
    }

    func run() throws {
        // Looked for first: a slip of the pen must not use up the ticket.
        let program = try Self.locate(command[0])
        let record = try InputBytes.read(info, isBase64: base64)
        let socket = try open(record, for: program)
        try Descriptor(owning: socket).place(
            at: isStandardInput ? StandardStream.input.rawValue : Self.firstPassedNumber)
        try announce()
        do throws(Errno) {
            try Programs.execute(path: program, arguments: command)
        } catch {
            throw CommandFailure.unreachable(
                "cannot execute \(program): \(error)",
                hint: "the ticket is used up: duplicate again once the program can be executed")
        }
    }

    static func locate(_ name: String) throws(CommandFailure) -> String {
        do throws(Errno) {
            return try Programs.locate(name)
        } catch {
            throw .usage(
                "cannot execute \(name): \(error)",
                hint: "nothing was redeemed: name a program that exists, and duplicate again")
        }
    }

    /// The number of the socket, which the caller owns. The client ends with this call: later the
    /// program's descriptor could be taken for one of its own, and closed.
    private func open(_ record: [UInt8], for program: String) throws -> Int32 {
        let client = common.client()
        let socket: Socket
        do throws(BatonError) {
            socket = try client.open(record: record, options: OpenOptions(program: program))
        } catch {
            throw Self.failure(error)
        }
        for warning in Self.warnings(socket.notes) { StandardStream.warn(warning) }
        if !client.settleAndLeave(withinMilliseconds: Self.settlingMilliseconds) {
            StandardStream.warn(
                "the coordinator has not recorded yet that the socket was delivered")
        }
        return socket.release()
    }

    /// What the program learns from its environment. sd_listen_fds(3)
    private func announce() throws(Errno) {
        let isAnnounced = !isStandardInput
        try Programs.setEnvironmentVariable("LISTEN_FDS", to: isAnnounced ? "1" : nil)
        try Programs.setEnvironmentVariable(
            "LISTEN_PID", to: isAnnounced ? "\(HostFacts.ownPID())" : nil)
        try Programs.setEnvironmentVariable("LISTEN_FDNAMES", to: isAnnounced ? "baton" : nil)
    }

    /// The library's advice is for a process that goes on. This one was the target, and ends, which
    /// voids the ticket.
    static func failure(_ error: BatonError) -> CommandFailure {
        var failure = CommandFailure(error)
        if error.kind == .noDescriptorLeft {
            failure.hint = "close some or raise RLIMIT_NOFILE, and duplicate again"
        }
        switch error.reason {
        case Refusal.tooManyDescriptors.name:
            failure.hint = "close some that were handed over, and duplicate again"
        case Refusal.tooManyUnread.name, Refusal.inFlightLimit.name:
            failure.hint = "wait a moment, and duplicate again"
        case Refusal.cookieDiffers.name: failure.hint = "duplicate again"
        default: break
        }
        return failure
    }

    static func warnings(_ notes: OpenNotes) -> [String] {
        var warnings: [String] = []
        if notes.contains(.flagsDiffer) {
            warnings.append("source and target made the socket with different flags")
        }
        if notes.contains(.overlappedMissing) {
            warnings.append("the source's socket is overlapped, and this one is not asked to be")
        }
        return warnings
    }
}
