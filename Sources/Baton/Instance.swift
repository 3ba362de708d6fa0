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
