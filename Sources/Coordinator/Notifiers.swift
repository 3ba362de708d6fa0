import Registry

/// The session that each registration was made or resumed by, where its end is told. It is not in
/// the log: after a restart the sessions say so themselves.
struct Notifiers: Sendable {
    private var sessions: [SocketNumber: SessionID] = [:]
    /// What the changes since the last `settle` replaced, in their order.
    private var replaced: [(socket: SocketNumber, session: SessionID?)] = []

    var count: Int { sessions.count }

    subscript(socket: SocketNumber) -> SessionID? {
        get { sessions[socket] }
        set {
            replaced.append((socket, sessions[socket]))
            sessions[socket] = newValue
        }
    }

    /// The batch is durable, or has nothing that could be lost.
    mutating func settle() { replaced.removeAll(keepingCapacity: true) }

    /// The batch did not happen.
    mutating func revert() {
        for (socket, session) in replaced.reversed() { sessions[socket] = session }
        replaced.removeAll(keepingCapacity: true)
    }
}
