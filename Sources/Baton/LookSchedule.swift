/// When to look again at sockets of which nothing tells that another process has received from
/// them, or accepted: soon after an event was recorded, and then ever more rarely.
struct LookSchedule: Sendable {
    /// A process that was told of an event mostly reacts within this, and so does the other one
    /// that it asks to receive. Microseconds.
    static let shortestPause: Int64 = 1_000
    /// What stays in the queue for longer is of no hurry, and looking must cost nothing that shows:
    /// eight looks a second. Microseconds.
    static let longestPause: Int64 = 128_000

    /// However many sockets there are, their looks take no more than a tenth or so of a processor:
    /// one takes some ten microseconds, and this passes after it. Microseconds.
    static let restAfterLook: Int64 = 100
    /// In one go, so that those who call are not held up. No socket is forgotten: those that are
    /// due longest come first.
    static let lookCountMaximum = 64

    private var looks: [UInt64: (due: Int64, pause: Int64)] = [:]
    private var restUntil: Int64 = 0

    /// When to look next, in microseconds of the clock.
    var next: Int64? { looks.values.map(\.due).min().map { max($0, restUntil) } }

    func isPlanned(_ cookie: UInt64) -> Bool { looks[cookie] != nil }

    func due(of cookie: UInt64) -> Int64? { looks[cookie].map { max($0.due, restUntil) } }

    /// Whether all shorter pauses were made since the event.
    func isPatienceOver(_ cookie: UInt64) -> Bool {
        looks[cookie].map { $0.pause >= Self.longestPause } ?? false
    }

    /// Those to look at now, in the order in which they are due.
    mutating func take(at now: Int64) -> [UInt64] {
        guard now >= restUntil else { return [] }
        let due = looks.filter { $0.value.due <= now }
            .sorted { ($0.value.due, $0.key) < ($1.value.due, $1.key) }
            .prefix(Self.lookCountMaximum).map(\.key)
        restUntil = now + Self.restAfterLook * Int64(due.count)
        return due
    }

    mutating func begin(_ cookie: UInt64, at now: Int64) {
        looks[cookie] = (due: now + Self.shortestPause, pause: Self.shortestPause)
    }

    /// After a look that found nothing.
    mutating func postpone(_ cookie: UInt64, at now: Int64) {
        guard let look = looks[cookie] else { return begin(cookie, at: now) }
        let pause = min(Self.longestPause, look.pause * 2)
        looks[cookie] = (due: now + pause, pause: pause)
    }

    mutating func end(_ cookie: UInt64) { looks[cookie] = nil }
}
