internal import Glibc

/// Why an endpoint could not be used.
package enum EndpointError: Error, Hashable, Sendable {
    /// It is not of the form `host:port`, `[address]:port` or `unix:path`.
    case malformed(String)
    /// No address is known for the host.
    case unknownHost(String)
    case failed(Errno)
}

extension EndpointError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed(let text):
            "“\(text)” is no endpoint: expected host:port, [address]:port or unix:path"
        case .unknownHost(let reason): reason
        case .failed(let error): error.description
        }
    }
}

/// Where a socket can connect to or listen: `127.0.0.1:80`, `[::1]:0`, `localhost:80`,
/// `unix:/path`, or `unix:@name` for an abstract name.
enum Endpoint: Hashable {
    case internet(host: String, port: UInt16)
    /// The bytes of a path, or of an abstract name with its leading NUL.
    case unix([UInt8])

    init(_ text: String) throws(EndpointError) {
        if text.hasPrefix("unix:") {
            var name = Array(text.utf8.dropFirst(5))
            guard let start = name.first, !name.contains(0) else { throw .malformed(text) }
            if start == UInt8(ascii: "@") { name[0] = 0 }
            self = .unix(name)
            return
        }
        guard
            let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")),
            let port = UInt16(text[text.utf8.index(after: colon)...])
        else { throw .malformed(text) }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.utf8.contains(UInt8(ascii: ":")) {
            // An IPv6 address needs its brackets, or nobody can tell where the port begins.
            throw .malformed(text)
        }
        guard !host.isEmpty, !host.utf8.contains(0) else { throw .malformed(text) }
        self = .internet(host: String(host), port: port)
    }
}
