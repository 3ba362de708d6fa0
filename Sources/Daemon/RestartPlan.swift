import Transport

/// What a keeper does after a coordinator has ended: makes another, after a pause that grows while
/// they end quickly, or ends as it did.
struct RestartPlan {
    /// All bounds of the plan, in one place.
    enum Bounds {
        /// A coordinator that served for so long has not ended quickly.
        static let quickMicroseconds: Int64 = 1_000_000
        /// So many in a row may end quickly: some nine seconds of trying, and whatever makes them
        /// end is not going away by itself.
        static let quickEnds = 10
        /// After the second of them, doubling from then on; the first is replaced at once.
        static let firstPauseMicroseconds: Int64 = 50_000
        static let longestPauseMicroseconds: Int64 = 2_000_000
        /// Statuses of a program that was started wrongly, or whose log is damaged: trying again
        /// changes nothing.
        static let refusingCodes: Set<Int32> = [2, 4, 5]
        /// The status of a coordinator that cannot write its log for want of room, or because
        /// another program holds its lock. That may pass at any time and is not waited for in vain:
        /// all that is in escrow would be lost.
        static let unwrittenCode: Int32 = 7
        static let unwrittenPauseMicroseconds: Int64 = 1_000_000
        /// What shells add to the number of the signal that ended a program.
        static let signalCode: Int32 = 128
    }

    enum Step: Equatable {
        case end(code: Int32)
        case restart(afterMicroseconds: Int64)
    }

    /// How a coordinator ended.
    struct End {
        var status: ExitStatus
        var hasServed: Bool
        var livedMicroseconds: Int64
        /// It was told to stop.
        var isWanted: Bool
    }

    private var hasEverServed: Bool
    private var quickEnds = 0

    /// - Parameter hasEverServed: whether a coordinator before the first of this plan did.
    init(hasEverServed: Bool = false) { self.hasEverServed = hasEverServed }

    mutating func next(after end: End) -> Step {
        if end.hasServed { hasEverServed = true }
        if end.isWanted || end.status == .code(0) { return .end(code: Self.code(end.status)) }
        if case .code(let code) = end.status, !end.hasServed,
            !hasEverServed || Bounds.refusingCodes.contains(code)
        {
            return .end(code: code)
        }
        if end.status == .code(Bounds.unwrittenCode) {
            return .restart(afterMicroseconds: Bounds.unwrittenPauseMicroseconds)
        }
        let isQuick = !end.hasServed || end.livedMicroseconds < Bounds.quickMicroseconds
        quickEnds = isQuick ? quickEnds + 1 : 0
        guard quickEnds <= Bounds.quickEnds else { return .end(code: Self.code(end.status)) }
        guard quickEnds > 1 else { return .restart(afterMicroseconds: 0) }
        return .restart(afterMicroseconds: Self.pause(after: quickEnds - 1))
    }

    /// How long to wait after so many failures in a row.
    static func pause(after failures: Int) -> Int64 {
        precondition(failures > 0, "There is no pause before the first failure.")
        let doublings = Int64(min(failures - 1, 16))
        return min(Bounds.firstPauseMicroseconds << doublings, Bounds.longestPauseMicroseconds)
    }

    private static func code(_ status: ExitStatus) -> Int32 {
        switch status {
        case .code(let code): code
        case .signal(let signal): Bounds.signalCode + signal
        }
    }
}
