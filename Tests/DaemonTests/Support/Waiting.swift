import Testing

@testable import Transport

/// What a test waited for did not come.
struct Overdue: Error, CustomStringConvertible {
    let what: String
    var description: String { "still not so after \(Waiting.limitMilliseconds) ms: \(what)" }
}

enum Waiting {
    /// Far above what anything here takes, on a machine that is busy with other builds as well.
    static let limitMilliseconds: Int64 = 20_000

    /// Looks again and again until the condition holds.
    static func until(_ what: String, _ condition: () throws -> Bool) throws {
        let end = Clock.bootMicroseconds() + limitMilliseconds * 1000
        while try !condition() {
            guard Clock.bootMicroseconds() < end else { throw Overdue(what: what) }
            Clock.sleep(milliseconds: 1)
        }
    }

    /// Until there is something to read, or the other end is gone.
    static func forInput(
        _ what: String, from descriptor: borrowing some NumberedDescriptor & ~Copyable
    ) throws {
        let number = descriptor.withNumber { $0 }
        let events = try Syscalls.poll(
            number, events: 1, timeoutMilliseconds: Int32(limitMilliseconds))
        guard events != 0 else { throw Overdue(what: what) }
    }
}

/// Something that a test needs is not there.
struct Missing: Error {
    let what: String
}
