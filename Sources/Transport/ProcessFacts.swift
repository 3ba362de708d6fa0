internal import CLinux
internal import Glibc

/// What the kernel says of one process at one moment. Only `instance` identifies it: executable,
/// ids and control group can change by an exec, and `pid` can be used again.
package struct ProcessFacts: Sendable, Hashable {
    package var pid: Int32
    /// See `ProcessHandle.instance(features:)`.
    package var instance: UInt64
    /// Clock ticks after boot: field 22 of /proc/PID/stat; 0 where /proc does not show the process.
    package var startTicks: UInt64
    package var uid: UInt32
    package var gid: UInt32
    package var effectiveUID: UInt32
    package var effectiveGID: UInt32
    /// Who logged in; absent where nobody did.
    package var loginUID: UInt32?
    /// The bytes of the path that /proc/PID/exe names; absent where we may not ask.
    package var executable: [UInt8]?
    package var executableDevice: UInt64?
    package var executableInode: UInt64?
    /// The bytes of the path of the version 2 control group; absent where it is outside of our
    /// namespace of control groups.
    package var controlGroup: [UInt8]?
    /// The inode of /proc/PID/ns/pid; absent where we may not ask.
    package var pidNamespace: UInt64?
}

extension ProcessFacts {
    /// The path of the executable, where we find the same file there. The kernel names it as the
    /// process's own mount namespace does, and whoever may make one can put another file there.
    package var provedExecutable: [UInt8]? {
        guard let executable, let file = SystemFiles.identity(ofExecutableAt: executable),
            file.device == executableDevice, file.inode == executableInode
        else { return nil }
        return executable
    }

    /// Stands for an instance where pidfds have no inodes of their own.
    static func label(pid: Int32, startTicks: UInt64) -> UInt64 {
        // Linux numbers processes in 22 bits; what is left of the 64 counts ticks for 1395 years.
        startTicks << 22 | UInt64(UInt32(bitPattern: pid) & 0x3F_FFFF)
    }

    init(of process: borrowing ProcessHandle, features: KernelFeatures) throws(Errno) {
        let pid = try process.pid()
        guard pid > 0 else { throw .remote }
        guard HostFacts.seesOwnProcesses else {
            self = try ProcessFacts(toldBy: process, pid: pid, features: features)
            return
        }
        let directory = try ProcessFacts.directory(of: process, pid: pid)
        // The directory means one process for ever: a process that takes the number later has
        // another. So all that is read below is of one process, and of the right one.
        guard !process.hasExited() else { throw .noSuchProcess }
        let startTicks: UInt64
        let identifiers: Identifiers
        do throws(Errno) {
            startTicks = try ProcessFacts.startTicks(directory)
            identifiers = try Identifiers(of: process, directory: directory, features: features)
        } catch .noEntry {
            throw .noSuchProcess
        }
        let executable = ProcessFacts.executable(directory)
        let file = ProcessFacts.identity("exe", directory)
        self.init(
            pid: pid,
            instance: features.pidfdInode
                ? try process.instance(features: features)
                : ProcessFacts.label(pid: pid, startTicks: startTicks),
            startTicks: startTicks, uid: identifiers.uid, gid: identifiers.gid,
            effectiveUID: identifiers.effectiveUID, effectiveGID: identifiers.effectiveGID,
            loginUID: ProcessFacts.loginUID(directory),
            executable: executable, executableDevice: file?.device, executableInode: file?.inode,
            controlGroup: ProcessFacts.controlGroup(directory),
            pidNamespace: ProcessFacts.identity("ns/pid", directory)?.inode)
        guard !process.hasExited() else { throw .noSuchProcess }
    }

    /// What the pidfd itself tells, where /proc shows strangers. Throws `.notSupported` where that
    /// is not enough to say who the process is and what it may do.
    private init(
        toldBy process: borrowing ProcessHandle, pid: Int32, features: KernelFeatures
    ) throws(Errno) {
        guard features.pidfdInfo, features.pidfdInode else { throw .notSupported }
        let instance = try process.instance(features: features)
        let identifiers = try Identifiers(toldBy: process)
        self.init(
            pid: pid, instance: instance, startTicks: 0, uid: identifiers.uid,
            gid: identifiers.gid, effectiveUID: identifiers.effectiveUID,
            effectiveGID: identifiers.effectiveGID)
        guard !process.hasExited() else { throw .noSuchProcess }
    }

    fileprivate static func directory(
        of process: borrowing ProcessHandle, pid: Int32
    ) throws(Errno) -> Descriptor {
        guard HostFacts.seesOwnProcesses else { throw .notSupported }
        do throws(Errno) {
            return try Syscalls.open("/proc/\(pid)", flags: O_RDONLY | O_DIRECTORY)
        } catch .noEntry where process.hasExited() {
            throw .noSuchProcess
        }
    }

    private static func startTicks(_ directory: borrowing Descriptor) throws(Errno) -> UInt64 {
        let ticks: UInt64? = try directory.withNumber { (fd) throws(Errno) in
            try Syscalls.withContents(of: "stat", relativeTo: fd, capacity: 2048) {
                KernelText.startTicks($0)
            }
        }
        guard let ticks else { throw .noSuchProcess }
        return ticks
    }

    private static func loginUID(_ directory: borrowing Descriptor) -> UInt32? {
        let value = contents("loginuid", directory, capacity: 64) { KernelText.integer($0) }
        // All ones is how the kernel says that it was never set.
        return value.flatMap { UInt32(exactly: $0) }.flatMap { $0 == UInt32.max ? nil : $0 }
    }

    private static func controlGroup(_ directory: borrowing Descriptor) -> [UInt8]? {
        contents("cgroup", directory, capacity: 16_384) { text in
            KernelText.line("0::", in: text).map { KernelText.bytes($0, of: text) }
        }.flatMap { isOfOurNamespace($0) ? $0 : nil }
    }

    /// Whether a control group lies below the root of our namespace of control groups. Of others
    /// the kernel tells how to get there from that root, which names none of the groups above it.
    ///
    /// cgroup_namespaces(7)
    static func isOfOurNamespace(_ controlGroup: [UInt8]) -> Bool {
        controlGroup != Array("/..".utf8) && !controlGroup.starts(with: Array("/../".utf8))
    }

    /// What a file of the directory holds; nil where it cannot be read.
    private static func contents<R>(
        _ name: String, _ directory: borrowing Descriptor, capacity: Int,
        _ body: (borrowing Span<UInt8>) -> R?
    ) -> R? {
        do throws(Errno) {
            return try directory.withNumber { (fd) throws(Errno) in
                try Syscalls.withContents(of: name, relativeTo: fd, capacity: capacity, body)
            }
        } catch {
            return nil
        }
    }

    private static func executable(_ directory: borrowing Descriptor) -> [UInt8]? {
        do throws(Errno) {
            return try directory.withNumber { (fd) throws(Errno) in
                try Syscalls.readLink("exe", relativeTo: fd)
            }
        } catch {
            return nil
        }
    }

    private static func identity(
        _ name: String, _ directory: borrowing Descriptor
    ) -> (device: UInt64, inode: UInt64)? {
        do throws(Errno) {
            return try directory.withNumber { (fd) throws(Errno) in
                try Syscalls.identity(name, relativeTo: fd)
            }
        } catch {
            return nil
        }
    }
}

extension ProcessHandle {
    /// The effective uid of the process now. Throws `.noSuchProcess` once it has been reaped.
    ///
    /// PIDFD_GET_INFO, since Linux 6.13; proc_pid_status(5)
    package borrowing func effectiveUID(features: KernelFeatures) throws(Errno) -> UInt32 {
        guard !features.pidfdInfo else {
            return try withNumber { (fd) throws(Errno) in
                try Syscalls.processInformation(fd, mask: CLINUX_PROCESS_INFO_CREDENTIALS)
                    .effective_uid
            }
        }
        let pid = try pid()
        guard pid > 0 else { throw .remote }
        let directory = try ProcessFacts.directory(of: self, pid: pid)
        do throws(Errno) {
            return try Identifiers(of: self, directory: directory, features: features).effectiveUID
        } catch .noEntry {
            throw .noSuchProcess
        }
    }
}

/// The ids of a process, read in one call so that they belong together.
private struct Identifiers {
    var uid: UInt32
    var gid: UInt32
    var effectiveUID: UInt32
    var effectiveGID: UInt32

    init(
        of process: borrowing ProcessHandle, directory: borrowing Descriptor,
        features: KernelFeatures
    ) throws(Errno) {
        self =
            try features.pidfdInfo
            ? Identifiers(toldBy: process) : Identifiers(directory: directory)
    }

    init(toldBy process: borrowing ProcessHandle) throws(Errno) {
        let information = try process.withNumber { (fd) throws(Errno) in
            try Syscalls.processInformation(fd, mask: CLINUX_PROCESS_INFO_CREDENTIALS)
        }
        uid = information.real_uid
        gid = information.real_gid
        effectiveUID = information.effective_uid
        effectiveGID = information.effective_gid
    }

    private init(directory: borrowing Descriptor) throws(Errno) {
        let found = try directory.withNumber { (fd) throws(Errno) in
            try Syscalls.withContents(of: "status", relativeTo: fd, capacity: 8192) { text in
                Identifiers(status: text)
            }
        }
        guard let found else { throw .noSuchProcess }
        self = found
    }

    /// proc_pid_status(5)
    private init?(status text: borrowing Span<UInt8>) {
        guard
            let users = Self.realAndEffective("Uid:", in: text),
            let groups = Self.realAndEffective("Gid:", in: text)
        else { return nil }
        uid = users.real
        gid = groups.real
        effectiveUID = users.effective
        effectiveGID = groups.effective
    }

    private static func realAndEffective(
        _ label: String, in text: borrowing Span<UInt8>
    ) -> (real: UInt32, effective: UInt32)? {
        guard let line = KernelText.line(label, in: text) else { return nil }
        let words = KernelText.words(of: line, in: text, count: 2)
        guard
            words.count == 2,
            let real = KernelText.integer(text, at: words[0].lowerBound),
            let effective = KernelText.integer(text, at: words[1].lowerBound)
        else { return nil }
        return (UInt32(truncatingIfNeeded: real), UInt32(truncatingIfNeeded: effective))
    }
}
