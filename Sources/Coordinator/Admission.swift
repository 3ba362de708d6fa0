package import Registry

/// Who may connect, how much one user may ask for in a second, and how many refusals of it are
/// written down.
package struct Admission: Sendable {
    package typealias Limits = AdmissionLimits

    /// Places for users: found once, when one connects, so that no request looks one up.
    private struct User {
        var uid: UInt32
        var connections = 0
        var requests = Count()
    }

    /// What there was of something in the present second.
    private struct Count {
        var start: Int64 = .min
        var number = 0

        mutating func turn(at now: Int64) {
            guard start == .min || now - start >= Admission.second else { return }
            start = now
            number = 0
        }
    }

    private struct Window {
        var start: Int64
        var count = 0
        var suppressed: Event.Suppressed?
    }

    package var limits: Limits
    /// Like root, it may take the connections that are reserved.
    private let ownUID: UInt32
    /// Nothing can be written: refusals are counted, and told when there is room again.
    package var isStoreFull = false
    package private(set) var connections = 0
    /// Those of everybody but administrators, who take theirs of the reserve first.
    private var connectionsOfOthers = 0
    private var users: [User] = []
    private var places: [UInt32: Int] = [:]
    private var requests = Count()
    private var refusals: [UInt32: Window] = [:]
    private var written = Count()

    package var placeCount: Int { users.count }

    private static let second: Int64 = 1_000_000
    /// Refusals of each user in a second that are written also when the others' have used up what
    /// all of them may: whoever is refused now and then is not dropped for what others do.
    private static let refusalsForCertain = 1

    /// What each user may ask in a second though the others have used up what all may: this part
    /// of it.
    private static let certainPart = 1000

    init(limits: Limits, ownUID: UInt32) {
        self.limits = limits
        self.ownUID = ownUID
    }

    // MARK: - Connections

    /// Counts a new connection and gives its user's place, unless there are too many.
    mutating func connect(uid: UInt32) -> Int? {
        let isOther = !isAdministrator(uid)
        guard connections < limits.connections else { return nil }
        guard !isOther || connectionsOfOthers < limits.connectionsForAll else { return nil }
        let place = place(of: uid)
        guard users[place].connections < limits.connectionsPerUser else { return nil }
        connections += 1
        if isOther { connectionsOfOthers += 1 }
        users[place].connections += 1
        return place
    }

    /// Of whom a user gets a connection when none is left: of the one who has most of them, if that
    /// has at least two more, so that nobody has more for it than the one who gave. To an
    /// administrator one is given in any case, and never one of an administrator.
    func giver(to uid: UInt32) -> UInt32? {
        let own = places[uid].map { users[$0].connections } ?? 0
        guard own < limits.connectionsPerUser else { return nil }
        let least = isAdministrator(uid) ? 0 : own + 1
        var giver: User?
        for user in users where user.connections > giver?.connections ?? least {
            if !isAdministrator(user.uid) { giver = user }
        }
        return giver?.uid
    }

    private func isAdministrator(_ uid: UInt32) -> Bool { uid == 0 || uid == ownUID }

    /// The place stays the user's for a while: who connects anew has not asked less.
    mutating func disconnect(user place: Int) {
        connections -= 1
        if !isAdministrator(users[place].uid) { connectionsOfOthers -= 1 }
        users[place].connections -= 1
    }

    private mutating func place(of uid: UInt32) -> Int {
        if let place = places[uid] { return place }
        // There are fewer connections than places, so one of the places is idle.
        if users.count > limits.connections,
            let idle = users.firstIndex(where: { $0.connections == 0 })
        {
            places[users[idle].uid] = nil
            users[idle] = User(uid: uid)
            places[uid] = idle
            return idle
        }
        users.append(User(uid: uid))
        places[uid] = users.count - 1
        return users.count - 1
    }

    // MARK: - Requests

    /// Counts a request that wants an answer, unless its user or all of them have asked for too
    /// much in this second.
    mutating func request(user place: Int, at now: Int64) -> Bool {
        requests.turn(at: now)
        users[place].requests.turn(at: now)
        let own = users[place].requests.number
        guard own < limits.requestsPerSecond else { return false }
        guard
            requests.number < limits.requestsPerSecondOfAll
                || own < max(1, limits.requestsPerSecondOfAll / Self.certainPart)
        else { return false }
        requests.number += 1
        users[place].requests.number += 1
        return true
    }

    // MARK: - Refusals

    /// Whether one more refusal of this user is written down; one that is not is counted.
    package mutating func mayRecordRefusal(uid: UInt32, reason: Refusal, at now: Int64) -> Bool {
        var window = refusals[uid] ?? Window(start: now)
        defer { refusals[uid] = window }
        if now - window.start >= Self.second, window.suppressed == nil {
            window = Window(start: now)
        }
        written.turn(at: now)
        if hasRoom(window) {
            window.count += 1
            written.number += 1
            return true
        }
        if window.suppressed == nil {
            window.suppressed = Event.Suppressed(
                uid: uid, count: 0, first: now, last: now, reason: reason)
        }
        window.suppressed?.count += 1
        window.suppressed?.last = now
        return false
    }

    private func hasRoom(_ window: Window) -> Bool {
        guard !isStoreFull, window.suppressed == nil, window.count < limits.refusalsPerSecond else {
            return false
        }
        return window.count < Self.refusalsForCertain
            || written.number < limits.refusalsPerSecondOfAll
    }

    /// Whether the next refusal of this user would only be counted.
    func isExhausted(uid: UInt32, at now: Int64) -> Bool {
        guard let window = refusals[uid] else { return false }
        if window.suppressed != nil { return true }
        return window.count >= limits.refusalsPerSecond && now - window.start < Self.second
    }

    /// When the next `requests.suppressed` is due; nil when nothing was suppressed.
    var nextSuppression: Int64? {
        guard !isStoreFull else { return nil }
        return refusals.values.compactMap { $0.suppressed == nil ? nil : $0.start + Self.second }
            .min()
    }

    /// What was suppressed in seconds that are over, or in all when nobody will ask again; in the
    /// order of the users.
    mutating func takeSuppressed(at now: Int64, isLast: Bool = false) -> [Event.Suppressed] {
        guard !isStoreFull else { return [] }
        var taken: [Event.Suppressed] = []
        for uid in refusals.keys.sorted() {
            guard let window = refusals[uid], isLast || now - window.start >= Self.second else {
                continue
            }
            if let suppressed = window.suppressed { taken.append(suppressed) }
            refusals[uid] = nil
        }
        return taken
    }
}
