import Journal
import Transport

/// Waits for new events, until a signal ends it.
enum Following {
    /// How long a new event may lie unseen. Asking whether there is one costs microseconds.
    private static let pauseMilliseconds: Int32 = 50

    static func signals() throws -> SignalWatch { try SignalWatch() }

    /// Prints events as they come. The exit status that the signal asks for.
    static func run(
        _ listing: HistoryListing, from start: UInt64, signals: SignalWatch
    ) throws -> Int32 {
        var listing = listing
        var next = start
        var seen: Int64?
        while true {
            // Asked before the events are read, so that a commit in between is noticed next time.
            let version = try listing.reader.dataVersion()
            if version != seen {
                seen = version
                next = try listing.writeNew(from: next) { try signals.hasSignal() }
            }
            if let ending = try signals.wait(milliseconds: pauseMilliseconds) { return ending }
        }
    }
}

/// The signals that end a listing between two lines, never within one.
final class SignalWatch {
    private let signals: SignalDescriptor
    private let poller: Poller
    private let events = EventBuffer(capacity: 1)
    private var received: Int32?

    init() throws(Errno) {
        signals = try SignalDescriptor.blocking([
            SignalDescriptor.interrupt, SignalDescriptor.terminate,
        ])
        poller = try Poller()
        try poller.add(
            signals, token: Poller.Token(index: 0, generation: 0), interest: .readable)
    }

    func hasSignal() throws(Errno) -> Bool {
        if received == nil { received = try signals.read() }
        return received != nil
    }

    /// The exit status for the signal that came, or nil after the time.
    func wait(milliseconds: Int32) throws(Errno) -> Int32? {
        if received == nil {
            _ = try poller.wait(into: events, timeoutMilliseconds: milliseconds)
        }
        guard try hasSignal() else { return nil }
        // The shell's number for an interrupted program; who terminates it is content.
        return received == SignalDescriptor.interrupt ? 130 : EndStatus.success.rawValue
    }
}
