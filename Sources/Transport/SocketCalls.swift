internal import CLinux
internal import Glibc

/// A program's own socket calls, forwarded with its numbers and addresses as they are: a bad
/// address is the kernel's to refuse. Calls that a signal interrupts are made again, because
/// programs written for Windows do not know of that.
package enum SocketCalls {
    /// getsockopt(2), SO_TYPE
    package static func isSocket(_ fd: Int32) -> Bool {
        do throws(Errno) {
            _ = try Syscalls.option(fd, level: SOL_SOCKET, SO_TYPE)
            return true
        } catch {
            return false
        }
    }

    /// Linux numbers: SO_DOMAIN, SO_TYPE, SO_PROTOCOL.
    ///
    /// socket(7)
    package static func kind(
        of fd: Int32
    ) throws(Errno) -> (family: Int32, type: Int32, protocolNumber: Int32) {
        (
            family: try Syscalls.option(fd, level: SOL_SOCKET, SO_DOMAIN),
            type: try Syscalls.option(fd, level: SOL_SOCKET, SO_TYPE),
            protocolNumber: try Syscalls.option(fd, level: SOL_SOCKET, SO_PROTOCOL)
        )
    }

    /// The caller owns the number. Without `isInherited` it is close-on-exec.
    ///
    /// socket(2)
    package static func socket(
        family: Int32, type: Int32, protocolNumber: Int32, isInherited: Bool
    ) throws(Errno) -> Int32 {
        let flags = isInherited ? 0 : CInt(SOCK_CLOEXEC.rawValue)
        return try Syscalls.value { Glibc.socket(family, type | flags, protocolNumber) }
    }

    /// The descriptor is gone afterwards, whatever is said of it.
    ///
    /// close(2)
    package static func close(_ fd: Int32) { Syscalls.close(fd) }

    /// Nothing is closed where the number names something else by now.
    ///
    /// close(2)
    package static func close(_ fd: Int32, ofCookie cookie: UInt64) {
        Descriptor(owning: fd, cookie: cookie).close()
    }

    /// socket(7), SO_COOKIE
    package static func cookie(of fd: Int32) throws(Errno) -> UInt64 { try Syscalls.cookie(fd) }

    /// Whether its calls wait. The mode is common to all descriptors of a socket.
    ///
    /// fcntl(2), O_NONBLOCK
    package static func isNonBlocking(_ fd: Int32) throws(Errno) -> Bool {
        try Syscalls.statusFlags(fd) & O_NONBLOCK != 0
    }

    /// fcntl(2), O_NONBLOCK
    package static func setNonBlocking(_ fd: Int32, _ isNonBlocking: Bool) throws(Errno) {
        let flags = try Syscalls.statusFlags(fd)
        let wanted = isNonBlocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK
        if wanted != flags { try Syscalls.done { fcntl(fd, F_SETFL, wanted) } }
    }

    /// Whether closing waits, and for how many seconds at most.
    ///
    /// socket(7), SO_LINGER
    package static func linger(of fd: Int32) throws(Errno) -> Int32? {
        var value = Glibc.linger()
        var size = socklen_t(MemoryLayout<Glibc.linger>.size)
        try Syscalls.done { unsafe getsockopt(fd, SOL_SOCKET, SO_LINGER, &value, &size) }
        return value.l_onoff == 0 ? nil : value.l_linger
    }

    /// Bytes that were sent and that the peer has not acknowledged.
    ///
    /// tcp(7), SIOCOUTQ
    package static func unsentByteCount(_ fd: Int32) throws(Errno) -> Int32 {
        var count: CInt = 0
        try Syscalls.done { unsafe ioctl(fd, UInt(TIOCOUTQ), &count) }
        return count
    }

    /// setsockopt(2), by Linux' own level, name and value.
    package static func setOption(
        _ fd: Int32, level: Int32, name: Int32, value: [UInt8]
    ) throws(Errno) {
        try Syscalls.done {
            unsafe value.withUnsafeBytes {
                unsafe setsockopt(fd, level, name, $0.baseAddress, socklen_t($0.count))
            }
        }
    }

    /// getsockopt(2): at most `capacity` bytes.
    package static func option(
        _ fd: Int32, level: Int32, name: Int32, capacity: Int
    ) throws(Errno) -> [UInt8] {
        var value = [UInt8](repeating: 0, count: capacity)
        var size = socklen_t(capacity)
        try Syscalls.done {
            unsafe value.withUnsafeMutableBytes {
                unsafe getsockopt(fd, level, name, $0.baseAddress, &size)
            }
        }
        return Array(value.prefix(Int(size)))
    }
}
