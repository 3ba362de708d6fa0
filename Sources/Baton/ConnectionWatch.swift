internal import Transport

/// One descriptor to wait for, whatever happens to the connection: it is readable when something
/// has come, when something is to be fetched, and when it is time to connect again.
final class ConnectionWatch: Sendable {
    private static let connection = Poller.Token(index: 0, generation: 0)
    private static let event = Poller.Token(index: 1, generation: 0)
    private static let timer = Poller.Token(index: 2, generation: 0)

    private let poller: Poller
    private let event: EventDescriptor
    private let timer: TimerDescriptor

    init() throws(Errno) {
        poller = try Poller()
        event = try EventDescriptor()
        timer = try TimerDescriptor()
        try poller.add(event, token: Self.event, interest: .readable)
        try poller.add(timer, token: Self.timer, interest: .readable)
    }

    /// Whether the program has closed one of its descriptors, or put something else under its
    /// number: then it wakes nobody any more.
    var isLost: Bool { poller.isLost() || event.isLost() || timer.isLost() }

    var number: Int32 { poller.withNumber { $0 } }

    func add(_ connection: borrowing Connection) throws(Errno) {
        try poller.add(connection, token: Self.connection, interest: .readable)
    }

    /// Before the connection is closed: a child made by fork(2) may hold a copy of it, whose events
    /// would go on.
    func remove(_ connection: borrowing Connection) {
        do throws(Errno) {
            try poller.remove(connection)
        } catch {
            // The program has closed descriptors that are not its own; there is nothing to undo.
            return
        }
    }

    /// Makes it readable until the next `drain()`.
    func signal() { event.signal() }

    /// Makes it readable after a while; nil for not at all.
    func wake(afterMilliseconds pause: Int64?) {
        timer.set(bootMicroseconds: pause.map { Clock.bootMicroseconds() + 1000 * $0 })
    }

    func drain() {
        event.drain()
        timer.drain()
    }
}
