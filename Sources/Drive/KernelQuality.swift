import Transport

/// What strict mode takes for a mark of quality of service: an option of the socket, by the text
/// that the log has of it.
enum KernelQuality: Equatable {
    case priority(Int32)
    case codePoint(Int32)
    case pacingRate(UInt32)

    init?(text: String) {
        let words = text.split(separator: " ")
        guard words.count == 2 else { return nil }
        switch (words[0], Int64(words[1])) {
        case ("SO_PRIORITY", let value?):
            guard let priority = Int32(exactly: value) else { return nil }
            self = .priority(priority)
        case ("DSCP", let value?):
            guard (0..<64).contains(value) else { return nil }
            self = .codePoint(Int32(value))
        case ("SO_MAX_PACING_RATE", let value?):
            guard let rate = UInt32(exactly: value) else { return nil }
            self = .pacingRate(rate)
        default: return nil
        }
    }

    /// Sets it. Needs CAP_NET_ADMIN for priorities above 6.
    ///
    /// setsockopt(2), socket(7), ip(7), ipv6(7), tc-fq(8)
    func set(on socket: borrowing Descriptor, family: Int32) throws(Errno) {
        try socket.withNumber { (fd) throws(Errno) in
            switch self {
            case .priority(let value):
                try SocketCalls.setOption(fd, level: 1, name: 12, value: Self.bytes(value))
            case .codePoint(let value):
                let (level, name): (Int32, Int32) = family == 10 ? (41, 67) : (0, 1)
                try SocketCalls.setOption(
                    fd, level: level, name: name, value: Self.bytes(value << 2))
            case .pacingRate(let value):
                try SocketCalls.setOption(
                    fd, level: 1, name: 47, value: Self.bytes(Int32(bitPattern: value)))
            }
        }
    }

    private static func bytes(_ value: Int32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
