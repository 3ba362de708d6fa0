internal import CLinux
internal import Glibc

/// The network namespace of this process, outside of which it sees no socket.
///
/// network_namespaces(7)
package struct NetworkNamespace: Sendable, Hashable {
    /// The number that /proc/PID/ns/net shows.
    package var inode: UInt64
    /// SO_NETNS_COOKIE
    var cookie: UInt64

    /// As it was when it was first asked for; nil on kernels before 5.14.
    package static let own: NetworkNamespace? = find()

    private static func find() -> NetworkNamespace? {
        do throws(Errno) {
            let socket = try Sockets.unbound(.datagram)
            let file = try Syscalls.open("/proc/self/ns/net", flags: O_RDONLY)
            return NetworkNamespace(
                inode: try file.withNumber { (fd) throws(Errno) in try Syscalls.inode(fd) },
                cookie: try socket.withNumber { (fd) throws(Errno) in
                    try Syscalls.namespaceCookie(fd)
                })
        } catch {
            return nil
        }
    }

    static func cookie(of fd: CInt) -> UInt64? {
        do throws(Errno) {
            return try Syscalls.namespaceCookie(fd)
        } catch {
            return nil
        }
    }
}
