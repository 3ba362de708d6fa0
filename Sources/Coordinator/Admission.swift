package import Registry

/// Who may connect, and how many refusals of one user are written down.
package struct Admission: Sendable {
    package typealias Limits = AdmissionLimits

    private struct Window {
        var start: Int64
        var count = 0
        var suppressed: Event.Suppressed?
    }

    package var limits: Limits
    package private(set) var connections = 0
    private var connectionsByUser: [UInt32: Int] = [:]
    private var refusals: [UInt32: Window] = [:]

    private static let second: Int64 = 1_000_000

    init(limits: Limits) { self.limits = limits }

    /// Counts a new connection, unless there are too many.
    mutating func connect(uid: UInt32) -> Bool {
        guard connections < limits.connections,
            connectionsByUser[uid, default: 0] < limits.connectionsPerUser
        else { return false }
        connections += 1
        connectionsByUser[uid, default: 0] += 1
        return true
    }

    mutating func disconnect(uid: UInt32) {
        connections -= 1
        let rest = connectionsByUser[uid, default: 1] - 1
        connectionsByUser[uid] = rest > 0 ? rest : nil
    }

    /// Whether one more refusal of this user is written down; one that is not is counted.
    package mutating func mayRecordRefusal(uid: UInt32, reason: Refusal, at now: Int64) -> Bool {
        var window = refusals[uid] ?? Window(start: now)
        defer { refusals[uid] = window }
        if now - window.start >= Self.second, window.suppressed == nil {
            window = Window(start: now)
        }
        if window.count < limits.refusalsPerSecond {
            window.count += 1
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

    /// Whether the next refusal of this user would only be counted.
    func isExhausted(uid: UInt32, at now: Int64) -> Bool {
        guard let window = refusals[uid], window.count >= limits.refusalsPerSecond else {
            return false
        }
        return window.suppressed != nil || now - window.start < Self.second
    }

    /// When the next `requests.suppressed` is due; nil when nothing was suppressed.
    var nextSuppression: Int64? {
        refusals.values.compactMap { $0.suppressed == nil ? nil : $0.start + Self.second }.min()
    }

    /// What was suppressed in seconds that are over, in the order of the users.
    mutating func takeSuppressed(at now: Int64) -> [Event.Suppressed] {
        var taken: [Event.Suppressed] = []
        for uid in refusals.keys.sorted() {
            guard let window = refusals[uid], now - window.start >= Self.second else { continue }
            if let suppressed = window.suppressed { taken.append(suppressed) }
            refusals[uid] = nil
        }
        return taken
    }
}
