internal import Transport
internal import Winsock

/// Asks the kernel what a socket is, and what there is to do on it, in the words of the recorder.
struct SocketObserver {
    var number: Int32
    /// The socket came from accept(2): there is no CONNECT for it.
    let isAccepted: Bool
    /// The program's calls are told. Those of others show in what comes of them.
    let isTold: Bool
    /// The connection's error, which was fetched from the kernel and kept here for the program.
    private(set) var keptError: WSAError?

    init(_ number: Int32, isAccepted: Bool, isTold: Bool) {
        self.number = number
        self.isAccepted = isAccepted
        self.isTold = isTold
    }

    mutating func takeError() -> WSAError? { keptError.take() }

    /// What the socket is when a registration begins.
    mutating func phase() throws(Errno) -> NetworkEventRecorder.Phase {
        guard try SocketCalls.isStream(number) else { return .datagram }
        switch try SocketCalls.streamState(of: number) {
        case .listening: return .listening
        case .connecting: return .connecting
        case .open, .endedByPeer: return isAccepted ? .accepted : .connected
        case .closed: break
        }
        let polled = try SocketCalls.poll(number)
        guard polled.isReadingOver else { return .idle }
        // A connection that is over, or an attempt that failed: only the error tells which.
        try fetchError(polled)
        switch keptError {
        case .connectionRefused, .hostUnreachable, .networkUnreachable, .timedOut:
            return .connecting
        default:
            return .accepted
        }
    }

    /// The call that has brought an idle socket where it is, if it is not idle any more and
    /// nobody tells.
    func callSinceIdle() throws(Errno) -> NetworkEventRecorder.Call? {
        if isTold { return nil }
        return switch try SocketCalls.streamState(of: number) {
        case .listening: .listen
        case .connecting, .open, .endedByPeer: .connect
        case .closed: try SocketCalls.poll(number).hasError ? .connect : nil
        }
    }

    /// What is to be done now. An error of a connection is fetched, because it tells how the
    /// connection ended; those of listeners and datagrams stay for the call that they belong to.
    mutating func readiness(
        in phase: NetworkEventRecorder.Phase
    ) throws(Errno) -> SocketReadiness {
        let polled = try SocketCalls.poll(number)
        var facts = SocketReadiness()
        switch phase {
        case .idle:
            return facts
        case .listening:
            facts.isAcceptable = polled.isReadable
            if polled.hasError { facts.error = .connectionAborted }
            return facts
        case .datagram:
            facts.isReadable = polled.isReadable
            facts.isWritable = polled.isWritable
            if polled.hasError { facts.error = .connectionReset }
            return facts
        case .connecting, .connected, .accepted:
            try fetchError(polled)
        }
        let state = try SocketCalls.streamState(of: number)
        facts.isReadable = try hasData(polled)
        facts.isWritable = polled.isWritable
        if polled.isUrgent { facts.isUrgent = try !SocketCalls.isUrgentInline(number) }
        // What the program has shut down itself looks the same, but the connection lives on.
        let isOver = state == .endedByPeer || state == .closed
        facts.isAtEnd = isOver && polled.isReadingOver && !facts.isReadable
        facts.isHungUp = isOver && polled.isHungUp
        facts.error = keptError
        return facts
    }

    /// A new attempt to connect has its own outcome.
    mutating func forgetError() { keptError = nil }

    private mutating func fetchError(_ polled: PolledSocket) throws(Errno) {
        guard polled.hasError, let error = try SocketCalls.takeError(of: number) else { return }
        keptError = WinsockErrno.code(forLinux: error.rawValue)
    }

    private mutating func hasData(_ polled: PolledSocket) throws(Errno) -> Bool {
        guard polled.isReadable else { return false }
        // Only an end, or a byte out of band, makes it readable without anything to read.
        guard polled.isReadingOver || polled.isUrgent else { return true }
        do throws(Errno) {
            return try SocketCalls.hasData(number)
        } catch .badDescriptor {
            throw .badDescriptor
        } catch {
            // It came in between, and looking for data has fetched it.
            keptError = WinsockErrno.code(forLinux: error.rawValue)
            return false
        }
    }
}
