/// Of which sockets the kernel tells the end, so that their release is proved and not counted.
package struct Ends: Sendable, Equatable {
    /// The coordinator's network namespace: of other ones it sees nothing.
    package var networkNamespace: UInt64
    /// TCP and UDP.
    package var internet: Bool
    package var unix: Bool

    package init(networkNamespace: UInt64, internet: Bool, unix: Bool) {
        self.networkNamespace = networkNamespace
        self.internet = internet
        self.unix = unix
    }

    static let key = "ends_told"

    /// The namespace, then what is told there.
    var text: String {
        ([String(networkNamespace)] + (internet ? ["internet"] : []) + (unix ? ["unix"] : []))
            .joined(separator: " ")
    }

    init?(text: Substring) {
        let words = text.split(separator: " ")
        guard let namespace = words.first.flatMap({ UInt64($0) }) else { return nil }
        self.init(
            networkNamespace: namespace, internet: words.contains("internet"),
            unix: words.contains("unix"))
    }

    package func include(_ socket: SocketIdentity) -> Bool {
        guard socket.networkNamespace == networkNamespace else { return false }
        return socket.isUnix ? unix : internet && socket.isTCPOrUDP
    }
}

extension SocketIdentity {
    // Linux numbers: AF_UNIX, AF_INET, AF_INET6, SOCK_RAW, IPPROTO_TCP, IPPROTO_UDP.

    package var isUnix: Bool { family == 1 }

    package var isTCPOrUDP: Bool {
        (family == 2 || family == 10) && type != 3 && (protocolNumber == 6 || protocolNumber == 17)
    }
}
