internal import Glibc

/// Bytes of a program, wherever it says they are.
@unsafe package struct CallerBuffer {
    package var start: UnsafeMutableRawPointer?
    package var count: Int

    package init(start: UnsafeMutableRawPointer?, count: Int) {
        unsafe self.start = unsafe start
        unsafe self.count = count
    }
}

/// What one receive gave.
package struct ReceivedMessage: Sendable {
    package var byteCount: Int
    /// MSG_OOB, MSG_TRUNC and others of recvmsg(2).
    package var flags: Int32
    /// Of the sender; empty where the protocol does not say.
    package var sender: [UInt8]
}

extension SocketCalls {
    /// The most buffers of one call. IOV_MAX.
    package static let bufferLimit = 1024

    /// How many bytes were sent. `address` is empty for the one that is connected.
    ///
    /// sendmsg(2)
    package static func send(
        _ fd: Int32, from buffers: [CallerBuffer], flags: Int32, to address: [UInt8]
    ) throws(Errno) -> Int {
        var parts = unsafe buffers.map { unsafe iovec(iov_base: $0.start, iov_len: $0.count) }
        var address = address
        return try Syscalls.value {
            unsafe parts.withUnsafeMutableBufferPointer { parts in
                unsafe address.withUnsafeMutableBytes { name in
                    var message = unsafe msghdr()
                    unsafe message.msg_iov = parts.baseAddress
                    unsafe message.msg_iovlen = parts.count
                    if unsafe !name.isEmpty {
                        unsafe message.msg_name = name.baseAddress
                        unsafe message.msg_namelen = socklen_t(name.count)
                    }
                    return unsafe sendmsg(fd, &message, flags)
                }
            }
        }
    }

    /// recvmsg(2)
    package static func receive(
        _ fd: Int32, into buffers: [CallerBuffer], flags: Int32, wantsSender: Bool
    ) throws(Errno) -> ReceivedMessage {
        var parts = unsafe buffers.map { unsafe iovec(iov_base: $0.start, iov_len: $0.count) }
        var sender = [UInt8](repeating: 0, count: wantsSender ? addressCapacity : 0)
        var senderCount = 0
        var received: Int32 = 0
        let count = try Syscalls.value {
            unsafe parts.withUnsafeMutableBufferPointer { parts in
                unsafe sender.withUnsafeMutableBytes { name in
                    var message = unsafe msghdr()
                    unsafe message.msg_iov = parts.baseAddress
                    unsafe message.msg_iovlen = parts.count
                    if wantsSender {
                        unsafe message.msg_name = name.baseAddress
                        unsafe message.msg_namelen = socklen_t(name.count)
                    }
                    let count = unsafe recvmsg(fd, &message, flags)
                    received = unsafe message.msg_flags
                    senderCount = Int(unsafe message.msg_namelen)
                    return count
                }
            }
        }
        return ReceivedMessage(
            byteCount: count, flags: received, sender: Array(sender.prefix(senderCount)))
    }

    /// A request whose value is an int, given back as the kernel left it.
    ///
    /// ioctl(2)
    package static func control(_ fd: Int32, request: UInt) throws(Errno) -> Int32 {
        var value: CInt = 0
        try Syscalls.done { unsafe ioctl(fd, request, &value) }
        return value
    }
}
