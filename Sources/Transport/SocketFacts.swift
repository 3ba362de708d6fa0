internal import CLinux
internal import Glibc

/// What the kernel says of one socket at one moment. Only `cookie` identifies it.
package struct SocketFacts: Sendable, Hashable {
    /// SO_COOKIE: the same for every duplicate, and never used again within one boot.
    package var cookie: UInt64
    /// The number that /proc/PID/fd and ss(8) show.
    package var inode: UInt64
    /// The inode of the network namespace; absent where we may not ask.
    package var networkNamespace: UInt64?
    /// Linux numbers: SO_DOMAIN, SO_TYPE, SO_PROTOCOL.
    package var family: Int32
    package var type: Int32
    package var protocolNumber: Int32
    /// Addresses as text, see `SocketAddressText`; absent while unbound or unconnected.
    package var local: String?
    package var remote: String?
    package var isListening: Bool
    /// SO_PRIORITY. This and what follows is absent unless it was asked for.
    package var priority: Int32?
    /// IP_TOS or IPV6_TCLASS.
    package var trafficClass: Int32?
    /// SO_MAX_PACING_RATE in bytes per second; absent where there is no limit.
    package var maximumPacingRate: UInt64?
}

/// What the kernel tells of a socket only when nobody else is in a call on it: whoever sends from
/// memory that never arrives keeps everybody who asks waiting, and no signal ends that.
package struct SocketNames: Sendable, Hashable {
    /// As in `SocketFacts`.
    package var local: String?
    package var remote: String?
    package var trafficClass: Int32?
}

extension Sockets {
    /// Asks the kernel about a socket, for its names too where they are not given: that can wait,
    /// see `SocketNames`. `quality` adds what marks its traffic.
    ///
    /// Throws `.notASocket` for other descriptors, `.badDescriptor` for those opened with O_PATH.
    /// Never touches the file system of a foreign file, which could make it wait.
    ///
    /// getsockopt(2), getsockname(2), socket(7)
    package static func facts(
        of socket: borrowing some NumberedDescriptor & ~Copyable, named names: SocketNames? = nil,
        quality: Bool
    ) throws(Errno) -> SocketFacts {
        try socket.withNumber { (fd) throws(Errno) in
            // This one comes first because it tells sockets from everything else.
            let family = try Syscalls.option(fd, level: SOL_SOCKET, SO_DOMAIN)
            let names = names ?? Self.names(fd, quality: quality)
            var facts = SocketFacts(
                cookie: try Syscalls.cookie(fd), inode: try Syscalls.inode(fd),
                networkNamespace: networkNamespace(fd), family: family,
                type: try Syscalls.option(fd, level: SOL_SOCKET, SO_TYPE),
                protocolNumber: try Syscalls.option(fd, level: SOL_SOCKET, SO_PROTOCOL),
                local: names.local, remote: names.remote,
                isListening: option(fd, SOL_SOCKET, SO_ACCEPTCONN) == 1)
            guard quality else { return facts }
            facts.priority = option(fd, SOL_SOCKET, SO_PRIORITY)
            facts.trafficClass = names.trafficClass
            facts.maximumPacingRate = maximumPacingRate(fd)
            return facts
        }
    }

    /// SO_DOMAIN; nil where it is no socket.
    ///
    /// socket(7)
    package static func family(of socket: borrowing Descriptor) -> Int32? {
        socket.withNumber { option($0, SOL_SOCKET, SO_DOMAIN) }
    }

    /// Whether the names of such a socket can be asked for without a wait: a Unix socket has them
    /// under a lock that nobody sleeps with.
    package static func namesWithoutWait(family: Int32) -> Bool { family == AF_UNIX }

    /// Its names, which appear and change while it lives; `quality` adds the traffic class. Can
    /// wait without end.
    ///
    /// getsockname(2), getpeername(2), ip(7), ipv6(7)
    package static func names(
        of socket: borrowing Descriptor, quality: Bool
    ) -> SocketNames {
        socket.withNumber { names($0, quality: quality) }
    }

    private static func names(_ fd: CInt, quality: Bool) -> SocketNames {
        var names = SocketNames(
            local: addressText(fd, ofPeer: false), remote: addressText(fd, ofPeer: true))
        guard quality else { return names }
        switch option(fd, SOL_SOCKET, SO_DOMAIN) {
        case AF_INET: names.trafficClass = option(fd, CInt(IPPROTO_IP), IP_TOS)
        case AF_INET6: names.trafficClass = option(fd, CInt(IPPROTO_IPV6), IPV6_TCLASS)
        default: break
        }
        return names
    }

    /// Its own name and its peer's. Can wait without end, but not where it is a Unix socket.
    ///
    /// getsockname(2), getpeername(2)
    package static func addresses(
        of socket: borrowing Descriptor
    ) -> (local: String?, remote: String?) {
        socket.withNumber { (addressText($0, ofPeer: false), addressText($0, ofPeer: true)) }
    }

    /// socket(7), SO_ACCEPTCONN
    package static func isListening(_ socket: borrowing Descriptor) -> Bool {
        socket.withNumber { option($0, SOL_SOCKET, SO_ACCEPTCONN) == 1 }
    }

    /// What identifies a socket on this host until the next boot. For the type that every message
    /// has, so that no generic code runs for each of them.
    ///
    /// socket(7), SO_COOKIE
    package static func cookie(of socket: borrowing Descriptor) throws(Errno) -> UInt64 {
        try socket.withNumber { (fd) throws(Errno) in try Syscalls.cookie(fd) }
    }

    /// socket(7), SO_COOKIE
    package static func cookie(
        of socket: borrowing some NumberedDescriptor & ~Copyable
    ) throws(Errno) -> UInt64 {
        try socket.withNumber { (fd) throws(Errno) in try Syscalls.cookie(fd) }
    }

    /// How many descriptors wait in the queue of a Unix socket, or of the connections that nobody
    /// has accepted from it yet. None where the kernel does not tell, before Linux 5.6.
    ///
    /// proc_pid_fdinfo(5), scm_fds
    package static func queuedDescriptorCount(
        of socket: borrowing Descriptor
    ) throws(Errno) -> Int64 {
        try socket.withNumber { (fd) throws(Errno) in try queuedDescriptorCount(number: fd) }
    }

    static func queuedDescriptorCount(number fd: CInt) throws(Errno) -> Int64 {
        try Syscalls.withContents(of: "/proc/self/fdinfo/\(fd)", capacity: 4096) { text in
            KernelText.integer(after: "scm_fds:", in: text) ?? 0
        }
    }

    /// An option that not every kind of socket has.
    private static func option(_ fd: CInt, _ level: CInt, _ name: CInt) -> CInt? {
        do throws(Errno) {
            return try Syscalls.option(fd, level: level, name)
        } catch {
            return nil
        }
    }

    private static func maximumPacingRate(_ fd: CInt) -> UInt64? {
        do throws(Errno) {
            let rate = try Syscalls.maximumPacingRate(fd)
            return rate == UInt64.max ? nil : rate
        } catch {
            return nil
        }
    }

    /// Asking for the namespace of a socket needs a privilege; whether it is our own does not.
    private static func networkNamespace(_ fd: CInt) -> UInt64? {
        if let own = NetworkNamespace.own, NetworkNamespace.cookie(of: fd) == own.cookie {
            return own.inode
        }
        do throws(Errno) {
            let namespace = try Syscalls.descriptor { clinux_socket_namespace(fd) }
            return try namespace.withNumber { (fd) throws(Errno) in try Syscalls.inode(fd) }
        } catch {
            return nil
        }
    }

    private static func addressText(_ fd: CInt, ofPeer: Bool) -> String? {
        do throws(Errno) {
            return try unsafe Syscalls.withTemporaryBytes(capacity: 128) { (buffer) throws(Errno) in
                let count = try unsafe Syscalls.name(fd, ofPeer: ofPeer, into: buffer)
                let part = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<count])
                return unsafe SocketAddressText.text(part.bindMemory(to: UInt8.self).span)
            }
        } catch {
            return nil
        }
    }
}
