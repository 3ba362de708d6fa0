/// The commands of ioctlsocket and WSAIoctl that can be carried out.
///
/// Winsock: ioctlsocket, WSAIoctl.
package enum ControlCode: Sendable, Hashable, CaseIterable {
    /// FIONBIO: the value, 4 bytes, is not zero for a socket that does not wait.
    case nonBlocking
    /// FIONREAD: gives 4 bytes.
    case unreadByteCount
    /// SIOCATMARK: gives 4 bytes; see `isAtMark(linux:hasUrgentData:)`.
    case atMark
    /// SIO_SET_QOS: marks a socket so that it cannot be duplicated. WSAIoctl only.
    case setQualityOfService

    /// The command of an ioctlsocket; WSAEINVAL for any other. FIOASYNC is in the header, but no
    /// version of Windows has it.
    package init(socketControl code: UInt32) throws(WSAError) {
        guard let control = Self.codes[code], control != .setQualityOfService else {
            throw .invalidArgument
        }
        self = control
    }

    /// The command of a WSAIoctl. Codes of the older, Unix kind that are not known are
    /// WSAEINVAL; codes of Winsock 2, of a protocol or a vendor are commands that cannot be
    /// realised here, WSAEOPNOTSUPP, and programs do without them.
    package init(control code: UInt32) throws(WSAError) {
        if let control = Self.codes[code] {
            self = control
        } else {
            throw code & Self.kindMask == 0 ? .invalidArgument : .operationNotSupported
        }
    }

    /// The request of Linux' ioctl; nil for the one that is not the kernel's business.
    /// ioctl_tty(2), tcp(7).
    package var linux: UInt? {
        switch self {
        case .nonBlocking: 0x5421
        case .unreadByteCount: 0x541B
        case .atMark: 0x8905
        case .setQualityOfService: nil
        }
    }

    /// What SIOCATMARK says on Windows: that no byte before a mark is to be read. Linux says no
    /// also when there is no mark at all, which `hasUrgentData` (POLLPRI) tells.
    package static func isAtMark(linux isAtMark: Bool, hasUrgentData: Bool) -> Bool {
        isAtMark || !hasUrgentData
    }

    /// The two bits that tell Unix codes, 0, from the newer kinds.
    private static let kindMask: UInt32 = 0x1800_0000

    private static let codes: [UInt32: ControlCode] = [
        0x8004_667E: .nonBlocking,
        0x4004_667F: .unreadByteCount,
        0x4004_7307: .atMark,
        0x8800_000B: .setQualityOfService,
    ]
}
