import Baton
import Glibc
import Transport

extension Peer {
    /// Makes sockets and speaks over them; nil for another verb.
    mutating func performSocket(_ verb: String, _ rest: [String]) throws -> String? {
        let words = Words(rest)
        switch verb {
        case "connect":
            let kind = try kind(words.word(2))
            return try keep(Sockets.connect(words.word(1), kind: kind), as: words.word(0))
        case "listen":
            let kind = try kind(words.word(2))
            return try keep(Sockets.listen(words.word(1), kind: kind), as: words.word(0))
        case "bound":
            let socket = try Sockets.make(
                family: AF_INET, type: Int32(SOCK_STREAM.rawValue), protocolNumber: 0)
            try Sockets.bind(socket, to: words.word(1))
            return try keep(socket, as: words.word(0))
        case "begin":
            try slot(words.word(0)).withDescriptor { try Sockets.listen($0) }
            return ""
        case "bare": return try keep(Sockets.unbound(kind(words.word(1))), as: words.word(0))
        case "accept":
            let accepted = try slot(words.word(1)).withDescriptor { try Sockets.accept($0) }
            return try keep(accepted, as: words.word(0))
        case "pair":
            let pair = try Sockets.pair(kind(words.word(2)))
            let (first, second) = (try words.word(0), try words.word(1))
            return try pair.take { (one, other) throws in
                _ = try keep(one, as: first)
                return try keep(other, as: second)
            }
        case "port":
            return try slot(words.word(0)).withDescriptor { "\(try Sockets.localPort($0))" }
        case "cookie": return try slot(words.word(0)).withSocket { "\($0.cookie)" }
        case "say":
            let text = Array(try words.word(1).utf8)
            try slot(words.word(0)).withDescriptor { try Sockets.write($0, text) }
            return ""
        case "hear":
            let count = try words.number(1)
            let bytes = try slot(words.word(0)).withDescriptor { try $0.read(exactly: count) }
            return bytes.map { String(decoding: $0, as: UTF8.self) } ?? "end"
        case "priority": return try setPriority(words)
        case "linger":
            let seconds = Int32(try words.number(1))
            try slot(words.word(0)).withDescriptor { try Sockets.setLinger($0, seconds: seconds) }
            return ""
        case "flood": return try flood(words)
        case "occupy":
            let copy = try slot(words.word(0)).withDescriptor { try $0.duplicate() }
            try TestingOccupation.begin(SharedDescriptor(copy))
            return ""
        case "dup":
            let copy = try slot(words.word(0)).withDescriptor { try $0.duplicate() }
            return try keep(copy, as: words.word(1))
        case "drop":
            // Closed as any program may: without a word to the coordinator.
            _ = try slot(words.word(0)).take()
            return ""
        case "post": return try post(words.word(0))
        case "fetch": return try fetch(words.word(0))
        default: return nil
        }
    }

    private func setPriority(_ words: Words) throws -> String {
        var priority = Int32(try words.number(1))
        let result = try slot(words.word(0)).withSocket { socket in
            socket.withDescriptor { number in
                unsafe setsockopt(
                    number, SOL_SOCKET, SO_PRIORITY, &priority, socklen_t(MemoryLayout<Int32>.size))
            }
        }
        guard result == 0 else { throw Errno(rawValue: errno) }
        return ""
    }

    /// Sends until nothing more fits.
    private func flood(_ words: Words) throws -> String {
        let bytes = [UInt8](repeating: 0x62, count: 65_536)
        try slot(words.word(0)).withDescriptor { socket in
            try Sockets.setNonBlocking(socket)
            do throws(Errno) {
                while true { try Sockets.write(socket, bytes) }
            } catch .again {
                return
            }
        }
        return ""
    }

    /// Puts a socket into a message, and closes the descriptor of it.
    private mutating func post(_ name: String) throws -> String {
        let message = PostedSocket(try Connection.pair())
        let socket = try slot(name).take()
        try socket.withDescriptor { number in
            try message.put(try Descriptor.duplicate(ofInherited: number))
        }
        posted[name] = message
        return ""
    }

    /// Receives the message.
    private mutating func fetch(_ name: String) throws -> String {
        guard let message = posted.removeValue(forKey: name) else { throw Misuse.noSuchSocket }
        return try keep(message.take(), as: name)
    }

    func slot(_ name: String) throws -> Slot {
        guard let slot = slots[name] else { throw Misuse.noSuchSocket }
        return slot
    }

    private mutating func keep(
        _ descriptor: consuming Descriptor, as name: String
    ) throws -> String {
        let socket = Baton.Socket(owning: descriptor.release())
        let cookie = socket.cookie
        slots[name] = Slot(socket)
        return "\(cookie)"
    }

    private func kind(_ name: String) throws -> Sockets.Kind {
        guard let kind = Sockets.Kind.allCases.first(where: { "\($0)" == name }) else {
            throw Misuse.unknownRequest
        }
        return kind
    }
}

/// A socket in a message that nobody has received: in the descriptors of no process.
final class PostedSocket {
    private let ends: ConnectionPair

    init(_ ends: consuming ConnectionPair) { self.ends = ends }

    func put(_ socket: borrowing Descriptor) throws(Errno) {
        let byte: [UInt8] = [1]
        try ends.first.send(byte.span, passing: socket, wait: true)
    }

    func take() throws -> Descriptor {
        let buffer = MessageBuffer(byteCapacity: 16)
        guard case .message(var message) = try ends.second.receive(into: buffer, wait: true),
            let socket = message.first.take()
        else { throw Misuse.noSuchSocket }
        return socket
    }
}
