import Testing
import Transport

@Suite("The library's symbols")
struct SymbolTests {
    /// The names that are defined and global, without the version of the linker's script.
    private func names(_ options: [String], _ path: String) throws -> Set<String> {
        let result = try Command.run("nm", options + ["--defined-only", path])
        try #require(result.isSuccess, "\(result.output)")
        return Set(
            result.output.split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ")
                return words.count == 3 ? String(words[2].prefix { $0 != "@" }) : nil
            })
    }

    @Test func `the shared library exports what exports.txt lists, and nothing else`() throws {
        let expected = Set(try LinkedLibrary.exports())
        let found = try names(["-D"], LinkedLibrary.linked().shared)
        #expect(found.subtracting(expected).isEmpty)
        #expect(expected.subtracting(found).isEmpty)
    }

    @Test func `the archive has the same global names, and no other`() throws {
        let expected = Set(try LinkedLibrary.exports())
        let found = try names(["-g"], LinkedLibrary.linked().archive)
        #expect(found.subtracting(expected).isEmpty)
        #expect(expected.subtracting(found).isEmpty)
    }

    @Test func `no exported name is one of libc's`() throws {
        let linked = try Command.run("ldd", [LinkedLibrary.linked().shared])
        let line = try #require(
            linked.output.split(separator: "\n").first { $0.contains("libc.so.6 =>") })
        let words = line.split(separator: " ")
        let libc = try names(["-D"], String(words[2]))
        #expect(libc.isSuperset(of: ["socket", "select", "getaddrinfo"]), "libc's were found")
        #expect(libc.isDisjoint(with: try LinkedLibrary.exports()))
    }

    @Test func `it needs nothing of Swift at run time`() throws {
        let needed = try Command.run("readelf", ["-d", LinkedLibrary.linked().shared])
        try #require(needed.isSuccess)
        #expect(needed.output.contains("libc.so.6") && !needed.output.contains("libswift"))
    }

    /// Also compares exports.txt with ws2_32.map and with what the headers declare.
    @Test(.timeLimit(.minutes(5)))
    func `the headers compile in every order, and declare what is exported`() throws {
        let script = "\(Command.root)/Tests/WinsockABITests/headers.sh"
        let result = try Command.run("sh", [script], seconds: 240)
        #expect(result.isSuccess, "\(result.output.suffix(4000))")
    }
}
