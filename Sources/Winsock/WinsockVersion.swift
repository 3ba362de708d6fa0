/// A version of Winsock, and how WSAStartup agrees on one. Winsock: WSAStartup.
package struct WinsockVersion: Sendable, Hashable {
    package let major: UInt8
    package let minor: UInt8

    package init(_ major: UInt8, _ minor: UInt8) {
        self.major = major
        self.minor = minor
    }

    /// The version in a word of wVersionRequested: the major number in the low byte.
    package init(word: UInt16) {
        self.init(UInt8(truncatingIfNeeded: word), UInt8(truncatingIfNeeded: word >> 8))
    }

    /// The word of wVersion and wHighVersion.
    package var word: UInt16 {
        UInt16(major) | UInt16(minor) << 8
    }

    /// The highest that this library speaks: wHighVersion, whatever is agreed.
    package static let highest = WinsockVersion(2, 2)

    /// What wVersion becomes for a requested version: that one, if there is such a Winsock (1.0,
    /// 1.1, 2.0, 2.1, 2.2), else the highest below it. WSAVERNOTSUPPORTED for 0.x.
    /// Winsock: WSAStartup.
    package static func agreed(on requested: WinsockVersion) throws(WSAError) -> WinsockVersion {
        switch requested.major {
        case 0: throw .versionNotSupported
        case 1: WinsockVersion(1, min(requested.minor, 1))
        case 2: WinsockVersion(2, min(requested.minor, highest.minor))
        default: highest
        }
    }
}
