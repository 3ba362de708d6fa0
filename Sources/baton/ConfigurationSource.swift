import Configuration
import Daemon
import Registry
import Transport

/// The configuration file of `baton serve`, and what the command line says in its place.
struct ConfigurationSource: Sendable {
    let path: String
    /// By the command line; these go before the file's.
    var isStrict: Bool
    var grade: IdentityGrade?
    var minimumFreeBytes: UInt64?

    /// Reads and checks the file.
    static func read(_ path: String) throws(CommandFailure) -> ConfigurationFile {
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try SystemFiles.readFile(path, limit: ConfigurationFile.byteCount)
        } catch {
            throw .unreachable(
                "cannot read the configuration \(path): \(error)",
                hint: "name another file with --configuration")
        }
        do throws(ConfigurationError) {
            return try ConfigurationFile(yaml: bytes)
        } catch {
            throw .usage(
                "the configuration \(path) is not taken: \(error)",
                hint: "correct it, and see baton policy check")
        }
    }

    func settings() throws(CommandFailure) -> ChangeableSettings {
        let file = try Self.read(path)
        var settings = ChangeableSettings()
        settings.rules = file.rules
        if isStrict { settings.rules.isStrict = true }
        let fromFile = file.grade.flatMap { IdentityGrade(rawValue: $0.rawValue) }
        settings.minimumGrade = grade ?? fromFile ?? settings.minimumGrade
        settings.minimumFreeBytes =
            minimumFreeBytes ?? file.minimumFreeBytes ?? settings.minimumFreeBytes
        return settings
    }
}
