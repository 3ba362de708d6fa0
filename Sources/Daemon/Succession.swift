import Synchronization
import Transport

/// Lets the thread of the loop make a call that may not return: another thread, the follower, sees
/// when one has not, and is the leader from there on. Whoever was kept in the call finds out when
/// it returns, and touches nothing of the loop any more.
///
/// So the usual call, which returns at once, costs no more than itself: a thread that it is given
/// to would have to be woken for each. The follower sleeps while no such call is made.
final class Succession: Sendable {
    private enum Bounds {
        /// A call that is seen at two looks this far apart is not waited for: all others wait once
        /// to twice as long. The follower wakes as often as long as such calls are made.
        static let patienceMilliseconds: Int32 = 40
    }

    /// All others have waited for no longer than this, while they can run, when another thread
    /// leads on.
    static let waitMaximum = 2 * Int64(Bounds.patienceMilliseconds) * 1000

    private struct State: Sendable {
        /// Leads from where the call began. Nil once the loop is over.
        var lead: (@Sendable () -> Void)?
        var outcome: Result<Void, DaemonError>?
    }

    private let state = Mutex(State())
    /// The number of the call that the leader is in, 0 when in none.
    private let call = Atomic<UInt64>(0)
    private let lastCall = Atomic<UInt64>(0)
    /// Whether the follower will look by itself, so that it need not be woken.
    private let isWatched = Atomic<Bool>(false)
    private let hasFollower = Atomic<Bool>(false)
    private let wakeUp: EventDescriptor
    private let over: EventDescriptor

    init() throws(Errno) {
        wakeUp = try EventDescriptor()
        over = try EventDescriptor()
    }

    /// Says how a follower leads; it is called on the follower's thread, and returns at the end.
    func prepare(_ lead: @escaping @Sendable () -> Void) {
        state.withLock { $0.lead = lead }
    }

    // MARK: - For the leader

    /// Before a call that may not return. Nil where nobody could go on instead: then it must not be
    /// made.
    func begin() -> UInt64? {
        guard hasFollower.load(ordering: .relaxed) || startFollower() else { return nil }
        let number = lastCall.wrappingAdd(1, ordering: .relaxed).newValue
        call.store(number, ordering: .sequentiallyConsistent)
        if !isWatched.load(ordering: .sequentiallyConsistent) {
            isWatched.store(true, ordering: .sequentiallyConsistent)
            wakeUp.signal()
        }
        return number
    }

    /// After it. False when another thread is the leader since.
    func end(_ number: UInt64) -> Bool {
        call.compareExchange(expected: number, desired: 0, ordering: .sequentiallyConsistent)
            .exchanged
    }

    /// The loop is over: who waits for that is told, and the follower ends.
    func finish(_ outcome: Result<Void, DaemonError>) {
        state.withLock { state in
            state.lead = nil
            state.outcome = outcome
        }
        wakeUp.signal()
        over.signal()
    }

    /// For who was the leader: waits until the loop is over.
    func outcome() throws(DaemonError) {
        while true {
            if let outcome = state.withLock({ $0.outcome }) { return try outcome.get() }
            _ = over.wait()
        }
    }

    // MARK: - The follower

    /// False for want of memory.
    private func startFollower() -> Bool {
        do throws(Errno) {
            try Threads.start { self.follow() }
            hasFollower.store(true, ordering: .relaxed)
            return true
        } catch {
            return false
        }
    }

    private func follow() {
        while isNeeded {
            _ = wakeUp.wait()
            wakeUp.drain()
            if watch() { return }
        }
    }

    /// Looks as long as such calls are made. Whether this thread has led, and all is over.
    private func watch() -> Bool {
        var seen = call.load(ordering: .sequentiallyConsistent)
        while isNeeded {
            let isWoken = wakeUp.wait(milliseconds: Bounds.patienceMilliseconds)
            if isWoken { wakeUp.drain() }
            let number = call.load(ordering: .sequentiallyConsistent)
            if !isWoken, number != 0, number == seen, end(number) {
                lead()
                return true
            }
            if !isWoken, number == 0 {
                isWatched.store(false, ordering: .sequentiallyConsistent)
                // Whoever calls from here on wakes this thread; a call of just before is watched.
                guard call.load(ordering: .sequentiallyConsistent) != 0 else { return false }
                isWatched.store(true, ordering: .sequentiallyConsistent)
            }
            seen = number
        }
        return false
    }

    private var isNeeded: Bool { state.withLock { $0.lead != nil } }

    private func lead() {
        hasFollower.store(false, ordering: .relaxed)
        isWatched.store(false, ordering: .sequentiallyConsistent)
        let lead = state.withLock { $0.lead }
        lead?()
    }
}
