import Glibc
import Testing

@testable import Transport

struct SystemFilesTests {
    @Test func `a lock is held once, and free when its owner goes`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("lock")
        do {
            let first = try required(try LockFile.acquire(path: path))
            #expect(isAbsent(try LockFile.acquire(path: path)))
            _ = first.withNumber { $0 }
        }
        // A child of another test can hold it until its exec.
        while isAbsent(try LockFile.acquire(path: path)) {}
        #expect(try SystemFiles.facts(of: path)?.mode == 0o600)
        try directory.remove("lock")
    }

    @Test func `a file is made once, with its mode and bytes`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("key")
        try SystemFiles.writeFileExclusively(path, [1, 2, 3], mode: 0o640)
        #expect(throws: Errno.exists) {
            try SystemFiles.writeFileExclusively(path, [4], mode: 0o600)
        }
        let facts = try #require(try SystemFiles.facts(of: path))
        #expect(facts.mode == 0o640)
        #expect(facts.byteCount == 3)
        #expect(facts.uid == geteuid())
        #expect(!facts.isSocket && !facts.isDirectory)
        #expect(try SystemFiles.readFile(path, limit: 3) == [1, 2, 3])
        #expect(throws: Errno.fileTooLarge) { try SystemFiles.readFile(path, limit: 2) }
        #expect(throws: Errno.noEntry) { try SystemFiles.readFile(path + "x", limit: 2) }
        #expect(throws: Errno.invalidArgument) { try SystemFiles.readFile(path + "\0", limit: 2) }
        try directory.remove("key")
    }

    @Test(arguments: [false, true])
    func `a file is told by a path without links, and no link is followed`(isWalked: Bool) throws {
        let directory = try TemporaryDirectory()
        let inner = directory.file("directory")
        try SystemFiles.makeNewDirectory(inner, mode: 0o700)
        let file = "\(inner)/file"
        try SystemFiles.writeFileExclusively(file, [], mode: 0o600)
        #expect(symlink(file, directory.file("link")) == 0)
        #expect(symlink(inner, directory.file("way")) == 0)
        func identity(_ path: String) throws(Errno) -> [UInt64] {
            let found =
                try isWalked ? Syscalls.walkedIdentity(path) : Syscalls.linklessIdentity(path)
            return [found.device, found.inode]
        }
        let expected = try Syscalls.identity(file, relativeTo: AT_FDCWD)
        #expect(try identity(file) == [expected.device, expected.inode])
        #expect(try identity("\(inner)//file") == [expected.device, expected.inode])
        let root = try Syscalls.identity("/", relativeTo: AT_FDCWD)
        #expect(try identity("/") == [root.device, root.inode])
        #expect(throws: Errno(rawValue: ELOOP)) { try identity(directory.file("link")) }
        #expect(throws: Errno.self) { try identity(directory.file("way/file")) }
        #expect(throws: Errno.self) { try identity("/proc/self/exe") }
        #expect(throws: Errno.noEntry) { try identity(directory.file("other")) }
        #expect(throws: Errno.notADirectory) { try identity("\(file)/x") }
        #expect(throws: Errno.nameTooLong) {
            try identity("/" + String(repeating: "x", count: 5_000))
        }
        #expect(throws: Errno.nameTooLong) {
            try identity("/" + String(repeating: "x", count: 256))
        }
        try SystemFiles.remove(file)
        try SystemFiles.removeDirectory(inner)
        try directory.remove("link", "way")
    }

    @Test func `directories are made down to the last, and again without complaint`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a/b//c")
        try SystemFiles.makeDirectories(path, mode: 0o700)
        try SystemFiles.makeDirectories(path, mode: 0o700)
        #expect(try SystemFiles.facts(of: path)?.isDirectory == true)
        try SystemFiles.writeFileExclusively(path + "/f", [], mode: 0o600)
        #expect(throws: Errno.notADirectory) {
            try SystemFiles.makeDirectories(path + "/f/g", mode: 0o700)
        }
        try SystemFiles.remove(path + "/f")
        for name in ["a/b/c", "a/b", "a"] { try SystemFiles.removeDirectory(directory.file(name)) }
        #expect(try SystemFiles.facts(of: path) == nil)
        try directory.remove()
    }

    @Test func `a new directory is made where nothing is, and in what is there`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("new")
        let others = ["directory", "file", "link", "dangling"]
        try SystemFiles.makeNewDirectory(directory.file("directory"), mode: 0o777)
        try SystemFiles.writeFileExclusively(directory.file("file"), [], mode: 0o600)
        try #require(symlink(directory.file("directory"), directory.file("link")) == 0)
        try #require(symlink(path, directory.file("dangling")) == 0)
        for name in others {
            #expect(throws: Errno.exists, "\(name)") {
                try SystemFiles.makeNewDirectory(directory.file(name), mode: 0o700)
            }
        }
        #expect(throws: Errno.noEntry) {
            try SystemFiles.makeNewDirectory(path + "/below", mode: 0o700)
        }
        #expect(try SystemFiles.facts(of: path) == nil)
        try SystemFiles.makeNewDirectory(path, mode: 0o700)
        let facts = try #require(try SystemFiles.facts(of: path))
        #expect(facts.isDirectory && facts.mode == 0o700)
        try SystemFiles.removeDirectory(path)
        try SystemFiles.removeDirectory(directory.file("directory"))
        for name in others.dropFirst() { try SystemFiles.remove(directory.file(name)) }
        try directory.remove()
    }

    @Test func `two names for scratch directories of one process differ`() {
        let names = (0..<3).map { _ in SystemFiles.scratchName("kind") }
        #expect(Set(names).count == 3)
        for name in names { #expect(name.hasPrefix("kind-\(HostFacts.ownPID())-")) }
    }

    @Test func `the host is known by its boot`() throws {
        let bootID = try HostFacts.bootID()
        #expect(bootID.count == 36 && bootID.allSatisfy { $0 == "-" || $0.isHexDigit })
        #expect(try HostFacts.bootID() == bootID)
        for (name, path) in [
            (HostFacts.kernelRelease(), "osrelease"), (HostFacts.hostName(), "hostname"),
        ] {
            let text = try SystemFiles.readFile("/proc/sys/kernel/\(path)", limit: 4096)
            #expect(name == String(decoding: text.dropLast(), as: UTF8.self))
        }
        #expect(HostFacts.parentPID() != HostFacts.ownPID())
        #expect(try HostFacts.residentBytes(pid: HostFacts.ownPID()) > 1_000_000)
        #expect(throws: Errno.noEntry) { try HostFacts.residentBytes(pid: 0x3F_FFFF + 1) }
    }

    @Test func `the descriptor limit rises to what is allowed`() async {
        await #expect(processExitsWith: .success) {
            try HostFacts.setDescriptorLimit(64)
            let raised = try HostFacts.raiseDescriptorLimit()
            #expect(raised >= 64)
            #expect(try HostFacts.raiseDescriptorLimit() == raised)
            #expect(try UInt64(Syscalls.descriptorLimit().rlim_max) == raised)
        }
    }
}

struct ServiceManagerTests {
    @Test(arguments: [false, true])
    func `the manager hears what it is told`(isAbstract: Bool) async {
        await #expect(processExitsWith: .success) { [isAbstract = isAbstract as Bool] in
            let directory = try TemporaryDirectory()
            let name =
                isAbstract ? "@transport-\(randomUInt64())" : directory.file("notify")
            let manager = try Sockets.listen("unix:\(name)", kind: .datagram)
            setenv("NOTIFY_SOCKET", name, 1)
            try ServiceManager.notify("READY=1\nSTATUS=serving")
            let heard = try Sockets.read(manager, atMost: 100)
            #expect(String(decoding: heard, as: UTF8.self) == "READY=1\nSTATUS=serving")
            if isAbstract { try directory.remove() } else { try directory.remove("notify") }
        }
    }

    @Test func `a manager that does not read holds nobody up`() async {
        await #expect(processExitsWith: .success) {
            let name = "@transport-\(randomUInt64())"
            let manager = try Sockets.listen("unix:\(name)", kind: .datagram)
            setenv("NOTIFY_SOCKET", name, 1)
            // net.unix.max_dgram_qlen is 10 by default, and 512 where systemd has set it.
            #expect(throws: Errno.again) {
                for _ in 0..<10_000 { try ServiceManager.notify("STATUS=serving") }
            }
            _ = try Sockets.read(manager, atMost: 100)
            try ServiceManager.notify("READY=1")
        }
    }

    @Test func `without a manager nothing is told, and a wrong address is said`() async {
        await #expect(processExitsWith: .success) {
            unsetenv("NOTIFY_SOCKET")
            try ServiceManager.notify("READY=1")
            setenv("NOTIFY_SOCKET", "relative", 1)
            #expect(throws: Errno.notSupported) { try ServiceManager.notify("READY=1") }
            setenv("NOTIFY_SOCKET", "/tmp/there-is-no-such-socket", 1)
            #expect(throws: Errno.noEntry) { try ServiceManager.notify("READY=1") }
        }
    }

    @Test func `how much a manager keeps is not known where it does not say`() async {
        await #expect(processExitsWith: .success) {
            unsetenv("NOTIFY_SOCKET")
            unsetenv("FDSTORE")
            #expect(ServiceManager.storeCapacity == 0)
            setenv("NOTIFY_SOCKET", "@nobody", 1)
            #expect(ServiceManager.storeCapacity == nil)
            setenv("FDSTORE", "12", 1)
            #expect(ServiceManager.storeCapacity == 12)
        }
    }

    @Test func `an inherited listener is taken once`() async {
        await #expect(processExitsWith: .success) {
            let directory = try TemporaryDirectory()
            let made = try Listener.bind(path: directory.file("socket"), mode: 0o600)
            made.withNumber { number in
                // As a manager leaves it, not close-on-exec; but its number 3 is taken here.
                #expect(dup2(number, 700) == 700)
            }
            #expect(try !Syscalls.isCloseOnExec(700))
            setenv("LISTEN_PID", "1", 1)
            setenv("LISTEN_FDS", "1", 1)
            #expect(!takesInheritedListener())
            setenv("LISTEN_PID", String(getpid()), 1)
            setenv("LISTEN_FDNAMES", "baton.socket:other", 1)
            let inherited = ServiceManager.inherited(firstNumber: 700)
            #expect(inherited.map(\.name) == ["baton.socket"])
            let descriptor = try #require(inherited.first).descriptor
            let number = descriptor.withNumber { $0 }
            #expect(number == 700)
            #expect(try descriptor.descriptor.isCloseOnExec())
            #expect(HostFacts.environmentVariable("LISTEN_FDS") == nil)
            #expect(!takesInheritedListener())
            _ = try Listener(adopting: descriptor.descriptor.duplicate())
            try directory.remove("socket")
        }
    }

    @Test(arguments: ["0", "-1", "x", "100000000", ""])
    func `a count that cannot be is no listener`(count: String) async {
        await #expect(processExitsWith: .success) { [count = count as String] in
            setenv("LISTEN_PID", String(getpid()), 1)
            setenv("LISTEN_FDS", count, 1)
            #expect(!takesInheritedListener())
        }
    }
}

struct ChildProcessTests {
    @Test func `a child gets its arguments, environment and output`() throws {
        var plan = ChildPlan(
            path: "/bin/sh", arguments: ["sh", "-c", "echo \"$1 $NAME\"; exit 3", "sh", "one"],
            environment: ["NAME=two"])
        plan.standardOutput = .piped
        var child = try ChildProcess.spawn(plan)
        let output = try required(child.standardOutput.take())
        #expect(try Sockets.read(output, atMost: 100) == Array("one two\n".utf8))
        #expect(try ExitStatus(rawStatus: child.wait()) == .code(3))
    }

    @Test func `a child has the descriptors that were named and no other`() async {
        await #expect(processExitsWith: .success) {
            let inherited = Set(
                try HostFacts.openDescriptors().filter { try !Syscalls.isCloseOnExec($0) })
            let pair = try Sockets.pair(.stream)
            let unnamed = try Sockets.pair(.stream)
            let first = try link(of: pair.first)
            let second = try link(of: pair.second)
            let numbers = (pair.first.withNumber { $0 }, pair.second.withNumber { $0 })
            var plan = ChildPlan(
                path: "/bin/sh",
                arguments: [
                    "sh", "-c", "for f in /proc/$$/fd/*; do echo ${f##*/} $(readlink $f); done",
                ])
            // Numbers beyond those that this process has, and crosswise two that it has.
            try plan.pass(pair.first, as: 400)
            try plan.pass(pair.first, as: 401)
            try plan.pass(pair.first, as: numbers.1)
            try plan.pass(pair.second, as: numbers.0)
            plan.standardOutput = .piped
            var child = try ChildProcess.spawn(plan)
            let output = try required(child.standardOutput.take())
            #expect(try ExitStatus(rawStatus: child.wait()) == .code(0))
            let text = String(decoding: try Sockets.read(output, atMost: 65_536), as: UTF8.self)
            var links: [Int32: String] = [:]
            for line in text.split(separator: "\n") {
                let words = line.split(separator: " ")
                links[try #require(Int32(words[0]))] = words.count > 1 ? String(words[1]) : ""
            }
            #expect(links[400] == first && links[401] == first)
            #expect(links[numbers.1] == first && links[numbers.0] == second)
            let named: Set = [0, 1, 2, 400, 401, numbers.0, numbers.1]
            // The shell itself opens one while it lists them.
            #expect(Set(links.keys).subtracting(inherited).subtracting(named).count <= 1)
            #expect(!links.values.contains(try link(of: unnamed.first)))
            #expect(links.values.filter { $0 == first }.count == 3)
        }
    }

    @Test func `a child starts with no signal blocked`() async {
        await #expect(processExitsWith: .success) {
            let signals = try SignalDescriptor.blocking([SIGTERM])
            var plan = ChildPlan(path: "/bin/cat", arguments: ["cat"])
            plan.standardInput = .piped
            let child = try ChildProcess.spawn(plan)
            try child.kill(SIGTERM)
            #expect(try ExitStatus(rawStatus: child.wait()) == .signal(SIGTERM))
            _ = signals.withNumber { $0 }
        }
    }

    @Test func `a program that is not there throws`() {
        #expect(throws: Errno.noEntry) {
            _ = try ChildProcess.spawn(ChildPlan(path: "/no/such/program", arguments: ["x"]))
        }
        #expect(throws: Errno.accessDenied) {
            _ = try ChildProcess.spawn(ChildPlan(path: "/etc/passwd", arguments: ["x"]))
        }
        #expect(throws: Errno.invalidArgument) {
            _ = try ChildProcess.spawn(ChildPlan(path: "/bin/true", arguments: ["\0"]))
        }
    }

    @Test func `a program is found along PATH`() throws {
        #expect(try Programs.find("sh").hasSuffix("/sh"))
        #expect(try Programs.find("./x") == "./x")
        #expect(throws: Errno.noEntry) { try Programs.find("no-such-program-anywhere") }
        #expect(throws: Errno.noEntry) { try Programs.find("") }
    }

    @Test func `a process becomes another program`() async {
        await #expect(processExitsWith: .exitCode(7)) {
            try Programs.execute(
                path: "sh", arguments: ["sh", "-c", "exit $CODE"], environment: ["CODE=7"])
        }
    }
}

/// Whether there was one; it is closed again.
private func takesInheritedListener() -> Bool {
    !ServiceManager.inherited(firstNumber: 700).isEmpty
}

private func link(of descriptor: borrowing Descriptor) throws -> String {
    try descriptor.withNumber { number in
        let bytes = try Syscalls.readLink("/proc/self/fd/\(number)", relativeTo: AT_FDCWD)
        return String(decoding: bytes, as: UTF8.self)
    }
}

struct UserNamespaceTests {
    @Test(arguments: [
        ("         0          0 4294967295\n", true),
        ("0 100000 65536\n65536 0 4294901759\n", true),
        ("0 1500 1\n", false), ("0 1000 1\n1 100000 65536\n", false), ("", false),
    ])
    func `whether each id has one in the namespace`(map: String, hasAll: Bool) {
        #expect(HostFacts.mapsAll(map) == hasAll)
    }
}
