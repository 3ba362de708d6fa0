import Registry
import TestSupport
import Testing

@testable import Transport
@testable import Wire

/// A connection of the tests' own process, which sends whatever it likes.
final class TestConnection {
    private let connection: Connection
    private let buffer = MessageBuffer(byteCapacity: Frame.byteCountMaximum)

    init(_ path: String) throws {
        let connection = try Connection.connect(path: path)
        try connection.setReceiveTimeout(milliseconds: Waiting.limitMilliseconds)
        try connection.setSendTimeout(milliseconds: Waiting.limitMilliseconds)
        self.connection = connection
    }

    /// One that has said its startup, with counter 1.
    static func started(
        _ path: String, role: Request.Startup.Role = .peer
    ) throws -> TestConnection {
        let connection = try TestConnection(path)
        try connection.send(Frames.startup(counter: 1, nonce: randomUInt64() | 1, role: role))
        #expect(try connection.answer().isWelcome)
        return connection
    }

    func send(_ frame: Record) throws {
        let bytes = frame.bytes
        try connection.send(bytes.span, wait: true)
    }

    /// False when the coordinator has closed the connection.
    func sendUnlessDropped(_ frame: Record) throws -> Bool {
        let bytes = frame.bytes
        do throws(Errno) {
            try connection.send(bytes.span, wait: true)
            return true
        } catch .brokenPipe {
            return false
        }
    }

    func send(_ frame: Record, passing descriptor: SharedDescriptor?) throws {
        let bytes = frame.bytes
        guard let descriptor else { return try connection.send(bytes.span, wait: true) }
        try connection.send(bytes.span, passing: descriptor.descriptor, wait: true)
    }

    func send(
        _ frame: Record, passing one: borrowing Descriptor, _ other: borrowing Descriptor
    ) throws {
        let bytes = frame.bytes
        try connection.send(bytes.span, passing: one, other, wait: true)
    }

    func send(
        _ frame: Record, passing descriptor: borrowing Descriptor, repeated count: Int
    ) throws {
        let bytes = frame.bytes
        try connection.send(
            bytes.span, passing: descriptor, repeated: count, wait: true)
    }

    /// One message with each of these, after which only the message may have them.
    func send(_ frame: Record, passingEach sockets: consuming [SharedDescriptor]) throws {
        let bytes = frame.bytes
        let numbers = sockets.map { socket in socket.withNumber { $0 } }
        try connection.withNumber { (fd) throws(Errno) in
            try Syscalls.send(fd, bytes.span, descriptors: numbers.span, wait: true)
        }
    }

    func shutDown() throws { try connection.shutDown() }

    /// The next answer; its descriptor is closed.
    func answer() throws -> Answer { try #require(try answerOrEnd()) }

    /// Nil when the coordinator has closed the connection.
    func answerOrEnd() throws -> Answer? {
        guard let count = try byteCount() else { return nil }
        return try buffer.withBytes(count: count) { bytes in try Answer(bytes) }
    }

    private func byteCount() throws(Errno) -> Int? {
        let received: Received
        do throws(Errno) {
            received = try connection.receive(into: buffer, wait: true)
        } catch .connectionReset {
            // It did not read all that we sent. What it had sent before is still there.
            return try byteCount()
        }
        switch consume received {
        case .nothing: throw .again
        case .endOfFile: return nil
        case .message(let message): return message.byteCount
        }
    }
}
