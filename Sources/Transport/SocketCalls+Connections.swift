internal import CLinux
internal import Glibc

// Binding, listening, connecting. The addresses are the kernel's own, as bytes.

extension SocketCalls {
    /// The longest address of any family. struct sockaddr_storage.
    package static let addressCapacity = 128

    /// Linux numbers: SO_DOMAIN.
    ///
    /// socket(7)
    package static func family(of fd: Int32) throws(Errno) -> Int32 {
        try Syscalls.option(fd, level: SOL_SOCKET, SO_DOMAIN)
    }

    /// SO_TYPE
    ///
    /// socket(7)
    package static func type(of fd: Int32) throws(Errno) -> Int32 {
        try Syscalls.option(fd, level: SOL_SOCKET, SO_TYPE)
    }

    /// SO_ACCEPTCONN
    ///
    /// socket(7)
    package static func isListening(_ fd: Int32) throws(Errno) -> Bool {
        try Syscalls.option(fd, level: SOL_SOCKET, SO_ACCEPTCONN) != 0
    }

    /// bind(2)
    package static func bind(_ fd: Int32, to address: [UInt8]) throws(Errno) {
        try Syscalls.bind(fd, address: address)
    }

    /// listen(2)
    package static func listen(_ fd: Int32, backlog: Int32) throws(Errno) {
        try Syscalls.listen(fd, backlog: backlog)
    }

    /// shutdown(2)
    package static func shutdown(_ fd: Int32, how: Int32) throws(Errno) {
        try Syscalls.done { Glibc.shutdown(fd, how) }
    }

    /// Once: the caller says what a signal or a time limit means.
    ///
    /// connect(2)
    package static func connect(_ fd: Int32, to address: [UInt8]) throws(Errno) {
        _ = try Syscalls.valueOnce {
            unsafe address.withUnsafeBytes {
                let start = unsafe $0.baseAddress?.assumingMemoryBound(to: sockaddr.self)
                return unsafe Glibc.connect(fd, start, socklen_t($0.count))
            }
        }
    }

    /// Waits until a connect that has begun is over. Throws what came of it.
    ///
    /// connect(2), EINPROGRESS
    package static func awaitConnection(_ fd: Int32) throws(Errno) {
        _ = try Syscalls.poll(fd, events: POLLOUT, timeoutMilliseconds: -1)
        let error = try Syscalls.option(fd, level: SOL_SOCKET, SO_ERROR)
        if error != 0 { throw Errno(rawValue: error) }
    }

    /// The caller owns the number. The address of the peer comes with it.
    ///
    /// accept4(2)
    package static func accept(
        _ fd: Int32, isNonBlocking: Bool, isInherited: Bool
    ) throws(Errno) -> (number: Int32, peer: [UInt8]) {
        var address = [UInt8](repeating: 0, count: addressCapacity)
        var size = UInt32(addressCapacity)
        let number = try Syscalls.value {
            unsafe address.withUnsafeMutableBytes {
                unsafe clinux_accept_from(
                    fd, isNonBlocking ? 1 : 0, isInherited ? 0 : 1, $0.baseAddress, &size)
            }
        }
        return (number, Array(address.prefix(Int(size))))
    }

    /// Whether a program that is executed does without this descriptor.
    ///
    /// fcntl(2), F_GETFD
    package static func isCloseOnExec(_ fd: Int32) throws(Errno) -> Bool {
        try Syscalls.isCloseOnExec(fd)
    }

    /// Closing resets the connection.
    ///
    /// socket(7), SO_LINGER
    package static func closeAbortively(_ fd: Int32) {
        do throws(Errno) {
            try Syscalls.setLinger(fd, seconds: 0)
        } catch {
            // Then it closes as any other does.
        }
        Syscalls.close(fd)
    }

    /// The address of this end or the other.
    ///
    /// getsockname(2), getpeername(2)
    package static func address(of fd: Int32, ofPeer: Bool) throws(Errno) -> [UInt8] {
        var address = [UInt8](repeating: 0, count: addressCapacity)
        var size = socklen_t(addressCapacity)
        try Syscalls.done {
            unsafe address.withUnsafeMutableBytes {
                let start = unsafe $0.baseAddress?.assumingMemoryBound(to: sockaddr.self)
                guard let start = unsafe start else { return -1 }
                return unsafe ofPeer
                    ? getpeername(fd, start, &size) : getsockname(fd, start, &size)
            }
        }
        return Array(address.prefix(Int(size)))
    }
}
