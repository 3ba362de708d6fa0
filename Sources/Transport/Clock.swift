internal import Glibc

/// The clocks of this host.
package enum Clock {
    /// Microseconds since 1970; may step in either direction.
    ///
    /// clock_gettime(2), CLOCK_REALTIME
    package static func wallMicroseconds() -> Int64 {
        Syscalls.time(CLOCK_REALTIME, nanosecondsPerUnit: 1000)
    }

    /// Microseconds since boot, suspended time included; only advances.
    ///
    /// clock_gettime(2), CLOCK_BOOTTIME
    package static func bootMicroseconds() -> Int64 {
        Syscalls.time(CLOCK_BOOTTIME, nanosecondsPerUnit: 1000)
    }

    /// Nanoseconds of a clock that only advances, for measuring.
    ///
    /// clock_gettime(2), CLOCK_MONOTONIC
    package static func monotonicNanoseconds() -> UInt64 {
        UInt64(Syscalls.time(CLOCK_MONOTONIC, nanosecondsPerUnit: 1))
    }

    /// Microseconds of processor time that this process has used.
    ///
    /// clock_gettime(2), CLOCK_PROCESS_CPUTIME_ID
    package static func processorMicroseconds() -> Int64 {
        Syscalls.time(CLOCK_PROCESS_CPUTIME_ID, nanosecondsPerUnit: 1000)
    }

    /// Microseconds of processor time that another process has used, all its threads together.
    ///
    /// clock_getcpuclockid(3)
    package static func processorMicroseconds(pid: Int32) throws(Errno) -> Int64 {
        var clock = clockid_t()
        let code = unsafe clock_getcpuclockid(pid, &clock)
        guard code == 0 else { throw Errno(rawValue: code) }
        return Syscalls.time(clock, nanosecondsPerUnit: 1000)
    }
}
