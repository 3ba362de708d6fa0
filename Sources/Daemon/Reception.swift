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
        /// Threads that are kept in a receive: beyond them all messages are looked at.
        static let keptThreads = 16
        /// How long a connection waits for what it has sent, before it is dropped: the exit of its
        /// process is not written before that. Twice, because the whole process may have been
        /// stopped meanwhile.
        static let patienceMicroseconds: Int64 = 1_000_000
        static let patienceCount = 2
    }

    /// A connection whose message a thread is kept for.
    private struct Waiting {
        let client: ClientConnection
        var end: Int64
        var patience = Bounds.patienceCount
    }

    let late: LateMessages
    private var pauses = LeaderPauses()
    /// Users for whom a thread is kept: for each of these no second one is.
    private var kept: Set<UInt32> = []
    private var waiting: [Waiting] = []

    init(late: LateMessages) { self.late = late }

    mutating func needsLook(of uid: UInt32, at time: @autoclosure () -> Int64) -> Bool {
        if !kept.isEmpty, kept.count >= Bounds.keptThreads || kept.contains(uid) { return true }
        return !pauses.mayWait(for: uid, at: time())
    }

    /// Whether no connection waits for what it has sent.
    var isEmpty: Bool { waiting.isEmpty }

    /// When a connection has waited long enough.
    var nextStep: Int64? {
        waiting.isEmpty ? nil : waiting.reduce(.max) { min($0, $1.end) }
    }

    /// The kernel has closed descriptors of this user on the way. How long that took nobody knows:
    /// no longer than what another thread would have seen.
    mutating func noteClosed(of uid: UInt32, at time: Int64) {
        pauses.note(uid, from: time - Succession.waitMaximum, to: time)
    }

    /// It would have, without a look.
    mutating func noteLeft(of uid: UInt32, at time: Int64) {
        pauses.pause(uid, until: time + Succession.waitMaximum * LeaderPauses.ofWait)
    }

    /// The last leader is kept by what has come on this connection.
    mutating func noteKept(by client: ClientConnection, at time: Int64) {
        noteClosed(of: client.user.uid, at: time)
        kept.insert(client.user.uid)
        waiting.append(Waiting(client: client, end: time + Bounds.patienceMicroseconds))
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
        for index in waiting.indices where waiting[index].end <= time {
            waiting[index].patience -= 1
            guard waiting[index].patience > 0 else { return waiting.remove(at: index).client }
            waiting[index].end = time + Bounds.patienceMicroseconds
        }
        return nil
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
        // Before the call begins: whoever takes over looks here. From there on nothing of the loop
        // is touched until it has ended, and only what no other thread misses is held.
        receivingFrom = client.token.index
        let (succession, buffer, late) = (succession, buffer, reception.late)
        guard !lookingFirst, !isStopping,
            !reception.needsLook(of: client.user.uid, at: Clock.bootMicroseconds()),
            let call = succession.begin()
        else {
            return try client.connection.receiveAtMostTwoDescriptors(
                into: buffer, lookingFirst: true)
        }
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
            let isClosed = client.isClosed
            disconnect(client)
            takeBack(client)
            guard !isClosed else { continue }
            recordRefusedConnection(of: client.peer, .unexpectedDescriptors)
        }
        return count
    }
}
