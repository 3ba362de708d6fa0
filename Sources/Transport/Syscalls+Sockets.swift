internal import CLinux
internal import Glibc

extension Syscalls {
    /// socket(2)
    static func socket(family: CInt, type: CInt, protocolNumber: CInt = 0) throws(Errno)
        -> Descriptor
    {
        try descriptor { clinux_socket(family, type, protocolNumber) }
    }

    /// accept4(2)
    static func accept(_ fd: CInt, nonBlocking: Bool) throws(Errno) -> Descriptor {
        try descriptor { clinux_accept(fd, nonBlocking ? 1 : 0) }
    }

    /// listen(2)
    static func listen(_ fd: CInt, backlog: CInt) throws(Errno) {
        try done { Glibc.listen(fd, backlog) }
    }

    /// The bytes of a path, or of an abstract name with its leading NUL.
    ///
    /// bind(2), unix(7)
    static func bindUnix(_ fd: CInt, name: [UInt8]) throws(Errno) {
        try unsafe named(name) { unsafe clinux_bind_unix(fd, $0, $1) }
    }

    /// connect(2), unix(7)
    static func connectUnix(_ fd: CInt, name: [UInt8]) throws(Errno) {
        try unsafe named(name) { unsafe clinux_connect_unix(fd, $0, $1) }
    }

    private static func named(
        _ name: [UInt8], _ call: (UnsafePointer<CChar>?, Int) -> CInt
    ) throws(Errno) {
        try unsafe name.span.withUnsafeBytes { (bytes) throws(Errno) in
            let start = unsafe bytes.assumingMemoryBound(to: CChar.self).baseAddress
            try done { unsafe call(start, bytes.count) }
        }
    }

    /// An option whose value is an int.
    ///
    /// getsockopt(2)
    static func option(_ fd: CInt, level: CInt, _ name: CInt) throws(Errno) -> CInt {
        var value: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        try done { unsafe getsockopt(fd, level, name, &value, &size) }
        return value
    }

    /// setsockopt(2)
    static func setOption(_ fd: CInt, level: CInt, _ name: CInt, _ value: CInt) throws(Errno) {
        var value = value
        let size = socklen_t(MemoryLayout<CInt>.size)
        try done { unsafe setsockopt(fd, level, name, &value, size) }
    }

    /// SO_RCVTIMEO or SO_SNDTIMEO; 0 waits for ever.
    ///
    /// setsockopt(2), socket(7)
    static func setTimeout(_ fd: CInt, _ name: CInt, milliseconds: Int64) throws(Errno) {
        var time = timeval(
            tv_sec: Int(milliseconds / 1000), tv_usec: Int(milliseconds % 1000) * 1000)
        let size = socklen_t(MemoryLayout<timeval>.size)
        try done { unsafe setsockopt(fd, SOL_SOCKET, name, &time, size) }
    }

    /// SO_PEERCRED
    ///
    /// unix(7)
    static func peer(_ fd: CInt) throws(Errno) -> Peer {
        var pid: Int32 = 0
        var uid: UInt32 = 0
        var gid: UInt32 = 0
        try done { unsafe clinux_peer_credentials(fd, &pid, &uid, &gid) }
        return Peer(pid: pid, uid: uid, gid: gid)
    }

    /// SO_COOKIE
    ///
    /// socket(7)
    static func cookie(_ fd: CInt) throws(Errno) -> UInt64 {
        var cookie: UInt64 = 0
        try done { unsafe clinux_socket_cookie(fd, &cookie) }
        return cookie
    }

    /// SO_MAX_PACING_RATE in bytes per second; all ones stand for no limit.
    ///
    /// tc-fq(8)
    static func maximumPacingRate(_ fd: CInt) throws(Errno) -> UInt64 {
        var rate: UInt64 = 0
        try done { unsafe clinux_maximum_pacing_rate(fd, &rate) }
        return rate
    }

    /// SO_MAX_PACING_RATE in bytes per second. Kernels before 4.20 read 32 bits only, which come
    /// first in a longer number too.
    ///
    /// tc-fq(8)
    static func setMaximumPacingRate(_ fd: CInt, _ rate: UInt64) throws(Errno) {
        var rate = rate
        let size = socklen_t(MemoryLayout<UInt64>.size)
        try done { unsafe setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, size) }
    }

    /// The raw address of this end or the other; the count of its bytes in `buffer`.
    ///
    /// getsockname(2), getpeername(2)
    static func name(
        _ fd: CInt, ofPeer: Bool, into buffer: UnsafeMutableRawBufferPointer
    ) throws(Errno) -> Int {
        var size = socklen_t(buffer.count)
        let address = unsafe buffer.baseAddress?.assumingMemoryBound(to: sockaddr.self)
        guard let address = unsafe address else { return 0 }
        try done {
            unsafe ofPeer ? getpeername(fd, address, &size) : getsockname(fd, address, &size)
        }
        return min(Int(size), buffer.count)
    }

    /// One message with descriptors, whole or not at all.
    ///
    /// sendmsg(2), unix(7)
    static func send(
        _ fd: CInt, _ bytes: borrowing Span<UInt8>, descriptors: borrowing Span<CInt>, wait: Bool
    ) throws(Errno) {
        let flags = wait ? 0 : CInt(MSG_DONTWAIT)
        try unsafe bytes.withUnsafeBytes { (bytes) throws(Errno) in
            try unsafe descriptors.withUnsafeBufferPointer { (descriptors) throws(Errno) in
                _ = try value {
                    unsafe clinux_send(
                        fd, bytes.baseAddress, bytes.count, descriptors.baseAddress,
                        descriptors.count, flags)
                }
            }
        }
    }

    /// One message with all that came beside it; nil when there is none now.
    ///
    /// recvmsg(2), unix(7)
    static func receive(
        _ fd: CInt, into buffer: MessageBuffer, wait: Bool, facts: inout clinux_received
    ) throws(Errno) -> Int? {
        let flags = wait ? 0 : CInt(MSG_DONTWAIT)
        do throws(Errno) {
            return try value {
                unsafe clinux_receive(
                    fd, buffer.bytes.baseAddress, buffer.bytes.count, buffer.control,
                    buffer.descriptors, flags, &facts)
            }
        } catch .again {
            return nil
        }
    }

    /// The next message, with two of its descriptors at most; nil when there is none now. One that
    /// is only looked at stays in the queue.
    ///
    /// recvmsg(2), MSG_PEEK
    static func receiveAtMostTwoDescriptors(
        _ fd: CInt, into buffer: MessageBuffer, isLook: Bool, facts: inout clinux_received
    ) throws(Errno) -> Int? {
        let flags = CInt(MSG_DONTWAIT) | (isLook ? CInt(MSG_PEEK) : 0)
        do throws(Errno) {
            return try value {
                unsafe clinux_receive_expected(
                    fd, buffer.bytes.baseAddress, buffer.bytes.count, buffer.control,
                    buffer.descriptors, flags, &facts)
            }
        } catch .again {
            return nil
        }
    }

    /// Takes the message that was looked at off the queue.
    ///
    /// recv(2)
    static func dropMessage(_ fd: CInt) throws(Errno) {
        do throws(Errno) {
            _ = try value { clinux_drop_message(fd) }
        } catch .connectionReset {
            // The peer has closed since the look. That is told once, before the message.
            _ = try value { clinux_drop_message(fd) }
        }
    }

    /// bind(2)
    static func bind(_ fd: CInt, address: [UInt8]) throws(Errno) {
        try unsafe addressed(address) { unsafe Glibc.bind(fd, $0, $1) }
    }

    /// Waits until the connection is made, also when a signal interrupts the first call: the kernel
    /// goes on with it then, and a second call would fail.
    ///
    /// connect(2)
    static func connect(_ fd: CInt, address: [UInt8]) throws(Errno) {
        do throws(Errno) {
            try unsafe addressed(address) { unsafe Glibc.connect(fd, $0, $1) }
        } catch .interrupted {
            _ = try poll(fd, events: POLLOUT, timeoutMilliseconds: -1)
            let error = try option(fd, level: SOL_SOCKET, SO_ERROR)
            if error != 0 { throw Errno(rawValue: error) }
        }
    }

    private static func addressed(
        _ address: [UInt8], _ call: (UnsafePointer<sockaddr>?, socklen_t) -> CInt
    ) throws(Errno) {
        try unsafe address.span.withUnsafeBytes { (bytes) throws(Errno) in
            let start = unsafe bytes.assumingMemoryBound(to: sockaddr.self).baseAddress
            _ = try valueOnce { unsafe call(start, socklen_t(bytes.count)) }
        }
    }

    /// send(2), MSG_NOSIGNAL, until all bytes are sent.
    static func sendAll(_ fd: CInt, _ bytes: [UInt8]) throws(Errno) {
        try unsafe bytes.span.withUnsafeBytes { (bytes) throws(Errno) in
            var rest = unsafe bytes[...]
            while unsafe !rest.isEmpty {
                let part = unsafe UnsafeRawBufferPointer(rebasing: rest)
                let count = try value {
                    unsafe Glibc.send(fd, part.baseAddress, part.count, CInt(MSG_NOSIGNAL))
                }
                unsafe rest = rest.dropFirst(count)
            }
        }
    }

    /// SO_LINGER
    ///
    /// socket(7)
    static func setLinger(_ fd: CInt, seconds: Int32) throws(Errno) {
        var value = linger(l_onoff: 1, l_linger: seconds)
        let size = socklen_t(MemoryLayout<linger>.size)
        try done { unsafe setsockopt(fd, SOL_SOCKET, SO_LINGER, &value, size) }
    }
}
