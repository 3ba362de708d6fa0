internal import Synchronization
internal import Transport

/// The owner of one socket descriptor, which is closed when its life ends.
///
/// That close is not told to the coordinator, which then learns of it when the process ends: use
/// `Client.close(_:)` to tell. Winsock: SOCKET.
public struct Socket: ~Copyable, Sendable {
    private let descriptor: Descriptor
    /// What identifies the socket on this host until the next boot, the same in every process that
    /// has it; 0 for a descriptor that is not a socket. socket(7), SO_COOKIE.
    public let cookie: UInt64
    /// The handoff by which it came; nil for one that the caller made.
    public let handoff: UInt64?
    /// What the rules let pass when it was opened.
    public let notes: OpenNotes
    /// The process whose descriptor of this socket the coordinator knows of; 0 when it does not.
    /// A child made by fork(2) has descriptors that nobody handed over.
    private let knownOwner: Atomic<Int32>

    /// Takes over an open descriptor: nobody else closes it from here on. Whether it survives an
    /// execve(2) is left as it is.
    public init(owning number: Int32) {
        descriptor = Descriptor(owning: number)
        do throws(Errno) {
            cookie = try Sockets.cookie(of: BorrowedDescriptor(number))
        } catch {
            cookie = 0
        }
        handoff = nil
        notes = []
        knownOwner = Atomic(0)
    }

    /// What a grant brought; close-on-exec.
    init(
        _ descriptor: consuming Descriptor, cookie: UInt64, handoff: UInt64, notes: OpenNotes
    ) {
        self.descriptor = descriptor
        self.cookie = cookie
        self.handoff = handoff
        self.notes = notes
        knownOwner = Atomic(HostFacts.ownPID())
    }

    /// Lends the descriptor's number during `body`. It must not be closed and not be kept.
    public borrowing func withDescriptor<R: ~Copyable, E: Error>(
        _ body: (Int32) throws(E) -> R
    ) throws(E) -> R {
        try descriptor.withNumber(body)
    }

    /// Gives the number up: from here on the caller must see that it is closed, and can tell with
    /// `Client.reportClosed(cookie:)`.
    public consuming func release() -> Int32 {
        descriptor.release()
    }

    /// The coordinator has recorded that this process has the socket.
    borrowing func becomeKnown() {
        knownOwner.store(HostFacts.ownPID(), ordering: .relaxed)
    }

    /// Whether the coordinator knows of a descriptor that this process has.
    var isKnown: Bool { knownOwner.load(ordering: .relaxed) == HostFacts.ownPID() }
}
