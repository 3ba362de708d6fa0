import Registry
import Synchronization
import Transport

/// From whom the leader of the loop receives without a look before.
///
/// A message can have more descriptors than any request: the kernel closes those on the way, on
/// the thread that receives, and the close of a socket waits for as long as its owner has set. So
/// the leader only receives from those who have sent no such message lately, and where it is kept
/// another thread leads on, see `Succession`. The messages of the others are looked at first, which
/// costs as much again.
struct Reception {
    private enum Bounds {
        /// What such a message counts for as a wait: to close 251 sockets takes some milliseconds.
        static let surplusMicroseconds: Int64 = 5_000
        /// Threads that are kept in a receive: beyond them all messages are looked at.
        static let keptThreads = 16
        /// How long a connection waits for what it has sent, before it is dropped: the exit of its
        /// process is not written before that.
        static let patienceMicroseconds: Int64 = 2_000_000
    }

    let late: LateMessages
    private var pauses = LeaderPauses()
    /// Users for whom a thread is kept: for each of these no second one is.
    private var kept: Set<UInt32> = []
    /// Connections that wait for such a thread, and until when.
    private var waiting: [(client: ClientConnection, end: Int64)] = []

    init(late: LateMessages) { self.late = late }

    mutating func needsLook(of uid: UInt32, at time: @autoclosure () -> Int64) -> Bool {
        if !kept.isEmpty, kept.count >= Bounds.keptThreads || kept.contains(uid) { return true }
        return !pauses.mayWait(for: uid, at: time())
    }

    /// When a connection has waited long enough.
    var nextStep: Int64? { waiting.first?.end }

    /// A message with more descriptors than any request has come.
    mutating func noteSurplus(of uid: UInt32, at time: Int64) {
        pauses.note(uid, from: time - Bounds.surplusMicroseconds, to: time)
    }

    /// The last leader is kept by what has come on this connection.
    mutating func noteKept(by client: ClientConnection, at time: Int64) {
        let uid = client.user.uid
        pauses.note(uid, from: time - Succession.patienceMicroseconds, to: time)
        kept.insert(uid)
        waiting.append((client, time + Bounds.patienceMicroseconds))
    }

    /// Its thread has returned. False where the connection was given up before.
    mutating func noteReturn(of client: ClientConnection) -> Bool {
        kept.remove(client.user.uid)
        guard let index = waiting.firstIndex(where: { $0.client === client }) else { return false }
        waiting.remove(at: index)
        return true
    }

    /// A connection that has waited for too long.
    mutating func giveUp(at time: Int64) -> ClientConnection? {
        guard let first = waiting.first, first.end <= time else { return nil }
        waiting.removeFirst()
        return first.client
    }
}

/// Where threads that were kept in a receive leave what they have received.
final class LateMessages: Sendable {
    struct Late: @unchecked Sendable {
        let client: ClientConnection
        /// Nil where there was none: whoever receives next is told why.
        let message: Inbound?
    }

    /// Theirs is the event at which the loop takes what is here as well.
    private let answers: NameAnswers
    private let messages = Mutex<[Late]>([])

    init(with answers: NameAnswers) { self.answers = answers }

    func put(_ message: Inbound?, from client: ClientConnection) {
        let late = Late(client: client, message: message)
        messages.withLock { $0.append(late) }
        answers.event.signal()
    }

    func take() -> [Late] {
        messages.withLock { messages in
            defer { messages.removeAll() }
            return messages
        }
    }
}

extension EventLoop {
    /// Receives the next message of a connection. Nil where that has kept this thread, so that
    /// another one leads since: then what has come is late.
    func receiveNext(
        from client: ClientConnection, lookingFirst: Bool
    ) throws(Errno) -> Received? {
        // Before the call begins: whoever takes over looks here.
        receivingFrom = client.token.index
        guard !lookingFirst, !isStopping,
            !reception.needsLook(of: client.user.uid, at: Clock.bootMicroseconds()),
            let call = succession.begin()
        else {
            return try client.connection.receiveAtMostTwoDescriptors(
                into: buffer, lookingFirst: true)
        }
        // Only what no other thread misses is held across the call.
        let (succession, buffer, late) = (succession, buffer, reception.late)
        let received: Received
        do throws(Errno) {
            received = try client.connection.receiveAtMostTwoDescriptors(
                into: buffer, lookingFirst: false)
        } catch {
            guard succession.end(call) else {
                late.put(nil, from: client)
                return nil
            }
            throw error
        }
        guard succession.end(call) else {
            switch consume received {
            case .message(let message):
                late.put(Inbound(message, in: buffer, from: client), from: client)
            default: late.put(nil, from: client)
            }
            return nil
        }
        return received
    }

    /// Leaves the receive of the last leader to its thread, and its connection aside as long.
    func leaveReceiving() {
        buffer = EventLoop.messageBuffer()
        for user in readyUsers { user.endTurns() }
        readyUsers.removeAll(keepingCapacity: true)
        guard let client = connections[receivingFrom] else {
            preconditionFailure("a connection that is received from is one of the loop's")
        }
        reception.noteKept(by: client, at: Clock.bootMicroseconds())
        setAside(client)
    }

    /// Puts what has come late on the list of this round; how many messages.
    func takeLate() -> Int {
        var count = 0
        for late in reception.late.take() {
            let client = late.client
            if reception.noteReturn(of: client) { takeBack(client) }
            if let message = late.message {
                guard !client.isClosed else {
                    release(message)
                    continue
                }
                _ = take(message)
                count += 1
            }
            if !client.hasSurplus { resumePolling(client) }
        }
        while let client = reception.giveUp(at: Clock.bootMicroseconds()) {
            takeBack(client)
            // The thread that is kept has it too: with this it would only be closed by that.
            shutDown(client)
            disconnect(client)
            recordRefusedConnection(of: client.peer, .unexpectedDescriptors)
        }
        return count
    }
}
