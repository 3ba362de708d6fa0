import Testing
import Transport

/// `baton cflags` and `baton libs`, which stand in the README's one line.
@Suite("What is linked so runs")
struct InstallationTests {
    private static let text = """
        #include <winsock2.h>
        int main(void) {
            WSADATA data;
            return WSAStartup(MAKEWORD(2, 2), &data) != 0 || data.wVersion != MAKEWORD(2, 2);
        }
        """

    /// A prefix as `./run install` makes it, out of this build.
    private func install(into prefix: String) throws {
        let library = try LinkedLibrary.linked()
        let objects = try Command.builtDirectory()
        let script = """
            set -eu
            rm -rf "$0"; mkdir -p "$0/bin" "$0/lib" "$0/include/baton"
            cp "$1/baton" "$0/bin/"
            cp "$2"/libws2_32.so "$2"/libws2_32.a "$0/lib/"
            cp -R "$3"/*.h "$3/ws2" "$0/include/baton/"
            """
        let result = try Command.run(
            "sh", ["-c", script, prefix, objects, library.directory, LinkedLibrary.include])
        try #require(result.isSuccess, "\(result.output)")
    }

    private func words(_ program: String, _ arguments: [String]) throws -> [String] {
        let result = try Command.run(program, arguments)
        try #require(result.isSuccess, "\(result.output)")
        return result.output.split(whereSeparator: \.isWhitespace).map { String($0) }
    }

    @Test(arguments: [[], ["--static"]])
    func `a program finds headers and library under the prefix, without other words`(
        _ options: [String]
    ) throws {
        let prefix = try LinkedLibrary.linked().directory + "/prefix" + options.joined()
        try install(into: prefix)
        let baton = "\(prefix)/bin/baton"
        let flags = try words(baton, ["cflags"])
        let libraries = try words(baton, ["libs"] + options)
        #expect(flags == ["-I\(prefix)/include/baton"])
        let (source, executable) = ("\(prefix)/program.c", "\(prefix)/program")
        try SystemFiles.writeFileExclusively(source, Array(Self.text.utf8), mode: 0o644)
        let compiled = try Command.run("gcc", flags + [source, "-o", executable] + libraries)
        try #require(compiled.isSuccess, "\(compiled.output)")
        // No LD_LIBRARY_PATH, and nothing else.
        let result = try Command.run(executable, [], environment: [])
        #expect(result.isSuccess, "\(result.output)")
    }

    @Test func `a program that is nowhere near its library says how to make it`() throws {
        let directory = try LinkedLibrary.linked().directory + "/alone"
        let copied = try Command.run(
            "sh",
            [
                "-c", "rm -rf \"$0\"; mkdir -p \"$0\"; cp \"$1/baton\" \"$0/\"", directory,
                Command.builtDirectory(),
            ])
        try #require(copied.isSuccess, "\(copied.output)")
        let result = try Command.run("\(directory)/baton", ["libs"])
        #expect(result.status == .code(3))
        #expect(result.output.contains("./run build"))
    }
}
