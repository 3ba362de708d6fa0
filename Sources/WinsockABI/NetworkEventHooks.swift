internal import Baton
internal import Transport
internal import Winsock

/// What the calls on sockets tell the notifier.
enum NetworkEventHooks {
    /// After a call, before it returns to the program.
    static func called(_ number: Int32, _ call: NetworkEventRecorder.Call) {
        Notifier.called(number, call)
    }

    /// After a receive. `hasTaken` says that bytes or a message have left the queue by it.
    static func received(_ number: Int32, hasTaken: Bool) {
        Notifier.called(number, .receive, hasTaken: hasTaken)
    }

    /// After a connection was accepted and put into the table: it has its listener's registration.
    static func accepted(_ number: Int32, from listener: Int32) {
        Library.sockets.withLock { $0[number]?.isAccepted = true }
        guard Notifier.isRegistered(listener) else { return }
        do throws(Errno) {
            try SocketCalls.setNonBlocking(number, true)
        } catch {
            // A descriptor of a socket takes the mode; without it the program waits, and no more.
        }
        Notifier.accepted(number, from: listener)
    }

    /// Whether the socket can be made to wait: not while network events are selected, WSAEINVAL.
    /// Winsock: ioctlsocket, FIONBIO.
    static func canBlock(_ number: Int32) -> Bool { !Notifier.isRegistered(number) }

    /// The pending error of a connection that the notifier has fetched: the answer to SO_ERROR, to
    /// a receive at the end of the stream and to a send that the kernel refuses. Gives it once.
    static func takeError(_ number: Int32) -> WSAError? { Notifier.takeError(number) }
}
