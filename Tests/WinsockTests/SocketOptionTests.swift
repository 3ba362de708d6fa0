import Testing

@testable import Winsock

struct SocketOptionTests {
    /// Windows level and name, then Linux level and name, from the headers of both systems.
    struct Row: Sendable, CustomTestStringConvertible {
        var spelling: String
        var windows: [Int32]
        var linux: [Int32]
        var value: OptionValue
        var uses: Set<SocketOption.Use> = [.read, .write]

        init(
            _ spelling: String, _ windows: [Int32], _ linux: [Int32], _ value: OptionValue,
            _ uses: Set<SocketOption.Use> = [.read, .write]
        ) {
            self.spelling = spelling
            self.windows = windows
            self.linux = linux
            self.value = value
            self.uses = uses
        }

        var testDescription: String { spelling }
    }

    static let rows = [
        Row("SO_DEBUG", [0xFFFF, 1], [1, 1], .boolean),
        Row("SO_ACCEPTCONN", [0xFFFF, 2], [1, 30], .boolean, [.read]),
        Row("SO_REUSEADDR", [0xFFFF, 4], [1, 2], .boolean),
        Row("SO_KEEPALIVE", [0xFFFF, 8], [1, 9], .boolean),
        Row("SO_DONTROUTE", [0xFFFF, 0x10], [1, 5], .boolean),
        Row("SO_BROADCAST", [0xFFFF, 0x20], [1, 6], .boolean),
        Row("SO_LINGER", [0xFFFF, 0x80], [1, 13], .linger),
        Row("SO_OOBINLINE", [0xFFFF, 0x100], [1, 10], .boolean),
        Row("SO_DONTLINGER", [0xFFFF, -129], [1, 13], .noLinger),
        Row("SO_EXCLUSIVEADDRUSE", [0xFFFF, -5], [1, 2], .exclusiveUse),
        Row("SO_SNDBUF", [0xFFFF, 0x1001], [1, 7], .bufferByteCount),
        Row("SO_RCVBUF", [0xFFFF, 0x1002], [1, 8], .bufferByteCount),
        Row("SO_SNDTIMEO", [0xFFFF, 0x1005], [1, 21], .timeout),
        Row("SO_RCVTIMEO", [0xFFFF, 0x1006], [1, 20], .timeout),
        Row("SO_ERROR", [0xFFFF, 0x1007], [1, 4], .error, [.read]),
        Row("SO_TYPE", [0xFFFF, 0x1008], [1, 3], .integer, [.read]),
        Row("IP_OPTIONS", [0, 1], [0, 4], .bytes),
        Row("IP_HDRINCL", [0, 2], [0, 3], .boolean),
        Row("IP_TOS", [0, 3], [0, 1], .integer),
        Row("IP_TTL", [0, 4], [0, 2], .integer),
        Row("IP_MULTICAST_IF", [0, 9], [0, 32], .multicastInterface),
        Row("IP_MULTICAST_TTL", [0, 10], [0, 33], .integer),
        Row("IP_MULTICAST_LOOP", [0, 11], [0, 34], .boolean),
        Row("IP_ADD_MEMBERSHIP", [0, 12], [0, 35], .membership, [.write]),
        Row("IP_DROP_MEMBERSHIP", [0, 13], [0, 36], .membership, [.write]),
        Row("IP_DONTFRAGMENT", [0, 14], [0, 10], .noFragments),
        Row("IP_ADD_SOURCE_MEMBERSHIP", [0, 15], [0, 39], .sourceMembership, [.write]),
        Row("IP_DROP_SOURCE_MEMBERSHIP", [0, 16], [0, 40], .sourceMembership, [.write]),
        Row("IP_BLOCK_SOURCE", [0, 17], [0, 38], .sourceMembership, [.write]),
        Row("IP_UNBLOCK_SOURCE", [0, 18], [0, 37], .sourceMembership, [.write]),
        Row("IP_PKTINFO", [0, 19], [0, 8], .boolean),
        Row("IP_RECVTTL", [0, 21], [0, 12], .boolean),
        Row("IP_UNICAST_IF", [0, 31], [0, 50], .integer),
        Row("IP_RECVTOS", [0, 40], [0, 13], .boolean),
        Row("IP_MTU_DISCOVER", [0, 71], [0, 10], .pathDiscovery),
        Row("IP_MTU", [0, 73], [0, 14], .integer, [.read]),
        Row("IPV6_UNICAST_HOPS", [41, 4], [41, 16], .integer),
        Row("IPV6_MULTICAST_IF", [41, 9], [41, 17], .integer),
        Row("IPV6_MULTICAST_HOPS", [41, 10], [41, 18], .integer),
        Row("IPV6_MULTICAST_LOOP", [41, 11], [41, 19], .boolean),
        Row("IPV6_ADD_MEMBERSHIP", [41, 12], [41, 20], .membership6, [.write]),
        Row("IPV6_DROP_MEMBERSHIP", [41, 13], [41, 21], .membership6, [.write]),
        Row("IPV6_DONTFRAG", [41, 14], [41, 62], .boolean),
        Row("IPV6_PKTINFO", [41, 19], [41, 49], .boolean),
        Row("IPV6_HOPLIMIT", [41, 21], [41, 51], .boolean),
        Row("IPV6_CHECKSUM", [41, 26], [41, 7], .integer),
        Row("IPV6_V6ONLY", [41, 27], [41, 26], .boolean),
        Row("IPV6_UNICAST_IF", [41, 31], [41, 76], .reversedInteger),
        Row("IPV6_TCLASS", [41, 39], [41, 67], .integer),
        Row("IPV6_RECVTCLASS", [41, 40], [41, 66], .boolean),
        Row("IPV6_MTU_DISCOVER", [41, 71], [41, 23], .pathDiscovery),
        Row("IPV6_MTU", [41, 72], [41, 24], .integer, [.read]),
        Row("TCP_NODELAY", [6, 1], [6, 1], .boolean),
        Row("TCP_KEEPIDLE", [6, 3], [6, 4], .integer),
        Row("TCP_MAXSEG", [6, 4], [6, 2], .integer),
        Row("TCP_KEEPCNT", [6, 16], [6, 6], .integer),
        Row("TCP_KEEPINTVL", [6, 17], [6, 5], .integer),
    ]

    static let libraryRows: [(String, Int32, SocketOption.LibraryOption)] = [
        ("SO_MAX_MSG_SIZE", 0x2003, .maximumMessageByteCount),
        ("SO_PROTOCOL_INFOA", 0x2004, .protocolInfo(.ansi)),
        ("SO_PROTOCOL_INFOW", 0x2005, .protocolInfo(.wide)),
        ("SO_OPENTYPE", 0x7008, .openType),
        ("SO_MAXDG", 0x7009, .maximumMessageByteCount),
        ("SO_MAXPATHDG", 0x700A, .maximumMessageByteCount),
    ]

    private func find(
        _ level: Int32, _ name: Int32, _ use: SocketOption.Use, _ type: SocketType = .stream
    ) -> Result<SocketOption, WSAError> {
        Result { () throws(WSAError) in
            try SocketOption.find(level: level, name: name, for: use, of: type)
        }
    }

    @Test(arguments: rows)
    func `an option goes to the kernel by Linux' numbers`(row: Row) throws {
        for use in row.uses {
            let option = try find(row.windows[0], row.windows[1], use).get()
            #expect(option.spelling == row.spelling)
            #expect(option.uses == row.uses)
            #expect(
                option.handling
                    == .kernel(level: row.linux[0], name: row.linux[1], value: row.value))
        }
    }

    @Test(arguments: libraryRows)
    func `an option Linux does not have is this library's`(
        spelling: String, name: Int32, option: SocketOption.LibraryOption
    ) throws {
        let found = try find(0xFFFF, name, .read).get()
        #expect(found.spelling == spelling)
        #expect(found.handling == .library(option))
        #expect(found.uses == (option == .openType ? [.read, .write] : [.read]))
    }

    @Test func `the tables hold these options and no others`() {
        let spellings = SocketOption.tables.values.flatMap(\.values).map(\.spelling)
        #expect(spellings.count == Set(spellings).count)
        #expect(Set(spellings) == Set(Self.rows.map(\.spelling) + Self.libraryRows.map(\.0)))
    }

    @Test(arguments: rows.filter { $0.uses == [.read] })
    func `S38: what can only be read refuses to be written`(row: Row) {
        let (level, name) = (row.windows[0], row.windows[1])
        #expect(find(level, name, .write, .stream) == .failure(.noSuchOption))
        #expect(find(level, name, .write, .datagram) == .failure(.invalidArgument))
    }

    @Test(arguments: rows.filter { $0.uses == [.write] })
    func `what can only be written cannot be read`(row: Row) {
        let (level, name) = (row.windows[0], row.windows[1])
        #expect(find(level, name, .read, .stream) == .failure(.noSuchOption))
        #expect(find(level, name, .read, .datagram) == .failure(.noSuchOption))
    }

    @Test(
        arguments: [
            ("SO_BSP_STATE", 0xFFFF, 0x1009), ("SO_GROUP_ID", 0xFFFF, 0x2001),
            ("SO_GROUP_PRIORITY", 0xFFFF, 0x2002), ("SO_CONDITIONAL_ACCEPT", 0xFFFF, 0x3002),
            ("SO_UPDATE_ACCEPT_CONTEXT", 0xFFFF, 0x700B), ("SO_CONNECT_TIME", 0xFFFF, 0x700C),
            ("no option of sockets", 0xFFFF, 0x40), ("no option of IPv4", 0, 99),
            ("IPV6_PROTECTION_LEVEL", 41, 23), ("TCP_EXPEDITED_1122", 6, 2),
            ("TCP_FASTOPEN", 6, 15), ("UDP_NOCHECKSUM", 17, 1), ("UDP_SEND_MSG_SIZE", 17, 2),
        ] as [(String, Int32, Int32)])
    func `an option that is not supported is WSAENOPROTOOPT`(
        spelling: String, level: Int32, name: Int32
    ) {
        for use in SocketOption.Use.allCases {
            #expect(find(level, name, use, .stream) == .failure(.noSuchOption))
            #expect(find(level, name, use, .datagram) == .failure(.noSuchOption))
        }
    }

    @Test(
        arguments: [
            ("Linux' SOL_SOCKET", 1, 4), ("no level", 0xDEAD, 1), ("no level", -1, 1),
            ("SO_SNDLOWAT", 0xFFFF, 0x1003), ("SO_RCVLOWAT", 0xFFFF, 0x1004),
        ] as [(String, Int32, Int32)])
    func `an unknown level and the low-water marks are WSAEINVAL`(
        name: String, level: Int32, number: Int32
    ) {
        for use in SocketOption.Use.allCases {
            #expect(find(level, number, use) == .failure(.invalidArgument))
        }
    }

    @Test func `the largest message is that of the catalog, and streams have none`() {
        for entry in Catalog.entries {
            let size = Result { () throws(WSAError) in try entry.maximumMessageByteCount() }
            let isStream = entry.info.socketType == 1
            #expect(
                size == (isStream ? .failure(.noSuchOption) : .success(entry.info.messageByteCount))
            )
        }
    }

    @Test(arguments: ProtocolInfo.Form.allCases, Catalog.entries)
    func `P3 to P5: the record of a socket fits the buffer or says what it needs`(
        form: ProtocolInfo.Form, entry: CatalogEntry
    ) {
        let size = form.byteCount
        let record = entry.info.encoded(as: form)
        func reply(_ byteCount: Int) -> ProtocolInfoReply {
            ProtocolInfoReply(entry, as: form, bufferByteCount: byteCount)
        }
        #expect(reply(size) == .record(record, reportedByteCount: size))
        #expect(reply(size * 2) == .record(record, reportedByteCount: size * 2))
        for short in [0, size / 2, size - 1] {
            #expect(reply(short) == .tooSmall(reportedByteCount: size))
        }
    }
}
