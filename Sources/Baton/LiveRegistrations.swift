/// A registration of network events that was this process's, and ended without its doing.
package struct CancelledRegistration: Sendable, Hashable {
    /// Of the socket. socket(7), SO_COOKIE.
    package var cookie: UInt64
    /// What `NotificationLink.select` returned.
    package var registration: UInt64
}

/// The registrations that stand as far as is known, and what is to be done about them after the
/// connection broke.
struct LiveRegistrations: Sendable {
    /// How many are asked about before the first answer is in. The coordinator drops a client that
    /// does not read its answers, so they must fit into the connection.
    static let resumeCountMaximum = 32

    private var numbers: [UInt64: UInt64] = [:]
    private var cancelled: [CancelledRegistration] = []
    private var unresumed: [UInt64] = []
    private var unansweredCount = 0

    var isEmpty: Bool { numbers.isEmpty }
    var hasCancelled: Bool { !cancelled.isEmpty }
    /// Whether all of them are known to stand.
    var isResumed: Bool { unresumed.isEmpty && unansweredCount == 0 }

    /// The registration of this socket is about to be replaced: word of its end is not wanted.
    mutating func remove(cookie: UInt64) -> UInt64? {
        numbers.removeValue(forKey: cookie)
    }

    mutating func insert(_ registration: UInt64, cookie: UInt64) {
        numbers[cookie] = registration
        forgetCancelled(cookie: cookie)
    }

    mutating func forgetCancelled(cookie: UInt64) {
        cancelled.removeAll { $0.cookie == cookie }
    }

    mutating func cancel(cookie: UInt64) {
        guard let number = numbers.removeValue(forKey: cookie) else { return }
        cancelled.append(CancelledRegistration(cookie: cookie, registration: number))
    }

    mutating func takeCancelled() -> [CancelledRegistration] {
        defer { cancelled.removeAll() }
        return cancelled
    }

    // MARK: - After a connection

    mutating func loseConnection() {
        unresumed = numbers.keys.sorted(by: >)
        unansweredCount = 0
    }

    /// The next one to ask about, unless too many answers are to come.
    mutating func nextToResume() -> CancelledRegistration? {
        guard unansweredCount < Self.resumeCountMaximum else { return nil }
        while let cookie = unresumed.popLast() {
            guard let number = numbers[cookie] else { continue }
            unansweredCount += 1
            return CancelledRegistration(cookie: cookie, registration: number)
        }
        return nil
    }

    mutating func takeAnswer() { unansweredCount = max(0, unansweredCount - 1) }
}
