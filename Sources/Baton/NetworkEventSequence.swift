internal import Synchronization
internal import Transport
public import Winsock

/// One thing that happened on a socket. Winsock: WSANETWORKEVENTS.
public struct NetworkEvent: Sendable, Hashable {
    /// Exactly one event.
    public let event: NetworkEvents
    /// What went wrong: how a connect failed, or how a connection ended. Nil for nothing.
    public let error: WSAError?
}

/// The network events of one socket, as they happen.
///
///     for await event in try client.networkEvents(of: socket, selecting: [.read, .close]) {
///         // Receive without waiting, as much as there is or only a part of it.
///     }
///
/// Asking for the next event says that the last ones have been dealt with: READ, OOB and ACCEPT
/// come again if there is still something to receive or to accept. WRITE comes once when a
/// connection begins, and then only after `noteSendWouldBlock()`, or, on TCP, after a send of
/// another process that has the socket found no room. CONNECT and CLOSE come once, CLOSE after all
/// data has been received.
///
/// The sequence ends when another registration of the socket takes over, when the socket is closed
/// or when the task that waits is cancelled; `end` tells which. It is for one task at a time. When
/// the sequence and its iterators are gone, the registration ends.
///
/// Winsock: WSAEventSelect, WSAEnumNetworkEvents.
public struct NetworkEventSequence: AsyncSequence, Sendable {
    public typealias Element = NetworkEvent
    public typealias Failure = Never

    private let registration: NetworkEventRegistration

    init(_ registration: NetworkEventRegistration) { self.registration = registration }

    /// Why no more events come; nil while they do.
    public var end: NetworkEventEnd? { registration.state.withLock { $0.end } }

    /// A send found no room: WRITE comes when there is some again.
    ///
    /// Winsock: send, WSAEWOULDBLOCK.
    public func noteSendWouldBlock() {
        guard let identifier = registration.identifier else { return }
        Notifier.called(registration: identifier, .sendWouldBlock)
    }

    public func makeAsyncIterator() -> Iterator { Iterator(registration) }

    public struct Iterator: AsyncIteratorProtocol {
        private let registration: NetworkEventRegistration
        private var signals: AsyncStream<Void>.Iterator
        /// Taken from the record, and not given yet: the next one last.
        private var events: [NetworkEvent] = []

        init(_ registration: NetworkEventRegistration) {
            self.registration = registration
            signals = registration.signals.makeAsyncIterator()
        }

        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async -> NetworkEvent? {
            while true {
                // What an ended registration had recorded is of no use to anybody.
                guard registration.isLive, let identifier = registration.identifier else {
                    return nil
                }
                if let event = events.popLast() { return event }
                let record = Notifier.takeAgain(identifier)
                events = record.entries.reversed().map {
                    NetworkEvent(event: $0.event, error: $0.code)
                }
                if !events.isEmpty { continue }
                guard await signals.next(isolation: actor) != nil else { return nil }
            }
        }
    }
}

/// What a sequence and its iterators have in common; ends the registration with the last of them.
final class NetworkEventRegistration: Sendable {
    struct State: Sendable {
        var identifier: UInt64?
        var end: NetworkEventEnd?
    }

    let signals: AsyncStream<Void>
    let state: ForkSafeLock<State>
    let sink: NetworkEventSink

    init() {
        let state = ForkSafeLock(State())
        // One signal says that there is something in the record, however much it is.
        let (signals, wakes) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        wakes.onTermination = { reason in
            guard case .cancelled = reason else { return }
            if let identifier = state.withLock({ $0.identifier }) {
                Notifier.cancel(registration: identifier)
            }
        }
        self.state = state
        self.signals = signals
        sink = NetworkEventSink(
            deliver: { _, _ in wakes.yield() },
            end: { end in
                state.withLock { $0.end = end }
                wakes.finish()
            })
    }

    deinit {
        if isLive, let identifier { Notifier.cancel(registration: identifier) }
    }

    var identifier: UInt64? { state.withLock { $0.identifier } }

    var isLive: Bool { state.withLock { $0.end == nil } }
}

extension Client {
    /// Registers for network events of a socket, and makes it non-blocking. What holds already
    /// comes at once.
    ///
    /// Each socket has one registration: whatever other it has ends, through whichever descriptor
    /// and in whatever process it was made. This takes a coordinator where the socket was handed
    /// over or is held by others; another socket needs none. When the socket is handed over later,
    /// its registration becomes known to the coordinator then.
    ///
    /// There must be one event at least. A connection whose beginning nobody saw counts as made by
    /// a connect, so CONNECT comes at once where it is selected. To tell how a connection ended,
    /// its pending error is fetched from the kernel, and comes with the event: SO_ERROR does not
    /// have it any more.
    ///
    /// Throws `.notASocket`; the coordinator's refusal, `.noBufferSpace` beyond its limits; and
    /// `.networkDown` where none answers.
    ///
    /// Winsock: WSAEventSelect.
    public func networkEvents(
        of socket: borrowing Socket, selecting events: NetworkEvents
    ) throws(BatonError) -> NetworkEventSequence {
        guard !events.isEmpty, events.isSubset(of: .all) else { throw .unknownEvents }
        let link = socket.isShared ? notifications : nil
        let registration = NetworkEventRegistration()
        let identifier = try socket.withDescriptor { (number) throws(BatonError) in
            try Notifier.select(
                number, events: events, isTold: false, through: link, to: registration.sink)
        }
        registration.state.withLock { $0.identifier = identifier }
        socket.becomeWatched()
        return NetworkEventSequence(registration)
    }
}
