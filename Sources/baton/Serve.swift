import ArgumentParser
import Daemon
import Logging
import Transport

/// `baton serve`: the coordinator.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the coordinator.",
        discussion: """
            Listens on the socket, keeps the log in the database, and runs in the foreground until \
            SIGTERM or SIGINT. Under a service manager it says READY=1 (sd_notify) when clients \
            can connect. A socket handed down by systemd (LISTEN_FDS) is used instead of --socket.

            This process is the keeper: it makes the coordinator, a child, and has the same \
            descriptors. When the coordinator dies, its sockets in escrow stay open, clients wait \
            in the queue of the listener, and the next coordinator goes on. A coordinator that \
            dies again and again is given up after more than ten quick ends; the exit status is \
            then its own, or 128 and the number of the signal that killed it.
            """)

    @OptionGroup var common: CommonOptions

    @Option(help: "Permission bits of the socket file, octal: who may write may connect.")
    var socketMode = "600"

    @Option(help: "Group id of the socket file; goes with --socket-mode 660.")
    var socketGroup: UInt32?

    @Option(
        help: """
            The least proof of a target's identity: instance (Linux 6.9), held (Linux 5.3) or \
            number.
            """)
    var grade = "held"

    @Flag(
        help: """
            Refuse what is tolerated by default: differing or missing creation flags, and sockets \
            with SO_PRIORITY, a DSCP or SO_MAX_PACING_RATE.
            """)
    var strict = false

    @Option(help: "Handoffs that may be open at once.")
    var maxHandoffs: Int?

    @Option(help: "Handoffs of one user that may be open at once.")
    var maxHandoffsPerUser: Int?

    @Option(help: "Refuse new handoffs when the database's file system has fewer bytes left.")
    var minFreeBytes: UInt64?

    @Flag(help: "Run the coordinator in this process: its death loses what it holds.")
    var noKeeper = false

    @Option(
        help: ArgumentHelp(
            "What the coordinator does when its keeper is gone: stop or continue.",
            valueName: "action"))
    var keeperLost = KeeperLoss.stop.rawValue

    @Option(help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel = "info"

    func validate() throws {
        guard UInt32(socketMode, radix: 8).map({ $0 <= 0o777 }) == true else {
            throw ValidationError("--socket-mode takes octal permission bits, such as 660.")
        }
        guard IdentityGrade(rawValue: grade) != nil else {
            throw ValidationError("--grade takes instance, held or number.")
        }
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError("There is no log level \(logLevel).")
        }
        guard KeeperLoss(rawValue: keeperLost) != nil else {
            throw ValidationError("--keeper-lost takes stop or continue.")
        }
        guard (maxHandoffs ?? 1) > 0, (maxHandoffsPerUser ?? 1) > 0 else {
            throw ValidationError("At least one handoff must be allowed.")
        }
    }

    func run() throws {
        guard !noKeeper else { return try serve(keeper: nil) }
        let role: Keeper.Role
        do {
            role = try Keeper.begin(logger())
        } catch {
            throw CommandFailure(error)
        }
        switch role {
        case .coordinator(let keeper): try serve(keeper: keeper)
        case .ended(let code): throw ExitCode(code)
        }
    }

    private func serve(keeper: KeeperLink?) throws {
        // Before any thread exists, so that none of them can take the signals.
        let signals = try SignalDescriptor.blocking([
            SignalDescriptor.terminate, SignalDescriptor.interrupt,
        ])
        let daemon: Daemon
        do {
            daemon = try Daemon(daemonConfiguration(), signals: signals, keeper: keeper)
        } catch {
            throw CommandFailure(error)
        }
        do {
            try daemon.run()
        } catch {
            throw CommandFailure(error)
        }
    }

    private func logger() -> Logger {
        var logger = Logger(label: "baton") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = Logger.Level(rawValue: logLevel) ?? .info
        return logger
    }

    private func daemonConfiguration() -> DaemonConfiguration {
        var configuration = DaemonConfiguration(
            socketPath: common.socket ?? DefaultPaths.socketPath(),
            databasePath: common.database ?? DefaultPaths.databasePath(), logger: logger())
        configuration.socketMode = UInt32(socketMode, radix: 8) ?? 0o600
        configuration.socketGroup = socketGroup
        configuration.minimumGrade = IdentityGrade(rawValue: grade) ?? .held
        configuration.isStrict = strict
        configuration.maximumHandoffs = maxHandoffs
        configuration.maximumHandoffsPerUser = maxHandoffsPerUser
        configuration.keeperLoss = KeeperLoss(rawValue: keeperLost) ?? .stop
        if let minFreeBytes { configuration.minimumFreeBytes = minFreeBytes }
        return configuration
    }
}

extension CommandFailure {
    /// A coordinator that cannot start or go on.
    init(_ error: DaemonError) {
        self.init(
            status: error.isDamage ? .damaged : .unreachable, message: error.description,
            hint: error.advice)
    }
}
