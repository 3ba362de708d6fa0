import ArgumentParser
import Daemon
import Journal
import Logging
import Transport

/// `baton serve`: the coordinator.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the coordinator.",
        discussion: """
            Listens on the socket, keeps the log in the database, and runs in the foreground until \
            SIGTERM or SIGINT. Under a service manager it says READY=1 (sd_notify) when clients \
            can connect. A socket handed down by systemd (LISTEN_FDS) is used instead of --socket. \
            SIGHUP reads the configuration file again: a bad or an empty one changes nothing, and \
            without one, as when a terminal is closed, it goes on as before. What is given here \
            goes before what the file says.

            This process is the keeper: it makes the coordinator, a child, and has the same \
            descriptors. When the coordinator dies, its sockets in escrow stay open, clients wait \
            in the queue of the listener, and the next coordinator goes on. A coordinator that \
            dies again and again is given up after more than ten quick ends; the exit status is \
            then its own, or 128 and the number of the signal that killed it. One that ends with \
            status 7 cannot write its log, for want of room or because another program holds its \
            lock: the keeper tries again each second until it can.
            """)

    @OptionGroup var common: CommonOptions

    @Option(
        help: ArgumentHelp(
            "The configuration file: policy and limits. See docs/configuration.md.",
            discussion: """
                Without it: /etc/baton/baton.yaml for root, else baton/baton.yaml below \
                $XDG_CONFIG_HOME or ~/.config, where there is such a file.
                """,
            valueName: "path"))
    var configuration: String?

    @Flag(help: "Read no configuration file, also where there is one at the usual place.")
    var noConfiguration = false

    @Option(help: "Permission bits of the socket file, octal: who may write may connect.")
    var socketMode = "600"

    @Option(help: "Group id of the socket file; goes with --socket-mode 660.")
    var socketGroup: UInt32?

    @Option(
        help: """
            The least proof of a target's identity: instance (Linux 6.9), held (Linux 5.3) or \
            number. Without it: held.
            """)
    var grade: String?

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

    @Option(
        help: """
            Where the newest signed checkpoint is put, best on another file system. A start \
            refuses a log that is behind it. For a log that was begun without it, make it by \
            baton checkpoint.
            """)
    var checkpointFile: String?

    @Flag(
        help: """
            Set a log aside that was rolled back or tampered with, and open a new one that \
            cites it.
            """)
    var acceptFork = false

    @Flag(
        inversion: .prefixedNo,
        help: "Keep a tree over the events, and sign checkpoints of it; see baton verify.")
    var evidence = true
    @Flag(help: "Run the coordinator in this process: its death loses what it holds.")
    var noKeeper = false

    @Option(
        help: ArgumentHelp(
            "What the coordinator does when its keeper is gone: stop, replace or continue.",
            discussion: """
                stop is for whoever has a service manager, which starts both again. With replace \
                the coordinator stops in order and becomes the next keeper, under its own PID.
                """,
            valueName: "action"))
    var keeperLost = KeeperLoss.stop.rawValue

    /// Ends both at once when this process, which started them, has ended: for a scratch one.
    @Option(help: .hidden)
    var parent: Int32?

    @Option(help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel = "info"

    func validate() throws {
        guard UInt32(socketMode, radix: 8).map({ $0 <= 0o777 }) == true else {
            throw ValidationError("--socket-mode takes octal permission bits, such as 660.")
        }
        guard configuration == nil || !noConfiguration else {
            throw ValidationError("--configuration and --no-configuration exclude each other.")
        }
        guard grade.map({ IdentityGrade(rawValue: $0) != nil }) ?? true else {
            throw ValidationError("--grade takes instance, held or number.")
        }
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError("There is no log level \(logLevel).")
        }
        guard KeeperLoss(rawValue: keeperLost) != nil else {
            throw ValidationError("--keeper-lost takes stop, replace or continue.")
        }
        guard (maxHandoffs ?? 1) > 0, (maxHandoffsPerUser ?? 1) > 0 else {
            throw ValidationError("At least one handoff must be allowed.")
        }
    }

    func run() throws {
        if let parent { try PlayedProcess.end(withParent: parent) }
        guard !noKeeper else { return try serve(keeper: nil) }
        let own = HostFacts.ownPID()
        let role: Keeper.Role
        do {
            role = try Keeper.begin(logger())
        } catch {
            throw CommandFailure(error)
        }
        switch role {
        case .coordinator(let keeper):
            if parent != nil { try PlayedProcess.end(withParent: own) }
            try serve(keeper: keeper)
        case .ended(let code): throw ExitCode(code)
        }
    }

    private func serve(keeper: KeeperLink?) throws {
        // In the process that writes the log; a keeper never opens it.
        Journal.keepNoMemoryStatistics()
        // Before any thread exists, so that none of them can take the signals. A hang-up ends the
        // program by default, which would lose what is in escrow.
        let signals = try SignalDescriptor.blocking([
            SignalDescriptor.terminate, SignalDescriptor.interrupt, SignalDescriptor.hangUp,
        ])
        let configuration = try daemonConfiguration(isSuccessor: keeper?.isSuccessor ?? false)
        let daemon: Daemon
        do {
            daemon = try Daemon(configuration, signals: signals, keeper: keeper)
        } catch {
            throw CommandFailure(error)
        }
        do {
            try daemon.run()
        } catch {
            throw CommandFailure(error)
        }
    }

    private var source: ConfigurationSource? {
        guard !noConfiguration else { return nil }
        return ConfigurationSource(
            path: configuration ?? DefaultPaths.configurationPath(),
            mayBeMissing: configuration == nil, isStrict: strict,
            grade: grade.flatMap { IdentityGrade(rawValue: $0) }, minimumFreeBytes: minFreeBytes)
    }

    private func logger() -> Logger {
        var logger = Logger(label: "baton") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = Logger.Level(rawValue: logLevel) ?? .info
        return logger
    }

    private func daemonConfiguration(
        isSuccessor: Bool
    ) throws(CommandFailure) -> DaemonConfiguration {
        var configuration = DaemonConfiguration(
            socketPath: common.socket ?? DefaultPaths.socketPath(),
            databasePath: common.database ?? DefaultPaths.databasePath(), logger: logger())
        configuration.socketMode = UInt32(socketMode, radix: 8) ?? 0o600
        configuration.socketGroup = socketGroup
        configuration.checkpointFile = checkpointFile
        // A successor that finds damage says so; it was its predecessor that was told.
        configuration.acceptsFork = acceptFork && !isSuccessor
        configuration.isSuccessor = isSuccessor
        configuration.keepsEvidence = evidence
        configuration.maximumHandoffs = maxHandoffs
        configuration.maximumHandoffsPerUser = maxHandoffsPerUser
        configuration.keeperLoss = KeeperLoss(rawValue: keeperLost) ?? .stop
        if let grade = grade.flatMap({ IdentityGrade(rawValue: $0) }) {
            configuration.minimumGrade = grade
        }
        configuration.isStrict = strict
        if let minFreeBytes { configuration.minimumFreeBytes = minFreeBytes }
        if let source {
            configuration.reload = { () throws(ConfigurationFailure) in
                do throws(CommandFailure) {
                    return try source.settings()
                } catch {
                    throw ConfigurationFailure(error.sentence)
                }
            }
            do throws(CommandFailure) {
                if let settings = try source.settings() {
                    configuration.take(settings)
                    return configuration
                }
            } catch {
                // To end now would lose what its predecessor held.
                guard isSuccessor else { throw error }
                configuration.logger.error(
                    "the configuration stays as it was recorded: \(error.sentence)")
                configuration.keepsRecordedRules = true
                return configuration
            }
        }
        return configuration
    }
}

extension CommandFailure {
    /// A coordinator that cannot start or go on.
    init(_ error: DaemonError) {
        var status = EndStatus.unreachable
        if error.isFork { status = .forked }
        if error.isDamage { status = .damaged }
        if error.isFull { status = .full }
        self.init(status: status, message: error.description, hint: error.advice)
    }
}
