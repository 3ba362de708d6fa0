/// The network events a program can select. Winsock: WSAEventSelect, lNetworkEvents.
package struct NetworkEvents: OptionSet, Sendable, Hashable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// The events of an argument of WSAEventSelect or WSAAsyncSelect, none to cancel; WSAEINVAL
    /// for bits beyond FD_ALL_EVENTS. Those that are never recorded here can be selected too.
    package init(selecting mask: Int32) throws(WSAError) {
        self.init(rawValue: UInt32(bitPattern: mask))
        guard isSubset(of: .all) else { throw .invalidArgument }
    }

    /// FD_READ.
    package static let read = NetworkEvents(rawValue: 0x1)
    /// FD_WRITE.
    package static let write = NetworkEvents(rawValue: 0x2)
    /// FD_OOB.
    package static let outOfBand = NetworkEvents(rawValue: 0x4)
    /// FD_ACCEPT.
    package static let accept = NetworkEvents(rawValue: 0x8)
    /// FD_CONNECT.
    package static let connect = NetworkEvents(rawValue: 0x10)
    /// FD_CLOSE.
    package static let close = NetworkEvents(rawValue: 0x20)
    /// FD_QOS; never recorded here.
    package static let qualityOfService = NetworkEvents(rawValue: 0x40)
    /// FD_GROUP_QOS; never recorded here.
    package static let groupQualityOfService = NetworkEvents(rawValue: 0x80)
    /// FD_ROUTING_INTERFACE_CHANGE; never recorded here.
    package static let routingInterfaceChange = NetworkEvents(rawValue: 0x100)
    /// FD_ADDRESS_LIST_CHANGE; never recorded here.
    package static let addressListChange = NetworkEvents(rawValue: 0x200)
    /// FD_ALL_EVENTS.
    package static let all = NetworkEvents(rawValue: 0x3FF)
    /// How many there are. FD_MAX_EVENTS.
    package static let count = 10

    /// The C spellings of the bits set, lowest first; bits of no name follow as one `0x…`.
    package var names: [String] {
        Winsock.names(of: rawValue, in: Self.table)
    }

    private static let table: [(flag: UInt32, name: String)] = [
        (0x1, "FD_READ"), (0x2, "FD_WRITE"), (0x4, "FD_OOB"), (0x8, "FD_ACCEPT"),
        (0x10, "FD_CONNECT"), (0x20, "FD_CLOSE"), (0x40, "FD_QOS"), (0x80, "FD_GROUP_QOS"),
        (0x100, "FD_ROUTING_INTERFACE_CHANGE"), (0x200, "FD_ADDRESS_LIST_CHANGE"),
    ]
}
