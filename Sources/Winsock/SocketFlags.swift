/// How a socket is opened. Source and target of a handoff should pass the same flags.
///
/// Winsock: WSASocket, dwFlags.
public struct SocketFlags: OptionSet, Sendable, Hashable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Overlapped operations; the `socket` function always sets it. WSA_FLAG_OVERLAPPED.
    public static let overlapped = SocketFlags(rawValue: 0x1)
    /// The root of a multipoint session's control. WSA_FLAG_MULTIPOINT_C_ROOT.
    public static let multipointControlRoot = SocketFlags(rawValue: 0x2)
    /// A leaf of a multipoint session's control. WSA_FLAG_MULTIPOINT_C_LEAF.
    public static let multipointControlLeaf = SocketFlags(rawValue: 0x4)
    /// The root of a multipoint session's data. WSA_FLAG_MULTIPOINT_D_ROOT.
    public static let multipointDataRoot = SocketFlags(rawValue: 0x8)
    /// A leaf of a multipoint session's data. WSA_FLAG_MULTIPOINT_D_LEAF.
    public static let multipointDataLeaf = SocketFlags(rawValue: 0x10)
    /// The socket's security descriptor can be set. WSA_FLAG_ACCESS_SYSTEM_SECURITY.
    public static let accessSystemSecurity = SocketFlags(rawValue: 0x40)
    /// A child process does not inherit the descriptor. WSA_FLAG_NO_HANDLE_INHERIT.
    public static let noHandleInherit = SocketFlags(rawValue: 0x80)
    /// Registered I/O. WSA_FLAG_REGISTERED_IO.
    public static let registeredIO = SocketFlags(rawValue: 0x100)

    /// The C spellings of the bits set, lowest first; bits of no name follow as one `0x…`.
    public var names: [String] {
        Winsock.names(of: rawValue, in: Self.table)
    }

    private static let table: [(flag: UInt32, name: String)] = [
        (0x1, "WSA_FLAG_OVERLAPPED"),
        (0x2, "WSA_FLAG_MULTIPOINT_C_ROOT"),
        (0x4, "WSA_FLAG_MULTIPOINT_C_LEAF"),
        (0x8, "WSA_FLAG_MULTIPOINT_D_ROOT"),
        (0x10, "WSA_FLAG_MULTIPOINT_D_LEAF"),
        (0x40, "WSA_FLAG_ACCESS_SYSTEM_SECURITY"),
        (0x80, "WSA_FLAG_NO_HANDLE_INHERIT"),
        (0x100, "WSA_FLAG_REGISTERED_IO"),
    ]
}
