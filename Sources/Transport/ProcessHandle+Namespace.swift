internal import CLinux
internal import Glibc

extension ProcessHandle {
    /// Whether the process counts processes as we do; false where we cannot tell. A process never
    /// changes its PID namespace.
    ///
    /// pid_namespaces(7), proc_pid_status(5): NSpid
    package borrowing func sharesOurNumbers() -> Bool {
        do throws(Errno) {
            let pid = try pid()
            guard pid > 0 else { return false }
            guard HostFacts.seesOwnProcesses else {
                let own = try ProcessHandle(pid: HostFacts.ownPID()).namespace()
                return try namespace().withNumber { (fd) throws(Errno) in try Syscalls.inode(fd) }
                    == own.withNumber { (fd) throws(Errno) in try Syscalls.inode(fd) }
            }
            let isAlone: Bool = try Syscalls.withContents(
                of: "/proc/\(pid)/status", capacity: 8192
            ) { text in
                // A kernel without PID namespaces has no such line.
                guard let line = KernelText.line("NSpid:", in: text) else { return true }
                return KernelText.words(of: line, in: text, count: 2).count == 1
            }
            return isAlone && !hasExited()
        } catch {
            return false
        }
    }

    /// Our number of the process that has this number in the process's own PID namespace. Throws
    /// `.noSuchProcess` when none has, and another error where the kernel or our rights do not
    /// suffice.
    ///
    /// NS_GET_PID_FROM_PIDNS, since Linux 6.11; ioctl_nsfs(2)
    package borrowing func translate(_ number: Int32) throws(Errno) -> Int32 {
        let pid = try pid()
        guard pid > 0 else { throw .remote }
        let namespace =
            try HostFacts.seesOwnProcesses
            ? Syscalls.open("/proc/\(pid)/ns/pid", flags: O_RDONLY) : namespace()
        // Only while it lives was that its own directory.
        guard !hasExited() else { throw .noSuchProcess }
        return try namespace.withNumber { (fd) throws(Errno) in
            try Syscalls.value { clinux_translate_process(fd, number) }
        }
    }

    /// The PID namespace of the process, without the help of /proc.
    ///
    /// PIDFD_GET_PID_NAMESPACE, since Linux 6.11
    private borrowing func namespace() throws(Errno) -> Descriptor {
        try withNumber { (fd) throws(Errno) in
            try Syscalls.descriptor { clinux_pidfd_pid_namespace(fd) }
        }
    }
}
