package import Journal
import Registry

/// An instant of a log, as people name it. The state at an instant has the event in it.
package enum Point: Sendable, Equatable {
    /// The event with this number.
    case sequence(UInt64)
    /// The last event, in the order of the log, that is not after this time.
    case time(Timestamp)
    /// The newest `boot.observed`.
    case boot
    /// The last event that a checkpoint covers: the one with this number, or the newest.
    case checkpoint(UInt64?)
    /// The newest event.
    case end

    /// The number of the event that this point means, in a log as it is now.
    package func sequence(in reader: LogReader) throws -> UInt64 {
        let count = try reader.eventCount()
        guard count > 0 else { throw PointError.emptyLog }
        switch self {
        case .sequence(let number):
            guard number < count else { throw PointError.notYet(number, last: count - 1) }
            return number
        case .time(let time):
            guard let number = try reader.lastSequence(notAfter: time) else {
                throw PointError.beforeLog(time)
            }
            return number
        case .boot:
            guard let number = try reader.lastSequence(of: .bootObserved) else {
                throw PointError.noBoot
            }
            return number
        case .checkpoint(let number):
            guard let size = try reader.checkpointSize(number), size > 0, size <= count else {
                throw PointError.noCheckpoint(number)
            }
            return size - 1
        case .end: return count - 1
        }
    }
}

/// The log has no such instant.
package enum PointError: Error, Equatable, Sendable, CustomStringConvertible {
    case emptyLog
    case notYet(UInt64, last: UInt64)
    case beforeLog(Timestamp)
    case noBoot
    case noCheckpoint(UInt64?)

    package var description: String {
        switch self {
        case .emptyLog: "the log has no events"
        case .notYet(let number, let last):
            "there is no event #\(number): the newest is #\(last)"
        case .beforeLog(let time): "the log begins after \(time)"
        case .noBoot: "the log has no boot.observed"
        case .noCheckpoint(nil): "the log has no checkpoint"
        case .noCheckpoint(let number?): "the log has no checkpoint \(number)"
        }
    }
}
