import Wire

/// What the coordinator knows of one connection.
struct Session: Sendable {
    let id: SessionID
    /// Counts the sessions, the oldest first.
    let number: UInt64
    /// The user at connect, to whom connections and refusals are charged.
    let uid: UInt32
    /// Its place in the admission's table.
    let user: Int
    /// As its startup said; nil before that.
    var role: Request.Startup.Role?
    var nonce: UInt64 = 0
    /// Frames without an answer that have been worked off.
    var acknowledged: UInt64 = 0
    /// The batch that holds the latest of them.
    var unsettledBatch: UInt64 = 0
}
