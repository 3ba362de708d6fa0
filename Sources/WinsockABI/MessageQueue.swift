internal import CWinsock2
internal import Transport

/// A message on its way to a window, or to a thread where `window` is 0. Windows: MSG.
struct PostedMessage: Sendable {
    var window: UInt
    var message: UInt32
    var wParameter: UInt
    var lParameter: Int
    /// Milliseconds since the boot.
    var time: UInt32
}

/// What a thread asks its queue for. Windows: GetMessage.
struct MessageFilter: Sendable {
    enum Scope: Sendable, Hashable {
        case all
        case window(UInt)
        /// Messages for no window.
        case thread
    }

    var scope: Scope
    /// Nil for all.
    var messages: ClosedRange<UInt32>?

    /// The end of the loop is let through always.
    func passes(_ message: PostedMessage) -> Bool {
        if message.message == UInt32(WM_QUIT) { return true }
        let isInScope =
            switch scope {
            case .all: true
            case .window(let window): message.window == window
            case .thread: message.window == 0
            }
        return isInScope && (messages?.contains(message.message) ?? true)
    }
}

/// The messages posted to the windows of one thread, in their order.
final class MessageQueue: Sendable {
    /// As on Windows, so that a thread which never looks does not fill the memory.
    static let messageCountMaximum = 10_000

    private let messages = ForkSafeLock<[PostedMessage]>([])
    private let arrival: ForkSafeLock<EventDescriptor>

    init() throws(Errno) { arrival = ForkSafeLock(try EventDescriptor()) }

    /// False when the queue is full.
    func post(_ message: PostedMessage) -> Bool {
        let isPosted = messages.withLock { messages in
            guard messages.count < Self.messageCountMaximum else { return false }
            messages.append(message)
            return true
        }
        if isPosted { arrival.withLock { $0.signal() } }
        return isPosted
    }

    /// The first message that passes; nil when none does.
    func next(_ filter: MessageFilter, removing isRemoved: Bool) -> PostedMessage? {
        messages.withLock { messages in
            guard let index = messages.firstIndex(where: filter.passes) else { return nil }
            return isRemoved ? messages.remove(at: index) : messages[index]
        }
    }

    /// Waits for a message that passes, and removes it. Only the queue's own thread waits.
    func awaitNext(_ filter: MessageFilter) throws(Errno) -> PostedMessage {
        while true {
            // Before it looks, so that what is posted after that wakes it.
            let number = try arrival.withLock { (arrival) throws(Errno) in
                // The program has closed it, or put something else under its number.
                if arrival.isLost() { arrival = try EventDescriptor() }
                arrival.drain()
                return arrival.withNumber { $0 }
            }
            if let message = next(filter, removing: true) { return message }
            _ = try ReadyDescriptors.wait(among: [number], timeoutMilliseconds: -1)
        }
    }

    func remove(window: UInt) {
        messages.withLock { $0.removeAll { $0.window == window } }
    }
}
