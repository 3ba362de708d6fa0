import Coordinator
import Registry
import Transport
import Wire

/// One message of a connection, read and not yet decided. All that are received together are
/// received before the first is decided, so that it is known which of their senders are alive.
struct Inbound {
    let connection: ClientConnection
    let content: Result<Request, FrameError>
    /// The counter that an answer echoes, also where the rest cannot be read.
    let counter: UInt64
    /// Who sent it, as the kernel says.
    let credentials: Peer?
    /// What came with it, in order.
    let first: SharedDescriptor?
    let second: SharedDescriptor?
    let surplus: Int
    let isControlTruncated: Bool

    /// How many descriptors came with it.
    var descriptorCount: Int { (first == nil ? 0 : 1) + (second == nil ? 0 : 1) + surplus }
}

/// One client's connection.
final class ClientConnection {
    let connection: Connection
    let id: SessionID
    let peer: Peer
    let process: WatchedProcess
    let token: Poller.Token
    /// The peer has closed, or is to be dropped: nothing is sent any more.
    var isClosed = false
    /// The uid in the credentials of the last message for which the process was looked at; nil
    /// before the first. Another uid means that the process has changed.
    var observedUID: UInt32?

    init(
        connection: consuming Connection, id: SessionID, peer: Peer, process: WatchedProcess,
        token: Poller.Token
    ) {
        self.connection = connection
        self.id = id
        self.peer = peer
        self.process = process
        self.token = token
    }
}
