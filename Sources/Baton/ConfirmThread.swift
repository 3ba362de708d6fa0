internal import Transport

/// Sees to it that the confirms of one instance become durable, also when the coordinator was
/// replaced and the program says nothing more. Ends when they are, and when the client is gone.
///
/// It holds nothing while it sleeps: a child made by fork(2) has no such thread, and what it would
/// say is not the child's to say.
struct ConfirmThread: Sendable {
    /// How long the program may be silent before it is asked whether a confirm is durable. A
    /// program that asks for more in time learns it by the way.
    static let quietMilliseconds: Int64 = 1000
    /// Between two steps at first, and at last where no coordinator comes back.
    static let firstPauseMilliseconds: Int64 = 20
    static let longestPauseMilliseconds: Int64 = 10_000

    private weak let instance: Instance?
    /// The handoff of the oldest confirm.
    private let first: UInt64?

    static func start(for instance: Instance, _ confirms: UnacknowledgedConfirms) throws(Errno) {
        let thread = ConfirmThread(instance: instance, first: confirms.confirms.first?.handoff)
        try Threads.start { thread.run() }
    }

    private init(instance: Instance, first: UInt64?) {
        self.instance = instance
        self.first = first
    }

    private func run() {
        var oldest = first
        var pause = Self.quietMilliseconds
        while true {
            Clock.sleep(milliseconds: pause)
            guard let instance else { return }
            let isSettled = instance.session.withLock { session in
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
