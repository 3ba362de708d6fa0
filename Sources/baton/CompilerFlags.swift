import ArgumentParser
import Transport

/// What a C compiler needs for the Winsock headers.
struct Cflags: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what to pass to a C or C++ compiler for winsock2.h.",
        discussion: "cc program.c $(baton cflags) $(baton libs)")

    func run() throws {
        let library = try WinsockLibrary.find()
        let output = Output.standard()
        try output.write(line: "-I\(library.include)")
        try output.flush()
    }
}

/// What the linker needs for the Winsock library.
struct Libs: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what to pass to the linker for libws2_32.",
        discussion: """
            What is linked so runs without LD_LIBRARY_PATH. With --static the library is part of \
            the program, and nothing of Baton is needed where it runs but a coordinator.
            """)

    @Flag(name: .customLong("static"), help: "Link the library into the program.")
    var isStatic = false

    func run() throws {
        let directory = try WinsockLibrary.find().libraries
        let output = Output.standard()
        try output.write(
            line: isStatic
                ? "\(directory)/libws2_32.a -lstdc++ -lm"
                : "-L\(directory) -Wl,-rpath,\(directory) -lws2_32")
        try output.flush()
    }
}

/// Where the headers and libraries are that belong to this program: beside it, in the tree that it
/// was built in or under the prefix that it was installed to.
struct WinsockLibrary {
    var include: String
    var libraries: String

    static func find() throws(CommandFailure) -> WinsockLibrary {
        let program: String
        do throws(Errno) {
            program = try SystemFiles.target(ofLink: "/proc/self/exe")
        } catch {
            throw .unreachable("cannot tell where this program is: \(error)")
        }
        let directories = parents(of: program)
        guard let own = directories.first else { throw missing(beside: program) }
        // Installed: PREFIX/bin, PREFIX/include/baton, PREFIX/lib.
        if let prefix = directories.dropFirst().first,
            try exists("\(prefix)/lib/libws2_32.so"),
            try exists("\(prefix)/include/baton/winsock2.h")
        {
            return WinsockLibrary(include: "\(prefix)/include/baton", libraries: "\(prefix)/lib")
        }
        let include = "Sources/CWinsock2/include"
        for root in directories where try exists("\(root)/\(include)/winsock2.h") {
            guard try exists("\(own)/lib/libws2_32.so") else { break }
            return WinsockLibrary(include: "\(root)/\(include)", libraries: "\(own)/lib")
        }
        throw missing(beside: program)
    }

    /// All directories above a file, the nearest first.
    private static func parents(of path: String) -> [String] {
        var parents: [String] = []
        var rest = path[...]
        while let slash = rest.lastIndex(of: "/"), slash > rest.startIndex {
            rest = rest[..<slash]
            parents.append(String(rest))
        }
        return parents
    }

    static func exists(_ path: String) throws(CommandFailure) -> Bool {
        do throws(Errno) {
            return try SystemFiles.facts(of: path) != nil
        } catch .notADirectory {
            return false
        } catch {
            throw .unreachable("cannot tell whether there is \(path): \(error)")
        }
    }

    private static func missing(beside program: String) -> CommandFailure {
        .unreachable(
            "there is no libws2_32 beside \(program)",
            hint: "make it with `./run build`, or install with `./run install PREFIX`")
    }
}
