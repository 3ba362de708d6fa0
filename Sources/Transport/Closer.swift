internal import CLinux
internal import Glibc
internal import Synchronization

/// Closes foreign descriptors on a thread that does nothing else.
///
/// Closing the last descriptor of a lingering socket, or of a file on a dead server, can block for
/// seconds. What waits here is bounded by the descriptor limit of the process. The thread starts
/// with the first close, and starts anew in a child made by fork(2).
package final class Closer: Sendable {
    /// The one of this process; it lives as long.
    package static let shared = Closer()

    /// A child made by fork(2) has not the thread, and the lock may be held there for ever.
    private let local = ProcessLocal<ClosingQueue>(
        make: { ClosingQueue() }, abandon: { $0.abandon() })

    private var queue: ClosingQueue { local.content }

    package init() {}

    deinit {
        finish()
    }

    /// Takes the descriptor and returns at once.
    package func close(_ descriptor: consuming Descriptor) {
        queue.add(descriptor.release())
    }

    /// Takes many descriptors with one wake-up.
    package func close(_ batch: [SharedDescriptor]) {
        queue.add(batch)
    }

    /// How many descriptors are not closed yet.
    package var pendingCount: Int {
        queue.pendingCount
    }

    /// Waits until all are closed, and ends the thread.
    package func finish() {
        queue.finish()
    }
}

/// What the closer and its thread share.
private final class ClosingQueue: Sendable {
    private struct State: Sendable {
        var numbers: [CInt] = []
        /// Those that others may hold as well: the last to let go closes.
        var shared: [SharedDescriptor] = []
        var isFinishing = false
        var worker: Worker?
    }

    private struct Worker: Sendable {
        var thread: pthread_t
        var wakeUp: SharedDescriptor
    }

    private let state = ForkSafeLock(State())
    private let closingCount = Atomic<Int>(0)

    var pendingCount: Int {
        state.withLock {
            $0.numbers.count + $0.shared.count
                + closingCount.load(ordering: .sequentiallyConsistent)
        }
    }

    func add(_ batch: [SharedDescriptor]) {
        guard !batch.isEmpty else { return }
        state.withLock { state in
            guard let worker = worker(&state) else { return }
            state.shared += batch
            Syscalls.wake(worker.wakeUp)
        }
    }

    func add(_ number: CInt) {
        let isTaken = state.withLock { state in
            guard let worker = worker(&state) else { return false }
            state.numbers.append(number)
            Syscalls.wake(worker.wakeUp)
            return true
        }
        // Without a thread, for want of descriptors or memory, waiting here is all that is left.
        if !isTaken { Syscalls.close(number) }
    }

    func finish() {
        let worker: Worker? = state.withLock { state in
            guard let worker = state.worker else { return nil }
            state.isFinishing = true
            state.worker = nil
            Syscalls.wake(worker.wakeUp)
            return worker
        }
        guard let worker else { return }
        _ = pthread_join(worker.thread, nil)
        state.withLock { $0.isFinishing = false }
    }

    /// Closes what the parent had not closed when it forked. None of it can block here, because the
    /// parent still has it too.
    func abandon() {
        var numbers: [CInt] = []
        let isFree = state.withLockIfAvailable { state in
            swap(&numbers, &state.numbers)
            state.shared = []
            state.worker = nil
        }
        // Otherwise the thread was about to close something when the process forked, and what it
        // had in its hands cannot be known.
        guard isFree else { return }
        for number in numbers { Syscalls.close(number) }
    }

    private func worker(_ state: inout State) -> Worker? {
        if let worker = state.worker { return worker }
        if state.isFinishing { return nil }
        do throws(Errno) {
            let wakeUp = SharedDescriptor(try Syscalls.blockingEventDescriptor())
            let body = ClosingThread(queue: self, wakeUp: wakeUp)
            let worker = Worker(
                thread: try Syscalls.startThread(body), wakeUp: wakeUp)
            state.worker = worker
            return worker
        } catch {
            return nil
        }
    }

    /// Closes what is there. False when nothing will come any more.
    fileprivate func drain() -> Bool {
        while true {
            var (batch, shared) = state.withLock { state in
                let batch = (state.numbers, state.shared)
                state.numbers = []
                state.shared = []
                closingCount.add(
                    batch.0.count + batch.1.count, ordering: .sequentiallyConsistent)
                return batch
            }
            if batch.isEmpty, shared.isEmpty {
                return state.withLock {
                    !$0.isFinishing || !$0.numbers.isEmpty || !$0.shared.isEmpty
                }
            }
            while !shared.isEmpty {
                shared.removeLast()
                closingCount.subtract(1, ordering: .sequentiallyConsistent)
            }
            for number in batch {
                Syscalls.close(number)
                closingCount.subtract(1, ordering: .sequentiallyConsistent)
            }
        }
    }
}

private final class ClosingThread: ThreadBody {
    private let queue: ClosingQueue
    /// `finish` holds it until this thread has ended.
    private unowned let wakeUp: SharedDescriptor

    init(queue: ClosingQueue, wakeUp: SharedDescriptor) {
        self.queue = queue
        self.wakeUp = wakeUp
    }

    override func run() {
        repeat { Syscalls.awaitWakeUp(wakeUp) } while queue.drain()
    }
}
