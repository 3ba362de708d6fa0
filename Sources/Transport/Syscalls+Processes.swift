internal import CLinux
internal import Glibc

extension Syscalls {
    /// pidfd_open(2)
    static func openProcess(_ pid: Int32) throws(Errno) -> Descriptor {
        try descriptor { clinux_pidfd_open(pid) }
    }

    /// pidfd_getfd(2)
    static func descriptor(_ number: CInt, of pidfd: CInt) throws(Errno) -> Descriptor {
        try descriptor { clinux_pidfd_getfd(pidfd, number) }
    }

    /// pidfd_send_signal(2)
    static func sendSignal(_ signal: Int32, to pidfd: CInt) throws(Errno) {
        try done { clinux_pidfd_send_signal(pidfd, signal) }
    }

    /// Waits for the end of a child; its raw wait status.
    ///
    /// waitpid(2), __WALL
    static func reap(_ pid: Int32) throws(Errno) -> Int32 {
        var status: Int32 = 0
        _ = try value { unsafe clinux_reap(pid, &status) }
        return status
    }

    /// PIDFD_GET_INFO
    ///
    /// ioctl(2)
    static func processInformation(
        _ pidfd: CInt, mask: UInt64
    ) throws(Errno) -> clinux_process_info {
        var information = clinux_process_info()
        try done { unsafe clinux_pidfd_get_info(pidfd, mask, &information) }
        return information
    }

    /// Whether the file system of a pidfd is pidfs, where inodes belong to processes.
    ///
    /// fstatfs(2)
    static func isPidfs(_ pidfd: CInt) throws(Errno) -> Bool {
        try value { clinux_is_pidfs(pidfd) } == 1
    }

    /// The pid in our namespace by PIDFD_GET_INFO. Nil on older kernels, and alike for foreign and
    /// for reaped processes, which `processLine` tells apart.
    static func informedPid(_ pidfd: CInt) -> Int32? {
        do throws(Errno) {
            let information = try processInformation(pidfd, mask: CLINUX_PROCESS_INFO_PID)
            let isKnown = information.mask & CLINUX_PROCESS_INFO_PID != 0 && information.pid > 0
            return isKnown ? Int32(bitPattern: information.pid) : nil
        } catch {
            return nil
        }
    }

    /// Whether a descriptor is a pidfd, asked without any effect on the process it names.
    ///
    /// waitid(2), P_PIDFD
    static func isPidfd(_ fd: CInt) -> Bool {
        do throws(Errno) {
            try done { clinux_pidfd_wait_probe(fd) }
            return true
        } catch .noChild {
            return true
        } catch .badDescriptor {
            return false
        } catch {
            // Kernels without P_PIDFD. The kernel writes this file itself, for any descriptor.
            return processLine(fd) != nil
        }
    }

    /// The number after "Pid:" in the kernel's account of a pidfd: 0 for a process outside our pid
    /// namespace, -1 for one that has been reaped, nil when the descriptor is no pidfd.
    ///
    /// proc_pid_fdinfo(5)
    static func processLine(_ fd: CInt) -> Int32? {
        do throws(Errno) {
            return try withContents(of: "/proc/self/fdinfo/\(fd)", capacity: 4096) { text in
                KernelText.integer(after: "Pid:", in: text).flatMap { Int32(exactly: $0) }
            }
        } catch {
            return nil
        }
    }
}
