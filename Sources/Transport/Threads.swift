/// Threads with every signal blocked.
package enum Threads {
    /// Runs `body` on a thread of its own, which nobody waits for.
    ///
    /// pthread_create(3), pthread_detach(3)
    package static func start(_ body: @escaping @Sendable () -> Void) throws(Errno) {
        try Syscalls.detach(try Syscalls.startThread(ClosureThread(body)))
    }
}

private final class ClosureThread: ThreadBody {
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }

    override func run() { body() }
}
