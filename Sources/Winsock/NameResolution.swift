// Flags and results of name resolution, whose numbers differ. Winsock: getaddrinfo, getnameinfo.

/// The flags of getaddrinfo, by their Windows numbers. Winsock: ADDRINFOA, ai_flags.
package struct AddressInfoFlags: OptionSet, Sendable, Hashable {
    package let rawValue: Int32

    package init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// AI_PASSIVE.
    package static let passive = AddressInfoFlags(rawValue: 0x1)
    /// AI_CANONNAME.
    package static let canonicalName = AddressInfoFlags(rawValue: 0x2)
    /// AI_NUMERICHOST.
    package static let numericHost = AddressInfoFlags(rawValue: 0x4)
    /// AI_NUMERICSERV.
    package static let numericService = AddressInfoFlags(rawValue: 0x8)
    /// AI_ALL.
    package static let all = AddressInfoFlags(rawValue: 0x100)
    /// AI_ADDRCONFIG.
    package static let configuredAddresses = AddressInfoFlags(rawValue: 0x400)
    /// AI_V4MAPPED.
    package static let mappedAddresses = AddressInfoFlags(rawValue: 0x800)

    /// The Linux flags; WSAEINVAL (EAI_BADFLAGS) for one that Linux does not have.
    package func linux() throws(WSAError) -> Int32 {
        try Self.table.linux(rawValue)
    }

    /// The flags of a Linux number; bits that Windows does not have are left out.
    package init(linux: Int32) {
        rawValue = Self.table.windows(linux)
    }

    private static let table = FlagTable(pairs: [
        (0x1, 0x1), (0x2, 0x2), (0x4, 0x4), (0x8, 0x400), (0x100, 0x10), (0x400, 0x20),
        (0x800, 0x8),
    ])
}

/// The flags of getnameinfo, by their Windows numbers. Winsock: getnameinfo, Flags.
package struct NameInfoFlags: OptionSet, Sendable, Hashable {
    package let rawValue: Int32

    package init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// NI_NOFQDN.
    package static let localNameOnly = NameInfoFlags(rawValue: 0x1)
    /// NI_NUMERICHOST.
    package static let numericHost = NameInfoFlags(rawValue: 0x2)
    /// NI_NAMEREQD.
    package static let nameRequired = NameInfoFlags(rawValue: 0x4)
    /// NI_NUMERICSERV.
    package static let numericService = NameInfoFlags(rawValue: 0x8)
    /// NI_DGRAM.
    package static let datagramService = NameInfoFlags(rawValue: 0x10)

    /// The Linux flags; WSAEINVAL (EAI_BADFLAGS) for one that Linux does not have.
    package func linux() throws(WSAError) -> Int32 {
        try Self.table.linux(rawValue)
    }

    /// The flags of a Linux number; bits that Windows does not have are left out.
    package init(linux: Int32) {
        rawValue = Self.table.windows(linux)
    }

    private static let table = FlagTable(pairs: [
        (0x1, 0x4), (0x2, 0x1), (0x4, 0x8), (0x8, 0x2), (0x10, 0x10),
    ])
}

/// Flags of the same meaning on both systems, one bit each.
private struct FlagTable: Sendable {
    let pairs: [(windows: Int32, linux: Int32)]

    func linux(_ windows: Int32) throws(WSAError) -> Int32 {
        var rest = windows
        var flags: Int32 = 0
        for pair in pairs where windows & pair.windows != 0 {
            flags |= pair.linux
            rest &= ~pair.windows
        }
        guard rest == 0 else { throw .invalidArgument }
        return flags
    }

    func windows(_ linux: Int32) -> Int32 {
        pairs.reduce(0) { linux & $1.linux != 0 ? $0 | $1.windows : $0 }
    }
}

/// What getaddrinfo and getnameinfo return on failure. Winsock's EAI names are WSA codes.
///
/// Winsock: getaddrinfo, getnameinfo.
package enum NameResolutionError {
    /// The code for what Linux' function returned; `errno` is looked at only for EAI_SYSTEM.
    /// WSANO_RECOVERY for a number that is none of the known results.
    package static func code(forLinux result: Int32, errno: Int32) -> WSAError {
        result == systemError
            ? WinsockErrno.code(forLinux: errno) : codes[result] ?? .nameNoRecovery
    }

    /// EAI_SYSTEM.
    private static let systemError: Int32 = -11

    private static let codes: [Int32: WSAError] = [
        -1: .invalidArgument,  // EAI_BADFLAGS
        -2: .hostNotFound,  // EAI_NONAME
        -3: .nameTryAgain,  // EAI_AGAIN
        -4: .nameNoRecovery,  // EAI_FAIL
        -5: .nameNoData,  // EAI_NODATA
        -6: .addressFamilyNotSupported,  // EAI_FAMILY
        -7: .socketTypeNotSupported,  // EAI_SOCKTYPE
        -8: .classNotFound,  // EAI_SERVICE
        // The name has addresses, only none of the family asked for.
        -9: .nameNoData,  // EAI_ADDRFAMILY
        -10: .notEnoughMemory,  // EAI_MEMORY
        // A buffer of getnameinfo is too small.
        -12: .badAddress,  // EAI_OVERFLOW
        -104: .interrupted,  // EAI_INTR
        // A name that cannot be written in the domain name system cannot be found there.
        -105: .hostNotFound,  // EAI_IDN_ENCODE
    ]
}
