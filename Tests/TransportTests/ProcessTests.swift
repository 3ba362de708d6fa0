import Glibc
import Testing

@testable import Transport

struct ProcessTests {
    let features = KernelFeatures.probe()

    /// A child that lives until its input ends.
    private func startWaiting(_ path: String = "/bin/cat") throws -> ChildProcess {
        var plan = ChildPlan(path: path, arguments: [path])
        plan.standardInput = .piped
        plan.standardOutput = .discarded
        return try ChildProcess.spawn(plan)
    }

    @Test func `two processes have different instances, and later ones greater`() throws {
        let first = try startWaiting()
        let second = try startWaiting()
        let own = try ProcessHandle(pid: getpid())
        let instances = (
            try own.instance(features: features), try first.handle.instance(features: features),
            try second.handle.instance(features: features)
        )
        #expect(instances.0 != instances.1 && instances.1 != instances.2)
        if features.pidfdInode {
            #expect(instances.0 < instances.1 && instances.1 < instances.2)
        }
        let again = try ProcessHandle(pid: first.pid)
        #expect(try again.instance(features: features) == instances.1)
        for child in [first.pid, second.pid] { kill(child, SIGKILL) }
        #expect(try ExitStatus(rawStatus: first.wait()) == .signal(SIGKILL))
        #expect(try ExitStatus(rawStatus: second.wait()) == .signal(SIGKILL))
    }

    @Test(arguments: ["", "pidfdInode", "pidfdInfo"])
    func `an instance is the same after an exec, its executable is not`(missing: String) throws {
        let features = self.features.without(missing) ?? self.features
        var plan = ChildPlan(
            path: "/bin/sh", arguments: ["sh", "-c", "echo ready; read line; exec cat"])
        plan.standardInput = .piped
        plan.standardOutput = .piped
        var child = try ChildProcess.spawn(plan)
        let output = try required(child.standardOutput.take())
        #expect(try Sockets.read(output, atMost: 6) == Array("ready\n".utf8))
        let before = try child.handle.facts(features: features)
        let input = try required(child.standardInput.take())
        try input.withNumber { (fd) throws(Errno) in
            try Syscalls.write(fd, Array("go\nanswer\n".utf8))
        }
        // The answer comes from the new program.
        #expect(try Sockets.read(output, atMost: 7) == Array("answer\n".utf8))
        let after = try child.handle.facts(features: features)
        #expect(after.instance == before.instance)
        #expect(after.pid == child.pid)
        #expect(after.startTicks == before.startTicks)
        #expect(after.executable != before.executable)
        #expect(after.executableInode != before.executableInode)
        input.close()
        #expect(try ExitStatus(rawStatus: child.wait()) == .code(0))
    }

    @Test func `an exit is seen, and its status after reaping too`() throws {
        var child = try startWaiting()
        let isRunning = !child.handle.hasExited()
        #expect(isRunning)
        #expect(child.handle.exitStatus() == nil)
        let poller = try Poller()
        let events = EventBuffer(capacity: 1)
        try poller.add(child.handle, token: .init(index: 0, generation: 0), interest: .readable)
        try required(child.standardInput.take()).close()
        #expect(try poller.wait(into: events, timeoutMilliseconds: 10_000) == 1)
        let isOver = child.handle.hasExited()
        #expect(isOver)
        let status = try child.wait()
        #expect(child.handle.exitStatus() == (features.pidfdExitInfo ? status : nil))
        #expect(throws: Errno.noSuchProcess) { try child.handle.pid() }
        #expect(throws: Errno.noSuchProcess) { try child.handle.facts(features: features) }
        #expect(throws: Errno.noSuchProcess) { try child.kill(SIGTERM) }
    }

    @Test func `a process that has ended has no facts, reaped or not`() throws {
        let child = try startWaiting()
        try child.kill(SIGKILL)
        let isReadable = try child.handle.withNumber { (fd) throws(Errno) in
            try Syscalls.poll(fd, events: POLLIN, timeoutMilliseconds: 10_000)
        }
        #expect(isReadable & POLLIN != 0)
        #expect(throws: Errno.noSuchProcess) { try child.handle.facts(features: features) }
        #expect(try ExitStatus(rawStatus: child.wait()) == .signal(SIGKILL))
    }

    @Test(arguments: [0, -1, .min] as [Int32])
    func `a number that names no process is refused`(pid: Int32) {
        #expect(throws: Errno.invalidArgument) { _ = try ProcessHandle(pid: pid) }
    }

    @Test func `the id of a thread is no process`() async {
        await #expect(processExitsWith: .success) {
            let ids = try threadIDs().filter { $0 != getpid() }
            // The runtime of the test has threads besides the first.
            let thread = try #require(ids.first)
            #expect(throws: Errno.self) { _ = try ProcessHandle(pid: thread) }
        }
    }

    @Test func `only a pidfd can be adopted`() throws {
        let own = try ProcessHandle(pid: getpid())
        let adopted = try ProcessHandle(adopting: own.duplicate().takeDescriptor())
        #expect(try adopted.pid() == getpid())
        let child = try startWaiting()
        try child.kill(SIGKILL)
        _ = try child.wait()
        // One that is gone is a pidfd still.
        _ = try ProcessHandle(adopting: child.handle.duplicate().takeDescriptor())
        func expectRefused(_ other: consuming Descriptor, _ what: Comment) {
            do throws(Errno) {
                _ = try ProcessHandle(adopting: other)
                Issue.record(what)
            } catch {
                #expect(error == .badDescriptor, what)
            }
        }
        expectRefused(try Sockets.pair(.stream).takeFirst(), "socket")
        expectRefused(try Syscalls.open("/dev/null", flags: O_RDONLY), "device")
        expectRefused(try Syscalls.open("/proc/self/status", flags: openPathOnly), "O_PATH")
        // Some calls take this one for a pidfd.
        expectRefused(
            try Syscalls.open("/proc/self", flags: O_RDONLY | O_DIRECTORY), "process directory")
    }

    @Test(arguments: ["", "pidfdInfo"])
    func `the facts of this process are those it knows of itself`(missing: String) throws {
        let features = self.features.without(missing) ?? self.features
        let own = try ProcessHandle(pid: getpid())
        let facts = try own.facts(features: features)
        #expect(facts.pid == getpid())
        #expect(facts.uid == getuid())
        #expect(facts.gid == getgid())
        #expect(facts.effectiveUID == geteuid())
        #expect(facts.effectiveGID == getegid())
        #expect(try own.effectiveUID(features: features) == geteuid())
        #expect(try facts.instance == own.instance(features: features))
        let executable = try Syscalls.readLink("/proc/self/exe", relativeTo: AT_FDCWD)
        #expect(facts.executable == executable)
        var file = stat()
        #expect(stat("/proc/self/exe", &file) == 0)
        #expect(facts.executableInode == UInt64(file.st_ino))
        #expect(facts.executableDevice == UInt64(file.st_dev))
        var namespace = stat()
        #expect(stat("/proc/self/ns/pid", &namespace) == 0)
        #expect(facts.pidNamespace == UInt64(namespace.st_ino))
        #expect(facts.startTicks > 0)
        let groups = try SystemFiles.readFile("/proc/self/cgroup", limit: 16_384)
        let line = groups.split(separator: 10).first { $0.starts(with: Array("0::".utf8)) }
        #expect(facts.controlGroup == line.map { Array($0.dropFirst(3)) })
    }

    @Test(arguments: [
        ("/", true), ("/a.slice/b.service", true), ("/..a", true), ("/a/../b", true),
        ("/..", false),
        ("/../b.service", false), ("/../../b", false),
    ])
    func `a control group outside of our namespace is none`(_ group: String, _ isOurs: Bool) {
        #expect(ProcessFacts.isOfOurNamespace(Array(group.utf8)) == isOurs)
    }

    @Test(
        .enabled(if: HostFacts.effectiveUID() == 0, "other groups need root"),
        arguments: ["", "pidfdInfo"])
    func `the effective ids are told from the real ones`(missing: String) throws {
        let features = self.features.without(missing) ?? self.features
        let launcher = "/usr/bin/setpriv"
        var plan = ChildPlan(
            path: launcher,
            arguments: [
                launcher, "--rgid=65531", "--egid=65532", "--groups=65530", "--ruid=65533",
                "--euid=65534", "/bin/cat",
            ])
        plan.standardInput = .piped
        plan.standardOutput = .piped
        var child = try ChildProcess.spawn(plan)
        guard let input = child.standardInput.take(), let output = child.standardOutput.take()
        else { throw Errno.badDescriptor }
        // It answers once it is what it is to be.
        try input.write([1])
        #expect(try output.read(exactly: 1) == [1])
        let facts = try child.handle.facts(features: features)
        #expect(facts.gid == 65_531)
        #expect(facts.effectiveGID == 65_532)
        #expect(facts.uid == 65_533)
        #expect(facts.effectiveUID == 65_534)
        _ = consume input
        _ = try child.wait()
    }

    @Test func `a label stands in where pidfds have no inodes`() throws {
        let older = try #require(features.without("pidfdInode"))
        let own = try ProcessHandle(pid: getpid())
        let facts = try own.facts(features: older)
        #expect(facts.instance == facts.startTicks << 22 | UInt64(getpid()))
        #expect(try own.instance(features: older) == facts.instance)
    }

    @Test func `an executable is proved by its own path, and not by a link at that path`() throws {
        let directory = try TemporaryDirectory()
        let program = directory.file("program")
        try SystemFiles.writeFileExclusively(
            program, try SystemFiles.readFile("/bin/cat", limit: 1 << 24), mode: 0o700)
        var plan = ChildPlan(path: program, arguments: [program])
        plan.standardInput = .piped
        var child = try ChildProcess.spawn(plan)
        func proved() throws(Errno) -> [UInt8]? {
            try child.handle.facts(features: features).provedExecutable
        }
        #expect(try proved() == Array(program.utf8))
        // The kernel names it so once it is gone, and anybody who may write there can put a link to
        // the same file at that name.
        #expect(link(program, directory.file("other")) == 0)
        #expect(unlink(program) == 0)
        #expect(try proved() == nil)
        #expect(symlink(directory.file("other"), program + " (deleted)") == 0)
        #expect(try proved() == nil)
        try required(child.standardInput.take()).close()
        #expect(try ExitStatus(rawStatus: child.wait()) == .code(0))
        try directory.remove("other", "program (deleted)")
    }

    @Test func `only threads and a keeper share a table of descriptors`() throws {
        let child = try startWaiting()
        #expect(HolderScan.shareDescriptors(getpid(), getpid()) == true)
        #expect(HolderScan.shareDescriptors(getpid(), child.pid) == false)
        #expect(HolderScan.shareDescriptors(getpid(), -1) == nil)
        kill(child.pid, SIGKILL)
        #expect(try ExitStatus(rawStatus: child.wait()) == .signal(SIGKILL))
    }

    @Test func `a descriptor can be copied out of a process`() throws {
        try #require(features.pidfdGetfd)
        let pair = try Sockets.pair(.stream)
        let own = try ProcessHandle(pid: getpid())
        let copy = try own.descriptor(pair.first.withNumber { $0 })
        #expect(try Sockets.cookie(of: copy) == Sockets.cookie(of: pair.first))
        #expect(throws: Errno.badDescriptor) { _ = try own.descriptor(1_000_000) }
    }

    @Test func `a program whose name has spaces and parentheses is read right`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a) R 1 (b")
        // The kernel takes the name from the link.
        #expect(symlink("/bin/cat", path) == 0)
        let plain = try startWaiting()
        let odd = try startWaiting(path)
        let facts = try odd.handle.facts(features: features)
        let name = try SystemFiles.readFile("/proc/\(odd.pid)/comm", limit: 100)
        #expect(name == Array("a) R 1 (b\n".utf8))
        #expect(facts.startTicks >= (try plain.handle.facts(features: features)).startTicks)
        #expect(facts.startTicks <= UInt64(Clock.bootMicroseconds() / 10_000) + 1)
        for child in [plain.pid, odd.pid] { kill(child, SIGKILL) }
        _ = try plain.wait()
        _ = try odd.wait()
        try directory.remove("a) R 1 (b")
    }

    private static let tail = "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21"

    @Test(
        arguments: [
            ("1 (cat) \(tail)", 4711),
            ("1 (a b) c) \(tail)", 4711),
            ("1 (\n) ) \(tail)", 4711),
            ("1 (cat) S 1 2", nil),
            ("1 cat", nil),
            ("", nil),
        ] as [(String, UInt64?)])
    func `start ticks are field 22 whatever the name holds`(text: String, ticks: UInt64?) {
        let bytes = Array(text.utf8)
        #expect(KernelText.startTicks(bytes.span) == ticks)
    }

    @Test(
        arguments: [
            ("Pid:\t42\n", 42), ("NSpid:\t7\nPid:\t-1\n", -1), ("x\nPid: 0", 0),
            ("NSpid:\t7\n", nil),
            ("Pid:\n", nil), ("Pid:\t99999999999999999999\n", nil), ("", nil),
        ] as [(String, Int64?)])
    func `a labelled number is found at the beginning of a line only`(
        text: String, number: Int64?
    ) {
        let bytes = Array(text.utf8)
        #expect(KernelText.integer(after: "Pid:", in: bytes.span) == number)
    }
}

/// The threads of this process.
private func threadIDs() throws -> [Int32] {
    guard let directory = opendir("/proc/self/task") else { throw Errno(rawValue: errno) }
    defer { closedir(directory) }
    var ids: [Int32] = []
    while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if let id = Int32(name) { ids.append(id) }
    }
    return ids
}
