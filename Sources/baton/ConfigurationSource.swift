import Configuration
import Daemon
import Registry
import Transport

/// The configuration file of `baton serve`, and what the command line says in its place.
struct ConfigurationSource: Sendable {
    let path: String
    /// Whether there need not be a file, as at the usual place.
    var mayBeMissing: Bool
    /// By the command line; these go before the file's.
    var isStrict: Bool
    var grade: IdentityGrade?
    var minimumFreeBytes: UInt64?

    /// Reads and checks a file, whatever kind of file it is.
    static func read(_ path: String) throws(CommandFailure) -> ConfigurationFile {
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try SystemFiles.readFile(path, limit: ConfigurationFile.byteCount)
        } catch {
            throw unreadable(path, error)
        }
        return try file(bytes, path)
    }

    /// What the file says now; nil where there is none, and need not be one. Never waits for
    /// whoever would write into a FIFO: while the coordinator reads, it does nothing else.
    func settings() throws(CommandFailure) -> ChangeableSettings? {
        if mayBeMissing, try !isPresent() { return nil }
        let bytes: [UInt8]?
        do throws(Errno) {
            bytes = try SystemFiles.readRegularFile(path, limit: ConfigurationFile.byteCount)
        } catch {
            throw Self.unreadable(path, error)
        }
        guard let bytes else { throw Self.refused(path, "is no regular file") }
        let file = try Self.file(bytes, path)
        var settings = ChangeableSettings()
        settings.rules = file.rules
        if isStrict { settings.rules.isStrict = true }
        let fromFile = file.rules.minimumGrade.map { IdentityGrade($0) }
        settings.minimumGrade = grade ?? fromFile ?? settings.minimumGrade
        settings.minimumFreeBytes =
            minimumFreeBytes ?? file.rules.minimumFreeBytes ?? settings.minimumFreeBytes
        return settings
    }

    private func isPresent() throws(CommandFailure) -> Bool {
        do throws(Errno) {
            return try SystemFiles.facts(of: path) != nil
        } catch .accessDenied where HostFacts.effectiveUID() != 0 {
            // $HOME is another user's, as after su(1): no file of ours can be there.
            return false
        } catch {
            throw .unreachable("cannot look for the configuration \(path): \(error)")
        }
    }

    private static func file(
        _ bytes: [UInt8], _ path: String
    ) throws(CommandFailure) -> ConfigurationFile {
        do throws(ConfigurationError) {
            return try ConfigurationFile(yaml: bytes)
        } catch {
            throw refused(path, error.description)
        }
    }

    private static func unreadable(_ path: String, _ error: Errno) -> CommandFailure {
        guard error != .fileTooLarge else {
            return refused(path, "has more than \(ConfigurationFile.byteCount) bytes")
        }
        return .unreachable(
            "cannot read the configuration \(path): \(error)",
            hint: "name another file with --configuration")
    }

    private static func refused(_ path: String, _ reason: String) -> CommandFailure {
        .usage(
            "the configuration \(path) is not taken: \(reason)",
            hint: "correct it, and see baton policy check")
    }
}
