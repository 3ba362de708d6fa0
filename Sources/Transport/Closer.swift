internal import CLinux
internal import Glibc
internal import Synchronization

/// Closes foreign descriptors on a thread that does nothing else, and waits for none.
///
/// Closing the last descriptor of a socket that lingers waits for as long as its owner has set,
/// unless it is done by the exit of a thread: such sockets are closed that way, and what they had
/// to send goes on in the background, as at the end of any process. The close of a file waits for
/// its server: each has a thread of its own. The thread starts with the first close, and starts
/// anew in a child made by fork(2).
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
        close(number: descriptor.release())
    }

    func close(number: CInt) {
        queue.add(number)
    }

    /// Takes many descriptors with one wake-up, and leaves none: whoever lets go last closes, and
    /// that must not be the caller.
    package func close(_ batch: inout [SharedDescriptor]) {
        queue.add(&batch)
        batch.removeAll(keepingCapacity: true)
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

    /// So many files can wait for their servers before one more makes all others wait.
    private static let filesMaximum = 64
    /// A look at each takes some 200 µs where there are messages in its queue. Of more than these
    /// at once all sockets are closed as those that linger.
    private static let looksMaximum = 256
    /// A thread that exits closes one after the other.
    private static let socketsPerExit = 128

    private let state = ForkSafeLock(State())
    private let closingCount = Atomic<Int>(0)
    private let fileCount = Atomic<Int>(0)

    var pendingCount: Int {
        state.withLock {
            $0.numbers.count + $0.shared.count
                + closingCount.load(ordering: .sequentiallyConsistent)
        }
    }

    func add(_ batch: inout [SharedDescriptor]) {
        guard !batch.isEmpty else { return }
        state.withLock { state in
            guard let worker = worker(&state) else { return }
            state.shared += batch
            // Before the thread can have any of them.
            batch.removeAll(keepingCapacity: true)
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
        while fileCount.load(ordering: .sequentiallyConsistent) > 0 {
            Clock.sleep(milliseconds: 1)
        }
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
    fileprivate func drain(_ exiting: inout ExitingThreads) -> Bool {
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
            shared += batch.map { SharedDescriptor(Descriptor(owning: $0)) }
            closeAll(&shared, &exiting)
        }
    }

    /// Closes what waits for nothing at once, and the rest so that nothing has to wait for it.
    private func closeAll(
        _ descriptors: inout [SharedDescriptor], _ exiting: inout ExitingThreads
    ) {
        let areMany = descriptors.count > Self.looksMaximum
        var lingering: [SharedDescriptor] = []
        while let descriptor = descriptors.popLast() {
            let wait = descriptor.withNumber {
                areMany ? ClosingWait(ofOneAmongMany: $0) : ClosingWait($0)
            }
            switch wait {
            case .nothing: break
            case .linger:
                lingering.append(descriptor)
                continue
            case .file:
                // Given away: a reference that stayed here could be the last.
                closeApart(consume descriptor)
                continue
            }
            closingCount.subtract(1, ordering: .sequentiallyConsistent)
        }
        while !lingering.isEmpty {
            let count = min(lingering.count, Self.socketsPerExit)
            exiting.makeRoom()
            // Without a copy there is nothing left but to wait.
            let copy = TableCopy()
            lingering.removeLast(count)
            if let copy { exiting.add(copy.end()) }
            closingCount.subtract(count, ordering: .sequentiallyConsistent)
        }
    }

    private func closeApart(_ descriptor: consuming SharedDescriptor) {
        let body = FileClosing(queue: self, descriptor: consume descriptor)
        fileCount.add(1, ordering: .sequentiallyConsistent)
        do throws(Errno) {
            guard fileCount.load(ordering: .sequentiallyConsistent) <= Self.filesMaximum else {
                throw .again
            }
            try Syscalls.detach(try Syscalls.startThread(body))
        } catch {
            body.run()
        }
    }

    fileprivate func noteClosedFile() {
        closingCount.subtract(1, ordering: .sequentiallyConsistent)
        fileCount.subtract(1, ordering: .sequentiallyConsistent)
    }
}

/// Closes one file.
private final class FileClosing: ThreadBody {
    private let queue: ClosingQueue
    private var descriptor: SharedDescriptor?

    init(queue: ClosingQueue, descriptor: consuming SharedDescriptor) {
        self.queue = queue
        self.descriptor = descriptor
    }

    override func run() {
        descriptor = nil
        queue.noteClosedFile()
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
        var exiting = ExitingThreads()
        repeat { Syscalls.awaitWakeUp(wakeUp) } while queue.drain(&exiting)
    }
}
