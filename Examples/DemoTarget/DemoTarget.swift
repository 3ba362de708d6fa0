import Baton
import Transport
import Winsock

/// The target of `baton demo`: another program than the source, with nothing of it but one end of a
/// SEQPACKET socket pair as descriptor 3. Over that come requests, one in each message, and go
/// answers, one line each.
@main
final class DemoTarget {
    private let client: Client
    private let channel: Connection
    private let buffer = MessageBuffer(byteCapacity: 4096)
    private var record: [UInt8] = []
    private var socket: Baton.Socket?

    static func main() throws {
        let target = try DemoTarget()
        try target.serve()
    }

    init() throws {
        channel = Connection(adopting: try Descriptor(inherited: 3))
        client = Client(socketPath: CommandLine.arguments.dropFirst().first)
    }

    private func serve() throws {
        while true {
            guard case .message(let message) = try channel.receive(into: buffer, wait: true) else {
                return
            }
            var bytes: [UInt8] = []
            buffer.withBytes(count: message.byteCount) { span in
                for index in 0..<span.count { bytes.append(span[index]) }
            }
            let answer: String
            do {
                answer = try self.answer(to: bytes)
            } catch let error as BatonError {
                answer = "refused \(error.reason) (\(error.code.name) \(error.code.rawValue))"
            }
            let line = Array(answer.utf8)
            try channel.send(line.span, wait: true)
        }
    }

    private func answer(to request: [UInt8]) throws -> String {
        // A protocol info is the one request that is not a word.
        if request.count == 628 {
            record = request
            return "received \(request.count) bytes"
        }
        let words = String(decoding: request, as: UTF8.self).split(separator: " ", maxSplits: 1)
        switch words.first {
        case "pid?": return "\(HostFacts.ownPID())"
        case "open":
            let opened = try client.open(record: record)
            let cookie = opened.cookie
            if socket == nil { socket = consume opened }
            return "cookie \(cookie)"
        case "keepalive?": return try withSocket { try Sockets.isKeptAlive($0) ? "on" : "off" }
        case "keepalive":
            let isOn = words.last == "on"
            return try withSocket {
                try Sockets.setKeepAlive($0, isOn)
                return "done"
            }
        case "say":
            let text = Array(words.dropFirst().joined().utf8)
            return try withSocket {
                try $0.write(text)
                guard let echo = try $0.read(exactly: text.count) else { return "end of file" }
                return String(decoding: echo, as: UTF8.self)
            }
        case "close":
            guard let closing = socket.take() else { return "nothing to close" }
            client.close(closing)
            return "closed"
        default: return "unknown request"
        }
    }

    /// Lends the socket as a descriptor that Transport understands.
    private func withSocket<R>(_ body: (borrowing Descriptor) throws -> R) throws -> R {
        switch socket {
        case .some(let socket):
            return try socket.withDescriptor { number in
                let copy = try Descriptor.duplicate(ofInherited: number)
                return try body(copy)
            }
        case nil: throw Errno.badDescriptor
        }
    }
}
