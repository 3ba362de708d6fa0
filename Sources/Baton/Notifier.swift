internal import Synchronization
internal import Transport
package import Winsock

/// Watches sockets of this process, and records and delivers their network events.
///
/// Each socket has one registration, whichever of its descriptors it was made through; one that
/// is shared with other processes has one among all of them, which the coordinator knows. Other
/// sockets need no coordinator. A child made by fork(2) begins without registrations.
///
/// Winsock: WSAEventSelect, WSAAsyncSelect, WSAEnumNetworkEvents.
package enum Notifier {
    /// In a child nothing of the parent's is touched: its poller is common to both.
    private static let instance = ProcessLocal(
        make: { NotifierInstance() }, abandon: { _ in })

    /// Calls of programs that select nothing cost nothing.
    private static let isUsed = Atomic(false)

    private static var used: NotifierInstance? {
        isUsed.load(ordering: .acquiring) ? instance.content : nil
    }

    /// One fork at a time, and whose thread waits for its end.
    private static let forking = ForkSafeLock(())
    private static let paused = ForkSafeLock<NotifierInstance?>(nil)

    /// Before a fork(2), and before any lock that a sink takes: waits until the notifier's thread
    /// does nothing.
    package static func pauseForFork() {
        forking.lock()
        guard let instance = used else { return }
        instance.awake.lock()
        paused.withLock { $0 = instance }
    }

    /// After the fork, in the parent.
    package static func goOnAfterFork() {
        paused.withLock { $0.take() }?.awake.unlock()
        forking.unlock()
    }

    /// After the fork, in the child, where there is no such thread.
    package static func endForkInChild() {
        paused.withLock { $0 = nil }
        forking.unlock()
    }

    /// Ends whatever registration the socket has and makes one for these events, of which there
    /// must be one at least. The socket does not wait from here on. What holds already is delivered
    /// before this returns. Where the coordinator refuses, nothing has changed.
    ///
    /// `isTold` says that every call on the socket is told by `called`, as those of a program that
    /// knows only Winsock are; otherwise connects and listens are noticed by what comes of them.
    ///
    /// `link` is given for a socket that other processes may have: their registration ends too.
    /// Returns what names the registration. Throws `.notASocket`, and what the link throws.
    ///
    /// Winsock: WSAEventSelect, WSAAsyncSelect.
    @discardableResult
    package static func select(
        _ number: Int32, events: NetworkEvents, isAccepted: Bool = false, isTold: Bool,
        through link: NotificationLink? = nil, to sink: NetworkEventSink
    ) throws(BatonError) -> UInt64 {
        isUsed.store(true, ordering: .releasing)
        return try instance.content.select(
            number, events: events, isAccepted: isAccepted, isTold: isTold, through: link,
            to: sink)
    }

    /// Ends whatever registration the socket has; with a link in other processes too.
    ///
    /// Winsock: WSAEventSelect with lNetworkEvents 0.
    package static func cancel(
        _ number: Int32, through link: NotificationLink? = nil
    ) throws(BatonError) {
        if let used { return try used.cancel(number, through: link) }
        if let link { try link.cancel(descriptor: number) }
    }

    /// Ends a registration that `select` named, if it has not ended yet.
    package static func cancel(registration: UInt64) {
        used?.cancel(registration: registration)
    }

    /// Must come before the close of a descriptor. A registration that was made through it goes on
    /// through its successor, another descriptor of the same socket. Winsock: closesocket.
    package static func remove(_ number: Int32, successor: Int32? = nil) {
        used?.remove(number, successor: successor)
    }

    /// Whether this process has a registration for the socket. Winsock: ioctlsocket, FIONBIO.
    package static func isRegistered(_ number: Int32) -> Bool {
        used?.isRegistered(number) ?? false
    }

    /// Takes note of a call that is over, which may make events be recorded again. `hasTaken` says
    /// that it has received something, and that those who watch could see that.
    package static func called(
        _ number: Int32, _ call: NetworkEventRecorder.Call, hasTaken: Bool = false
    ) {
        used?.called(number, call, hasTaken: hasTaken)
    }

    /// An accepted socket has its listener's registration. Winsock: accept.
    package static func accepted(_ number: Int32, from listener: Int32) {
        used?.accepted(number, from: listener)
    }

    /// Gives what is recorded to `body`, and clears it unless `body` throws. Nothing is delivered
    /// in between. Winsock: WSAEnumNetworkEvents.
    package static func take<R, E: Error>(
        _ number: Int32, _ body: (NetworkEventRecord) throws(E) -> R
    ) throws(E) -> R {
        guard let used else { return try body(NetworkEventRecord()) }
        return try used.take(number, body)
    }

    /// The error of the connection that the notifier fetched from the kernel, for the program's
    /// next call: the kernel does not tell it again. socket(7), SO_ERROR.
    package static func takeError(_ number: Int32) -> WSAError? { used?.takeError(number) }

    /// Must come before a socket is handed over: from then on its registration is known to the
    /// coordinator, so that it ends when another process makes one.
    package static func announce(
        _ number: Int32, through link: NotificationLink
    ) throws(BatonError) {
        try used?.announce(number, through: link)
    }

    /// Reports READ, OOB and ACCEPT of the registration again if they still hold, and gives what
    /// is recorded.
    static func takeAgain(_ registration: UInt64) -> NetworkEventRecord {
        used?.takeAgain(registration) ?? NetworkEventRecord()
    }

    /// Takes note of a call on the socket of a registration.
    static func called(registration: UInt64, _ call: NetworkEventRecorder.Call) {
        used?.called(registration: registration, call)
    }
}
