internal import Transport
internal import Wire

/// The library in one process: a child made by fork(2) has one of its own, with a new nonce.
final class Instance: Sendable {
    let session: ForkSafeLock<Session>
    private let worker = ForkSafeLock<Worker?>(nil)

    init(path: String, retryLimitMilliseconds: Int64) {
        session = ForkSafeLock(
            Session(path: path, role: .peer, retryLimitMilliseconds: retryLimitMilliseconds))
    }

    /// A thread may still have the session: there is nobody for whom it would go on.
    deinit {
        session.withLock { $0.leave() }
    }

    /// For what may leave confirms behind. Whoever asks for one socket after the other learns of
    /// each by the next answer; a thread is for the last.
    func withSession<R: ~Copyable>(
        _ body: (inout Session) throws(BatonError) -> R
    ) throws(BatonError) -> R {
        try session.withLock { (session) throws(BatonError) in
            defer { settleLater(&session) }
            return try body(&session)
        }
    }

    private func settleLater(_ session: inout Session) {
        guard !session.isSettling, !session.confirms.confirms.isEmpty else { return }
        do throws(Errno) {
            try ConfirmThread.start(for: self.session, session.confirms)
            session.isSettling = true
        } catch {
            // Without a thread they wait for the program's next call.
        }
    }

    /// Waits until all confirms are acknowledged, for a limited time, and leaves the coordinator.
    /// Whether they are.
    func settleAndLeave(withinMilliseconds limit: Int64) -> Bool {
        defer { session.withLock { $0.leave() } }
        let end = Clock.bootMicroseconds() + 1000 * limit
        var pause: Int64 = 1
        while !session.withLock({ $0.settleConfirms() }) {
            guard Clock.bootMicroseconds() < end else { return false }
            Clock.sleep(milliseconds: pause)
            pause = min(2 * pause, ConfirmThread.firstPauseMilliseconds)
        }
        return true
    }

    /// In a child: closes its descriptor of the parent's connection, where no thread of the parent
    /// was in a call at the fork. Otherwise it stays open, unused, until an execve(2).
    func abandon() {
        _ = session.withLockIfAvailable { $0.disconnect() }
    }

    /// Runs a job on this instance's thread, which starts with the first.
    func run(_ job: @escaping @Sendable () -> Void) throws(BatonError) {
        do throws(Errno) {
            try worker.withLock { (worker) throws(Errno) in
                if worker == nil { worker = try Worker() }
                worker?.add(job)
            }
        } catch {
            throw .systemFailure(error, doing: "starting a thread")
        }
    }
}
