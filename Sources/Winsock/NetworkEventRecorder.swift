/// One registration of network events: what is recorded when, and what is silent until when.
///
/// READ, OOB and ACCEPT are recorded while their condition holds, and then are silent until the
/// program makes a call that re-enables them, even one that fails; if the condition holds then,
/// they are recorded again. WRITE is recorded when a connection begins and whenever room comes
/// back after a send that found none. CONNECT and CLOSE are recorded once. CLOSE waits until all
/// data is read, and the end of a stream is never a READ.
///
/// The registration belongs to the socket. The calls of this process are told; those of others that
/// have the socket too are inferred from what is found, see `observe`. Winsock: WSAEventSelect.
package struct NetworkEventRecorder: Sendable {
    /// What the socket is.
    package enum Phase: Sendable, Hashable, CaseIterable {
        /// A stream that is neither connected nor listening.
        case idle
        /// A connect has begun and is not over.
        case connecting
        /// Connected by a connect.
        case connected
        /// Connected by an accept: there is no CONNECT for it.
        case accepted
        /// Connections are waited for.
        case listening
        /// Without connections, and without CONNECT and CLOSE.
        case datagram
    }

    /// Calls of the program that change what can be recorded.
    package enum Call: Sendable, Hashable, CaseIterable {
        /// recv, recvfrom, WSARecv or WSARecvFrom, whatever came of it.
        case receive
        /// accept or WSAAccept, whatever came of it.
        case accept
        /// A send that got WSAEWOULDBLOCK.
        case sendWouldBlock
        /// A connect that is under way or made. One that failed at once is no event.
        case connect
        /// listen, successful.
        case listen
    }

    package private(set) var phase: Phase
    /// What is selected; nothing once the registration is cancelled.
    package private(set) var selected: NetworkEvents
    private var record = NetworkEventRecord()
    /// The events that are recorded when their condition holds, where the phase has them; the
    /// others are silent.
    private var enabled = NetworkEvents.all
    private var end = End.none

    /// What is known of the end of a connection.
    private enum End: Sendable {
        case none
        /// It is over, but there is data to read before CLOSE.
        case unread
        /// It is over, and all data is read: no more can come.
        case reached
    }

    /// A registration that begins, with nothing recorded. What holds already is recorded by the
    /// first `observe`, which follows at once.
    ///
    /// An accepted socket has its listener's selection, in the phase `accepted`.
    package init(selecting events: NetworkEvents, phase: Phase) {
        self.phase = phase
        selected = events
        if phase == .accepted { enabled.remove(.connect) }
    }

    /// Records what the facts say, and gives what was newly recorded, to signal or to post.
    ///
    /// Of a shared socket, what was recorded and holds no more was received by somebody, who has
    /// re-enabled the event; and after its end all that waited may have been.
    package mutating func observe(
        _ facts: SocketReadiness, isShared: Bool = false
    ) -> NetworkEventRecord {
        var news = NetworkEventRecord()
        if isShared { noteOthers(facts) }
        let down = facts.error == .networkDown ? facts.error : nil
        switch phase {
        case .idle:
            break
        case .listening:
            // An error is something to fetch by accept.
            if facts.isAcceptable || facts.error != nil { add(.accept, down, to: &news) }
        case .datagram:
            // An error is something to fetch by recv.
            if facts.isReadable || facts.error != nil { add(.read, down, to: &news) }
            if facts.isWritable { add(.write, down, to: &news) }
        case .connecting:
            observeAttempt(facts, to: &news)
        case .connected, .accepted:
            observeConnection(facts, to: &news)
        }
        record.formUnion(news)
        return news
    }

    /// Takes note of a call that is over. True when the socket must be observed again now, since
    /// what held all the time may have to be recorded again.
    package mutating func called(_ call: Call) -> Bool {
        switch (call, phase) {
        case (.receive, .connected), (.receive, .accepted):
            let levels: NetworkEvents = [.read, .outOfBand]
            guard end == .unread else { return enable(levels, lookingFor: levels) }
            end = .none
            return enable(levels, lookingFor: levels.union(.close))
        case (.receive, .datagram):
            return enable(.read, lookingFor: .read)
        case (.accept, .listening):
            return enable(.accept, lookingFor: .accept)
        case (.sendWouldBlock, .connected), (.sendWouldBlock, .accepted),
            (.sendWouldBlock, .datagram):
            return enable(.write, lookingFor: .write)
        case (.connect, .idle):
            phase = .connecting
            return enable(.all, lookingFor: Self.ofConnections)
        case (.listen, .idle):
            phase = .listening
            return enable(.accept, lookingFor: .accept)
        default:
            // A call that does not fit, such as a receive on a listener, has failed.
            return false
        }
    }

    /// Gives the record and clears it. This re-enables nothing. Winsock: WSAEnumNetworkEvents.
    package mutating func take() -> NetworkEventRecord {
        let taken = record
        record = NetworkEventRecord()
        return taken
    }

    /// Ends the registration: the record is cleared, and nothing is recorded any more.
    package mutating func cancel() {
        selected = []
        record = NetworkEventRecord()
    }

    /// The facts that would be recorded, or that must be seen so that others can be. What is not
    /// named here can be true for good without consequence, as Linux' poll reports data to read
    /// after the end, so who polls must not wait for it. Where anything is named, an error is
    /// worth seeing too.
    package var interest: SocketReadiness.Interest { interest(isShared: false) }

    /// The same; of a shared socket also what is silent, since others may re-enable it.
    package func interest(isShared: Bool) -> SocketReadiness.Interest {
        let others: NetworkEvents = isShared ? [.read, .outOfBand, .accept] : []
        let live = enabled.union(others).intersection(selected)
        switch phase {
        case .idle:
            return []
        case .connecting:
            return live.isDisjoint(with: Self.ofConnections) ? [] : .writable
        case .listening:
            return live.contains(.accept) ? .readable : []
        case .datagram:
            return Self.interest(in: live.intersection([.read, .write]))
        case .connected, .accepted:
            switch end {
            case .none: return Self.interest(in: live)
            case .unread: return Self.interest(in: live.subtracting(.close))
            case .reached: return Self.interest(in: live.intersection(.write))
            }
        }
    }

    /// Whether the event was recorded, and no call has re-enabled it.
    package func isSilent(_ event: NetworkEvents) -> Bool {
        selected.contains(event) && !enabled.contains(event)
    }

    /// Whether a receive or an accept that another process makes would change what is recorded.
    /// Nothing tells when it does. Where that is so, the facts of the last observation.
    package func awaitsOthers(_ facts: SocketReadiness) -> Bool {
        switch phase {
        case .idle, .connecting: false
        case .listening: isSilent(.accept) && (facts.isAcceptable || facts.error != nil)
        case .datagram: isSilent(.read) && (facts.isReadable || facts.error != nil)
        case .connected, .accepted:
            isSilent(.read) && facts.isReadable || isSilent(.outOfBand) && facts.isUrgent
                || end == .unread && selected.contains(.close) && enabled.contains(.close)
        }
    }

    private mutating func noteOthers(_ facts: SocketReadiness) {
        switch phase {
        case .idle, .connecting: break
        case .listening:
            if !facts.isAcceptable, facts.error == nil { enabled.insert(.accept) }
        case .datagram:
            if !facts.isReadable, facts.error == nil { enabled.insert(.read) }
        case .connected, .accepted:
            if !facts.isReadable { enabled.insert(.read) }
            if !facts.isUrgent { enabled.insert(.outOfBand) }
        }
    }

    private static let ofConnections: NetworkEvents = [
        .connect, .read, .write, .outOfBand, .close,
    ]

    private static func interest(in live: NetworkEvents) -> SocketReadiness.Interest {
        var interest: SocketReadiness.Interest = []
        if live.contains(.read) { interest.insert(.readable) }
        if live.contains(.write) { interest.insert(.writable) }
        if live.contains(.outOfBand) { interest.insert(.urgent) }
        if live.contains(.close) { interest.insert(.end) }
        return interest
    }

    /// While connecting, an error or a hang-up is the end of the attempt, and of nothing else.
    private mutating func observeAttempt(
        _ facts: SocketReadiness, to news: inout NetworkEventRecord
    ) {
        if facts.error != nil || facts.isHungUp {
            // Without an error somebody else has taken it: all that is known is the outcome.
            add(.connect, facts.error ?? .notConnected, to: &news)
            phase = .idle
        } else if facts.isWritable {
            phase = .connected
            observeConnection(facts, to: &news)
        }
    }

    private mutating func observeConnection(
        _ facts: SocketReadiness, to news: inout NetworkEventRecord
    ) {
        let isBroken = facts.error != nil || facts.isHungUp
        let isOver = isBroken || facts.isAtEnd
        add(.connect, nil, to: &news)
        if facts.isReadable { add(.read, nil, to: &news) }
        if facts.isUrgent { add(.outOfBand, nil, to: &news) }
        if facts.isWritable, !isBroken { add(.write, nil, to: &news) }
        if isOver, !facts.isReadable { add(.close, Self.closeCode(facts), to: &news) }
        // Linux reports room for good on a connection that is broken.
        if isBroken { enabled.remove(.write) }
        if isOver { end = facts.isReadable ? .unread : .reached }
    }

    /// The page knows three ways of a connection to end other than gracefully.
    /// Winsock: WSAAsyncSelect, FD_CLOSE.
    private static func closeCode(_ facts: SocketReadiness) -> WSAError? {
        switch facts.error {
        case nil: nil
        case .connectionReset: .connectionReset
        case .networkDown: .networkDown
        default: .connectionAborted
        }
    }

    private mutating func add(
        _ event: NetworkEvents, _ code: WSAError?, to news: inout NetworkEventRecord
    ) {
        guard enabled.contains(event) else { return }
        enabled.remove(event)
        if selected.contains(event) { news.insert(event, code: code) }
    }

    private mutating func enable(
        _ events: NetworkEvents, lookingFor wanted: NetworkEvents
    ) -> Bool {
        enabled.formUnion(events)
        return !enabled.isDisjoint(with: selected.intersection(wanted))
    }
}
