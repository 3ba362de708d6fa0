internal import Glibc

/// Runs jobs one after the other on a thread of its own.
///
/// The thread ends when the worker is gone and its last job is done. A child made by fork(2) has
/// no such thread: give it a worker of its own.
///
/// pthread_create(3)
package final class Worker: Sendable {
    private let queue = JobQueue()

    package init() throws(Errno) {
        let thread = try Syscalls.startThread(WorkingThread(queue))
        // Not joined: the last reference to a worker can go away on its own thread.
        pthread_detach(thread)
    }

    deinit {
        queue.finish()
    }

    package func add(_ job: @escaping @Sendable () -> Void) {
        queue.add(job)
    }
}

private final class WorkingThread: ThreadBody {
    private let queue: JobQueue

    init(_ queue: JobQueue) {
        self.queue = queue
    }

    override func run() {
        while let job = queue.next() { job() }
    }
}

@safe private final class JobQueue: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let hasChanged: UnsafeMutablePointer<pthread_cond_t>
    private var jobs: [@Sendable () -> Void] = []
    private var isFinishing = false

    init() {
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe hasChanged = .allocate(capacity: 1)
        unsafe hasChanged.initialize(to: pthread_cond_t())
        let errors = unsafe (
            pthread_mutex_init(mutex, nil), pthread_cond_init(hasChanged, nil)
        )
        precondition(errors == (0, 0), "Linux makes these without allocating anything.")
    }

    deinit {
        unsafe pthread_cond_destroy(hasChanged)
        unsafe pthread_mutex_destroy(mutex)
        unsafe hasChanged.deallocate()
        unsafe mutex.deallocate()
    }

    func add(_ job: @escaping @Sendable () -> Void) {
        change { jobs.append(job) }
    }

    func finish() {
        change { isFinishing = true }
    }

    /// Waits for the next job; nil when none will come.
    func next() -> (@Sendable () -> Void)? {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while jobs.isEmpty, !isFinishing { unsafe pthread_cond_wait(hasChanged, mutex) }
        return jobs.isEmpty ? nil : jobs.removeFirst()
    }

    private func change(_ body: () -> Void) {
        unsafe pthread_mutex_lock(mutex)
        body()
        unsafe pthread_mutex_unlock(mutex)
        unsafe pthread_cond_signal(hasChanged)
    }
}
