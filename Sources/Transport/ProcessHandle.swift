internal import CLinux
internal import Glibc

/// One process instance: a descriptor that never comes to mean another process.
///
/// pidfd_open(2)
package struct ProcessHandle: ~Copyable, Sendable, NumberedDescriptor {
    private let descriptor: Descriptor

    /// Opens whichever process has the number now. Throws `.invalidArgument` for numbers that name
    /// no process, `.noSuchProcess` when none has it, and an error for the id of a mere thread.
    ///
    /// pidfd_open(2)
    package init(pid: Int32) throws(Errno) {
        guard pid > 0 else { throw .invalidArgument }
        descriptor = try Syscalls.openProcess(pid)
    }

    /// Opens the process with this `instance` again, by its file handle. Throws `.stale` once it
    /// has been reaped, and other errors where the kernel has no such handles.
    ///
    /// open_by_handle_at(2), since Linux 6.14
    package init(instance: UInt64) throws(Errno) {
        let own = try Syscalls.openProcess(HostFacts.ownPID())
        descriptor = try own.withNumber { (fd) throws(Errno) in
            try Syscalls.descriptor { clinux_pidfd_reopen(fd, instance) }
        }
    }

    /// Takes over a descriptor that a stranger says is a pidfd. Throws `.badDescriptor`, and closes
    /// it, when it is not one or names a single thread.
    ///
    /// waitid(2), P_PIDFD
    package init(adopting descriptor: consuming Descriptor) throws(Errno) {
        let isProcess: Bool = try descriptor.withNumber { (fd) throws(Errno) in
            // PIDFD_THREAD has the value of O_EXCL; such a pidfd tells the end of its thread only.
            guard Syscalls.isPidfd(fd) else { return false }
            return try Syscalls.statusFlags(fd) & O_EXCL == 0
        }
        guard isProcess else { throw .badDescriptor }
        self.descriptor = descriptor
    }

    /// Takes over a descriptor that the kernel said is a pidfd.
    init(proven descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }

    package borrowing func withNumber<R: ~Copyable, E: Error>(
        _ body: (CInt) throws(E) -> R
    ) throws(E) -> R {
        try descriptor.withNumber(body)
    }

    /// Another handle of the same process.
    package borrowing func duplicate() throws(Errno) -> ProcessHandle {
        ProcessHandle(proven: try descriptor.duplicate())
    }

    /// Gives the descriptor up.
    package consuming func takeDescriptor() -> Descriptor {
        descriptor
    }

    /// The number of the process in our pid namespace, 0 when it is outside of it. Throws
    /// `.noSuchProcess` once it has been reaped.
    ///
    /// proc_pid_fdinfo(5)
    package borrowing func pid() throws(Errno) -> Int32 {
        try withNumber { (fd) throws(Errno) in
            if let pid = Syscalls.informedPid(fd) { return pid }
            guard let pid = Syscalls.processLine(fd), pid >= 0 else { throw .noSuchProcess }
            // A number of another namespace is none of ours.
            return HostFacts.seesOwnProcesses ? pid : 0
        }
    }

    /// What names this process instance as long as the host is up.
    ///
    /// Where pidfds have inodes of their own this is the inode, which no later process gets again.
    /// Elsewhere it is a label made of start time and pid, good for telling processes apart in a
    /// history and no proof of anything.
    ///
    /// fstat(2)
    package borrowing func instance(features: KernelFeatures) throws(Errno) -> UInt64 {
        if features.pidfdInode {
            return try withNumber { (fd) throws(Errno) in try Syscalls.inode(fd) }
        }
        return ProcessFacts.label(
            pid: try pid(), startTicks: try facts(features: features).startTicks)
    }

    /// Whether the process has ended; it need not have been reaped.
    ///
    /// poll(2)
    package borrowing func hasExited() -> Bool {
        do throws(Errno) {
            return try withNumber { (fd) throws(Errno) in
                try Syscalls.poll(fd, events: POLLIN, timeoutMilliseconds: 0) & POLLIN != 0
            }
        } catch {
            preconditionFailure("A pidfd can be polled: \(error)")
        }
    }

    /// The raw wait status of a process that has been reaped; nil before, and where the kernel
    /// does not keep it.
    ///
    /// PIDFD_GET_INFO, PIDFD_INFO_EXIT, since Linux 6.15
    package borrowing func exitStatus() -> Int32? {
        do throws(Errno) {
            return try withNumber { (fd) throws(Errno) in
                let information = try Syscalls.processInformation(
                    fd, mask: CLINUX_PROCESS_INFO_EXIT)
                guard information.mask & CLINUX_PROCESS_INFO_EXIT != 0 else { return nil }
                return information.exit_code
            }
        } catch {
            return nil
        }
    }

    /// The raw wait status of a process that has ended and has not been reaped, where we may ask.
    ///
    /// proc_pid_stat(5), field 52
    package borrowing func zombieStatus() -> Int32? {
        guard HostFacts.seesOwnProcesses else { return nil }
        do throws(Errno) {
            let pid = try pid()
            let status: Int32? = try Syscalls.withContents(of: "/proc/\(pid)/stat", capacity: 2048)
            {
                KernelText.exitCode($0)
            }
            // 0 is also said to those who may not ask.
            if status == 0, HostFacts.effectiveUID() != 0 { return nil }
            // Only while it has not been reaped does the number mean this process.
            return try self.pid() == pid ? status : nil
        } catch {
            return nil
        }
    }

    /// A duplicate of one of the process's descriptors. Needs the right to trace the process.
    ///
    /// pidfd_getfd(2)
    package borrowing func descriptor(_ number: CInt) throws(Errno) -> Descriptor {
        try withNumber { (fd) throws(Errno) in try Syscalls.descriptor(number, of: fd) }
    }

    /// Sends a signal to this process and to no later one of the same number.
    ///
    /// pidfd_send_signal(2)
    package borrowing func signal(_ signal: Int32) throws(Errno) {
        try withNumber { (fd) throws(Errno) in try Syscalls.sendSignal(signal, to: fd) }
    }

    /// What the kernel says of the process now. Throws `.noSuchProcess` once it has ended and
    /// `.remote` for a process outside our pid namespace.
    ///
    /// proc(5)
    package borrowing func facts(features: KernelFeatures) throws(Errno) -> ProcessFacts {
        try ProcessFacts(of: self, features: features)
    }
}
