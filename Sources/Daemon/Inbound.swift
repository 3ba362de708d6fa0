import Coordinator
import Registry
import Transport
import Wire

/// One message of a connection, read and not yet decided. All that are received together are
/// received before the first is decided, so that it is known which of their senders are alive.
///
/// A class, because one is passed on several times and is large.
final class Inbound {
    let connection: ClientConnection
    let content: Result<Request, FrameError>
    /// The counter that an answer echoes, also where the rest cannot be read.
    let counter: UInt64
    /// Who sent it, as the kernel says.
    let credentials: Peer?
    /// What came with it, in order.
    let first: SharedDescriptor?
    let second: SharedDescriptor?
    /// More than two came with it: these are only the first ones.
    let hasSurplus: Bool
    /// It is still in the queue of its connection, with all of them.
    let isLeft: Bool
    let isControlTruncated: Bool
    /// What identifies the socket that a request is for; nil where none came.
    var cookie: UInt64?
    var names = NamesFact.notAsked

    /// Reads a message, whose bytes are still in the buffer that it was received into.
    init(_ message: consuming Message, in buffer: MessageBuffer, from client: ClientConnection) {
        var counter: UInt64 = 0
        let content: Result<Request, FrameError> = buffer.withBytes(count: message.byteCount) {
            frame in
            counter = Request.counter(of: frame)
            do throws(FrameError) {
                return .success(try Request(frame))
            } catch {
                return .failure(error)
            }
        }
        connection = client
        self.content = message.isTruncated ? .failure(.wrongByteCount) : content
        self.counter = counter
        credentials = message.credentials
        (hasSurplus, isLeft) = (message.surplus > 0, message.isLeft)
        isControlTruncated = message.isControlTruncated
        first = SharedDescriptor(optional: message.first.take())
        second = SharedDescriptor(optional: message.second.take())
    }

    var knownNames: SocketNames? {
        if case .known(let names) = names { names } else { nil }
    }

    /// Whether any came with it, also such as got lost on the way.
    var hasDescriptors: Bool { descriptorCount > 0 || isControlTruncated }

    /// How many descriptors came with it, as far as any request wants to know.
    var descriptorCount: Int {
        (first == nil ? 0 : 1) + (second == nil ? 0 : 1) + (hasSurplus ? 1 : 0)
    }
}

/// One client's connection.
final class ClientConnection {
    let connection: Connection
    let id: SessionID
    let peer: Peer
    let process: WatchedProcess
    let user: UserShare
    let token: Poller.Token
    /// The peer has closed, or is to be dropped: nothing is sent any more.
    var isClosed = false
    /// A message of it has more descriptors than any request: nothing behind it is received, and
    /// the connection ends as soon as that is answered.
    var hasSurplus = false
    /// The poller tells of it.
    var isPolled = true
    /// A message of it is on the list of this round, and its socket still to be asked: no other
    /// one may come before it.
    var isAsking = false
    /// It is not received from until a message of it is decided, see `SocketNamer`.
    var isParked = false
    /// The uid in the credentials of the last message for which the process was looked at; nil
    /// before the first. Another uid means that the process has changed.
    var observedUID: UInt32?
    /// Grants that were sent here and are not known to have been received.
    var unreadGrants = 0
    /// The handoffs of those that it has said nothing about.
    var unansweredGrants: Set<HandoffNumber> = []

    init(
        connection: consuming Connection, id: SessionID, peer: Peer, process: WatchedProcess,
        user: UserShare, token: Poller.Token
    ) {
        self.connection = connection
        self.id = id
        self.peer = peer
        self.process = process
        self.user = user
        self.token = token
    }
}

/// What one user has in flight, all its connections together, and whose turn it is among them.
final class UserShare {
    let uid: UInt32
    var connections = 0
    /// Those of which a message waits for the names of its socket.
    var parked = 0
    /// Its connections that wait for their turn, as the poller tells of them.
    var ready: [ClientConnection] = []
    /// Counts the turns of all users.
    var lastTurn: UInt64 = 0
    /// How many of `ready` have had their turn, and where they began: the poller tells of those
    /// who always have something in the same order each time, so that without this the last ones
    /// would never be heard.
    private var served = 0
    private var start = 0
    /// The round for which `received` counts.
    private var round: UInt64 = 0
    private var received = 0
    /// Grants that were sent to it and are not known to have been received.
    var unreadGrants = 0
    /// Those that a batch will send, and which batch that is.
    private var batch: UInt64 = 0
    private var promised = 0

    init(uid: UInt32) { self.uid = uid }

    /// The connection that is the next to be received from.
    func nextReady() -> ClientConnection? {
        guard served < ready.count else { return nil }
        defer { served += 1 }
        return ready[(start + served) % ready.count]
    }

    /// Whether each of its connections has had a turn.
    var isServed: Bool { served == ready.count }

    /// Those that had no turn are the first of the next round.
    func endTurns() {
        start = isServed ? 0 : (start + served) % ready.count
        served = 0
        ready.removeAll(keepingCapacity: true)
    }

    func promisedGrants(inBatch batch: UInt64) -> Int { self.batch == batch ? promised : 0 }

    func promiseGrant(inBatch batch: UInt64) {
        promised = promisedGrants(inBatch: batch) + 1
        self.batch = batch
    }

    /// How many more messages it may have in this round.
    func room(inRound round: UInt64, of limit: Int) -> Int {
        self.round == round ? max(0, limit - received) : limit
    }

    func note(_ count: Int, inRound round: UInt64) {
        received = self.round == round ? received + count : count
        self.round = round
    }
}
