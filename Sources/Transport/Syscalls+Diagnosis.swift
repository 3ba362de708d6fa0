internal import CLinux
internal import Glibc

extension Syscalls {
    /// sendto(2), netlink(7)
    static func sendDiagnosis(_ fd: CInt, _ bytes: [UInt8]) throws(Errno) {
        try unsafe bytes.span.withUnsafeBytes { (bytes) throws(Errno) in
            _ = try value { unsafe clinux_diagnosis_send(fd, bytes.baseAddress, bytes.count) }
        }
    }

    /// One datagram; nil for one that is not the kernel's. Throws `.badMessage` for one that has
    /// more than `capacity` bytes.
    ///
    /// recvmsg(2), netlink(7)
    static func receiveDiagnosis(
        _ fd: CInt, capacity: Int, waits: Bool
    ) throws(Errno) -> [UInt8]? {
        var isTruncated: CInt = 0
        var isKernel: CInt = 0
        let bytes: [UInt8] = try unsafe withTemporaryBytes(capacity: capacity) {
            (buffer) throws(Errno) in
            let count = try value {
                unsafe clinux_diagnosis_receive(
                    fd, buffer.baseAddress, capacity, waits ? 1 : 0, &isTruncated, &isKernel)
            }
            return unsafe Array(buffer.prefix(count))
        }
        guard isKernel == 1 else { return nil }
        guard isTruncated == 0 else { throw .badMessage }
        return bytes
    }

    /// SO_NETNS_COOKIE
    ///
    /// getsockopt(2)
    static func namespaceCookie(_ fd: CInt) throws(Errno) -> UInt64 {
        var cookie: UInt64 = 0
        try done { unsafe clinux_namespace_cookie(fd, &cookie) }
        return cookie
    }
}
