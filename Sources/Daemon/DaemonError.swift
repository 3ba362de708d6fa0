import Journal
import Transport

/// Why a coordinator cannot start, or had to end.
public enum DaemonError: Error, Sendable, CustomStringConvertible {
    /// Another coordinator listens on this socket.
    case socketInUse(path: String)
    /// Another coordinator writes this database.
    case databaseInUse(path: String)
    case socketUnusable(path: String, detail: String)
    case identityTooWeak(found: IdentityGrade, demanded: IdentityGrade)
    /// There can be no keeper, or it has gone before the coordinator was there.
    case keeperUnusable(detail: String)
    /// The kernel does not pass descriptors as Baton needs it.
    case kernelUnusable(missing: [String])
    case database(message: String, advice: String, isDamage: Bool)
    /// There is no room to write the log, or somebody else holds its lock, and it goes on once that
    /// has passed.
    case storeFull(message: String, advice: String)
    /// This process or this host has no descriptor left for what a start needs; nothing is void.
    case descriptorsExhausted(message: String)
    /// The log is behind a checkpoint of it that is kept elsewhere, or is another history.
    case forked(message: String)
    case system(message: String)

    public var description: String {
        switch self {
        case .socketInUse(let path): "another coordinator listens on \(path)"
        case .databaseInUse(let path): "another coordinator writes to \(path)"
        case .socketUnusable(let path, let detail): "cannot listen on \(path): \(detail)"
        case .identityTooWeak(let found, let demanded):
            """
            this kernel proves identity by grade \(found.rawValue), and \(demanded.rawValue) is \
            demanded
            """
        case .keeperUnusable(let detail): "there can be no keeper: \(detail)"
        case .kernelUnusable(let missing):
            "this kernel lacks \(missing.joined(separator: ", "))"
        case .database(let message, _, _), .storeFull(let message, _): message
        case .forked(let message): message
        case .descriptorsExhausted(let message), .system(let message): message
        }
    }

    /// What the operator can do next.
    public var advice: String {
        switch self {
        case .socketInUse: "stop it first, or name another socket with --socket"
        case .databaseInUse: "stop it first, or name another database with --database"
        case .socketUnusable: "name another socket with --socket, in a directory you may write"
        case .identityTooWeak: "run a newer kernel, or allow less with --grade"
        case .keeperUnusable: "run without one with --no-keeper"
        case .kernelUnusable: "run Linux 5.3 or newer; emulated kernels do not suffice"
        case .database(_, let advice, _), .storeFull(_, let advice): advice
        case .descriptorsExhausted:
            "raise the limit of open descriptors (LimitNOFILE= of the unit, or ulimit -n), and "
                + "start again: nothing is void yet"
        case .forked:
            "restore the newest database, or set it aside for a new log with --accept-fork"
        case .system: "see the error of the system call"
        }
    }

    /// Whether the log was rolled back, or there are two of it.
    public var isFork: Bool {
        if case .forked = self { return true }
        return false
    }

    /// Whether the log cannot be written now, and can be later.
    public var isFull: Bool {
        if case .storeFull = self { return true }
        return false
    }

    /// Whether stored data is at fault, not the access to it.
    public var isDamage: Bool {
        if case .database(_, _, let isDamage) = self { return isDamage }
        return false
    }

    init(_ error: JournalError) {
        guard !error.isFull, !error.isLocked else {
            self = .storeFull(
                message: error.description,
                advice: error.isFull ? "free space on its file system" : error.advice)
            return
        }
        self = .database(
            message: error.description, advice: error.advice, isDamage: error.isDamage)
    }

    init(_ what: String, _ error: Errno) {
        let message = "\(what): \(error)"
        self =
            error.isWantOfDescriptors
            ? .descriptorsExhausted(message: message) : .system(message: message)
    }
}
