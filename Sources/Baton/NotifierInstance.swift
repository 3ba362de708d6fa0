internal import Registry
internal import Synchronization
internal import Transport
internal import Winsock

/// The notifier in one process, with a thread of its own from the first registration on.
final class NotifierInstance: Sendable {
    private let watched = ForkSafeLock(WatchedSockets())
    /// Held while the coordinator is asked, and until the answer has become a registration here:
    /// word of its end can be there before that.
    private let asking = ForkSafeLock(())
    /// Held by the notifier's thread whenever it does not wait, and while the process forks: a
    /// thread that is in the middle of Swift's runtime leaves a lock of that behind in the child,
    /// for ever. Taken before any other lock.
    let awake = ForkSafeLock(())
    private let isRunning = Atomic(false)

    func select(
        _ number: Int32, events: NetworkEvents, isAccepted: Bool, isTold: Bool,
        through link: NotificationLink?, to sink: NetworkEventSink
    ) throws(BatonError) -> UInt64 {
        precondition(!events.isEmpty, "a registration for nothing is a cancellation")
        try start()
        guard let link else {
            return try install(
                number, events, isAccepted: isAccepted, isTold: isTold, remote: nil, to: sink)
        }
        return try asking.withLock { (_) throws(BatonError) in
            let remote = try link.select(descriptor: number, events: events)
            return try install(
                number, events, isAccepted: isAccepted, isTold: isTold, remote: (link, remote),
                to: sink)
        }
    }

    func cancel(_ number: Int32, through link: NotificationLink?) throws(BatonError) {
        guard let link else { return end(.cancelled) { $0.cookie(of: number) } }
        try asking.withLock { (_) throws(BatonError) in
            try link.cancel(descriptor: number)
            end(.cancelled) { $0.cookie(of: number) }
        }
    }

    func cancel(registration: UInt64) { end(.cancelled) { $0.cookie(registration: registration) } }

    func remove(_ number: Int32, successor: Int32?) {
        let isMoved = watched.withLock { watched in
            guard let successor, let cookie = watched.cookie(registeredThrough: number) else {
                return false
            }
            watched.move(cookie, to: successor)
            return true
        }
        if !isMoved { end(.closed) { $0.cookie(registeredThrough: number) } }
    }

    private func end(_ end: NetworkEventEnd, _ find: (WatchedSockets) -> UInt64?) {
        let ended = watched.withLock { watched in
            find(watched).flatMap { watched.end($0, end) }
        }
        // Not while the sockets are locked: the link may be waiting for its coordinator.
        if end == .closed, let ended { ended.remote?.link.forget(cookie: ended.cookie) }
    }

    func isRegistered(_ number: Int32) -> Bool {
        watched.withLock { $0.cookie(of: number) != nil }
    }

    func called(_ number: Int32, _ call: NetworkEventRecorder.Call, hasTaken: Bool) {
        watched.withLock { watched in
            guard let cookie = watched.cookie(of: number) else { return }
            watched.called(cookie, call, hasTaken: hasTaken)
        }
    }

    func called(registration: UInt64, _ call: NetworkEventRecorder.Call) {
        watched.withLock { watched in
            if let cookie = watched.cookie(registration: registration) {
                watched.called(cookie, call)
            }
        }
    }

    func accepted(_ number: Int32, from listener: Int32) {
        watched.withLock { watched in
            guard let cookie = watched.cookie(of: listener) else { return }
            watched.inherit(number, from: cookie)
        }
    }

    func take<R, E: Error>(
        _ number: Int32, _ body: (NetworkEventRecord) throws(E) -> R
    ) throws(E) -> R {
        try watched.withLock { (watched) throws(E) in
            guard let cookie = watched.cookie(of: number) else {
                return try body(NetworkEventRecord())
            }
            return try watched.take(cookie, body)
        }
    }

    func takeAgain(_ registration: UInt64) -> NetworkEventRecord {
        watched.withLock { watched in
            guard let cookie = watched.cookie(registration: registration) else {
                return NetworkEventRecord()
            }
            watched.called(cookie, .receive)
            watched.called(cookie, .accept)
            return watched.take(cookie) { $0 }
        }
    }

    func takeError(_ number: Int32) -> WSAError? {
        watched.withLock { $0.takeError(number) }
    }

    func announce(_ number: Int32, through link: NotificationLink) throws(BatonError) {
        try asking.withLock { (_) throws(BatonError) in
            guard let known = watched.withLock({ $0.unannounced(number) }) else { return }
            let remote = try link.select(descriptor: number, events: known.events)
            let descriptor = try link.descriptor()
            try asErrno("waiting for the coordinator") { () throws(Errno) in
                try watched.withLock { (watched) throws(Errno) in
                    try watched.add(link, descriptor: descriptor)
                    try watched.announce(known.registration, (link, remote))
                }
            }
        }
    }

    // MARK: - The thread

    private func start() throws(BatonError) {
        endIfLost()
        try asErrno("starting a thread for network events") { () throws(Errno) in
            try watched.withLock { (watched) throws(Errno) in
                guard watched.poller == nil else { return }
                let poller = SharedPoller(try Poller())
                isRunning.store(false, ordering: .releasing)
                try Threads.start { [self] in run(poller) }
                watched.poller = poller
            }
            // A new thread is all in the runtime; afterwards it keeps to `awake`.
            while !isRunning.load(ordering: .acquiring) { Clock.sleep(milliseconds: 1) }
        }
    }

    private func run(_ poller: SharedPoller) {
        let events = EventBuffer(capacity: 64)
        while true {
            do throws(Errno) {
                let limit: Int32 = isRunning.load(ordering: .relaxed) ? -1 : 0
                let count = try poller.poller.wait(into: events, timeoutMilliseconds: limit)
                awake.lock()
                for index in 0..<count { handle(events[index].token) }
                awake.unlock()
                isRunning.store(true, ordering: .releasing)
            } catch {
                precondition(
                    poller.poller.isLost(), "A poller of this process waits: \(error)")
                awake.lock()
                endIfLost()
                awake.unlock()
                isRunning.store(true, ordering: .releasing)
                return
            }
        }
    }

    /// Ends the registrations that nobody watches any more, because the program has closed the
    /// notifier's descriptors. The thread that waits for them may never wake: the next registration
    /// starts another.
    private func endIfLost() {
        for registration in watched.withLock({ $0.endIfLost() }) {
            registration.remote?.link.forget(cookie: registration.cookie)
        }
    }

    private func handle(_ token: Poller.Token) {
        let link = watched.withLock { watched in
            watched.observe(token)
            return watched.link(token)
        }
        guard let link else { return }
        asking.withLock { _ in
            for push in link.readPushes() {
                watched.withLock { $0.lose(push) }
            }
        }
    }

    // MARK: - Pieces

    private func install(
        _ number: Int32, _ events: NetworkEvents, isAccepted: Bool, isTold: Bool,
        remote: WatchedSockets.Remote?, to sink: NetworkEventSink
    ) throws(BatonError) -> UInt64 {
        let descriptor = try remote?.link.descriptor()
        try asErrno("making a socket non-blocking") { () throws(Errno) in
            try SocketCalls.setNonBlocking(number, true)
        }
        return try asErrno("watching a socket") { () throws(Errno) in
            try watched.withLock { (watched) throws(Errno) in
                if let link = remote?.link, let descriptor {
                    try watched.add(link, descriptor: descriptor)
                }
                return try watched.install(
                    number, events, isAccepted: isAccepted, isTold: isTold, remote: remote,
                    to: sink)
            }
        }
    }

    private func asErrno<R>(
        _ action: String, _ body: () throws(Errno) -> R
    ) throws(BatonError) -> R {
        do throws(Errno) {
            return try body()
        } catch .badDescriptor, .notASocket {
            throw .refusedHere(.notASocket)
        } catch {
            throw .systemFailure(error, doing: action)
        }
    }
}

/// A poller that a thread waits for while others add to it.
final class SharedPoller: Sendable {
    let poller: Poller

    init(_ poller: consuming Poller) { self.poller = poller }
}
