/// The network events a program can select. Winsock: WSAEventSelect, lNetworkEvents.
public struct NetworkEvents: OptionSet, Sendable, Hashable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// The events of an argument of WSAEventSelect or WSAAsyncSelect, none to cancel; WSAEINVAL
    /// for bits beyond FD_ALL_EVENTS. Those that are never recorded here can be selected too.
    package init(selecting mask: Int32) throws(WSAError) {
        self.init(rawValue: UInt32(bitPattern: mask))
        guard isSubset(of: .all) else { throw .invalidArgument }
    }

    /// FD_READ.
    public static let read = NetworkEvents(rawValue: 0x1)
    /// FD_WRITE.
    public static let write = NetworkEvents(rawValue: 0x2)
    /// FD_OOB.
    public static let outOfBand = NetworkEvents(rawValue: 0x4)
    /// FD_ACCEPT.
    public static let accept = NetworkEvents(rawValue: 0x8)
    /// FD_CONNECT.
    public static let connect = NetworkEvents(rawValue: 0x10)
    /// FD_CLOSE.
    public static let close = NetworkEvents(rawValue: 0x20)
    /// FD_QOS; never recorded here.
    public static let qualityOfService = NetworkEvents(rawValue: 0x40)
    /// FD_GROUP_QOS; never recorded here.
    public static let groupQualityOfService = NetworkEvents(rawValue: 0x80)
    /// FD_ROUTING_INTERFACE_CHANGE; never recorded here.
    public static let routingInterfaceChange = NetworkEvents(rawValue: 0x100)
    /// FD_ADDRESS_LIST_CHANGE; never recorded here.
    public static let addressListChange = NetworkEvents(rawValue: 0x200)
    /// FD_ALL_EVENTS.
    public static let all = NetworkEvents(rawValue: 0x3FF)
    /// How many there are. FD_MAX_EVENTS.
    package static let count = 10

    /// The C spellings of the bits set, lowest first; bits of no name follow as one `0x…`.
    public var names: [String] {
        Winsock.names(of: rawValue, in: Self.table)
    }

    private static let table: [(flag: UInt32, name: String)] = [
        (0x1, "FD_READ"), (0x2, "FD_WRITE"), (0x4, "FD_OOB"), (0x8, "FD_ACCEPT"),
        (0x10, "FD_CONNECT"), (0x20, "FD_CLOSE"), (0x40, "FD_QOS"), (0x80, "FD_GROUP_QOS"),
        (0x100, "FD_ROUTING_INTERFACE_CHANGE"), (0x200, "FD_ADDRESS_LIST_CHANGE"),
    ]
}
