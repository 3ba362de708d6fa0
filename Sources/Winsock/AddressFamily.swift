/// The address families that can be handed over, by their Windows numbers. Winsock: AF.
///
/// Linux gives IPv6 another number; clients read the family from the record, so a record always
/// carries the Windows one.
public enum AddressFamily: Int32, Sendable, Hashable, CaseIterable {
    /// AF_UNIX: 1 on both.
    case unix = 1
    /// AF_INET: 2 on both.
    case internet = 2
    /// AF_INET6: 23 on Windows, 10 on Linux.
    case internet6 = 23

    /// The family of a Linux number; nil for one that has no entry in the catalog.
    public init?(linux: Int32) {
        guard let family = Self.allCases.first(where: { $0.linux == linux }) else { return nil }
        self = family
    }

    /// The Linux number.
    public var linux: Int32 {
        switch self {
        case .unix: 1
        case .internet: 2
        case .internet6: 10
        }
    }
}
