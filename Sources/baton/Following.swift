import Journal
import Transport

/// Waits for new events, until a signal, a number of them or a time ends it.
struct Following {
    let signals: SignalWatch
    /// Of all that the listing prints, what was there before included.
    var untilMatch: UInt64?
    var timeoutSeconds: UInt32?
    /// How long a new event may lie unseen. Asking whether there is one costs microseconds.
    private static let pauseMilliseconds: Int32 = 50

    static func signals() throws -> SignalWatch { try SignalWatch() }

    /// Prints events as they come. The exit status, and where a later listing would go on.
    func run(
        _ listing: inout HistoryListing, from start: UInt64
    ) throws -> (status: Int32, next: UInt64) {
        var next = start
        var seen: Int64?
        let deadline = timeoutSeconds.map {
            Clock.monotonicNanoseconds() + UInt64($0) * 1_000_000_000
        }
        while true {
            // Asked before the events are read, so that a commit in between is noticed next time.
            let version = try listing.reader.dataVersion()
            if version != seen {
                seen = version
                next = try listing.writeNew(from: next, limit: listing.missing(of: untilMatch))
            }
            if let untilMatch, listing.writtenCount >= untilMatch {
                return (EndStatus.success.rawValue, next)
            }
            if let deadline, Clock.monotonicNanoseconds() >= deadline {
                return (EndStatus.refused.rawValue, next)
            }
            if let ending = try signals.wait(milliseconds: Self.pauseMilliseconds) {
                return (ending, next)
            }
        }
    }
}

/// The signals that end a listing between two pages, never within a line.
final class SignalWatch {
    private let signals: SignalDescriptor
    private let poller: Poller
    private let events = EventBuffer(capacity: 1)
    private var received: Int32?

    /// - Parameter others: signals that end nothing.
    init(also others: [Int32] = []) throws(Errno) {
        let wanted = [SignalDescriptor.interrupt, SignalDescriptor.terminate] + others
        // Whoever had them ignored, as nohup(1) does, wants them to end nothing.
        signals = try SignalDescriptor.blocking(
            wanted.filter { !SignalDescriptor.isIgnored($0) })
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
        return try ending()
    }

    /// The same, for a signal that came already.
    func ending() throws(Errno) -> Int32? {
        guard try hasSignal() else { return nil }
        return received.flatMap(Self.status)
    }

    /// Any of the signals, each time it comes; nil after the time.
    func next(milliseconds: Int32) throws(Errno) -> Int32? {
        if let signal = try signals.read() { return signal }
        _ = try poller.wait(into: events, timeoutMilliseconds: milliseconds)
        return try signals.read()
    }

    /// The exit status that a signal asks for; nil for one that ends nothing.
    static func status(of signal: Int32) -> Int32? {
        switch signal {
        // The shell's number for an interrupted program; who terminates it is content.
        case SignalDescriptor.interrupt: 130
        case SignalDescriptor.terminate: EndStatus.success.rawValue
        default: nil
        }
    }
}
