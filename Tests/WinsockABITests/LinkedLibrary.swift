import Testing
import Transport

/// libws2_32 as a program links it, out of the objects of this build. Linked once for all tests.
struct LinkedLibrary {
    /// Where libws2_32.so and libws2_32.a are.
    let directory: String

    static var include: String { "\(Command.root)/Sources/CWinsock2/include" }

    var shared: String { "\(directory)/libws2_32.so" }
    var archive: String { "\(directory)/libws2_32.a" }

    /// Throws what kept it from being linked.
    static func linked() throws -> LinkedLibrary { try once.get() }

    private static let once = Result<LinkedLibrary, any Error> {
        let objects = try Command.builtDirectory()
        // Stays there between the runs, as all that is built.
        let directory = "\(objects)/WinsockABITests.programs"
        try SystemFiles.makeDirectories(directory, mode: 0o755)
        let script = "\(Command.root)/Sources/CWinsock2/link.sh"
        let result = try Command.run("sh", [script, objects, directory], seconds: 300)
        guard result.isSuccess else { throw Missing(what: "libws2_32\n\(result.output)") }
        return LinkedLibrary(directory: directory)
    }

    /// The names that exports.txt lists.
    static func exports() throws -> [String] {
        let path = "\(Command.root)/Sources/CWinsock2/exports.txt"
        let text = String(
            decoding: try SystemFiles.readFile(path, limit: 1_000_000), as: UTF8.self)
        return text.split(separator: "\n").map { String($0) }
    }
}
