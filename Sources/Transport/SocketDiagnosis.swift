internal import CLinux
internal import Glibc

/// Asks the kernel for the sockets of this network namespace.
///
/// sock_diag(7)
package struct SocketDiagnosis: ~Copyable, Sendable {
    private let descriptor: Descriptor

    /// Bounds of one question.
    package enum Bounds {
        /// One datagram of an answer: the kernel fills up to 32 KiB of a reader's room.
        static let datagramByteCount = 32_768
        static let answerMilliseconds: Int64 = 5_000
    }

    package init() throws(Errno) {
        let socket = try Syscalls.descriptor { clinux_diagnosis_socket() }
        // The kernel answers at once. Should it not, that is an error and no standstill.
        try socket.withNumber { (fd) throws(Errno) in
            try Syscalls.setTimeout(fd, SO_RCVTIMEO, milliseconds: Bounds.answerMilliseconds)
        }
        descriptor = socket
    }

    /// Whether the Unix socket with this inode and cookie has a descriptor anywhere: the kernel
    /// says no only after the last one is closed.
    package borrowing func hasUnixSocket(inode: UInt64, cookie: UInt64) throws(Errno) -> Bool {
        var found: Bool?
        do throws(Errno) {
            try ask(Self.unixRequest(inode: inode, cookie: cookie)) { message in
                if case .unix(let socket) = message { found = socket.cookie == cookie }
                return message == .other
            }
        } catch .noEntry, .stale {
            return false
        }
        return found ?? false
    }

    /// TCP or UDP sockets of one family: those that are bound or connected.
    package borrowing func internetSockets(
        family: Int32, protocolNumber: Int32, _ body: (InternetSocket) -> Void
    ) throws(Errno) {
        try ask(Self.internetRequest(family: family, protocolNumber: protocolNumber)) { message in
            if case .internet(let socket) = message { body(socket) }
            return message != .done
        }
    }

    package borrowing func unixSockets(_ body: (UnixSocket) -> Void) throws(Errno) {
        try ask(Self.unixRequest(inode: nil, cookie: nil)) { message in
            if case .unix(let socket) = message { body(socket) }
            return message != .done
        }
    }

    // MARK: - Requests

    private enum Request {
        /// NLM_F_REQUEST, NLM_F_ROOT | NLM_F_MATCH
        static let flag: UInt16 = 1
        static let dump: UInt16 = 0x300
        /// UDIAG_SHOW_NAME, UDIAG_SHOW_PEER
        static let unixShown: UInt32 = 0x5
    }

    private static func unixRequest(inode: UInt64?, cookie: UInt64?) -> [UInt8] {
        var body: [UInt8] = [UInt8(AF_UNIX), 0, 0, 0]
        body.append(native: UInt32.max)
        body.append(native: UInt32(truncatingIfNeeded: inode ?? 0))
        body.append(native: Request.unixShown)
        body.append(native: cookie ?? .max)
        return message(body, isDump: inode == nil)
    }

    private static func internetRequest(family: Int32, protocolNumber: Int32) -> [UInt8] {
        var body: [UInt8] = [
            UInt8(truncatingIfNeeded: family), UInt8(truncatingIfNeeded: protocolNumber), 0, 0,
        ]
        body.append(native: UInt32.max)
        body += [UInt8](repeating: 0, count: 40)
        body.append(native: UInt64.max)
        return message(body, isDump: true)
    }

    private static func message(_ body: [UInt8], isDump: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(native: UInt32(DiagnosisReader.Layout.headerByteCount + body.count))
        bytes.append(native: DiagnosisReader.Layout.byFamily)
        bytes.append(native: isDump ? Request.flag | Request.dump : Request.flag)
        bytes.append(native: UInt32(1))
        bytes.append(native: UInt32(0))
        return bytes + body
    }

    /// Sends a question and reads its answer as long as `body` wants more.
    private borrowing func ask(
        _ request: [UInt8], _ body: (DiagnosisReader.Message) -> Bool
    ) throws(Errno) {
        try descriptor.withNumber { (fd) throws(Errno) in
            try Syscalls.sendDiagnosis(fd, request)
            while true {
                guard
                    let bytes = try Syscalls.receiveDiagnosis(
                        fd, capacity: Bounds.datagramByteCount, waits: true)
                else { continue }
                var reader = DiagnosisReader(bytes)
                while let message = try reader.nextOfKernel() {
                    if case .failed(let error) = message { throw error }
                    guard body(message) else { return }
                }
            }
        }
    }
}

extension DiagnosisReader {
    /// The kernel's own messages are well-formed, so one that is not is a failure of the world.
    fileprivate mutating func nextOfKernel() throws(Errno) -> Message? {
        do throws(DiagnosisError) {
            return try next()
        } catch {
            throw .badMessage
        }
    }
}

/// Tells which TCP and UDP sockets of this network namespace have ended: the kernel says so once,
/// when the last descriptor anywhere is closed and it has let go of the socket itself. That can be
/// later than the last close, while data that was sent waits to be acknowledged.
///
/// sock_diag(7), SKNLGRP_INET_TCP_DESTROY and its kin
package struct DestroyedSockets: ~Copyable, Sendable, NumberedDescriptor {
    private let descriptor: Descriptor

    /// What is received at once may be this much; the kernel may grant less. Each message takes
    /// some 800 bytes of it, so some 5,000 ends fit between two looks.
    package static let bufferByteCount: Int32 = 4 << 20

    package init(bufferByteCount: Int32 = bufferByteCount) throws(Errno) {
        let socket = try Syscalls.descriptor { clinux_diagnosis_socket() }
        try socket.withNumber { (fd) throws(Errno) in
            try Syscalls.done { clinux_diagnosis_bind(fd) }
            try Syscalls.setOption(fd, level: SOL_SOCKET, SO_RCVBUF, bufferByteCount)
            do throws(Errno) {
                // Beyond what the system lets everybody have.
                try Syscalls.setOption(fd, level: SOL_SOCKET, SO_RCVBUFFORCE, bufferByteCount)
            } catch .notPermitted {
                return
            }
        }
        descriptor = socket
    }

    package borrowing func withNumber<R: ~Copyable, E: Error>(
        _ body: (CInt) throws(E) -> R
    ) throws(E) -> R {
        try descriptor.withNumber(body)
    }

    /// From here on, or no longer. While anybody listens, each end of a socket costs the whole host
    /// a message.
    ///
    /// netlink(7), NETLINK_ADD_MEMBERSHIP
    package borrowing func listen(_ listens: Bool) throws(Errno) {
        try withNumber { (fd) throws(Errno) in
            for group in CLINUX_DESTROYED_INTERNET_FIRST...CLINUX_DESTROYED_INTERNET_LAST {
                try Syscalls.done { clinux_diagnosis_group(fd, group, listens ? 1 : 0) }
            }
        }
    }

    package enum Word: Sendable, Hashable {
        case destroyed(cookie: UInt64)
        /// There was no room for some of them: what ended meanwhile has to be looked for.
        case overflow
        /// Not what the kernel writes.
        case malformed
    }

    /// Up to `limit` words that wait. Fewer mean that there are no more.
    //
    // Not inlined: the optimizer of Swift 6.3 breaks on it in some callers.
    @inline(never)
    package borrowing func receive(limit: Int, _ body: (Word) -> Void) throws(Errno) -> Int {
        for count in 0..<limit {
            do throws(Errno) {
                try receiveOne(body)
            } catch {
                switch error {
                case .again: return count
                case .noBuffers: body(.overflow)
                default: throw error
                }
            }
        }
        return limit
    }

    private borrowing func receiveOne(_ body: (Word) -> Void) throws(Errno) {
        let bytes = try withNumber { (fd) throws(Errno) in
            try Syscalls.receiveDiagnosis(fd, capacity: 512, waits: false)
        }
        // Nobody but the kernel is listened to.
        guard let bytes else { return }
        var reader = DiagnosisReader(bytes)
        do throws(DiagnosisError) {
            while let cookie = try reader.nextCookie() { body(.destroyed(cookie: cookie)) }
        } catch {
            body(.malformed)
        }
    }
}
