import Registry
import TestSupport
import Transport
import Wire

/// A client that sends frames as they are, and knows what became of each.
final class LiveClient {
    /// As its last startup said.
    private(set) var role: Request.Startup.Role
    private let path: String
    private let nonce: UInt64
    private var link: Link
    private let buffer = MessageBuffer(byteCapacity: Frame.byteCountMaximum)
    /// Requests have numbers that are never used again, also on later connections.
    private(set) var counter: UInt64 = 0
    /// How many of its frames without an answer the present connection has acknowledged.
    private var acknowledged: UInt64 = 0

    /// What became of a frame.
    enum Outcome {
        case answered(Answer.Content)
        /// It wants no answer. Whether it was acknowledged, as one that could be read.
        case silent(isAcknowledged: Bool)
        /// The connection was closed.
        case dropped
        /// It brought more descriptors than any request has: the connection was closed once the
        /// frame was answered, if it wants an answer.
        case ended(Answer.Content?)
        /// The kernel does not take descriptors to a query connection.
        case unsent
    }

    init(_ path: String, role: Request.Startup.Role = .peer) throws {
        self.path = path
        self.role = role
        nonce = UInt64.random(in: 1 ... .max)
        link = try Link(path)
        try start()
    }

    /// One connection, and what is sent along on it: a mark stays with its socket.
    private final class Link {
        let connection: Connection
        let passed: SocketPair

        init(_ path: String) throws {
            connection = try Connection.connect(path: path)
            passed = try Sockets.pair(.stream)
            try connection.setReceiveTimeout(milliseconds: Waiting.limitMilliseconds)
            try connection.setSendTimeout(milliseconds: Waiting.limitMilliseconds)
        }
    }

    /// The same instance on another connection.
    func reconnect(as role: Request.Startup.Role) throws {
        link = try Link(path)
        self.role = role
        acknowledged = 0
        try start()
    }

    private func start() throws {
        let frame = frame { counter, frame in
            Request.encode(
                Request.Startup(counter: counter, nonce: nonce, role: role), into: &frame)
        }
        guard case .answered(.welcome) = try exchange(frame, descriptors: 0) else {
            throw Overdue(what: "a welcome")
        }
    }

    // MARK: - Frames

    /// A frame with the next number.
    func frame(_ encode: (UInt64, inout [UInt8]) -> Void) -> [UInt8] {
        counter += 1
        var bytes: [UInt8] = []
        encode(counter, &bytes)
        return bytes
    }

    /// Gives a frame the next number where it has one: a number that was used is another matter.
    func number(_ frame: [UInt8]) -> [UInt8] {
        guard Request.counter(of: frame.span) != 0 else { return frame }
        counter += 1
        var frame = frame
        for index in 0..<8 { frame[8 + index] = UInt8(truncatingIfNeeded: counter >> (8 * index)) }
        return frame
    }

    // MARK: - Exchanges

    /// Sends one frame, and waits until it was decided.
    func exchange(_ frame: [UInt8], descriptors: Int) throws -> Outcome {
        let expected = Request.counter(of: frame.span)
        do throws(Errno) {
            try send(frame, descriptors)
        } catch .notPermitted {
            return .unsent
        } catch .brokenPipe, .connectionReset {
            return .dropped
        }
        guard descriptors <= 2 else {
            let last = expected == 0 ? nil : try answer(to: expected)
            guard try nextAnswer() == nil else { throw Overdue(what: "the end") }
            try reconnect(as: role)
            return .ended(last?.content)
        }
        guard expected == 0 else {
            guard let answer = try answer(to: expected) else { return .dropped }
            return .answered(answer.content)
        }
        // The answer to this one says that it was decided.
        let status = self.frame { Request.encodeStatus(counter: $0, into: &$1) }
        do throws(Errno) {
            try send(status, 0)
        } catch .brokenPipe, .connectionReset {
            return .dropped
        }
        guard let answer = try answer(to: counter) else { return .dropped }
        defer { acknowledged = answer.acknowledged }
        return .silent(isAcknowledged: answer.acknowledged == acknowledged + 1)
    }

    /// Sends all of them, then gives their answers in this order.
    func exchange(_ frames: [[UInt8]]) throws -> [Answer.Content] {
        for frame in frames { try send(frame, 0) }
        return try frames.map { frame in
            guard let answer = try answer(to: Request.counter(of: frame.span)) else {
                throw Overdue(what: "an answer before the end")
            }
            return answer.content
        }
    }

    /// What the coordinator says of itself.
    func status() throws -> [String: String] {
        let frame = frame { Request.encodeStatus(counter: $0, into: &$1) }
        guard case .report(let text)? = try exchange([frame]).first else {
            throw Overdue(what: "a report")
        }
        let pairs = text.split(separator: "\n").map {
            $0.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        }
        return Dictionary(uniqueKeysWithValues: pairs.map { (String($0[0]), String($0[1])) })
    }

    private func send(_ frame: [UInt8], _ descriptors: Int) throws(Errno) {
        guard descriptors > 0 else { return try link.connection.send(frame.span, wait: true) }
        try link.connection.send(
            frame.span, passing: link.passed.first, repeated: descriptors, wait: true)
    }

    /// The answer with this number; what is told besides has none. Nil when the connection ended.
    private func answer(to counter: UInt64) throws -> Answer? {
        while let answer = try nextAnswer() {
            if answer.counter == counter { return answer }
            guard answer.counter == 0 else { throw Overdue(what: "an answer to \(counter)") }
        }
        return nil
    }

    private func nextAnswer() throws -> Answer? {
        guard let count = try byteCount() else { return nil }
        return try buffer.withBytes(count: count) { bytes in try Answer(bytes) }
    }

    /// Of the next message.
    private func byteCount() throws(Errno) -> Int? {
        let received: Received
        do throws(Errno) {
            received = try link.connection.receive(into: buffer, wait: true)
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
