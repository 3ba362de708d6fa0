/// For whom the leader of the loop makes no call that can wait, for a while: each kind of call has
/// its own.
struct LeaderPauses {
    /// Who has made all others wait does so for a hundredth of the time at most.
    static let ofWait: Int64 = 100
    /// All users together for a tenth of the time at most.
    static let ofAllWaits: Int64 = 10
    /// A longer wait was the whole process's, that was stopped.
    static let waitMaximum: Int64 = 1_000_000
    /// So many users are known by number; beyond them nobody is waited for.
    static let usersMaximum = 1024

    /// Until when.
    private var ends: [UInt32: Int64] = [:]
    private var endForAll: Int64 = 0

    mutating func note(_ uid: UInt32, from start: Int64, to end: Int64) {
        let wait = min(end - start, Self.waitMaximum)
        pause(uid, until: end + wait * Self.ofWait)
        endForAll = max(endForAll, end + wait * Self.ofAllWaits)
    }

    /// For one who has made nobody wait, but would have.
    mutating func pause(_ uid: UInt32, until end: Int64) {
        ends[uid] = max(ends[uid] ?? 0, end)
    }

    mutating func mayWait(for uid: UInt32, at now: @autoclosure () -> Int64) -> Bool {
        if ends.isEmpty { return true }
        let time = now()
        if time < endForAll { return false }
        if let end = ends[uid], time < end { return false }
        ends[uid] = nil
        if ends.count >= Self.usersMaximum { ends = ends.filter { $0.value > time } }
        return ends.count < Self.usersMaximum
    }
}
