internal import CLinux
internal import Glibc

/// What is to be known of this host and this process.
package enum HostFacts {
    /// Drawn by the kernel at each boot: 36 characters, lower case.
    ///
    /// random(4)
    package static func bootID() throws(Errno) -> String {
        try text("/proc/sys/kernel/random/boot_id")
    }

    /// The release of the kernel, for people to read.
    ///
    /// uname(2)
    package static func kernelRelease() -> String { name { $0.release } }

    /// The name of this host.
    ///
    /// uname(2)
    package static func hostName() -> String { name { $0.nodename } }

    /// Takes no descriptor and no /proc.
    private static func name<Field>(_ field: (utsname) -> Field) -> String {
        var names = utsname()
        let result = unsafe uname(&names)
        precondition(result == 0, "uname(2) fails for a bad address alone.")
        return unsafe withUnsafeBytes(of: field(names)) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// getpid(2)
    package static func ownPID() -> Int32 { getpid() }

    /// getppid(2)
    package static func parentPID() -> Int32 { getppid() }

    /// getuid(2)
    package static func realUID() -> UInt32 { getuid() }

    /// geteuid(2)
    package static func effectiveUID() -> UInt32 { geteuid() }

    /// getgid(2)
    package static func realGID() -> UInt32 { getgid() }

    /// getegid(2)
    package static func effectiveGID() -> UInt32 { getegid() }

    /// A variable of the environment.
    ///
    /// getenv(3)
    package static func environmentVariable(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    /// All variables of the environment, `NAME=value` each.
    ///
    /// environ(7)
    static func environment() -> [String] {
        var variables: [String] = []
        var next = unsafe clinux_environment()
        while let entry = unsafe next?.pointee {
            variables.append(unsafe String(cString: entry))
            unsafe next = next?.advanced(by: 1)
        }
        return variables
    }

    /// Raises the number of descriptors this process may have as far as it is allowed to, and
    /// returns it.
    ///
    /// setrlimit(2), RLIMIT_NOFILE
    package static func raiseDescriptorLimit() throws(Errno) -> UInt64 {
        var limit = try Syscalls.descriptorLimit()
        if limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            try Syscalls.setDescriptorLimit(limit)
        }
        return UInt64(limit.rlim_cur)
    }

    /// Lowers or raises the number of descriptors this process may have.
    ///
    /// setrlimit(2), RLIMIT_NOFILE
    package static func setDescriptorLimit(_ count: UInt64) throws(Errno) {
        var limit = try Syscalls.descriptorLimit()
        limit.rlim_cur = rlim_t(count)
        try Syscalls.setDescriptorLimit(limit)
    }

    /// The uid that the kernel tells for each user who has none in our user namespace; nil where
    /// all of them have one.
    ///
    /// user_namespaces(7); proc_sys_kernel(5), overflowuid
    package static func unmappedUID() throws(Errno) -> UInt32? {
        try unmapped("uid_map", "overflowuid")
    }

    /// The same of groups.
    package static func unmappedGID() throws(Errno) -> UInt32? {
        try unmapped("gid_map", "overflowgid")
    }

    private static func unmapped(_ map: String, _ overflow: String) throws(Errno) -> UInt32? {
        do throws(Errno) {
            let text = String(
                decoding: try SystemFiles.readFile("/proc/self/\(map)", limit: 65_536),
                as: UTF8.self)
            if mapsAll(text) { return nil }
        } catch .noEntry {
            // A kernel without user namespaces.
            return nil
        } catch {
            // That it cannot be read is no reason to take all of them for one.
        }
        return UInt32(try self.text("/proc/sys/kernel/\(overflow)"))
    }

    /// Whether each id has one here. The extents, a line each with its length last, do not overlap.
    static func mapsAll(_ map: String) -> Bool {
        let lengths = map.split(separator: "\n").map { line in
            line.split(separator: " ").last.flatMap { UInt64($0) } ?? 0
        }
        // The last number is no id: chown(2) has a use of its own for it.
        return lengths.reduce(0, +) >= UInt64(UInt32.max)
    }

    /// Whether /proc shows the processes of our PID namespace under the numbers that they have
    /// there. After unshare(2) it is that of another one until somebody mounts it anew, and each
    /// number means a stranger.
    ///
    /// pid_namespaces(7), proc_pid_status(5): NSpid
    static let seesOwnProcesses: Bool = {
        do throws(Errno) {
            return try Syscalls.withContents(of: "/proc/self/status", capacity: 8192) { text in
                let number = KernelText.integer(after: "Pid:", in: text)
                // It has a number in each namespace from that of /proc to ours. A kernel without
                // PID namespaces has no such line.
                let line = KernelText.line("NSpid:", in: text)
                let count = line.map { KernelText.words(of: $0, in: text, count: 2).count } ?? 1
                return count == 1 && number == Int64(getpid())
            }
        } catch {
            return false
        }
    }()

    /// What of other users' processes the kernel does not show us: nothing to root, unless its
    /// user namespace is not the host's, or /proc is of another PID namespace than ours.
    ///
    /// proc_pid_status(5), CapEff; capabilities(7), CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH
    package static func unseenOfOtherUsers() throws(Errno) -> [String] {
        let all = ["descriptors", "executables", "pid_namespaces"]
        // Capabilities are then those of the namespace, which is not that of the others.
        if try unmappedUID() != nil { return all + ["users"] }
        guard seesOwnProcesses else { return all }
        do throws(Errno) {
            let text = String(
                decoding: try SystemFiles.readFile("/proc/self/status", limit: 65_536),
                as: UTF8.self)
            let line = text.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
            let digits = line?.split(separator: "\t").last ?? ""
            guard let bits = UInt64(digits, radix: 16), bits & 1 << traceCapability != 0 else {
                return all
            }
            return bits & 1 << readCapability != 0 ? [] : ["descriptors"]
        } catch {
            // Without /proc nothing else is seen either.
            return all
        }
    }

    private static let readCapability: UInt64 = 2
    private static let traceCapability: UInt64 = 19

    /// The numbers of the descriptors this process has, in order.
    ///
    /// proc_pid_fd(5)
    package static func openDescriptors() throws(Errno) -> [Int32] {
        try Syscalls.openDescriptors()
    }

    /// proc_pid_fd(5)
    package static func openDescriptorCount() throws(Errno) -> Int {
        try openDescriptors().count
    }

    /// Resident memory of a process.
    ///
    /// proc_pid_status(5), VmRSS
    package static func residentBytes(pid: Int32) throws(Errno) -> Int64 {
        let kibibytes: Int64? = try Syscalls.withContents(
            of: "/proc/\(pid)/status", capacity: 8192
        ) {
            KernelText.integer(after: "VmRSS:", in: $0)
        }
        // A process that has ended and waits to be reaped has no memory any more.
        return (kibibytes ?? 0) * 1024
    }

    private static func text(_ path: String) throws(Errno) -> String {
        let bytes = try SystemFiles.readFile(path, limit: 4096)
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}
