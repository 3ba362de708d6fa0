internal import Synchronization
internal import Transport
public import Winsock

/// The calls of a client for asynchronous functions, which they suspend without blocking a thread
/// of the concurrency runtime.
///
/// The calls run on one thread of the client's own, one after the other. Cancelling a task before
/// its call has begun there makes the call throw `.callCancelled`, with nothing sent; once it has
/// begun, it goes on to its end, because the coordinator may have acted on it already.
public struct AsyncClient: Sendable {
    private let client: Client

    public init(_ client: Client) {
        self.client = client
    }

    /// See `Client.duplicate(_:for:options:)`. Winsock: WSADuplicateSocket.
    public func duplicate(
        _ socket: borrowing Socket, for target: Target, options: DuplicateOptions = .init()
    ) async throws(BatonError) -> ProtocolInfo {
        // The caller lends the socket until this function returns, which is after the job.
        let number = socket.withDescriptor { $0 }
        let info = try await duplicate(descriptor: number, for: target, options: options)
        socket.becomeKnown()
        return info
    }

    /// See `Client.duplicate(descriptor:for:options:)`. Winsock: WSADuplicateSocket.
    public func duplicate(
        descriptor number: Int32, for target: Target, options: DuplicateOptions = .init()
    ) async throws(BatonError) -> ProtocolInfo {
        let client = client
        return try await perform { () throws(BatonError) in
            try client.duplicate(descriptor: number, for: target, options: options)
        }
    }

    /// See `Client.open(_:options:)`. Winsock: WSASocket with FROM_PROTOCOL_INFO.
    public func open(
        _ info: ProtocolInfo, options: OpenOptions = .init()
    ) async throws(BatonError) -> Socket {
        try await open(record: info.encoded(as: .wide), options: options)
    }

    /// See `Client.open(record:options:)`. Winsock: WSASocket with FROM_PROTOCOL_INFO.
    public func open(
        record: [UInt8], options: OpenOptions = .init()
    ) async throws(BatonError) -> Socket {
        let client = client
        let opened = try await perform { () throws(BatonError) in
            OpenedSocket(try client.open(record: record, options: options))
        }
        return opened.take()
    }

    /// See `Client.revoke(handoff:reason:)`.
    public func revoke(handoff: UInt64, reason: String? = nil) async throws(BatonError) {
        let client = client
        try await perform { () throws(BatonError) in
            try client.revoke(handoff: handoff, reason: reason)
        }
    }

    private func perform<R: Sendable>(
        _ body: @escaping @Sendable () throws(BatonError) -> R
    ) async throws(BatonError) -> R {
        let isCancelled = CancellationFlag()
        let result: Result<R, BatonError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                do throws(BatonError) {
                    try client.run {
                        continuation.resume(
                            returning: isCancelled.value
                                ? .failure(.cancelled) : Result(catching: body))
                    }
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        } onCancel: {
            isCancelled.set()
        }
        return try result.get()
    }
}

private final class CancellationFlag: Sendable {
    private let flag = Atomic(false)

    var value: Bool { flag.load(ordering: .acquiring) }

    func set() { flag.store(true, ordering: .releasing) }
}

/// Carries a socket from the client's thread to the task.
private final class OpenedSocket: Sendable {
    private let socket: ForkSafeLock<Socket?>

    init(_ socket: consuming Socket) {
        self.socket = ForkSafeLock(socket)
    }

    func take() -> Socket {
        guard let socket = socket.withLock({ $0.take() }) else {
            preconditionFailure("An opened socket is taken once.")
        }
        return socket
    }
}
