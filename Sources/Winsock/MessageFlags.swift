/// The flags of one send or receive, by their Windows numbers. Winsock: send, recv, WSARecv.
package struct MessageFlags: OptionSet, Sendable, Hashable {
    package let rawValue: Int32

    package init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// MSG_OOB.
    package static let outOfBand = MessageFlags(rawValue: 0x1)
    /// MSG_PEEK.
    package static let peek = MessageFlags(rawValue: 0x2)
    /// MSG_DONTROUTE.
    package static let dontRoute = MessageFlags(rawValue: 0x4)
    /// MSG_WAITALL.
    package static let waitAll = MessageFlags(rawValue: 0x8)
    /// MSG_PUSH_IMMEDIATE: a hint not to wait for more, which Linux never does.
    package static let pushImmediate = MessageFlags(rawValue: 0x20)

    /// The flags for Linux' send, with MSG_NOSIGNAL: Windows knows no SIGPIPE.
    ///
    /// WSAEOPNOTSUPP for MSG_OOB where `service` has no expedited data, and for any flag but
    /// MSG_OOB and MSG_DONTROUTE; no entry of the catalog takes messages in parts (MSG_PARTIAL).
    /// `service` is that of the socket's catalog entry. Winsock: send, WSASend.
    package func linuxSendFlags(service: ServiceFlags) throws(WSAError) -> Int32 {
        try check(allowed: [.outOfBand, .dontRoute], service)
        return rawValue | Linux.noSignal
    }

    /// The flags for Linux' recv.
    ///
    /// WSAEOPNOTSUPP for MSG_OOB where `service` has no expedited data; for MSG_WAITALL of a
    /// message-oriented or non-blocking socket or beside MSG_OOB or MSG_PEEK; and for any flag but
    /// these and MSG_PUSH_IMMEDIATE. Winsock: recv, WSARecv.
    package func linuxReceiveFlags(
        service: ServiceFlags, blocking: BlockingMode
    ) throws(WSAError) -> Int32 {
        try check(allowed: [.outOfBand, .peek, .waitAll, .pushImmediate], service)
        if contains(.waitAll) {
            let isStream = service.isDisjoint(with: [.messageOriented, .connectionless])
            guard isStream, blocking == .blocking, isDisjoint(with: [.outOfBand, .peek]) else {
                throw .operationNotSupported
            }
        }
        let same = intersection([.outOfBand, .peek]).rawValue
        return contains(.waitAll) ? same | Linux.waitAll : same
    }

    /// What WSARecv reports for the flags that Linux' recvmsg gave. When the message was longer
    /// than the buffers its rest is lost, and the call fails with WSAEMSGSIZE although they are
    /// filled. Winsock: WSARecv, lpFlags.
    package static func received(linux flags: Int32) -> (flags: MessageFlags, isTruncated: Bool) {
        (MessageFlags(rawValue: flags & outOfBand.rawValue), flags & Linux.truncated != 0)
    }

    private func check(allowed: MessageFlags, _ service: ServiceFlags) throws(WSAError) {
        guard isSubset(of: allowed) else { throw .operationNotSupported }
        if contains(.outOfBand), !service.contains(.expeditedData) { throw .operationNotSupported }
    }

    /// Flags whose Linux number is another, or that only Linux has. send(2), recv(2).
    private enum Linux {
        static let truncated: Int32 = 0x20
        static let waitAll: Int32 = 0x100
        static let noSignal: Int32 = 0x4000
    }
}

/// Whether calls on a socket wait. Winsock: FIONBIO.
package enum BlockingMode: Sendable, Hashable, CaseIterable {
    case blocking
    case nonBlocking
}
