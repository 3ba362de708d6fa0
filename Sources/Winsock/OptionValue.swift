/// How the value of a socket option differs between Windows and Linux, and its conversion.
///
/// Numbers in a value are in the order of the machine, which is little-endian wherever this
/// library runs. A value that is too short is WSAEFAULT; what is beyond the size of a value that
/// is given is ignored. Winsock: setsockopt, getsockopt.
package enum OptionValue: Sendable, Hashable, CaseIterable {
    /// BOOL: 4 bytes on both; Windows takes and gives a single byte too.
    case boolean
    /// 4 bytes, the same.
    case integer
    /// 4 bytes in the other byte order: an interface, which Linux takes as the network does.
    case reversedInteger
    /// A buffer's size, 4 bytes: Linux gives twice what was set.
    case bufferByteCount
    /// struct linger: two 16-bit numbers on Windows, two 32-bit on Linux.
    case linger
    /// SO_DONTLINGER: the opposite of the first number of Linux' struct linger. Clearing it
    /// keeps the time that was set, which is 0 at first: closing then resets the connection.
    case noLinger
    /// SO_EXCLUSIVEADDRUSE: on Linux every address is exclusive unless SO_REUSEADDR is set, so
    /// this reads as the opposite of that. Setting it beside SO_REUSEADDR is WSAEINVAL; otherwise
    /// it changes nothing. Since it is stored nowhere, SO_REUSEADDR can still be set after it.
    case exclusiveUse
    /// Milliseconds in 4 bytes on Windows, struct timeval on Linux. 0 is for ever on both.
    case timeout
    /// An errno on Linux, a WSA code on Windows.
    case error
    /// IP_DONTFRAGMENT: by Linux' way of path discovery.
    case noFragments
    /// IP_MTU_DISCOVER: the same ways by other numbers.
    case pathDiscovery
    /// IP_MULTICAST_IF: an address; on Windows one of 0.0.0.0/8 is the index of an interface.
    /// Linux does not give back an index that was set, but 0.0.0.0.
    case multicastInterface
    /// struct ip_mreq: the same, but for an interface given by its index as above.
    case membership
    /// struct ip_mreq_source: source and interface change places.
    case sourceMembership
    /// struct ipv6_mreq: the same.
    case membership6
    /// Bytes the kernel alone understands.
    case bytes

    /// The size of the buffer for Linux' getsockopt.
    package var linuxByteCount: Int {
        switch self {
        case .linger, .noLinger: 8
        case .timeout: 16
        case .membership, .sourceMembership: 12
        case .membership6: 20
        case .bytes: 40
        default: 4
        }
    }

    /// Whether the value for Linux depends on the one that is set now.
    package var needsPresentValue: Bool {
        self == .noLinger || self == .exclusiveUse
    }

    /// The value for Linux' setsockopt. `present` is what its getsockopt gives for the same
    /// option, and is looked at only where `needsPresentValue`.
    package func linux(
        from value: [UInt8], present: [UInt8] = []
    ) throws(WSAError) -> [UInt8] {
        precondition(
            !needsPresentValue || present.count == linuxByteCount,
            "The present value of the option is missing.")
        switch self {
        case .boolean:
            return Self.word(try Self.boolean(value) ? 1 : 0)
        case .integer, .bufferByteCount, .error:
            return Self.word(try Self.number(value))
        case .reversedInteger:
            return Self.word(try Self.number(value).byteSwapped)
        case .linger:
            let both = try Self.number(value)
            return Self.word(both & 0xFFFF) + Self.word(both >> 16)
        case .noLinger:
            return Self.word(try Self.boolean(value) ? 0 : 1) + present[4...]
        case .exclusiveUse:
            if try Self.boolean(value), present.word(at: 0) != 0 { throw .invalidArgument }
            return present
        case .timeout:
            return Self.timeval(milliseconds: try Self.number(value))
        case .noFragments:
            return Self.word(try Self.boolean(value) ? 2 : 0)
        case .pathDiscovery:
            let way = try Self.number(value)
            guard let pair = Self.waysOfDiscovery.first(where: { $0.windows == way }) else {
                throw .invalidArgument
            }
            return Self.word(pair.linux)
        case .multicastInterface:
            let address = try Self.part(value, 0..<4)
            guard let index = Self.interfaceIndex(address) else { return address }
            return [UInt8](repeating: 0, count: 8) + index
        case .membership:
            let group = try Self.part(value, 0..<4)
            let address = try Self.part(value, 4..<8)
            guard let index = Self.interfaceIndex(address) else { return group + address }
            return group + [0, 0, 0, 0] + index
        case .sourceMembership:
            let group = try Self.part(value, 0..<4)
            return group + (try Self.part(value, 8..<12)) + (try Self.part(value, 4..<8))
        case .membership6:
            return try Self.part(value, 0..<20)
        case .bytes:
            return value
        }
    }

    /// The value for a program's buffer of `byteCount` bytes, from what Linux' getsockopt gave.
    /// The size of the result is what the call reports.
    package func windows(
        from value: [UInt8], byteCount: Int
    ) throws(WSAError) -> [UInt8] {
        switch self {
        case .bytes, .membership, .sourceMembership, .membership6:
            return Array(value.prefix(byteCount))
        case .multicastInterface:
            let address = try Self.part(value, 0..<4)
            guard byteCount >= 4 else { throw .badAddress }
            return address
        default:
            break
        }
        precondition(value.count >= linuxByteCount, "The value of the kernel is too short.")
        let number = windowsNumber(value)
        if byteCount >= 4 { return Self.word(number) }
        guard isBoolean, byteCount > 0 else { throw .badAddress }
        return [UInt8(truncatingIfNeeded: number)]
    }

    private var isBoolean: Bool {
        switch self {
        case .boolean, .noLinger, .exclusiveUse, .noFragments: true
        default: false
        }
    }

    /// The number of a value that has 4 bytes on Windows.
    private func windowsNumber(_ value: [UInt8]) -> UInt32 {
        let number = value.word(at: 0)
        switch self {
        case .boolean: return number == 0 ? 0 : 1
        case .noLinger, .exclusiveUse: return number == 0 ? 1 : 0
        case .reversedInteger: return number.byteSwapped
        case .bufferByteCount: return number / 2
        case .linger: return (number == 0 ? 0 : 1) | min(value.word(at: 4), 0xFFFF) << 16
        case .timeout: return Self.milliseconds(timeval: value)
        case .error:
            let errno = Int32(bitPattern: number)
            let code = errno == 0 ? 0 : WinsockErrno.code(forLinux: errno).rawValue
            return UInt32(bitPattern: code)
        case .noFragments: return number >= 2 ? 1 : 0
        case .pathDiscovery:
            return Self.waysOfDiscovery.first { $0.linux == number }?.windows ?? 0
        default: return number
        }
    }

    /// IP_PMTUDISC_NOT_SET, DO, DONT and PROBE against Linux' WANT, DO, DONT and PROBE.
    private static let waysOfDiscovery: [(windows: UInt32, linux: UInt32)] = [
        (0, 1), (1, 2), (2, 0), (3, 3),
    ]
}

extension OptionValue {
    private static func word(_ number: UInt32) -> [UInt8] {
        var bytes: [UInt8] = [0, 0, 0, 0]
        bytes.setWord(number, at: 0)
        return bytes
    }

    private static func number(_ value: [UInt8]) throws(WSAError) -> UInt32 {
        try part(value, 0..<4).word(at: 0)
    }

    /// Windows takes a boolean of any size from one byte.
    private static func boolean(_ value: [UInt8]) throws(WSAError) -> Bool {
        if value.isEmpty { throw .badAddress }
        return value.prefix(4).contains { $0 != 0 }
    }

    private static func part(_ value: [UInt8], _ range: Range<Int>) throws(WSAError) -> [UInt8] {
        guard value.count >= range.upperBound else { throw .badAddress }
        return Array(value[range])
    }

    /// struct timeval: seconds and microseconds, 8 bytes each.
    private static func timeval(milliseconds: UInt32) -> [UInt8] {
        word(milliseconds / 1000) + word(0) + word(milliseconds % 1000 * 1000) + word(0)
    }

    /// Rounded up, so that no time limit becomes 0, which is none.
    private static func milliseconds(timeval value: [UInt8]) -> UInt32 {
        func long(_ offset: Int) -> UInt64 {
            UInt64(value.word(at: offset)) | UInt64(value.word(at: offset + 4)) << 32
        }
        let (whole, isTooMuch) = long(0).multipliedReportingOverflow(by: 1000)
        let part = long(8) / 1000 + (long(8) % 1000 == 0 ? 0 : 1)
        let (sum, isTooMuchInAll) = whole.addingReportingOverflow(part)
        return isTooMuch || isTooMuchInAll ? .max : UInt32(clamping: sum)
    }

    /// The index of an interface that Windows names by an address of 0.0.0.0/8, as Linux has it at
    /// the end of struct ip_mreqn; nil for a true address and for none.
    private static func interfaceIndex(_ address: [UInt8]) -> [UInt8]? {
        guard address[0] == 0, address.contains(where: { $0 != 0 }) else { return nil }
        return address.reversed()
    }
}
