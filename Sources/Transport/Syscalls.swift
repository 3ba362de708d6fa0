internal import CLinux
internal import Glibc

/// The only way from this module into the kernel: here -1 becomes an `Errno` and EINTR is retried.
enum Syscalls {
    /// The result of a call that can be made again when a signal interrupts it.
    static func value<Result: FixedWidthInteger & SignedInteger>(
        _ call: () -> Result
    ) throws(Errno) -> Result {
        while true {
            do throws(Errno) {
                return try valueOnce(call)
            } catch .interrupted {
                continue
            }
        }
    }

    /// The result of a call that must not be made again when a signal interrupts it.
    static func valueOnce<Result: FixedWidthInteger & SignedInteger>(
        _ call: () -> Result
    ) throws(Errno) -> Result {
        let result = call()
        // Read errno at once: whatever runs before can overwrite it.
        let error = errno
        guard result == -1 else { return result }
        throw Errno(rawValue: error)
    }

    /// A call whose result says nothing more than that it went well.
    static func done(_ call: () -> CInt) throws(Errno) {
        _ = try value(call)
    }

    /// A call that makes a descriptor, owned from the expression that received it.
    static func descriptor(_ call: () -> CInt) throws(Errno) -> Descriptor {
        Descriptor(owning: try value(call))
    }

    /// close(2)
    static func close(_ fd: CInt) {
        // Not retried: Linux has released the number even when it reports EINTR, and by then it can
        // belong to another thread. For the same reason EBADF is a bug that must not go on: the
        // next stray close hits an innocent descriptor. Only in a foreign program it says what that
        // has done, and nothing is wrong here. EIO and its kin say that written data was lost,
        // which no caller here can mend.
        guard Glibc.close(fd) == -1 else { return }
        let error = errno
        precondition(
            error != EFAULT && (error != EBADF || ForeignProgram.isEntered),
            "A descriptor was closed that this process does not have: two owners held one number.")
    }

    /// fcntl(2), F_DUPFD_CLOEXEC
    static func duplicate(_ fd: CInt, atLeast lowest: CInt = 0) throws(Errno) -> Descriptor {
        try descriptor { fcntl(fd, F_DUPFD_CLOEXEC, lowest) }
    }

    /// fcntl(2), F_GETFL
    static func statusFlags(_ fd: CInt) throws(Errno) -> CInt {
        try value { fcntl(fd, F_GETFL) }
    }

    /// fcntl(2), F_SETFL
    static func setNonBlocking(_ fd: CInt) throws(Errno) {
        let flags = try statusFlags(fd)
        try done { fcntl(fd, F_SETFL, flags | O_NONBLOCK) }
    }

    /// fcntl(2), F_GETFD
    static func isCloseOnExec(_ fd: CInt) throws(Errno) -> Bool {
        try value { fcntl(fd, F_GETFD) } & FD_CLOEXEC != 0
    }

    /// fcntl(2), F_SETFD
    static func setCloseOnExec(_ fd: CInt) throws(Errno) {
        try done { clinux_set_close_on_exec(fd) }
    }

    /// Hands a number on to the next program.
    ///
    /// fcntl(2), F_SETFD
    static func keepOpenOnExec(_ fd: CInt) throws(Errno) {
        try done { fcntl(fd, F_SETFD, 0) }
    }

    /// A file without a name, close-on-exec.
    ///
    /// memfd_create(2)
    static func memoryFile(_ name: String) throws(Errno) -> Descriptor {
        try descriptor { unsafe clinux_memory_file(name) }
    }

    /// lseek(2), to the start
    static func rewind(_ fd: CInt) throws(Errno) {
        _ = try value { lseek(fd, 0, SEEK_SET) }
    }

    /// Waits for events and returns those that came, 0 after the timeout.
    ///
    /// poll(2)
    static func poll(
        _ fd: CInt, events: CInt, timeoutMilliseconds: CInt
    ) throws(Errno) -> CInt {
        var request = pollfd(fd: fd, events: Int16(truncatingIfNeeded: events), revents: 0)
        let count = try value { unsafe Glibc.poll(&request, 1, timeoutMilliseconds) }
        return count == 0 ? 0 : CInt(request.revents)
    }

    /// read(2)
    static func read(_ fd: CInt, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        try value { unsafe Glibc.read(fd, buffer.baseAddress, buffer.count) }
    }

    /// write(2), until all bytes are written.
    static func write(_ fd: CInt, _ bytes: UnsafeRawBufferPointer) throws(Errno) {
        var rest = unsafe bytes[...]
        while unsafe !rest.isEmpty {
            let part = unsafe UnsafeRawBufferPointer(rebasing: rest)
            let count = try value { unsafe Glibc.write(fd, part.baseAddress, part.count) }
            unsafe rest = rest.dropFirst(count)
        }
    }

    /// Device and inode of what a descriptor names. Only for descriptors of this process's own
    /// making and for sockets and pidfds: a foreign file can make it wait.
    ///
    /// fstat(2)
    static func inode(_ fd: CInt) throws(Errno) -> UInt64 {
        var facts = stat()
        try done { unsafe fstat(fd, &facts) }
        return UInt64(facts.st_ino)
    }

    /// The time of a clock in whole units of so many nanoseconds.
    ///
    /// clock_gettime(2)
    static func time(_ clock: clockid_t, nanosecondsPerUnit unit: Int64) -> Int64 {
        var time = timespec()
        let result = unsafe clock_gettime(clock, &time)
        precondition(result == 0, "Linux has this clock since long before pidfds.")
        return Int64(time.tv_sec) * (1_000_000_000 / unit) + Int64(time.tv_nsec) / unit
    }

    /// getrandom(2)
    static func random() -> UInt64 {
        var number: UInt64 = 0
        do throws(Errno) {
            try done { unsafe clinux_random(&number, MemoryLayout<UInt64>.size) }
        } catch {
            preconditionFailure("getrandom gives eight bytes wherever pidfds exist: \(error)")
        }
        return number
    }
}

/// Eight bytes that nobody can guess.
///
/// getrandom(2)
package func randomUInt64() -> UInt64 {
    Syscalls.random()
}
