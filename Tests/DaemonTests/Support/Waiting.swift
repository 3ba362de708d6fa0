import TestSupport
import Testing

@testable import Transport

extension Waiting {
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
