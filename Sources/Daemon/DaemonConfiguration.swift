package import Coordinator
public import Logging
package import Registry
import Transport

/// What a coordinator is started with.
public struct DaemonConfiguration: Sendable {
    /// Where clients connect: a SOCK_SEQPACKET Unix socket. Its directory is made when missing.
    public var socketPath: String
    /// The permission bits of the socket file. Who may write to it may connect.
    public var socketMode: UInt32 = 0o600
    /// The group of the socket file; nil leaves that of the process.
    public var socketGroup: UInt32?
    /// The SQLite file of the log. Beside it stand `-wal`, `-shm`, `.lock` and `.key`.
    public var databasePath: String
    /// Refuses what is tolerated by default: differing or missing creation flags, and sockets that
    /// the kernel says are marked for quality of service.
    public var isStrict = false
    /// Processes whose identity is proved less surely than this are refused as targets.
    public var minimumGrade = ChangeableSettings().minimumGrade
    /// Open handoffs in all and of one user; nil leaves the defaults, lowered to what the
    /// descriptor limit allows.
    public var maximumHandoffs: Int?
    public var maximumHandoffsPerUser: Int?
    /// New handoffs are refused while the database's file system has fewer bytes left, so that
    /// deliveries, closes and exits still find room.
    public var minimumFreeBytes = ChangeableSettings().minimumFreeBytes
    /// Whether the log is evidence: tiles of a tree over its events and signed checkpoints. Without
    /// it a later start makes what is missing.
    public var keepsEvidence = true
    /// Where the newest checkpoint is put, at most once a second: best on another file system, or
    /// where another host fetches it. A start refuses a log that is behind it, and one that has
    /// several checkpoints while the file is missing.
    public var checkpointFile: String?
    /// Sets a log aside that was rolled back or tampered with, as `<database>.<log id>.aside`, and
    /// opens a new one that cites it.
    public var acceptsFork = false
    public var logger: Logger
    /// Without effect in a coordinator that has none.
    public var keeperLoss = KeeperLoss.stop

    /// Names of kernel features to do without, for tests of what older kernels have.
    package var withheldFeatures: [String] = []
    /// The rules that the log has recorded are used instead of `rules`, for a coordinator that
    /// takes over while its configuration cannot be read.
    package var keepsRecordedRules = false
    /// Whether it follows a coordinator that has died, whose escrow would be lost by a refusal.
    package var isSuccessor = false
    /// Room for the kernel's words of ended sockets, for tests of too little.
    package var endsBufferByteCount = DestroyedSockets.bufferByteCount
    package var admission = Admission.Limits()
    package var rules = Rules()
    /// Reads what can be changed while the coordinator runs; SIGHUP calls for it. Gives nil while
    /// there is no configuration file, and is nil where none is ever read.
    package var reload: (@Sendable () throws(ConfigurationFailure) -> ChangeableSettings?)?

    public init(socketPath: String, databasePath: String, logger: Logger) {
        self.socketPath = socketPath
        self.databasePath = databasePath
        self.logger = logger
    }
}

/// Why a configuration was not taken, for a person: a sentence without a full stop.
package struct ConfigurationFailure: Error, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}

/// What a configuration file can change while the coordinator runs.
package struct ChangeableSettings: Sendable {
    /// Policy, strictness and limits.
    package var rules = Rules()
    package var minimumGrade = IdentityGrade.held
    package var minimumFreeBytes: UInt64 = 16 << 20

    package init() {}
}

extension DaemonConfiguration {
    /// What the log has recorded holds on, whatever is configured now. Logs of earlier versions
    /// have neither the grade nor the least free space.
    mutating func takeRecorded(_ recorded: Rules) {
        rules = recorded
        admission = recorded.admission
        isStrict = recorded.isStrict
        if let grade = recorded.minimumGrade { minimumGrade = IdentityGrade(grade) }
        if let count = recorded.minimumFreeBytes { minimumFreeBytes = count }
    }

    package mutating func take(_ settings: ChangeableSettings) {
        rules = settings.rules
        admission = settings.rules.admission
        isStrict = settings.rules.isStrict
        minimumGrade = settings.minimumGrade
        minimumFreeBytes = settings.minimumFreeBytes
    }
}

/// How surely a process is known to be the one that was meant.
public enum IdentityGrade: String, Sendable, CaseIterable {
    /// The same process instance, also after the coordinator restarts: Linux 6.9.
    case instance
    /// The same process instance while this coordinator lives: Linux 5.3.
    case held
    /// Nothing more than a number that can be used again.
    case number

    var rank: Int {
        switch self {
        case .instance: 2
        case .held: 1
        case .number: 0
        }
    }
}

extension IdentityGrade {
    package init(_ grade: Grade) {
        switch grade {
        case .instance: self = .instance
        case .held: self = .held
        case .number: self = .number
        }
    }

    /// As the rules record it.
    var recorded: Grade {
        switch self {
        case .instance: .instance
        case .held: .held
        case .number: .number
        }
    }
}
