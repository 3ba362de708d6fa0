import ArgumentParser
import Journal
import Transport

/// Copies the database while it is in use.
struct Backup: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy the database, as it is at one instant, into a new file.",
        discussion: "An existing file is never overwritten. The coordinator goes on meanwhile.")

    @Argument(help: "The file to make.")
    var file: String

    @OptionGroup var document: DocumentOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        let byteCount = try Self.copy(try common.reader(), to: file)
        let output = Output.standard()
        switch document.format {
        case .json:
            let answer = JSONObject([("file", .text(file)), ("bytes", .integer(byteCount))])
            try output.write(line: JSONValue.object(answer).description)
        case .short:
            try output.write(line: "\(PrintableText.escaped(file)): \(byteCount) bytes")
        }
        try output.flush()
    }

    /// The size of the new file in bytes.
    static func copy(_ reader: LogReader, to file: String) throws -> Int64 {
        // Made here and empty, which SQLite takes for a new database: so it is nobody else's
        // file, and readable for its owner only, from its first moment.
        try NewFile.write([], to: file, mode: 0o600)
        do {
            try reader.backup(to: file)
        } catch {
            // Half a copy is worse than none.
            try SystemFiles.remove(file)
            throw error
        }
        return try SystemFiles.facts(of: file)?.byteCount ?? 0
    }
}
