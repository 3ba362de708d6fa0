internal import Transport

/// The process that a socket is handed to.
///
/// Winsock: WSADuplicateSocket, dwProcessId.
public enum Target: Sendable, Hashable {
    /// The process that has this id when the coordinator looks, in the client's PID namespace.
    case process(Int32)
    /// The process of a pidfd: the number of a descriptor of the caller's, used during the call
    /// only. It works across PID namespaces and cannot come to mean another process.
    case pidfd(Int32)

    /// The calling process.
    public static var current: Target { .process(HostFacts.ownPID()) }
}
