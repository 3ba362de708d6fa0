import ArgumentParser
import Journal
import Transport

/// A place in a log, from which a later listing goes on: good for any filter.
struct HistoryCursor: Equatable, CustomStringConvertible {
    var log: String
    /// The number of the first event that was not looked at.
    var next: UInt64

    /// The version of this form.
    private static let prefix = "c1"

    /// Cursors of one log compare as texts as their places do.
    var description: String {
        let digits = "\(next)"
        let zeros = String(repeating: "0", count: max(0, 16 - digits.count))
        return "\(Self.prefix).\(log).\(zeros)\(digits)"
    }

    init(log: String, next: UInt64) {
        self.log = log
        self.next = next
    }

    /// Nil for what no listing has written.
    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == Self.prefix, let next = UInt64(parts[2]) else {
            return nil
        }
        self.init(log: String(parts[1]), next: next)
        guard description == text else { return nil }
    }
}

/// Where a listing begins, and where it leaves its place.
struct CursorOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Only events after this place, as --show-cursor printed it.", valueName: "cursor"),
        transform: Self.cursor)
    var after: HistoryCursor?

    @Flag(name: .customLong("show-cursor"), help: "Print the place after the last line.")
    var shows = false

    @Option(
        help: ArgumentHelp(
            "Go on from the place in this file, and leave the new place there.",
            discussion: """
                A file that does not exist is made, after a listing from the beginning. It is \
                replaced as a whole after each batch of events was written, and counts events that \
                did not match. After an interruption nothing is left out or repeated; who is \
                killed (SIGKILL) may find his last batch again.
                """, valueName: "file"))
    var cursorFile: String?

    var isUsed: Bool { after != nil || cursorFile != nil }

    /// A cursor has some forty bytes.
    private static let fileMaximum = 256

    static func cursor(_ text: String) throws -> HistoryCursor {
        guard let cursor = HistoryCursor(text) else {
            throw ValidationError("a cursor is wanted, as --show-cursor prints it")
        }
        return cursor
    }

    func validate() throws {
        if after != nil, cursorFile != nil {
            throw ValidationError("--after and --cursor-file both say where to begin")
        }
    }

    /// The number of the first event to look at, in a log with this many events.
    func start(of reader: LogReader, count: UInt64) throws -> UInt64 {
        guard let cursor = try after ?? saved() else { return 0 }
        guard cursor.log == reader.logID else {
            throw CommandFailure(
                status: .forked, message: "the cursor is of log \(cursor.log), not of this one",
                hint: "name the database it belongs to, or begin without a cursor")
        }
        guard cursor.next <= count else {
            throw CommandFailure(
                status: .forked,
                message: "the log has \(count) events, and the cursor stands after \(cursor.next)",
                hint: "the log was rolled back: compare it with a backup")
        }
        return cursor.next
    }

    private func saved() throws -> HistoryCursor? {
        guard let path = cursorFile, let bytes = try Self.read(path) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let cursor = HistoryCursor(text.hasSuffix("\n") ? String(text.dropLast()) : text)
        else {
            throw CommandFailure(
                status: .damaged, message: "\(path) does not hold a cursor",
                hint: "remove the file to begin anew")
        }
        return cursor
    }

    /// Nil where there is no file yet.
    private static func read(_ path: String) throws(CommandFailure) -> [UInt8]? {
        do throws(Errno) {
            if try SystemFiles.facts(of: path) != nil {
                return try SystemFiles.readFile(path, limit: fileMaximum)
            }
            // Asked before anything is listed: a place that cannot be kept would list it again.
            let slash = path.lastIndex(of: "/")
            let directory = slash.map { path[...$0] } ?? "./"
            guard try SystemFiles.facts(of: "\(directory).") != nil else { throw .noEntry }
            return nil
        } catch {
            throw .unreachable(
                "cannot use the cursor file \(path): \(error)", hint: writableHint)
        }
    }

    private static let writableHint = "name a file in a directory that this user may write to"

    func save(_ cursor: HistoryCursor) throws(CommandFailure) {
        guard let cursorFile else { return }
        do throws(Errno) {
            try SystemFiles.replaceFile(cursorFile, with: Array("\(cursor)\n".utf8), mode: 0o600)
        } catch {
            throw .unreachable(
                "cannot write the cursor file \(cursorFile): \(error)", hint: Self.writableHint)
        }
    }
}
