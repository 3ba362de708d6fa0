internal import Glibc

/// A lock around a value that goes on working in a child made by fork(2).
///
/// `Synchronization.Mutex` does not: it keeps the thread's id, which fork changes behind its back,
/// and its first contention in a child traps. A lock that another thread held when the process
/// forked stays held in the child for ever; see `ProcessLocal`.
///
/// pthread_mutex_lock(3)
@safe package final class ForkSafeLock<Value: ~Copyable & Sendable>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var value: Value

    package init(_ value: consuming Value) {
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe Self.check(pthread_mutex_init(mutex, nil))
        self.value = value
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    package func withLock<R: ~Copyable, E: Error>(
        _ body: (inout Value) throws(E) -> R
    ) throws(E) -> R {
        unsafe Self.check(pthread_mutex_lock(mutex))
        defer { unsafe Self.check(pthread_mutex_unlock(mutex)) }
        return try body(&value)
    }

    /// False, and nothing is done, when somebody holds the lock.
    package func withLockIfAvailable(_ body: (inout Value) -> Void) -> Bool {
        guard unsafe pthread_mutex_trylock(mutex) == 0 else { return false }
        defer { unsafe Self.check(pthread_mutex_unlock(mutex)) }
        body(&value)
        return true
    }

    /// Holds the lock until `unlock`. Only for a fork(2) under which the value must not change:
    /// see `Forks`.
    package func lock() { unsafe Self.check(pthread_mutex_lock(mutex)) }

    package func unlock() { unsafe Self.check(pthread_mutex_unlock(mutex)) }

    private static func check(_ error: CInt) {
        precondition(error == 0, "A lock of this kind does not fail: error \(error).")
    }
}
