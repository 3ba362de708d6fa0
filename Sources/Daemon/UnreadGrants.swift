import Registry
import Transport

/// Counts the grants that were sent and are not known to have been received.
///
/// Until it is received, a descriptor counts as one in flight of the coordinator's own user, and
/// the kernel lets that user have as many of them as descriptors: one user that does not read
/// would leave the others without theirs. What a client says of it proves nothing, so only the
/// kernel is asked, and only when a user has reached its limit.
///
/// unix(7), ETOOMANYREFS
struct UnreadGrants {
    /// Of all descriptors that may be in flight each user has this part: as much as connections
    /// have of those that may be open.
    private static let part: UInt64 = 16
    /// No message takes less of the kernel's memory, so that many messages without a descriptor
    /// behind a few with one are not taken for as many grants.
    private static let messageByteCountMinimum = 512
    /// How often those that have ended are looked at.
    private static let lookMicroseconds: Int64 = 1_000_000
    /// How often the service's log is told who has most.
    private static let noteMicroseconds: Int64 = 1_000_000

    let limitPerUser: Int
    /// Those that have some, by user.
    private var connections: [UInt32: [ClientConnection]] = [:]
    /// Those among them that have ended. Closing them would not take back what is in the other
    /// end's queue, but nobody could tell any more when that has been received: they stay open
    /// until then.
    private var ended: [ClientConnection] = []
    /// When to look at those.
    private(set) var nextLook: Int64?
    private var noted: Int64?

    init(descriptorLimit: UInt64) {
        limitPerUser = max(1, Int(clamping: descriptorLimit / Self.part))
    }

    /// Whether a user may be granted one more, those included that this batch will send.
    mutating func hasRoom(for user: UserShare, inBatch batch: UInt64) -> Bool {
        let promised = user.promisedGrants(inBatch: batch)
        if user.unreadGrants + promised < limitPerUser { return true }
        count(user.uid)
        return user.unreadGrants + promised < limitPerUser
    }

    /// Whether an earlier grant of this handoff on this connection has not been received: one more
    /// would bring its reader nothing.
    mutating func hasUnread(_ handoff: HandoffNumber, on client: ClientConnection) -> Bool {
        guard client.unansweredGrants.contains(handoff) else { return false }
        count(client)
        forgetRead(client.user.uid)
        return client.unreadGrants > 0
    }

    mutating func noteSent(_ handoff: HandoffNumber, to client: ClientConnection) {
        if client.unreadGrants == 0 { connections[client.user.uid, default: []].append(client) }
        client.unreadGrants += 1
        client.user.unreadGrants += 1
        client.unansweredGrants.insert(handoff)
    }

    /// Keeps the connection of one that has ended open, as long as there is something unread.
    mutating func noteEnd(of client: ClientConnection, at time: Int64) throws(Errno) {
        guard client.unreadGrants > 0 else { return }
        count(client)
        forgetRead(client.user.uid)
        guard client.unreadGrants > 0 else { return }
        ended.append(client)
        if nextLook == nil { nextLook = time + Self.lookMicroseconds }
        try client.connection.shutDown()
    }

    /// Closes those that have ended of which all has been received. Returns their users.
    mutating func closeRead(at time: Int64) -> [UserShare] {
        guard let nextLook, time >= nextLook else { return [] }
        for client in ended { count(client) }
        let read = ended.filter { $0.unreadGrants == 0 }.map(\.user)
        ended.removeAll { $0.unreadGrants == 0 }
        for user in read { forgetRead(user.uid) }
        self.nextLook = ended.isEmpty ? nil : time + Self.lookMicroseconds
        return read
    }

    /// Whether the service's log may be told again.
    mutating func mayNote(at time: Int64) -> Bool {
        if let noted, time - noted < Self.noteMicroseconds { return false }
        noted = time
        return true
    }

    /// The user who has most.
    mutating func most() -> UserShare? {
        for uid in connections.keys.sorted() { count(uid) }
        return connections.values.compactMap { $0.first?.user }
            .max { ($0.unreadGrants, $1.uid) < ($1.unreadGrants, $0.uid) }
    }

    private mutating func count(_ uid: UInt32) {
        for client in connections[uid] ?? [] { count(client) }
        forgetRead(uid)
    }

    private func count(_ client: ClientConnection) {
        let waiting: Int
        do throws(Errno) {
            let bytes = try client.connection.unreadByteCount()
            let message = Self.messageByteCountMinimum
            waiting = min(client.unreadGrants, (bytes + message - 1) / message)
        } catch {
            // A kernel that does not tell has no number that could ever fall again.
            waiting = 0
        }
        client.user.unreadGrants -= client.unreadGrants - waiting
        client.unreadGrants = waiting
        if waiting == 0 { client.unansweredGrants.removeAll() }
    }

    private mutating func forgetRead(_ uid: UInt32) {
        connections[uid]?.removeAll { $0.unreadGrants == 0 }
        if connections[uid]?.isEmpty ?? false { connections[uid] = nil }
    }
}
