internal import Synchronization
internal import Transport

/// The owner of one socket descriptor, which is closed when its life ends.
///
/// That close is not told to the coordinator, which then learns of it when the process ends: use
/// `Client.close(_:)` to tell. What a program closes by its number behind the owner's back is not
/// closed again, and neither is what has that number since. Winsock: SOCKET.
public struct Socket: ~Copyable, Sendable {
    /// Nil once it was released.
    private var descriptor: Descriptor?
    /// What identifies the socket on this host until the next boot, the same in every process that
    /// has it; 0 for a descriptor that is not a socket. socket(7), SO_COOKIE.
    public let cookie: UInt64
    /// The handoff by which it came; nil for one that the caller made.
    public let handoff: UInt64?
    /// What the rules let pass when it was opened.
    public let notes: OpenNotes
    /// The process whose descriptor of this socket the coordinator knows of, if it does.
    /// A child made by fork(2) has descriptors that nobody handed over.
    private let knownOwner: AtomicOwnProcess
    /// Whether network events were ever selected through it.
    private let isWatched = Atomic(false)

    /// Takes over an open descriptor: nobody else closes it from here on. Whether it survives an
    /// execve(2) is left as it is.
    public init(owning number: Int32) {
        ForeignProgram.enter()
        do throws(Errno) {
            cookie = try Sockets.cookie(of: BorrowedDescriptor(number))
            descriptor = Descriptor(owning: number, cookie: cookie)
        } catch {
            cookie = 0
            descriptor = Descriptor(owning: number)
        }
        handoff = nil
        notes = []
        knownOwner = AtomicOwnProcess(nil)
    }

    /// What a grant brought; close-on-exec.
    init(
        _ descriptor: consuming Descriptor, cookie: UInt64, handoff: UInt64, notes: OpenNotes
    ) {
        self.descriptor = Descriptor(owning: descriptor.release(), cookie: cookie)
        self.cookie = cookie
        self.handoff = handoff
        self.notes = notes
        knownOwner = AtomicOwnProcess(.current)
    }

    deinit {
        // Before the descriptor is closed, or its number could be another's by then.
        stopWatching()
    }

    /// Lends the descriptor's number during `body`. It must not be closed and not be kept.
    public borrowing func withDescriptor<R: ~Copyable, E: Error>(
        _ body: (Int32) throws(E) -> R
    ) throws(E) -> R {
        guard let number = descriptor?.withNumber({ $0 }) else {
            preconditionFailure("A socket that was released is not used.")
        }
        return try body(number)
    }

    /// Gives the number up: from here on the caller must see that it is closed, and can tell with
    /// `Client.reportClosed(cookie:)`.
    ///
    /// Ends the network events that were selected through it.
    public consuming func release() -> Int32 {
        stopWatching()
        guard let descriptor = descriptor.take() else {
            preconditionFailure("A socket is released once.")
        }
        return descriptor.release()
    }

    /// Network events are selected through it.
    borrowing func becomeWatched() { isWatched.store(true, ordering: .relaxed) }

    private borrowing func stopWatching() {
        guard isWatched.load(ordering: .relaxed) else { return }
        descriptor?.withNumber { Notifier.remove($0) }
    }

    /// The coordinator has recorded that this process has the socket.
    borrowing func becomeKnown() {
        knownOwner.store(.current)
    }

    /// Whether other processes may have the socket: the coordinator has heard of it.
    var isShared: Bool { knownOwner.load() != nil }

    /// Whether the coordinator knows of a descriptor that this process has.
    var isKnown: Bool { knownOwner.load() == .current }
}
