internal import Registry
internal import Transport

/// One connection to the coordinator.
final class Link: Sendable {
    let connection: Connection

    init(path: String) throws(Errno) {
        connection = try Connection.connect(path: path)
    }

    /// Whether the program has closed it, or put something else under its number, which is the
    /// program's then: nothing is sent there, and it is not closed.
    var isLost: Bool { connection.isLost() }
}

/// The descriptors that go along with a request, lent by the caller.
enum Passing: Sendable {
    case nothing
    case socket(BorrowedDescriptor)
    case socketAndProcess(BorrowedDescriptor, BorrowedDescriptor)

    /// Why the kernel finds no descriptor where the caller says there is one.
    var refusal: BatonError {
        if case .socketAndProcess(let socket, _) = self, socket.isOpen {
            return .refusedHere(.invalidProcessID)
        }
        return .refusedHere(.notASocket)
    }
}

/// Why an exchange came to no answer.
enum Interruption: Error {
    /// The connection broke: the request may or may not have been worked off.
    case lost(String)
    /// No connection could be made.
    case unreachable(Errno)
    /// Trying again would change nothing.
    case failed(BatonError)
}
