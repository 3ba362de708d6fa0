internal import Glibc

/// An internet socket as the kernel describes it to everybody in its network namespace.
package struct InternetSocket: Sendable, Hashable {
    /// Linux numbers.
    package var family: Int32
    package var state: UInt8
    package var cookie: UInt64
    /// 0 for one that no descriptor names.
    package var inode: UInt64
    package var uid: UInt32
    /// As text, see `SocketAddressText`; absent while unbound or unconnected.
    package var local: String?
    package var remote: String?
}

/// A Unix socket as the kernel describes it to everybody in its network namespace.
package struct UnixSocket: Sendable, Hashable {
    package var type: Int32
    package var state: UInt8
    package var cookie: UInt64
    package var inode: UInt64
    package var local: String?
    /// The inode of the socket at the other end.
    package var peer: UInt64?
}

/// What is wrong with a message that should be the kernel's.
package struct DiagnosisError: Error, Hashable, Sendable {
    /// Where in the message.
    package var offset: Int

    package init(offset: Int) { self.offset = offset }
}

/// Reads the messages of one datagram of NETLINK_SOCK_DIAG, one after the other. Nothing in them
/// is taken on trust: a length that does not fit ends the reading with an error.
///
/// netlink(7), sock_diag(7)
package struct DiagnosisReader: Sendable {
    package enum Message: Sendable, Equatable {
        case internet(InternetSocket)
        case unix(UnixSocket)
        case done
        case failed(Errno)
        /// Of a kind or family that is not asked for here.
        case other
    }

    /// The layout of struct nlmsghdr, inet_diag_msg and unix_diag_msg.
    package enum Layout {
        package static let headerByteCount = 16
        package static let internetByteCount = 72
        package static let unixByteCount = 16
        /// NLMSG_ERROR, NLMSG_DONE, SOCK_DIAG_BY_FAMILY
        package static let error: UInt16 = 2
        package static let done: UInt16 = 3
        package static let byFamily: UInt16 = 20
        /// UNIX_DIAG_NAME, UNIX_DIAG_PEER
        static let unixName: UInt16 = 0
        static let unixPeer: UInt16 = 2
        static let alignment = 4
    }

    private let bytes: [UInt8]
    private var offset = 0

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The next message; nil after the last one.
    package mutating func next() throws(DiagnosisError) -> Message? {
        guard let (kind, body) = try nextBody() else { return nil }
        switch kind {
        case Layout.done: return .done
        case Layout.error: return try failure(body)
        case Layout.byFamily: return try socket(body)
        default: return .other
        }
    }

    /// The cookie of the next internet socket, without the rest of it; nil after the last one.
    package mutating func nextCookie() throws(DiagnosisError) -> UInt64? {
        while let (kind, body) = try nextBody() {
            guard kind == Layout.byFamily, let first = body.first else { continue }
            guard [AF_INET, AF_INET6].contains(CInt(bytes[first])) else { continue }
            guard body.count >= Layout.internetByteCount else {
                throw DiagnosisError(offset: first)
            }
            return number(at: first + 44, as: UInt64.self)
        }
        return nil
    }

    private mutating func nextBody() throws(DiagnosisError) -> (kind: UInt16, body: Range<Int>)? {
        let rest = bytes.count - offset
        guard rest > 0 else { return nil }
        guard rest >= Layout.headerByteCount else { throw DiagnosisError(offset: offset) }
        let start = offset
        let length = Int(number(at: start, as: UInt32.self))
        guard length >= Layout.headerByteCount, length <= rest else {
            throw DiagnosisError(offset: start)
        }
        // The padding after the last message may be missing.
        offset = min(bytes.count, start + Self.aligned(length))
        let body = start + Layout.headerByteCount..<start + length
        return (number(at: start + 4, as: UInt16.self), body)
    }

    private static func aligned(_ count: Int) -> Int {
        (count + Layout.alignment - 1) / Layout.alignment * Layout.alignment
    }

    private func failure(_ body: Range<Int>) throws(DiagnosisError) -> Message {
        guard body.count >= 4 else { throw DiagnosisError(offset: body.lowerBound) }
        let code = Int32(bitPattern: number(at: body.lowerBound, as: UInt32.self))
        // 0 acknowledges; the smallest number has no opposite.
        guard code < 0, code != .min else {
            return code == 0 ? .other : .failed(.invalidArgument)
        }
        return .failed(Errno(rawValue: -code))
    }

    private func socket(_ body: Range<Int>) throws(DiagnosisError) -> Message {
        guard let first = body.first else { throw DiagnosisError(offset: body.lowerBound) }
        switch CInt(bytes[first]) {
        case AF_INET, AF_INET6: return .internet(try internet(body))
        case AF_UNIX: return .unix(try unix(body))
        default: return .other
        }
    }

    private func internet(_ body: Range<Int>) throws(DiagnosisError) -> InternetSocket {
        guard body.count >= Layout.internetByteCount else {
            throw DiagnosisError(offset: body.lowerBound)
        }
        let start = body.lowerBound
        return InternetSocket(
            family: Int32(bytes[start]), state: bytes[start + 1],
            cookie: number(at: start + 44, as: UInt64.self),
            inode: UInt64(number(at: start + 68, as: UInt32.self)),
            uid: number(at: start + 64, as: UInt32.self),
            local: address(at: start, port: start + 4, address: start + 8),
            remote: address(at: start, port: start + 6, address: start + 24))
    }

    /// By way of the struct sockaddr that getsockname(2) would give, so that both have one text.
    private func address(at start: Int, port: Int, address: Int) -> String? {
        var name = [bytes[start], 0] + bytes[port..<port + 2]
        if CInt(bytes[start]) == AF_INET {
            name += bytes[address..<address + 4]
        } else {
            name += [0, 0, 0, 0] + bytes[address..<address + 16]
            // The interface matters, and is told by getsockname(2), for link-local ones alone.
            let isLinkLocal = bytes[address] == 0xFE && bytes[address + 1] & 0xC0 == 0x80
            name += isLinkLocal ? Array(bytes[start + 40..<start + 44]) : [0, 0, 0, 0]
        }
        return SocketAddressText.text(name.span)
    }

    private func unix(_ body: Range<Int>) throws(DiagnosisError) -> UnixSocket {
        guard body.count >= Layout.unixByteCount else {
            throw DiagnosisError(offset: body.lowerBound)
        }
        let start = body.lowerBound
        var socket = UnixSocket(
            type: Int32(bytes[start + 1]), state: bytes[start + 2],
            cookie: number(at: start + 8, as: UInt64.self),
            inode: UInt64(number(at: start + 4, as: UInt32.self)))
        var offset = start + Layout.unixByteCount
        while offset < body.upperBound {
            guard body.upperBound - offset >= 4 else { throw DiagnosisError(offset: offset) }
            let length = Int(number(at: offset, as: UInt16.self))
            guard length >= 4, length <= body.upperBound - offset else {
                throw DiagnosisError(offset: offset)
            }
            let value = offset + 4..<offset + length
            switch number(at: offset + 2, as: UInt16.self) {
            case Layout.unixName where !value.isEmpty:
                let name = [UInt8(AF_UNIX), 0] + bytes[value]
                socket.local = SocketAddressText.text(name.span)
            case Layout.unixPeer where value.count >= 4:
                socket.peer = UInt64(number(at: value.lowerBound, as: UInt32.self))
            default: break
            }
            offset += Self.aligned(length)
        }
        return socket
    }

    /// Netlink has the byte order of the machine, and that is this one wherever Swift runs.
    private func number<Number: FixedWidthInteger>(at offset: Int, as: Number.Type) -> Number {
        var number: Number = 0
        for index in (0..<MemoryLayout<Number>.size).reversed() {
            number = number << 8 | Number(truncatingIfNeeded: bytes[offset + index])
        }
        return number
    }
}

extension [UInt8] {
    /// In the byte order that `DiagnosisReader` reads.
    mutating func append(native number: some FixedWidthInteger) {
        var rest = number
        for _ in 0..<MemoryLayout.size(ofValue: number) {
            append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }
}
