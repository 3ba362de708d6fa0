internal import CLinux
internal import Glibc

/// What a thread does, kept alive by the thread.
class ThreadBody {
    func run() {}
}

extension Syscalls {
    /// A thread with every signal blocked, so that signals go to the threads that expect them.
    ///
    /// pthread_create(3)
    static func startThread(_ body: ThreadBody) throws(Errno) -> pthread_t {
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(body)
        do throws(Errno) {
            try done {
                unsafe clinux_start_thread(
                    &thread,
                    { context in
                        guard let context = unsafe context else { return nil }
                        unsafe Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
                        return nil
                    },
                    context.toOpaque())
            }
        } catch {
            unsafe context.release()
            throw error
        }
        return thread
    }

    /// pthread_detach(3)
    static func detach(_ thread: pthread_t) throws(Errno) {
        let code = pthread_detach(thread)
        guard code == 0 else { throw Errno(rawValue: code) }
    }

    /// eventfd(2)
    static func blockingEventDescriptor() throws(Errno) -> Descriptor {
        try descriptor { clinux_event_descriptor(0) }
    }

    /// Adds one to an event descriptor.
    ///
    /// eventfd(2)
    static func wake(_ descriptor: borrowing some NumberedDescriptor & ~Copyable) {
        var one: UInt64 = 1
        descriptor.withNumber { fd in
            unsafe withUnsafeBytes(of: &one) { bytes in
                do throws(Errno) {
                    try unsafe write(fd, bytes)
                } catch .again {
                    // The counter is at its end, so the reader is awake anyway.
                } catch {
                    ForeignProgram.expect("An event descriptor takes eight bytes: \(error)")
                }
            }
        }
    }

    /// Waits until an event descriptor is not zero, and makes it zero.
    ///
    /// eventfd(2)
    static func awaitWakeUp(_ descriptor: borrowing some NumberedDescriptor & ~Copyable) {
        do throws(Errno) {
            try takeWakeUps(descriptor)
        } catch {
            preconditionFailure("An event descriptor gives eight bytes: \(error)")
        }
    }

    /// Makes an event descriptor that does not wait zero.
    ///
    /// eventfd(2), timerfd_create(2)
    static func drain(_ descriptor: borrowing some NumberedDescriptor & ~Copyable) {
        do throws(Errno) {
            try takeWakeUps(descriptor)
        } catch {
            ForeignProgram.expect("An event descriptor gives eight bytes: \(error)")
        }
    }

    private static func takeWakeUps(
        _ descriptor: borrowing some NumberedDescriptor & ~Copyable
    ) throws(Errno) {
        var count: UInt64 = 0
        try descriptor.withNumber { (fd) throws(Errno) in
            try unsafe withUnsafeMutableBytes(of: &count) { (bytes) throws(Errno) in
                do throws(Errno) {
                    _ = try unsafe read(fd, into: bytes)
                } catch .again {
                    // Another reader was first.
                }
            }
        }
    }

    /// pthread_sigmask(3), signalfd(2)
    static func signalDescriptor(_ signals: [Int32]) throws(Errno) -> Descriptor {
        let span = signals.span
        return try unsafe span.withUnsafeBufferPointer { (signals) throws(Errno) in
            try descriptor { unsafe clinux_signal_descriptor(signals.baseAddress, signals.count) }
        }
    }
}
