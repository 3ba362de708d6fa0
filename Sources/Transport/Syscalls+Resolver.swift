internal import Glibc

/// What bind(2) and connect(2) take.
enum SocketAddress: Hashable {
    /// A raw struct sockaddr_in or sockaddr_in6.
    case internet([UInt8])
    /// The bytes of a path, or of an abstract name with its leading NUL.
    case unix([UInt8])
}

struct ResolvedAddress: Hashable {
    var family: CInt
    var address: SocketAddress
}

extension Syscalls {
    /// The addresses of a host in the order to try them; may ask the network.
    ///
    /// getaddrinfo(3)
    static func resolve(
        host: String, port: UInt16, kind: Sockets.Kind, passive: Bool
    ) throws(EndpointError) -> [ResolvedAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = kind.number
        unsafe hints.ai_flags = passive ? AI_PASSIVE : 0
        var list: UnsafeMutablePointer<addrinfo>?
        let failure = unsafe getaddrinfo(host, String(port), &hints, &list)
        guard failure == 0 else {
            let reason = unsafe String(cString: gai_strerror(failure))
            throw .unknownHost("\(host): \(reason)")
        }
        defer { unsafe freeaddrinfo(list) }
        var found: [ResolvedAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            let bytes = unsafe UnsafeRawBufferPointer(
                start: entry.pointee.ai_addr, count: Int(entry.pointee.ai_addrlen))
            found.append(
                ResolvedAddress(
                    family: unsafe entry.pointee.ai_family,
                    address: .internet(unsafe Array(bytes))))
            unsafe next = entry.pointee.ai_next
        }
        return found
    }
}
