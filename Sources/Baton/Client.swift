internal import Registry
internal import Transport
public import Winsock
internal import Wire

/// Hands sockets over to other processes of this host, and takes them over, through the
/// coordinator that `baton serve` runs.
///
///     let client = Client()
///     let info = try client.duplicate(socket, for: .process(pid))
///     // … the bytes of info.encoded(as: .wide) go to the target by any means; there:
///     let socket = try client.open(info)
///
/// Any number of threads can use one client; their calls wait for each other, and each waits for
/// its answer. A client connects at its first call, again whenever the coordinator was restarted,
/// and for itself in a child made by fork(2). One in each process is enough: the coordinator
/// bounds their number. For about a second after the last socket was opened it has a thread, which
/// sees to it that the log has the delivery, and goes on as long as no coordinator is there.
///
/// A program may close the descriptors of the library or put its own under their numbers, as
/// daemons do with closefrom(3) and dup2(2), while no call goes on: the next call connects again.
/// Registrations of network events have ended then.
public final class Client: Sendable {
    /// The coordinator's socket.
    public let socketPath: String
    let retryLimitMilliseconds: Int64
    private let instance: ProcessLocal<Instance>
    /// For the network events of shared sockets; connects when they are first selected.
    package let notifications: NotificationLink

    /// How long a call goes on looking for a coordinator that was there, without counting the
    /// time that connecting takes: about what a restart needs.
    static let defaultRetryLimitMilliseconds: Int64 = 2000

    /// Without a path that of `defaultSocketPath()`, as the environment is now. Does not connect.
    public convenience init(socketPath: String? = nil) {
        self.init(
            socketPath: socketPath ?? Self.defaultSocketPath(),
            retryLimitMilliseconds: Self.defaultRetryLimitMilliseconds)
    }

    package init(socketPath: String, retryLimitMilliseconds: Int64) {
        ForeignProgram.enter()
        self.socketPath = socketPath
        self.retryLimitMilliseconds = retryLimitMilliseconds
        instance = ProcessLocal(
            make: { Instance(path: socketPath, retryLimitMilliseconds: retryLimitMilliseconds) },
            abandon: { $0.abandon() })
        notifications = NotificationLink(
            socketPath: socketPath, retryLimitMilliseconds: retryLimitMilliseconds)
    }

    /// `$BATON_SOCKET`, else `/run/baton/coordinator.sock` for root, else
    /// `$XDG_RUNTIME_DIR/baton/coordinator.sock`.
    public static func defaultSocketPath() -> String { DefaultPaths.socketPath() }

    /// Connects now rather than at the first call, and agrees with the coordinator on the version
    /// of the protocol. Throws `.networkDown` where none answers.
    ///
    /// Winsock: WSAStartup.
    public func connect() throws(BatonError) {
        try withSession { (session) throws(BatonError) in try session.connect() }
    }

    /// Gives the coordinator a duplicate of a socket to hold for one process, which can open it
    /// once. From here on this process may close its own descriptor, or end.
    ///
    /// The result carries the ticket: whoever has its bytes and is the target can open the socket.
    /// Throws the coordinator's refusal: `.notASocket`, `.noBufferSpace` beyond its limits, and
    /// `.invalidArgument` with the reason for all else; `.networkDown` where none answers.
    ///
    /// Winsock: WSADuplicateSocket.
    public func duplicate(
        _ socket: borrowing Socket, for target: Target, options: DuplicateOptions = .init()
    ) throws(BatonError) -> ProtocolInfo {
        let info = try socket.withDescriptor { (number) throws(BatonError) in
            // A registration of its network events is announced first: then the coordinator knows
            // the descriptor, whatever becomes of the request.
            if Notifier.isRegistered(number) { socket.becomeKnown() }
            return try duplicate(descriptor: number, for: target, options: options)
        }
        socket.becomeKnown()
        return info
    }

    /// The same for a descriptor of the caller's, which must stay open during the call.
    ///
    /// Winsock: WSADuplicateSocket.
    public func duplicate(
        descriptor number: Int32, for target: Target, options: DuplicateOptions = .init()
    ) throws(BatonError) -> ProtocolInfo {
        try Notifier.announce(number, through: notifications)
        return try withSession { (session) throws(BatonError) in
            try session.duplicate(BorrowedDescriptor(number), for: target, options)
        }
    }

    /// Takes over the socket that was duplicated for this process. It is close-on-exec.
    ///
    /// Throws the coordinator's refusal, `.invalidArgument` with a reason such as `used`, `expired`
    /// or `wrong process`; `.tooManyDescriptors` where this process has none left, which leaves the
    /// ticket as it was; `.networkDown` where no coordinator answers.
    ///
    /// Winsock: WSASocket with FROM_PROTOCOL_INFO.
    public func open(
        _ info: ProtocolInfo, options: OpenOptions = .init()
    ) throws(BatonError) -> Socket {
        try open(record: info.encoded(as: .wide), options: options)
    }

    /// The same for a record as it came, of 372 or 628 bytes. Bytes of any other number are
    /// refused by the coordinator, and recorded; it gets at most 2,000 of them.
    ///
    /// Winsock: WSASocket with FROM_PROTOCOL_INFO.
    public func open(
        record: [UInt8], options: OpenOptions = .init()
    ) throws(BatonError) -> Socket {
        try withSession { (session) throws(BatonError) in
            try session.open(record: record, options)
        }
    }

    /// Makes a ticket worthless before it is used. Only the user of the source may, and root.
    ///
    /// `handoff` is the number in the ticket of the protocol info; `reason`, at most 1,024 bytes of
    /// UTF-8, goes into the log. Throws `.accessDenied` for other users and `.invalidArgument` with
    /// the reason where the handoff has ended or is being delivered.
    public func revoke(handoff: UInt64, reason: String? = nil) throws(BatonError) {
        try withSession { (session) throws(BatonError) in
            try session.revoke(handoff: handoff, reason: reason)
        }
    }

    /// Closes a socket, and tells the coordinator if it knows that this process had it. Does not
    /// wait until that is recorded, and says nothing where no coordinator answers: it learns then
    /// of the close when this process ends.
    ///
    /// Winsock: closesocket.
    public func close(_ socket: consuming Socket) {
        let cookie = socket.isKnown ? socket.cookie : 0
        // Ends its network events too.
        _ = consume socket
        if cookie != 0 { reportClosed(cookie: cookie) }
    }

    /// Tells the coordinator that this process has closed one descriptor of a socket that was
    /// handed over. For descriptors that the caller closed itself; as `close(_:)` otherwise.
    ///
    /// Winsock: closesocket.
    public func reportClosed(cookie: UInt64) {
        instance.content.session.withLock { $0.close(cookie: cookie, how: .closesocket) }
    }

    /// The same where the whole library gives its sockets up.
    ///
    /// Winsock: WSACleanup.
    package func reportCleanedUp(cookie: UInt64) {
        instance.content.session.withLock { $0.close(cookie: cookie, how: .cleanup) }
    }

    /// Marks a socket as one with a quality of service, which cannot be handed over any more.
    /// `text`, at most 1,024 bytes of UTF-8, goes into the log.
    ///
    /// Winsock: WSAIoctl, SIO_SET_QOS.
    public func markQualityOfService(
        _ socket: borrowing Socket, text: String
    ) throws(BatonError) {
        try socket.withDescriptor { (number) throws(BatonError) in
            try markQualityOfService(descriptor: number, text: text)
        }
    }

    /// The same for a descriptor of the caller's, which must stay open during the call.
    ///
    /// Winsock: WSAIoctl, SIO_SET_QOS.
    public func markQualityOfService(descriptor number: Int32, text: String) throws(BatonError) {
        try withSession { (session) throws(BatonError) in
            try session.mark(BorrowedDescriptor(number), text: text)
        }
    }

    /// What the coordinator says of itself, in its order. Uses a connection of its own, and leaves
    /// nothing in the log.
    public func status() throws(BatonError) -> [(key: String, value: String)] {
        var session = Session(
            path: socketPath, role: .query, retryLimitMilliseconds: retryLimitMilliseconds)
        return Self.facts(try session.status())
    }

    /// Has the coordinator compare what it knows with the processes and sockets that are there, and
    /// write down what it finds; returns when that is done. For root and the coordinator's own
    /// user.
    public func reconcile() throws(BatonError) -> [(key: String, value: String)] {
        var session = Session(
            path: socketPath, role: .peer, retryLimitMilliseconds: retryLimitMilliseconds)
        return Self.facts(try session.reconcile())
    }

    /// What the log has of a handoff whose source or target this process is: `log` and `origin`,
    /// `seq` of its `handoff.issued`, and `leaf`, the SHA-256 of 0x00 and the event's body in
    /// hexadecimal. Kept as lines `key=value`, it shows later whether the log still has that event
    /// (`baton verify --receipt`).
    ///
    /// Throws a refusal, `unknown handoff`, for a handoff of others.
    public func receipt(
        handoff: UInt64
    ) throws(BatonError) -> [(key: String, value: String)] {
        let text = try withSession { (session) throws(BatonError) in
            try session.receipt(of: handoff)
        }
        return Self.facts(text)
    }

    private static func facts(_ text: String) -> [(key: String, value: String)] {
        text.split(separator: "\n").map { line in
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (key: String(parts[0]), value: parts.count == 2 ? String(parts[1]) : "")
        }
    }

    /// The last that a process says before it becomes another program, which could not say it any
    /// more: waits, for a limited time, until what it opened is recorded as delivered. Whether it
    /// is. The connection is closed when this returns.
    ///
    /// execve(2)
    package func settleAndLeave(withinMilliseconds limit: Int64) -> Bool {
        instance.content.settleAndLeave(withinMilliseconds: limit)
    }

    /// Of the connection, while there is one.
    var connectionNumber: Int32? {
        instance.content.session.withLock { $0.link?.connection.withNumber { $0 } }
    }

    /// Whether a thread sees to confirms.
    var isSettling: Bool { instance.content.session.withLock { $0.isSettling } }

    /// Runs a job on the client's own thread.
    func run(_ job: @escaping @Sendable () -> Void) throws(BatonError) {
        try instance.content.run(job)
    }

    private func withSession<R: ~Copyable>(
        _ body: (inout Session) throws(BatonError) -> R
    ) throws(BatonError) -> R {
        try instance.content.withSession(body)
    }
}
