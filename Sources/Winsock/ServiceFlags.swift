/// What a protocol offers, as the record's first service word says it.
///
/// Winsock: WSAPROTOCOL_INFO, dwServiceFlags1.
public struct ServiceFlags: OptionSet, Sendable, Hashable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Datagrams, without a connection. XP1_CONNECTIONLESS.
    public static let connectionless = ServiceFlags(rawValue: 0x1)
    /// What is sent arrives. XP1_GUARANTEED_DELIVERY.
    public static let guaranteedDelivery = ServiceFlags(rawValue: 0x2)
    /// What arrives, arrives once and in the order sent. XP1_GUARANTEED_ORDER.
    public static let guaranteedOrder = ServiceFlags(rawValue: 0x4)
    /// Message boundaries are kept. XP1_MESSAGE_ORIENTED.
    public static let messageOriented = ServiceFlags(rawValue: 0x8)
    /// A message protocol that receives without regard to boundaries. XP1_PSEUDO_STREAM.
    public static let pseudoStream = ServiceFlags(rawValue: 0x10)
    /// Closing in two phases; without it every close aborts. XP1_GRACEFUL_CLOSE.
    public static let gracefulClose = ServiceFlags(rawValue: 0x20)
    /// Urgent data. XP1_EXPEDITED_DATA.
    public static let expeditedData = ServiceFlags(rawValue: 0x40)
    /// User data may go with connecting. XP1_CONNECT_DATA.
    public static let connectData = ServiceFlags(rawValue: 0x80)
    /// User data may go with disconnecting. XP1_DISCONNECT_DATA.
    public static let disconnectData = ServiceFlags(rawValue: 0x100)
    /// Broadcast. XP1_SUPPORT_BROADCAST.
    public static let supportBroadcast = ServiceFlags(rawValue: 0x200)
    /// Multicast or another form of several receivers. XP1_SUPPORT_MULTIPOINT.
    public static let supportMultipoint = ServiceFlags(rawValue: 0x400)
    /// Multipoint control has a root. XP1_MULTIPOINT_CONTROL_PLANE.
    public static let multipointControlPlane = ServiceFlags(rawValue: 0x800)
    /// Multipoint data has a root. XP1_MULTIPOINT_DATA_PLANE.
    public static let multipointDataPlane = ServiceFlags(rawValue: 0x1000)
    /// Quality of service; such a socket cannot be duplicated. XP1_QOS_SUPPORTED.
    public static let qualityOfServiceSupported = ServiceFlags(rawValue: 0x2000)
    /// Reserved. XP1_INTERRUPT.
    public static let interrupt = ServiceFlags(rawValue: 0x4000)
    /// Send only. XP1_UNI_SEND.
    public static let unidirectionalSend = ServiceFlags(rawValue: 0x8000)
    /// Receive only. XP1_UNI_RECV.
    public static let unidirectionalReceive = ServiceFlags(rawValue: 0x10000)
    /// A socket is a handle of the operating system. XP1_IFS_HANDLES.
    public static let systemHandles = ServiceFlags(rawValue: 0x20000)
    /// Part of a message can be sent or received, marked MSG_PARTIAL. XP1_PARTIAL_MESSAGE.
    public static let partialMessage = ServiceFlags(rawValue: 0x40000)
    /// Sockets Direct Protocol on a system area network. XP1_SAN_SUPPORT_SDP.
    public static let socketsDirectProtocol = ServiceFlags(rawValue: 0x80000)

    /// The C spellings of the bits set, lowest first; bits of no name follow as one `0x…`.
    public var names: [String] {
        Winsock.names(of: rawValue, in: Self.table)
    }

    private static let table: [(flag: UInt32, name: String)] = [
        (0x1, "XP1_CONNECTIONLESS"),
        (0x2, "XP1_GUARANTEED_DELIVERY"),
        (0x4, "XP1_GUARANTEED_ORDER"),
        (0x8, "XP1_MESSAGE_ORIENTED"),
        (0x10, "XP1_PSEUDO_STREAM"),
        (0x20, "XP1_GRACEFUL_CLOSE"),
        (0x40, "XP1_EXPEDITED_DATA"),
        (0x80, "XP1_CONNECT_DATA"),
        (0x100, "XP1_DISCONNECT_DATA"),
        (0x200, "XP1_SUPPORT_BROADCAST"),
        (0x400, "XP1_SUPPORT_MULTIPOINT"),
        (0x800, "XP1_MULTIPOINT_CONTROL_PLANE"),
        (0x1000, "XP1_MULTIPOINT_DATA_PLANE"),
        (0x2000, "XP1_QOS_SUPPORTED"),
        (0x4000, "XP1_INTERRUPT"),
        (0x8000, "XP1_UNI_SEND"),
        (0x10000, "XP1_UNI_RECV"),
        (0x20000, "XP1_IFS_HANDLES"),
        (0x40000, "XP1_PARTIAL_MESSAGE"),
        (0x80000, "XP1_SAN_SUPPORT_SDP"),
    ]
}
