import Journal
import Transport

/// Waits for new events, until a signal, a number of them or a time ends it.
struct Following {
    let signals: SignalWatch
    var untilMatch: UInt64?
    var timeoutSeconds: UInt32?
    /// Told after each look how far the listing has come, whether anything was found or not.
    var save: (UInt64) throws -> Void = { _ in }

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
        let before = listing.writtenCount
        while true {
            // Asked before the events are read, so that a commit in between is noticed next time.
            let version = try listing.reader.dataVersion()
            if version != seen {
                seen = version
                let known = next
                next = try listing.writeNew(from: next) { found in
                    try isEnough(found - before) || signals.hasSignal()
                }
                if next != known { try save(next) }
                if isEnough(listing.writtenCount - before) {
                    return (EndStatus.success.rawValue, next)
                }
            }
            if let deadline, Clock.monotonicNanoseconds() >= deadline {
                return (EndStatus.refused.rawValue, next)
            }
            if let ending = try signals.wait(milliseconds: Self.pauseMilliseconds) {
                return (ending, next)
            }
        }
    }

    private func isEnough(_ count: UInt64) -> Bool { untilMatch.map { count >= $0 } ?? false }
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
