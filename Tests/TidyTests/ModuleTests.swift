import Testing

/// Which module may import which. A new edge is a decision: it is made here and in ARCHITECTURE.md.
struct ModuleTests {
    private static let rows: [String: Set<String>] = [
        "Sources/Winsock": [],
        "Sources/Registry": ["Winsock"],
        "Sources/Wire": ["Registry", "Winsock"],
        "Sources/Coordinator": ["Registry", "Wire"],
        "Sources/Configuration": ["Registry", "Yams", "CYaml"],
        "Sources/Simulation": ["Coordinator", "Registry", "Wire", "Winsock"],
        "Sources/simulate": ["Simulation", "Transport", "ArgumentParser"],
        "Migrations": [],
        "Sources/Evidence": ["Crypto"],
        "Sources/CSQLite": [],
        "Sources/Journal": [
            "CSQLite", "Registry", "Winsock", "Migrations", "Evidence", "GRDB", "GRDBSQLite",
            "Crypto", "Foundation",
        ],
        "Sources/Replay": ["Journal", "Registry", "Winsock"],
        "Sources/CLinux": [],
        "Sources/Transport": ["CLinux", "Glibc", "Synchronization"],
        "Sources/Daemon": [
            "Winsock", "Registry", "Wire", "Coordinator", "Evidence", "Journal", "Transport",
            "Logging",
            "Synchronization",
        ],
        "Sources/Baton": ["Wire", "Transport", "Winsock", "Registry", "Synchronization"],
        "Sources/Drive": [
            "Configuration", "Evidence", "Journal", "Registry", "Wire", "Transport", "Winsock",
        ],
        "Sources/CWinsock2": [],
        "Sources/WinsockABI": ["Baton", "CWinsock2", "Transport", "Winsock", "Synchronization"],
        "Sources/baton": [
            "Baton", "Configuration", "Daemon", "Drive", "Evidence", "Journal", "Registry",
            "Replay", "Winsock", "Transport",
            "ArgumentParser", "Logging", "Synchronization",
        ],
        "Examples/Acceptor": ["Baton", "Winsock", "Glibc"],
        "Examples/DemoTarget": ["Baton", "Transport", "Winsock"],
        "Examples/winsock": [],
    ]

    /// What the toolchain brings; ARCHITECTURE.md names it only where it is the point.
    private static let system: Set<String> = [
        "Glibc", "Foundation", "Synchronization", "GRDBSQLite",
    ]

    private static let pure = [
        "Sources/Winsock", "Sources/Registry", "Sources/Wire", "Sources/Coordinator",
        "Sources/Simulation",
    ]

    private static let imports: [String: Set<String>] = Repository.sources.filter(\.isSwift)
        .reduce(into: [:]) { $0[$1.folder, default: []].formUnion($1.imports) }

    @Test func `every folder of code has a row, and every row a folder`() {
        #expect(Set(Repository.sources.map(\.folder)) == Set(Self.rows.keys))
    }

    @Test(arguments: rows.keys.sorted())
    func `a module imports only what its row says`(_ folder: String) {
        let found = Self.imports[folder, default: []]
        #expect(found.subtracting(Self.rows[folder, default: []]).isEmpty)
    }

    @Test func `a row promises nothing that no file imports`() {
        for (folder, row) in Self.rows {
            let unused = row.subtracting(Self.imports[folder, default: []])
            #expect(unused.isEmpty, "\(folder)")
        }
    }

    /// The examples are programs of others, with system calls of their own.
    @Test func `only one module calls the kernel, and only one SQLite`() {
        for (folder, found) in Self.imports where !folder.hasPrefix("Examples/") {
            if folder != "Sources/Transport" {
                #expect(found.isDisjoint(with: ["Glibc", "CLinux"]), "\(folder)")
            }
            if folder != "Sources/Journal" {
                #expect(found.isDisjoint(with: ["CSQLite", "GRDB", "GRDBSQLite"]), "\(folder)")
            }
        }
    }

    @Test func `the client library links no Foundation, directly or through others`() {
        var reached: Set<String> = ["Baton"]
        var next = reached
        while !next.isEmpty {
            let found = next.reduce(into: Set<String>()) {
                $0.formUnion(Self.imports["Sources/\($1)", default: []])
            }
            next = found.subtracting(reached)
            reached.formUnion(found)
        }
        #expect(reached.isSuperset(of: ["Baton", "Wire", "Transport", "Registry", "Winsock"]))
        #expect(reached.isDisjoint(with: ["Foundation", "GRDB", "Crypto", "Logging", "Dispatch"]))
    }

    @Test func `the C module includes headers of the system, and its own`() {
        let lines = Repository.sources.filter { $0.folder == "Sources/CLinux" }.flatMap(\.lines)
        let includes = lines.filter { $0.hasPrefix("#include") }
        #expect(!includes.isEmpty)
        for line in includes {
            #expect(line.hasPrefix("#include <") || line == "#include \"CLinux.h\"")
        }
    }

    @Test(arguments: pure)
    func `a pure module has no clock, randomness, Foundation or unsafe code`(_ folder: String) {
        for file in Repository.sources where file.folder == folder {
            for (number, line) in file.code {
                for word in ["unsafe", "Foundation", "Date(", "random"] {
                    #expect(!Search.contains(word, in: line), "\(file.path):\(number)")
                }
            }
        }
    }

    @Test func `the map names every module, with all that it imports`() throws {
        let map = try #require(try Repository.file("ARCHITECTURE.md"))
        var above: Set<String> = []
        var named: [String: Set<String>] = [:]
        for line in map.lines where line.hasPrefix("| `") {
            let cells = line.split(separator: "|")
            try #require(cells.count == 3, "a row has three cells: \(line)")
            let module = cells[0].filter { !" `/".contains($0) }
            var imports = Set(cells[2].split { !$0.isLetter && !$0.isNumber }.map { String($0) })
            if imports.contains("above") { imports.formUnion(above) }
            named[module] = imports
            above.formUnion(imports.union([module]))
        }
        for (folder, row) in Self.rows where !folder.hasPrefix("Examples/") {
            let module = folder.split(separator: "/").last.map { String($0) } ?? folder
            let imports = try #require(named[module], "\(module) has a row in the map")
            #expect(row.subtracting(Self.system).subtracting(imports).isEmpty, "\(module)")
        }
    }

    /// By the package; what is all C, by the script that compiles it as a stranger does.
    @Test func `every folder of tests and of code is built`() throws {
        let package = try #require(try Repository.file("Package.swift")).text
        let script = try #require(try Repository.file("Tests/WinsockABITests/headers.sh")).text
        for (folder, files) in Dictionary(grouping: Repository.code, by: \.folder) {
            let name = folder.split(separator: "/").last ?? ""
            #expect(
                package.contains("name: \"\(name)\"") || package.contains("path: \"\(folder)\"")
                    || !files.contains(where: \.isSwift) && script.contains("$root/\(folder)"),
                "\(folder)")
        }
    }
}
