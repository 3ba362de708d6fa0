internal import CLinux

/// Threads with every signal blocked.
package enum Threads {
    /// Runs `body` on a thread of its own, which nobody waits for.
    ///
    /// pthread_create(3), pthread_detach(3)
    package static func start(_ body: @escaping @Sendable () -> Void) throws(Errno) {
        try Syscalls.detach(try Syscalls.startThread(ClosureThread(body)))
    }

    /// How often the calling thread has waited for something in a call; nil where the kernel does
    /// not tell. To lose the processor to others does not count.
    ///
    /// getrusage(2), ru_nvcsw
    package static var waitCount: Int64? {
        let count = clinux_thread_wait_count()
        return count < 0 ? nil : count
    }
}

private final class ClosureThread: ThreadBody {
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }

    override func run() { body() }
}
