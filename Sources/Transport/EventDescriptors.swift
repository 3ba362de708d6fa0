internal import CLinux
internal import Glibc

/// Lets another thread, or a pure part of this one, make a poller return.
///
/// eventfd(2)
package struct EventDescriptor: ~Copyable, Sendable, NumberedDescriptor {
    private let descriptor: Descriptor

    package init() throws(Errno) {
        descriptor = try Syscalls.descriptor { clinux_event_descriptor(1) }.identified()
    }

    package borrowing func withNumber<R: ~Copyable, E: Error>(
        _ body: (CInt) throws(E) -> R
    ) throws(E) -> R {
        try descriptor.withNumber(body)
    }

    /// Whether a foreign program has closed it, or put something else under its number: then
    /// nothing is signalled any more.
    package borrowing func isLost() -> Bool { descriptor.isLost() }

    /// Makes it readable until the next `drain()`, however often it is called.
    package borrowing func signal() {
        if !isLost() { Syscalls.wake(descriptor) }
    }

    package borrowing func drain() {
        if !isLost() { Syscalls.drain(descriptor) }
    }

    /// Waits until it is signalled; false where the time has passed before.
    ///
    /// poll(2)
    package borrowing func wait(milliseconds: Int32? = nil) -> Bool {
        do throws(Errno) {
            return try withNumber { (fd) throws(Errno) in
                try Syscalls.poll(fd, events: POLLIN, timeoutMilliseconds: milliseconds ?? -1) != 0
            }
        } catch {
            preconditionFailure("One open descriptor can be polled: \(error)")
        }
    }
}

/// Reads signals as if they were messages.
///
/// signalfd(2)
package struct SignalDescriptor: ~Copyable, Sendable, NumberedDescriptor {
    private let descriptor: Descriptor

    private init(_ descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }

    /// Blocks the signals in the calling thread, and so in the threads it makes from here on: call
    /// it before the first thread exists, or the signals can still go elsewhere.
    ///
    /// pthread_sigmask(3), signalfd(2)
    package static func blocking(_ signals: [Int32]) throws(Errno) -> SignalDescriptor {
        SignalDescriptor(try Syscalls.signalDescriptor(signals))
    }

    /// Whether this process was started with the signal ignored, as by nohup(1). Such a one comes
    /// here all the same once it is blocked.
    ///
    /// sigaction(2)
    package static func isIgnored(_ signal: Int32) -> Bool {
        clinux_is_signal_ignored(signal) == 1
    }

    package borrowing func withNumber<R: ~Copyable, E: Error>(
        _ body: (CInt) throws(E) -> R
    ) throws(E) -> R {
        try descriptor.withNumber(body)
    }

    /// The next signal, or nil when none waits. Several of one number can count as one.
    package borrowing func read() throws(Errno) -> Int32? {
        do throws(Errno) {
            return try withNumber { (fd) throws(Errno) in
                try Syscalls.value { clinux_read_signal(fd) }
            }
        } catch .again {
            return nil
        }
    }
}

/// Makes a poller return at a time of `Clock.bootMicroseconds()`.
///
/// timerfd_create(2), CLOCK_BOOTTIME
package struct TimerDescriptor: ~Copyable, Sendable, NumberedDescriptor {
    private let descriptor: Descriptor

    package init() throws(Errno) {
        descriptor = try Syscalls.descriptor { clinux_timer_descriptor() }.identified()
    }

    package borrowing func withNumber<R: ~Copyable, E: Error>(
        _ body: (CInt) throws(E) -> R
    ) throws(E) -> R {
        try descriptor.withNumber(body)
    }

    /// Whether a foreign program has closed it, or put something else under its number: then it
    /// never goes off.
    package borrowing func isLost() -> Bool { descriptor.isLost() }

    /// Replaces the time it waits for; a time that has passed makes it readable at once, nil never.
    package borrowing func set(bootMicroseconds: Int64?) {
        // Zero disarms, so the beginning of time is one microsecond later.
        let time = bootMicroseconds.map { max(1, $0) } ?? 0
        if isLost() { return }
        do throws(Errno) {
            try withNumber { (fd) throws(Errno) in
                try Syscalls.done { clinux_set_timer(fd, time) }
            }
        } catch {
            ForeignProgram.expect("A timer takes every time that is not negative: \(error)")
        }
    }

    package borrowing func drain() {
        if !isLost() { Syscalls.drain(descriptor) }
    }
}
