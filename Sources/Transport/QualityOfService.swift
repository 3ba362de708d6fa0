internal import Glibc

/// What strict mode takes for a mark of quality of service: an option of the socket. The log has it
/// as `text`, and a history is performed again with what that says.
package enum QualityOfService: Sendable, Hashable {
    /// SO_PRIORITY, not 0.
    case priority(Int32)
    /// The DSCP of IP_TOS or IPV6_TCLASS, 1 to 63.
    case codePoint(Int32)
    /// SO_MAX_PACING_RATE in bytes per second; all ones would stand for no limit.
    case pacingRate(UInt64)

    /// Of a socket that was asked for it; nil without a mark.
    package init?(_ facts: SocketFacts) {
        if let priority = facts.priority, priority != 0 {
            self = .priority(priority)
        } else if let trafficClass = facts.trafficClass, Self.codePoint(trafficClass) != 0 {
            self = .codePoint(Self.codePoint(trafficClass))
        } else if let rate = facts.maximumPacingRate {
            self = .pacingRate(rate)
        } else {
            return nil
        }
    }

    /// The two low bits are ECN, which the kernel sets by itself.
    private static func codePoint(_ trafficClass: Int32) -> Int32 { (trafficClass & 0xff) >> 2 }

    // MARK: - Text

    private enum Name {
        static let priority = "SO_PRIORITY"
        static let codePoint = "DSCP"
        static let pacingRate = "SO_MAX_PACING_RATE"
    }

    package var text: String {
        switch self {
        case .priority(let value): "\(Name.priority) \(value)"
        case .codePoint(let value): "\(Name.codePoint) \(value)"
        case .pacingRate(let value): "\(Name.pacingRate) \(value)"
        }
    }

    /// Reads what `text` writes, and nothing else: a program may mark a socket with any text.
    package init?(text: String) {
        let words = text.split(separator: " ")
        guard words.count == 2 else { return nil }
        let found: QualityOfService? =
            switch words[0] {
            case Name.priority[...]:
                Int32(words[1]).flatMap { $0 == 0 ? nil : .priority($0) }
            case Name.codePoint[...]:
                Int32(words[1]).flatMap { (1..<64).contains($0) ? .codePoint($0) : nil }
            case Name.pacingRate[...]:
                UInt64(words[1]).flatMap { $0 == .max ? nil : .pacingRate($0) }
            default: nil
            }
        guard let found, found.text == text else { return nil }
        self = found
    }

    // MARK: - The socket

    /// Marks a socket. Priorities above 6 need CAP_NET_ADMIN.
    ///
    /// setsockopt(2), socket(7), ip(7), ipv6(7), tc-fq(8)
    package func set(on socket: borrowing Descriptor) throws(Errno) {
        try socket.withNumber { (fd) throws(Errno) in
            switch self {
            case .priority(let value):
                try Syscalls.setOption(fd, level: SOL_SOCKET, SO_PRIORITY, value)
            case .codePoint(let value):
                let family = try Syscalls.option(fd, level: SOL_SOCKET, SO_DOMAIN)
                let (level, name) =
                    family == AF_INET6
                    ? (CInt(IPPROTO_IPV6), IPV6_TCLASS) : (CInt(IPPROTO_IP), IP_TOS)
                try Syscalls.setOption(fd, level: level, name, value << 2)
            case .pacingRate(let value):
                try Syscalls.setMaximumPacingRate(fd, value)
            }
        }
    }
}
