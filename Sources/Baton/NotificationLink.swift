internal import Transport
package import Winsock
internal import Wire

/// Registers for the network events of shared sockets, and learns when another process takes a
/// registration over. Each socket has one, whichever of its descriptors it was made through.
///
/// It has a connection of its own, because its coordinator speaks unasked. Any number of threads
/// can use it; one of them waits for `descriptor()` and calls `readPushes()`. A child made by
/// fork(2) begins with none of its parent's registrations.
///
/// Winsock: WSAEventSelect, WSAAsyncSelect.
package final class NotificationLink: Sendable {
    private let instance: ProcessLocal<NotificationInstance>

    /// Does not connect. `retryLimitMilliseconds` is how long a call goes on looking for a
    /// coordinator that was there.
    package init(
        socketPath: String,
        retryLimitMilliseconds: Int64 = Client.defaultRetryLimitMilliseconds
    ) {
        instance = ProcessLocal(
            make: {
                NotificationInstance(
                    path: socketPath, retryLimitMilliseconds: retryLimitMilliseconds)
            },
            abandon: { $0.abandon() })
    }

    /// The number of a descriptor that is readable whenever `readPushes()` has something to do. It
    /// stays the same until the process forks: the child has another. So has a program that closed
    /// or replaced it. To be waited for only.
    ///
    /// epoll(7)
    package func descriptor() throws(BatonError) -> Int32 {
        try instance.content.withState { (state) throws(BatonError) in
            try state.watched().number
        }
    }

    /// Cancels whatever registration the socket has, in whatever process, and makes one for these
    /// events, of which there must be one at least. Waits for the answer.
    ///
    /// Returns the number of the registration: `readPushes()` names it when it has been cancelled.
    /// Throws the coordinator's refusal, `.noBufferSpace` beyond its limits; `.notASocket`;
    /// `.networkDown` where none answers.
    ///
    /// Winsock: WSAEventSelect.
    @discardableResult
    package func select(
        descriptor number: Int32, events: NetworkEvents
    ) throws(BatonError) -> UInt64 {
        precondition(!events.isEmpty, "a registration for nothing is a cancellation")
        return try perform(number, events)
    }

    /// Cancels whatever registration the socket has, in whatever process.
    ///
    /// Winsock: WSAEventSelect with lNetworkEvents 0.
    package func cancel(descriptor number: Int32) throws(BatonError) {
        _ = try perform(number, [])
    }

    /// The caller has closed its last descriptor of the socket, or does not care any more: nothing
    /// is told of it from here on. The coordinator learns of it by `Client.reportClosed(cookie:)`.
    ///
    /// Winsock: closesocket.
    package func forget(cookie: UInt64) {
        instance.content.withState { state in
            _ = state.session.registrations.remove(cookie: cookie)
            state.session.registrations.forgetCancelled(cookie: cookie)
        }
    }

    /// The registrations that have ended since the last call, but for those that this process
    /// replaced, cancelled or forgot. Waits for nothing but other threads' calls. Where the
    /// coordinator was restarted it connects again and asks which of them still stand, as often as
    /// it takes: the answers are told by later calls.
    package func readPushes() -> [CancelledRegistration] {
        instance.content.withState { state in
            state.watch?.drain()
            state.session.poll()
            return state.session.registrations.takeCancelled()
        }
    }

    private func perform(
        _ number: Int32, _ events: NetworkEvents
    ) throws(BatonError) -> UInt64 {
        try instance.content.withState { (state) throws(BatonError) in
            _ = try state.watched()
            return try state.session.select(BorrowedDescriptor(number), events: events)
        }
    }
}

/// The link in one process.
final class NotificationInstance: Sendable {
    struct State: ~Copyable, Sendable {
        var session: Session
        var watch: ConnectionWatch?
        private var pauses = Backoff(limitMilliseconds: .max)

        init(path: String, retryLimitMilliseconds: Int64) {
            session = Session(
                path: path, role: .notifications, retryLimitMilliseconds: retryLimitMilliseconds)
        }

        mutating func watched() throws(BatonError) -> ConnectionWatch {
            if let watch, !watch.isLost { return watch }
            if watch != nil {
                // A connection belongs to the watch that has it.
                session.watch = nil
                session.disconnect()
            }
            do throws(Errno) {
                let made = try ConnectionWatch()
                watch = made
                session.watch = made
                return made
            } catch {
                throw .systemFailure(error, doing: "making a descriptor to wait for")
            }
        }

        /// Sees to it that whoever waits is woken for what is left to do.
        mutating func arm() {
            guard let watch else { return }
            if session.registrations.hasCancelled { watch.signal() }
            if session.needsConnection {
                watch.wake(afterMilliseconds: pauses.next() ?? Backoff.longestPauseMilliseconds)
            } else if session.isSettled {
                watch.wake(afterMilliseconds: nil)
                pauses = Backoff(limitMilliseconds: .max)
            }
        }
    }

    private let state: ForkSafeLock<State>

    init(path: String, retryLimitMilliseconds: Int64) {
        state = ForkSafeLock(State(path: path, retryLimitMilliseconds: retryLimitMilliseconds))
    }

    func withState<R: ~Copyable, E: Error>(
        _ body: (inout State) throws(E) -> R
    ) throws(E) -> R {
        try state.withLock { (state) throws(E) in
            defer { state.arm() }
            return try body(&state)
        }
    }

    /// In a child: closes its descriptors of the parent's connection, where no thread of the parent
    /// was in a call at the fork. What the parent waits for is left as it is.
    func abandon() {
        _ = state.withLockIfAvailable { state in
            state.session.watch = nil
            state.watch = nil
            state.session.disconnect()
        }
    }
}
