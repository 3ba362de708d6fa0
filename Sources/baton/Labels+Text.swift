import Journal
import Winsock

extension ProcessLabel {
    /// `pid 812 (echo-client)`
    var text: String { "pid \(shortText)" }

    /// `812 (echo-client)`, where a heading says what it is.
    var shortText: String {
        guard let executable else { return "\(pid)" }
        return "\(pid) (\(PrintableText.lastComponent(executable)))"
    }
}

extension SocketLabel {
    /// `socket #9 tcp 127.0.0.1:80 → 127.0.0.1:4242`, with the addresses that it had.
    var text: String { "socket \(shortText)" }

    /// `#9 tcp 127.0.0.1:80 → 127.0.0.1:4242`, where a heading says what it is.
    var shortText: String { "#\(number) \(protocolText)\(addressText)" }

    private var addressText: String {
        let ends = [local, remote].compactMap { $0.map { PrintableText.escaped($0) } }
        return ends.isEmpty ? "" : " " + ends.joined(separator: " → ")
    }

    /// The name of the protocol, by the Linux numbers of family and type.
    var protocolText: String {
        switch (family, type) {
        case (1, 1): "unix"
        case (1, 2): "unix datagram"
        case (1, 5): "unix sequenced-packet"
        case (2, 1): "tcp"
        case (2, 2): "udp"
        case (2, 3): "raw \(protocolNumber)"
        case (10, 1): "tcp6"
        case (10, 2): "udp6"
        case (10, 3): "raw6 \(protocolNumber)"
        default: "family \(family) type \(type) protocol \(protocolNumber)"
        }
    }
}

extension SocketFlags {
    /// The names of the flags, or `0`.
    var text: String { names.isEmpty ? "0" : names.joined(separator: " | ") }
}
