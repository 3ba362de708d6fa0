package import Transport
import Wire

/// The process that stands for one of the history: it does what the conductor says, with
/// connections and descriptors of its own. It ends with the channel.
package final class DriveActor {
    private let channel: SharedConnection
    private let socketPath: String
    private let buffer = MessageBuffer(
        byteCapacity: ActorRequest.headerByteCount + Frame.byteCountMaximum + 16)
    /// Whether it has the ids of another user, and root in reserve.
    private var isPlayed = false
    private var connections: [UInt32: SharedConnection] = [:]
    private var descriptors: [UInt64: SharedDescriptor] = [:]

    /// - Parameter channel: the conductor's end is the other one.
    package init(channel: consuming Descriptor, socketPath: String) {
        self.channel = SharedConnection(Connection(adopting: channel))
        self.socketPath = socketPath
    }

    /// Returns the exit status.
    package func run(as user: UserIDs?) throws -> Int32 {
        do throws(Errno) {
            if let user {
                try PlayedProcess.become(user)
                isPlayed = true
            }
        } catch {
            try answer(.failed, Array(error.description.utf8))
            return 2
        }
        try answer(.done)
        while let arrival = try next(from: channel) {
            let attached = arrival.descriptor
            guard let request = ActorRequest(arrival.bytes) else { return 2 }
            if request.verb == .exit { return Int32(truncatingIfNeeded: request.counter) }
            do throws(Errno) {
                try perform(request, attached)
            } catch {
                try answer(.failed, Array(error.description.utf8))
            }
        }
        return 0
    }

    private func perform(_ request: ActorRequest, _ attached: SharedDescriptor?) throws(Errno) {
        switch request.verb {
        case .connect:
            connections[request.slot] = SharedConnection(try Connection.connect(path: socketPath))
        case .disconnect: connections[request.slot] = nil
        case .send: try send(request)
        case .receive: return try receive(request)
        case .keep:
            // None comes where this process may have no more of them: MSG_CTRUNC.
            guard let attached else { throw .badDescriptor }
            descriptors[request.first] = attached
        case .drop: descriptors[request.first] = nil
        case .give:
            guard let descriptor = descriptors[request.first] else { throw .badDescriptor }
            return try answer(passing: descriptor.descriptor)
        case .giveConnection:
            guard let connection = connections[request.slot] else { throw .notConnected }
            return try answer(passing: connection.connection)
        case .keepConnection:
            guard let attached else { throw .badDescriptor }
            connections[request.slot] = SharedConnection(
                Connection(adopting: try attached.descriptor.duplicate()))
        case .exit: return
        case .become: try become(request.frame)
        }
        try answer(.done)
    }

    /// Returns only by throwing.
    private func become(_ frame: [UInt8]) throws(Errno) -> Never {
        let words = String(decoding: frame, as: UTF8.self).split(separator: "\n")
            .map(String.init)
        guard let path = words.first else { throw .invalidArgument }
        // The new program would have lost it for good.
        if isPlayed { try PlayedProcess.becomeRoot() }
        // Under its own number again, but open in the next program.
        try Descriptor.duplicate(ofInherited: Self.channelNumber).place(at: Self.channelNumber)
        try Programs.execute(path: path, arguments: Array(words.dropFirst()))
    }

    /// The number under which its program finds the channel.
    package static let channelNumber: Int32 = 3

    private func send(_ request: ActorRequest) throws(Errno) {
        guard let connection = connections[request.slot] else { throw .notConnected }
        let frame = request.frame
        guard request.first != 0 else {
            return try connection.connection.send(frame.span, wait: true)
        }
        // Its own connection, for what the coordinator has to refuse.
        if request.first == UInt64.max {
            return try connection.connection.send(
                frame.span, passing: connection.connection, wait: true)
        }
        guard let first = descriptors[request.first] else { throw .badDescriptor }
        guard request.second != 0 else {
            return try connection.connection.send(
                frame.span, passing: first.descriptor, wait: true)
        }
        guard let second = descriptors[request.second] else { throw .badDescriptor }
        try connection.connection.send(
            frame.span, passing: first.descriptor, second.descriptor, wait: true)
    }

    /// Passes over what was pushed meanwhile.
    private func receive(_ request: ActorRequest) throws(Errno) {
        guard let connection = connections[request.slot] else { throw .notConnected }
        while let arrival = try next(from: connection) {
            let bytes = arrival.bytes
            let decoded: Answer
            do throws(FrameError) {
                decoded = try Answer(bytes.span)
            } catch {
                let words = "the coordinator's answer cannot be read: \(error)"
                return try answer(.failed, Array(words.utf8))
            }
            guard decoded.counter == request.counter else { continue }
            if request.first != 0 {
                if case .grant = decoded.content, arrival.descriptor == nil { throw .badDescriptor }
                descriptors[request.first] = arrival.descriptor
            }
            return try answer(.done, bytes)
        }
        try answer(.end)
    }

    private struct Arrival {
        var bytes: [UInt8]
        var descriptor: SharedDescriptor?
    }

    /// Nil at the end.
    private func next(from connection: SharedConnection) throws(Errno) -> Arrival? {
        let received: Received
        do throws(Errno) {
            received = try connection.connection.receive(into: buffer, wait: true)
        } catch .connectionReset {
            // What was answered before the end is still there.
            return try next(from: connection)
        }
        switch consume received {
        case .nothing: return nil
        case .endOfFile: return nil
        case .message(var message):
            let descriptor = SharedDescriptor(optional: message.first.take())
            let bytes = buffer.withBytes(count: message.byteCount) { span in
                span.indices.map { span[$0] }
            }
            return Arrival(bytes: bytes, descriptor: descriptor)
        }
    }

    // MARK: - Answers

    private func answer(_ outcome: ActorOutcome, _ bytes: [UInt8] = []) throws(Errno) {
        let message = [outcome.rawValue] + bytes
        try channel.connection.send(message.span, wait: true)
    }

    private func answer(
        passing descriptor: borrowing some NumberedDescriptor & ~Copyable
    ) throws(Errno) {
        let message = [ActorOutcome.done.rawValue]
        try channel.connection.send(message.span, passing: descriptor, wait: true)
    }
}

/// A counted connection, for dictionaries.
final class SharedConnection {
    let connection: Connection

    init(_ connection: consuming Connection) { self.connection = connection }
}
