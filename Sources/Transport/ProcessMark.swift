internal import CLinux
internal import Glibc

/// What is different once a process has executed another program, has other ids or is in another
/// control group, or once the file that it executes was replaced, renamed or changed. Two calls
/// tell it, so that a process that stays as it is need not be looked at in full again.
package struct ProcessMark: Sendable, Equatable {
    private var realUID: UInt32
    private var realGID: UInt32
    private var effectiveUID: UInt32
    private var effectiveGID: UInt32
    private var controlGroup: UInt64
    /// Absent where it was not asked for, or we may not ask.
    fileprivate var executable: FileMark?
    /// By which of its names it executes that file. Absent where it was not asked for, or we may
    /// not ask.
    package private(set) var path: [UInt8]?

    fileprivate struct FileMark: Sendable, Equatable {
        var device: UInt64
        var inode: UInt64
        var changedSeconds: Int64
        var changedNanoseconds: UInt32
    }
}

extension ProcessMark {
    /// Nil where the kernel does not tell all of it, and for a process that was reaped. One that
    /// has exited keeps its ids until then, and executes nothing any more.
    ///
    /// PIDFD_GET_INFO with PIDFD_INFO_CGROUPID, since Linux 6.13
    ///
    /// - Parameters:
    ///   - pid: of the process, in our PID namespace.
    ///   - executable: Whether the file that it executes matters, which costs most.
    ///   - path: Whether the name of that file matters as well: a file can have several.
    package init?(
        of process: borrowing ProcessHandle, pid: Int32, executable: Bool, path: Bool = false,
        features: KernelFeatures
    ) {
        guard features.pidfdInfo, pid > 0 else { return nil }
        // It comes first: if the process is still there afterwards, its number meant no other.
        self.executable = executable ? FileMark(executedBy: pid) : nil
        self.path = path ? Self.path(executedBy: pid) : nil
        let mask = CLINUX_PROCESS_INFO_CREDENTIALS | CLINUX_PROCESS_INFO_CONTROL_GROUP
        do throws(Errno) {
            let information = try process.withNumber { (fd) throws(Errno) in
                try Syscalls.processInformation(fd, mask: mask)
            }
            guard information.mask & mask == mask else { return nil }
            realUID = information.real_uid
            realGID = information.real_gid
            effectiveUID = information.effective_uid
            effectiveGID = information.effective_gid
            controlGroup = information.control_group
        } catch {
            return nil
        }
    }

    private static func path(executedBy pid: Int32) -> [UInt8]? {
        do throws(Errno) {
            return try Syscalls.readLink("/proc/\(pid)/exe", relativeTo: AT_FDCWD)
        } catch {
            return nil
        }
    }
}

extension ProcessMark.FileMark {
    fileprivate init?(executedBy pid: Int32) {
        guard HostFacts.seesOwnProcesses else { return nil }
        var mark = clinux_file_mark()
        do throws(Errno) {
            try Syscalls.done { unsafe clinux_executable_mark(pid, &mark) }
        } catch {
            return nil
        }
        device = mark.device
        inode = mark.inode
        changedSeconds = mark.changed_seconds
        changedNanoseconds = mark.changed_nanoseconds
    }
}
