internal import Registry
internal import Transport
internal import Wire

/// What one instance of the client library says to the coordinator: one connection at a time, one
/// request after the other, each sent again under the same counter until it is answered.
struct Session: ~Copyable, @unchecked Sendable {
    // Unchecked because of the message buffer, which belongs to this value alone.

    let path: String
    let role: Request.Startup.Role
    let retryLimitMilliseconds: Int64
    /// Names this instance to the coordinator, with the counters that follow. Never 0.
    let nonce: UInt64
    /// Of the last request, startups included.
    private var counter: UInt64 = 0
    private(set) var link: Link?
    /// The connection was reset: what is queued can be read, and nothing can be sent.
    var isReset = false
    /// The counter of the startup whose answer is still to come.
    private(set) var greeting: UInt64?
    /// The connection's frames without an answer, which the coordinator counts as well.
    private var unansweredCount: UInt64 = 0
    var confirms = UnacknowledgedConfirms()
    /// Whether a thread sees to them.
    var isSettling = false
    /// Of a connection for notifications.
    var registrations = LiveRegistrations()
    /// Wakes whoever waits for what comes unasked.
    var watch: ConnectionWatch?
    /// The request that waits for its answer; kept as it is until the answer is there.
    private var request: [UInt8] = []
    /// Whatever is sent beside it.
    var frame: [UInt8] = []
    let buffer = MessageBuffer(byteCapacity: Frame.byteCountMaximum)

    init(path: String, role: Request.Startup.Role, retryLimitMilliseconds: Int64) {
        self.path = path
        self.role = role
        self.retryLimitMilliseconds = retryLimitMilliseconds
        var nonce: UInt64 = 0
        while nonce == 0 { nonce = randomUInt64() }
        self.nonce = nonce
    }

    /// An answer and what came with it.
    struct Reply: ~Copyable {
        var content: Answer.Content
        var descriptor: Descriptor?
        /// Descriptors were lost on the way.
        var isControlTruncated: Bool
    }

    /// Asks, and waits for the answer however long it takes, unless the connection breaks.
    ///
    /// `encode` gets the request's counter, and the watermark: requests are made one after the
    /// other, so the answers of all earlier ones are in.
    mutating func exchange(
        passing: Passing = .nothing,
        _ encode: (_ counter: UInt64, _ watermark: UInt64, inout [UInt8]) -> Void
    ) throws(BatonError) -> Reply {
        let counter = nextCounter()
        encode(counter, counter - 1, &request)
        return try retrying { (session) throws(Interruption) in
            try session.connectIfNeeded()
            try session.sendRequest(passing)
            return try session.awaitAnswer(to: counter)
        }
    }

    /// Connects now, also where the last connection broke without anybody noticing.
    mutating func connect() throws(BatonError) {
        do throws(Interruption) {
            try takeQueued()
        } catch {
            disconnect()
        }
        try retrying { (session) throws(Interruption) in try session.connectIfNeeded() }
    }

    mutating func disconnect() {
        if let link, !link.isLost { watch?.remove(link.connection) }
        link = nil
        isReset = false
        greeting = nil
        unansweredCount = 0
        confirms.loseConnection()
        registrations.loseConnection()
    }

    mutating func nextCounter() -> UInt64 {
        counter += 1
        return counter
    }

    // MARK: - Trying again

    private mutating func retrying<R: ~Copyable>(
        _ attempt: (inout Session) throws(Interruption) -> R
    ) throws(BatonError) -> R {
        var backoff = Backoff(limitMilliseconds: retryLimitMilliseconds)
        var wasConnected = false
        while true {
            let cause: String
            do throws(Interruption) {
                return try attempt(&self)
            } catch {
                switch error {
                case .failed(let error): throw error
                case .lost(let text):
                    disconnect()
                    wasConnected = true
                    cause = text
                case .unreachable(let error):
                    if let final = finalError(error, wasConnected: wasConnected) { throw final }
                    cause = error.description
                }
            }
            guard let pause = backoff.next() else {
                throw .noCoordinator(path: path, because: cause)
            }
            Clock.sleep(milliseconds: pause)
        }
    }

    /// What there is no use in waiting for. A coordinator that was there a moment ago is likely to
    /// come back; a socket file on which nobody listens says that one was.
    private func finalError(_ error: Errno, wasConnected: Bool) -> BatonError? {
        switch error {
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noMemory, .noBuffers:
            .systemFailure(error, doing: "connecting to the coordinator")
        case .connectionRefused, .again: nil
        case .accessDenied where !wasConnected:
            .mayNotConnect(path: path, because: error.description)
        default:
            wasConnected ? nil : .noCoordinator(path: path, because: error.description)
        }
    }

    // MARK: - The connection

    /// The one look at the connection that each call makes: a program that closes or replaces
    /// descriptors which are not its own in another thread, while the call goes on, is not noticed
    /// before the next.
    private mutating func connectIfNeeded() throws(Interruption) {
        if isReset || link?.isLost == true { disconnect() }
        do throws(Interruption) {
            if link == nil { try greet() }
            if let greeting { try agree(awaitAnswer(to: greeting).content) }
        } catch {
            disconnect()
            throw error
        }
    }

    /// Connects, and sends the startup.
    mutating func greet() throws(Interruption) {
        do throws(Errno) {
            let made = try Link(path: path)
            try watch?.add(made.connection)
            link = made
        } catch {
            throw .unreachable(error)
        }
        try sendStartup()
    }

    mutating func sendStartup() throws(Interruption) {
        let counter = nextCounter()
        Request.encode(Request.Startup(counter: counter, nonce: nonce, role: role), into: &frame)
        greeting = counter
        try sendFrame()
    }

    /// Takes the answer to the startup, and does what an earlier connection left undone.
    mutating func agree(_ content: Answer.Content) throws(Interruption) {
        greeting = nil
        switch content {
        case .welcome(_, _, Frame.version): break
        case .welcome(_, _, let version):
            throw .failed(.protocolViolation("the coordinator speaks version \(version)"))
        case .refusal(let reason, let code, let handoff):
            throw .failed(.refused(reason, code: code, handoff: handoff))
        default: throw .failed(.protocolViolation("the coordinator did not answer the greeting"))
        }
        for index in confirms.confirms.indices { try sendConfirm(at: index) }
        try sendResumes()
    }

    // MARK: - Sending

    private func sendRequest(_ passing: Passing) throws(Interruption) {
        guard let link else { throw .lost("the connection is closed") }
        do throws(Errno) {
            switch passing {
            case .nothing: try link.connection.send(request.span, wait: true)
            case .socket(let socket):
                try link.connection.send(request.span, passing: socket, wait: true)
            case .socketAndProcess(let socket, let process):
                try link.connection.send(request.span, passing: socket, process, wait: true)
            }
        } catch .badDescriptor where !link.isLost {
            throw .failed(passing.refusal)
        } catch {
            throw Self.interruption(bySending: error)
        }
    }

    func sendFrame() throws(Interruption) {
        guard let link else { throw .lost("the connection is closed") }
        do throws(Errno) {
            try link.connection.send(frame.span, wait: true)
        } catch {
            throw Self.interruption(bySending: error)
        }
    }

    private static func interruption(bySending error: Errno) -> Interruption {
        switch error {
        case .brokenPipe, .connectionReset, .notConnected: .lost(error.description)
        // The number is not the connection's any more.
        case .badDescriptor, .notASocket: .lost(error.description)
        default: .failed(.systemFailure(error, doing: "sending to the coordinator"))
        }
    }

    // MARK: - Frames without an answer

    /// Tells the coordinator that a grant arrived. Without a connection it is told after the next
    /// startup, and it is told again until an answer says that it is durable.
    mutating func confirm(handoff: UInt64, attempt: UInt32, cookie: UInt64) {
        confirms.add(handoff: handoff, attempt: attempt, cookie: cookie)
        do throws(Interruption) {
            if link != nil, !isReset {
                try sendConfirm(at: confirms.confirms.count - 1)
            } else {
                try connectIfNeeded()
            }
        } catch {
            // The coordinator is away: the confirm waits for the next connection.
            disconnect()
        }
    }

    mutating func decline(handoff: UInt64, attempt: UInt32, reason: DeliveryFailure) {
        tell {
            Request.encodeDecline(handoff: handoff, attempt: attempt, reason: reason, into: &$0)
        }
    }

    mutating func close(cookie: UInt64, how: CloseProof) {
        tell { Request.encodeClose(cookie: cookie, how: how, into: &$0) }
    }

    private mutating func sendConfirm(at index: Int) throws(Interruption) {
        let confirm = confirms.confirms[index]
        Request.encodeConfirm(
            handoff: confirm.handoff, attempt: confirm.attempt, cookie: confirm.cookie,
            into: &frame)
        try sendFrame()
        unansweredCount += 1
        confirms.markSent(at: index, ordinal: unansweredCount)
    }

    /// Sends a frame that gets no answer, on a new connection where the old one has ended. Whether
    /// it arrived shows in nothing but the log.
    private mutating func tell(_ encode: (inout [UInt8]) -> Void) {
        for _ in 0..<2 {
            do throws(Interruption) {
                try connectIfNeeded()
                // Only now: connecting uses the same room.
                encode(&frame)
                try sendFrame()
                unansweredCount += 1
                return
            } catch {
                disconnect()
            }
        }
    }

    // MARK: - Receiving

    private mutating func awaitAnswer(to counter: UInt64) throws(Interruption) -> Reply {
        while let link {
            let received: Received
            do throws(Errno) {
                received = try link.connection.receive(into: buffer, wait: true)
            } catch .connectionReset where !isReset {
                // The coordinator died with something unread. What it had answered before is still
                // in the queue, and the descriptors with it.
                isReset = true
                continue
            } catch {
                throw .lost(error.description)
            }
            switch consume received {
            case .nothing: continue
            case .endOfFile: throw .lost("the coordinator closed the connection")
            case .message(var message):
                let answer = try read(message)
                confirms.acknowledge(through: answer.acknowledged)
                if answer.counter == counter {
                    return Reply(
                        content: answer.content, descriptor: message.first.take(),
                        isControlTruncated: message.isControlTruncated)
                }
                skip(answer)
            }
        }
        throw .lost("the connection is closed")
    }

    mutating func read(_ message: borrowing Message) throws(Interruption) -> Answer {
        do throws(FrameError) {
            guard !message.isTruncated else { throw .wrongByteCount }
            return try buffer.withBytes(count: message.byteCount) { (bytes) throws(FrameError) in
                try Answer(bytes)
            }
        } catch {
            // What follows cannot be trusted either.
            disconnect()
            throw .failed(.protocolViolation("an answer cannot be read: \(error)"))
        }
    }

    /// An answer that nobody waits for. The descriptor of a grant is closed by its owner.
    mutating func skip(_ answer: Answer) {
        if role == .notifications { return note(answer) }
        guard case .grant(let handoff, let attempt, _) = answer.content,
            !confirms.contains(handoff: handoff), !isReset
        else { return }
        Request.encodeDecline(handoff: handoff, attempt: attempt, reason: .mismatched, into: &frame)
        do throws(Interruption) {
            try sendFrame()
            unansweredCount += 1
        } catch {
            // Nothing can be sent any more, but the awaited answer may be queued behind this one.
            isReset = true
        }
    }
}
