internal import Transport
package import Winsock

/// Where the network events of a registration go. All are called while others wait: they must be
/// quick, and must not call the notifier.
package struct NetworkEventSink: Sendable {
    /// Gets what was newly recorded, and the number of the socket's descriptor.
    let deliver: @Sendable (Int32, NetworkEventRecord) -> Void
    /// The registration has begun; that of a connection has its listener's sink.
    let begin: @Sendable () -> Void
    /// The registration has ended; nothing is delivered any more.
    let end: @Sendable (NetworkEventEnd) -> Void

    package init(
        deliver: @escaping @Sendable (Int32, NetworkEventRecord) -> Void,
        begin: @escaping @Sendable () -> Void = {},
        end: @escaping @Sendable (NetworkEventEnd) -> Void = { _ in }
    ) {
        self.deliver = deliver
        self.begin = begin
        self.end = end
    }
}

/// Why a registration of network events has ended. Winsock: WSAEventSelect.
public enum NetworkEventEnd: Sendable, Hashable {
    /// Another registration of the same socket, or a cancellation, in whatever process.
    case takenOver
    /// Whoever made it cancelled it, or has gone.
    case cancelled
    /// This process closed the descriptor.
    case closed
}
