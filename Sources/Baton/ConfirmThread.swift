internal import Transport

/// Sees to it that the confirms of one instance become durable, also when the coordinator was
/// replaced and the program says nothing more. Ends when they are, and when the client is gone,
/// which gives them up.
///
/// It holds no lock while it sleeps: a child made by fork(2) has no such thread, and what it would
/// say is not the child's to say.
struct ConfirmThread: Sendable {
    /// How long the program may be silent before it is asked whether a confirm is durable. A
    /// program that asks for more in time learns it by the way.
    static let quietMilliseconds: Int64 = 1000
    /// Between two steps at first, and at last where no coordinator comes back.
    static let firstPauseMilliseconds: Int64 = 20
    static let longestPauseMilliseconds: Int64 = 10_000

    private let session: ForkSafeLock<Session>
    /// The handoff of the oldest confirm.
    private let first: UInt64?

    /// `confirms` are those of the session, which the caller has locked.
    static func start(
        for session: ForkSafeLock<Session>, _ confirms: UnacknowledgedConfirms
    ) throws(Errno) {
        let thread = ConfirmThread(session: session, first: confirms.confirms.first?.handoff)
        try Threads.start { thread.run() }
    }

    private func run() {
        var oldest = first
        var pause = Self.quietMilliseconds
        while true {
            Clock.sleep(milliseconds: pause)
            let isSettled = session.withLock { session in
                let present = session.confirms.confirms.first?.handoff
                if present != oldest {
                    // It is younger than the last look: the program is busy.
                    (oldest, pause) = (present, Self.quietMilliseconds)
                } else if !session.settleConfirms() {
                    pause =
                        pause == Self.quietMilliseconds
                        ? Self.firstPauseMilliseconds
                        : min(2 * pause, Self.longestPauseMilliseconds)
                }
                session.isSettling = !session.confirms.confirms.isEmpty
                return !session.isSettling
            }
            if isSettled { return }
        }
    }
}
