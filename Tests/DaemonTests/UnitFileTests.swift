import Testing

@testable import Transport

/// The files for a service manager, as far as they can be looked at without one.
@Suite struct UnitFileTests {
    static let directory: String = {
        var parts = "\(#filePath)".split(separator: "/")
        parts.removeLast(3)
        return "/" + parts.joined(separator: "/") + "/Examples/systemd/"
    }()

    /// Section and key of every line, with its values.
    private func read(_ name: String) throws -> [String: [String]] {
        let text = String(
            decoding: try SystemFiles.readFile(Self.directory + name, limit: 65_536), as: UTF8.self)
        var section = ""
        var values: [String: [String]] = [:]
        for line in text.split(separator: "\n") where line.first != "#" {
            if line.first == "[", line.last == "]" {
                section = String(line.dropFirst().dropLast())
                continue
            }
            let parts = line.split(separator: "=", maxSplits: 1)
            try #require(parts.count == 2 && !section.isEmpty, "\(name): \(line)")
            values["\(section).\(parts[0])", default: []].append(String(parts[1]))
        }
        return values
    }

    @Test func `the service runs as a user of its own, and is confined`() throws {
        let unit = try read("baton.service")
        let expected = [
            "User": "baton", "NoNewPrivileges": "yes", "ProtectSystem": "strict",
            "CapabilityBoundingSet": "CAP_SYS_PTRACE", "StateDirectory": "baton",
            "Type": "notify", "Restart": "on-failure", "KillMode": "control-group",
            "RestrictNamespaces": "yes", "MemoryDenyWriteExecute": "yes",
            "ExecReload": "/bin/kill -HUP $MAINPID",
        ]
        for (key, value) in expected { #expect(unit["Service.\(key)"] == [value], "\(key)") }
        let store = try #require(unit["Service.FileDescriptorStoreMax"]?.first.flatMap { Int($0) })
        #expect((1...8192).contains(store), "the names of all fit into one variable")
        // systemd would give the service all that is in it, and the socket is its clients' too.
        #expect(unit["Service.RuntimeDirectory"] == nil)
        #expect(unit["Unit.Requires"] == ["baton.socket"])
        #expect(unit.allSatisfy { $0.value.count == 1 }, "no key stands twice")
    }

    @Test func `the socket is the one that the service is told to use`() throws {
        let socket = try read("baton.socket")
        let path = try #require(socket["Socket.ListenSequentialPacket"]?.first)
        let start = try #require(try read("baton.service")["Service.ExecStart"]?.first)
        #expect(start.contains("--socket \(path) "))
        #expect(start.hasPrefix("/usr/bin/baton serve "))
        #expect(socket["Socket.SocketMode"] == ["0660"])
        #expect(socket["Socket.SocketGroup"] == ["baton-clients"], "whoever connects reads no log")
        #expect(socket["Socket.PassCredentials"] == ["yes"])
    }

    @Test func `the command of the service can be parsed, and its configuration is good`() throws {
        let program = try Programs.built("baton")
        let start = try #require(try read("baton.service")["Service.ExecStart"]?.first)
        // With --help behind it the command is parsed and nothing is done.
        let words = start.split(separator: " ").dropFirst().map(String.init)
        #expect(Programs.run(program, words + ["--help"]) == .code(0))
        let file = Self.directory + "baton.yaml"
        #expect(Programs.run(program, ["policy", "check", file]) == .code(0))
    }

    private static let hasAnalyzer =
        Programs.run("/usr/bin/systemd-analyze", ["--version"]) == .code(0)

    @Test(.enabled(if: hasAnalyzer, "systemd-analyze is not installed"))
    func `the service may make all the system calls that it makes`() throws {
        let filter = try #require(try read("baton.service")["Service.SystemCallFilter"]?.first)
        let allowed = try calls(of: filter.split(separator: " ").map(String.init))
        // The older ones, with which every program begins: the analyzer is understood.
        try #require(allowed.isSuperset(of: ["read", "openat", "execve"]))
        let known = try calls(of: ["@known"])
        var made: Set<String> = []
        let sources = try output(of: "cat \(Self.directory)../../Sources/CLinux/*.c")
        for line in sources.split(separator: "\n") {
            let code = line.prefix(upTo: line.firstRange(of: "//")?.lowerBound ?? line.endIndex)
            for match in code.matches(of: /SYS_(\w+)|(\w+)\(/) {
                made.insert(String(match.output.1 ?? match.output.2 ?? ""))
            }
        }
        // Its number is that of the call which it makes.
        made = made.intersection(known).subtracting(["syscall"])
        try #require(made.isSuperset(of: ["clone", "pidfd_open", "recvmsg"]))
        #expect(made.subtracting(allowed).isEmpty)
    }

    /// What these names allow, groups with all that is in them.
    private func calls(of names: [String]) throws -> Set<String> {
        var calls = Set(names.filter { !$0.hasPrefix("@") })
        for group in names where group.hasPrefix("@") {
            // Indented below its name: a word about it, groups, and calls.
            let lines = try output(of: "systemd-analyze syscall-filter \(group)")
                .split(separator: "\n").dropFirst()
                .map { String($0.trimmingPrefix { $0 == " " }) }
            calls.formUnion(try self.calls(of: lines.filter { !$0.hasPrefix("#") }))
        }
        return calls
    }

    private func output(of command: String) throws -> String {
        let scratch = try Scratch()
        let status = Programs.run("/bin/sh", ["-c", "\(command) >\(scratch["output"])"])
        try #require(status == .code(0), "\(command)")
        let bytes = try SystemFiles.readFile(scratch["output"], limit: 1_048_576)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(.enabled(if: hasAnalyzer, "systemd-analyze is not installed"))
    func `systemd finds nothing wrong with them`() throws {
        // It looks for the programs, so these are told where this one is.
        let scratch = try Scratch()
        for name in ["baton.service", "baton.socket"] {
            let text = String(
                decoding: try SystemFiles.readFile(Self.directory + name, limit: 65_536),
                as: UTF8.self)
            let here = text.replacing("/usr/bin/baton ", with: "/bin/true ")
            try SystemFiles.writeFileExclusively(scratch[name], Array(here.utf8), mode: 0o644)
        }
        let output = scratch["output"]
        let script =
            "systemd-analyze verify --man=no --recursive-errors=no "
            + "\(scratch["baton.service"]) \(scratch["baton.socket"]) >\(output) 2>&1"
        let status = Programs.run("/bin/sh", ["-c", script])
        let said = String(decoding: try SystemFiles.readFile(output, limit: 65_536), as: UTF8.self)
        let own = said.split(separator: "\n").filter { $0.contains("baton.") }
        #expect(own.isEmpty, "\(own)")
        #expect(status == .code(0), "\(said)")
    }
}
