import Baton
import Transport
import Winsock
import Wire

extension Peer {
    /// The calls of the client library; nil for another verb.
    mutating func performHandoff(_ verb: String, _ rest: [String]) throws -> String? {
        let words = Words(rest)
        switch verb {
        case "start":
            try client.connect()
            return ""
        case "duplicate": return try duplicate(words)
        case "open":
            let flags = try words.numberOption("flags").map { SocketFlags(rawValue: UInt32($0)) }
            let opened = try client.open(
                record: bytes(words.word(1)),
                options: OpenOptions(flags: flags ?? .overlapped, program: words.option("program")))
            let cookie = opened.cookie
            slots[try words.word(0)] = Slot(opened)
            return "\(cookie)"
        case "close":
            client.close(try slot(words.word(0)).take())
            return ""
        case "receipt":
            return try client.receipt(handoff: UInt64(words.number(0)))
                .map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        case "reconcile":
            return try client.reconcile().map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        case "revoke":
            try client.revoke(
                handoff: UInt64(words.number(0)), reason: words.option("reason"))
            return ""
        case "mark":
            let text = try words.word(1)
            try slot(words.word(0)).withSocket {
                try client.markQualityOfService($0, text: text)
            }
            return ""
        default: return nil
        }
    }

    private func duplicate(_ words: Words) throws -> String {
        var options = DuplicateOptions()
        if let flags = try words.numberOption("flags") {
            options.flags = SocketFlags(rawValue: UInt32(flags))
        }
        options.lifetime = try words.numberOption("lifetime").map { .microseconds($0) }
        if words.option("form") == "A" { options.form = .ansi }
        let number = Int32(clamping: try words.number(1))
        return try slot(words.word(0)).withSocket { socket in
            let info: ProtocolInfo
            if words.option("by") == "pidfd" {
                let handle = try ProcessHandle(pid: number)
                info = try handle.withNumber {
                    try client.duplicate(socket, for: .pidfd($0), options: options)
                }
            } else {
                info = try client.duplicate(socket, for: .process(number), options: options)
            }
            return text(info.encoded(as: options.form))
        }
    }

    /// Frames as the test made them, on a connection of their own.
    mutating func performRaw(_ rest: [String]) throws -> String {
        let words = Words(rest)
        switch try words.word(0) {
        case "connect":
            raw = try Connection.connect(path: client.socketPath)
            return ""
        case "more":
            // Beside the others, which stay open and say nothing.
            let connection = try Connection.connect(path: client.socketPath)
            silent.append(SharedDescriptor(connection.takeDescriptor()))
            return ""
        case "close":
            raw = nil
            return ""
        case "send": return try sendRaw(words)
        case "receive": return try receiveRaw(words)
        default: throw Misuse.unknownRequest
        }
    }

    private func sendRaw(_ words: Words) throws -> String {
        let frame = try bytes(words.word(1))
        let repetitions = try words.numberOption("repeat") ?? 1
        try withRaw { connection in
            guard let name = words.words(from: 2).first else {
                for _ in 0..<repetitions { try connection.send(frame.span, wait: true) }
                return
            }
            try slot(name).withDescriptor {
                try connection.send(frame.span, passing: $0, wait: true)
            }
        }
        return ""
    }

    /// The next answer; its descriptor is kept under the name, and closed without one.
    private mutating func receiveRaw(_ words: Words) throws -> String {
        let buffer = MessageBuffer(byteCapacity: Frame.byteCountMaximum)
        let received = try withRaw { connection in
            guard case .message(var message) = try connection.receive(into: buffer, wait: true)
            else { return Slot(nil) }
            let count = message.byteCount
            guard let came = message.first.take() else { return Slot(nil, byteCount: count) }
            return Slot(Baton.Socket(owning: came.release()), byteCount: count)
        }
        guard let count = received.byteCount else { return "end" }
        if let name = words.words(from: 1).first { slots[name] = received }
        return buffer.withBytes(count: count) { span in text(span.indices.map { span[$0] }) }
    }

    private func withRaw<R>(_ body: (borrowing Connection) throws -> R) throws -> R {
        switch raw {
        case .some(let connection): return try body(connection)
        case nil: throw Misuse.notConnected
        }
    }

    private func text(_ bytes: [UInt8]) -> String {
        bytes.map { byte in
            let digits = String(byte, radix: 16)
            return byte < 16 ? "0\(digits)" : digits
        }.joined()
    }

    private func bytes(_ text: String) throws -> [UInt8] {
        let digits = Array(text)
        guard digits.count.isMultiple(of: 2) else { throw Misuse.noNumber }
        return try stride(from: 0, to: digits.count, by: 2).map { index in
            guard let byte = UInt8(String(digits[index...index + 1]), radix: 16) else {
                throw Misuse.noNumber
            }
            return byte
        }
    }
}
