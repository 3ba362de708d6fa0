internal import Glibc

/// A descriptor of somebody else, lent for the length of a call. It is never closed here.
package struct BorrowedDescriptor: NumberedDescriptor, Sendable {
    private let number: CInt

    /// Any number, also one that names nothing: the kernel says so when it is used.
    package init(_ number: CInt) {
        self.number = number
    }

    package func withNumber<R: ~Copyable, E: Error>(
        _ body: (CInt) throws(E) -> R
    ) throws(E) -> R {
        try body(number)
    }

    /// Whether the number names a descriptor of this process now.
    ///
    /// fcntl(2), F_GETFD
    package var isOpen: Bool {
        do throws(Errno) {
            _ = try Syscalls.isCloseOnExec(number)
            return true
        } catch {
            return false
        }
    }
}

extension Clock {
    /// Lets the calling thread sleep at least so long.
    ///
    /// clock_nanosleep(2)
    package static func sleep(milliseconds: Int64) {
        precondition(milliseconds >= 0, "Nobody sleeps for less than no time.")
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        time.tv_sec += Int(milliseconds / 1000)
        time.tv_nsec += Int(milliseconds % 1000) * 1_000_000
        if time.tv_nsec >= 1_000_000_000 {
            time.tv_sec += 1
            time.tv_nsec -= 1_000_000_000
        }
        // The end is absolute, so a signal does not make the sleep longer.
        while unsafe clock_nanosleep(CLOCK_MONOTONIC, CInt(TIMER_ABSTIME), &time, nil) == EINTR {}
    }
}
