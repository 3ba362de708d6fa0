/// The database cannot be used, or a batch could not be written.
package enum JournalError: Error, Equatable, Sendable, CustomStringConvertible {
    /// SQLite's extended result code and message.
    case cannotOpen(path: String, code: Int32, message: String)
    /// The file is no database, or another program's.
    case notOurs(path: String, found: String)
    case newerSchema(path: String, found: Int, known: Int)
    case editedMigration(number: Int, name: String)
    /// The newest checkpoint was signed by another key than the one at hand.
    case otherKey(path: String, known: String)
    /// What is stored contradicts itself.
    case damaged(path: String, detail: String)
    /// An event cannot be read; those beside it may be.
    case damagedEvent(number: Int64, detail: String)
    /// Nothing of the batch was written: no room, no right to write, or another program's lock. The
    /// log is as before.
    case notWritten(code: Int32, message: String)
    /// COMMIT failed: whether the batch is in the log is not known until it is opened again.
    case outcomeUnknown(code: Int32, message: String)
    case failed(code: Int32, message: String)

    package var description: String {
        switch self {
        case .cannotOpen(let path, let code, let message):
            "cannot open the database \(path): \(message) (SQLite \(code))"
        case .notOurs(let path, let found): "\(path) is not a Baton database: \(found)"
        case .newerSchema(let path, let found, let known):
            "\(path) has schema \(found), and this program knows schemas up to \(known)"
        case .editedMigration(let number, let name):
            "migration \(number) (\(name)) was applied with other contents than this program has"
        case .otherKey(let path, let known):
            "\(path) is signed by another key than the one at hand: \(known)"
        case .damaged(let path, let detail): "\(path) is damaged: \(detail)"
        case .damagedEvent(let number, let detail): "event \(number) is damaged: it \(detail)"
        case .notWritten(let code, let message):
            "nothing could be written: \(message) (SQLite \(code))"
        case .outcomeUnknown(let code, let message):
            "a commit failed, and its outcome is unknown: \(message) (SQLite \(code))"
        case .failed(let code, let message): "\(message) (SQLite \(code))"
        }
    }

    /// What the operator can do.
    package var advice: String {
        if isLocked {
            return "end the program that has the database locked, such as a sqlite3 with an open "
                + "transaction: `fuser FILE` tells which ones have it open"
        }
        return switch self {
        case .cannotOpen: "check that the path exists and that this user may read and write it"
        case .notOurs: "name another file with --database; this one was not touched"
        case .newerSchema: "use the program version that made it, or a newer one"
        case .editedMigration: "use the program version that made the database"
        case .otherKey: "restore the signing key, or set the log aside with --accept-fork"
        case .damaged: "restore it from a backup; it was not changed"
        case .damagedEvent(let number, _):
            "baton history --seq \(number &+ 1).. lists what follows, baton check tells all that "
                + "is wrong; restore the database from a backup"
        case .notWritten: "free space on its file system, or give this user the right to write"
        case .outcomeUnknown: "start the coordinator again: it reads what was written"
        case .failed: "see the SQLite result code"
        }
    }

    /// Whether there is no room for more: it may come back.
    package var isFull: Bool { code.map { Self.fullCodes.contains($0) } ?? false }

    /// Whether another program had the database locked for longer than we wait.
    package var isLocked: Bool { code.map { $0 & 0xff == Self.busyCode } ?? false }

    /// SQLite's extended result code, whose low byte is the primary one.
    private var code: Int32? {
        switch self {
        case .cannotOpen(_, let code, _), .notWritten(let code, _), .outcomeUnknown(let code, _),
            .failed(let code, _):
            code
        default: nil
        }
    }

    /// SQLITE_BUSY
    private static let busyCode: Int32 = 5

    /// SQLITE_FULL, and SQLITE_IOERR_SHMSIZE for the index of the write-ahead log.
    private static let fullCodes: Set<Int32> = [13, 4874]

    /// Whether the stored data is at fault, not the access to it.
    package var isDamage: Bool {
        switch self {
        case .damaged, .damagedEvent, .editedMigration: true
        default: false
        }
    }
}
