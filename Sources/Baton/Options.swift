internal import Registry
public import Winsock

/// How a socket is handed over.
public struct DuplicateOptions: Sendable, Hashable {
    /// The flags that the source made its socket with. Winsock: WSASocket, dwFlags.
    public var flags: SocketFlags
    /// How long the ticket can be redeemed, in steps of a microsecond, rounded up. Without one the
    /// life of the target bounds it, as on Windows.
    public var lifetime: Duration?
    /// The form the caller means to pass on, which is recorded; the result has both.
    public var form: ProtocolInfo.Form

    public init(
        flags: SocketFlags = .overlapped, lifetime: Duration? = nil,
        form: ProtocolInfo.Form = .wide
    ) {
        self.flags = flags
        self.lifetime = lifetime
        self.form = form
    }

    /// Nil stands for none. On the wire that is a zero, so a lifetime of nothing cannot be sent.
    func lifetimeMicroseconds() throws(BatonError) -> UInt64? {
        guard let lifetime else { return nil }
        guard lifetime > .zero else { throw .refusedHere(.invalidLifetime) }
        let (seconds, attoseconds) = lifetime.components
        let attosecondsPerMicrosecond: Int64 = 1_000_000_000_000
        let rest = (attoseconds + attosecondsPerMicrosecond - 1) / attosecondsPerMicrosecond
        let (whole, isTooLarge) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, isSumTooLarge) = whole.addingReportingOverflow(rest)
        // Beyond every limit, which is for the coordinator to say.
        return isTooLarge || isSumTooLarge ? UInt64(Int64.max) : UInt64(sum)
    }
}

/// How a socket is taken over.
public struct OpenOptions: Sendable, Hashable {
    /// Should be those of the source. Winsock: WSASocket, dwFlags.
    public var flags: SocketFlags
    /// What the socket is opened for, at most 1,024 bytes of UTF-8: recorded, and nothing more.
    public var program: String?

    public init(flags: SocketFlags = .overlapped, program: String? = nil) {
        self.flags = flags
        self.program = program
    }
}

/// What the rules let pass but report.
public struct OpenNotes: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Source and target made their sockets with different flags.
    public static let flagsDiffer = OpenNotes(rawValue: GrantNotes.flagsDiffer.rawValue)
    /// The source's socket is overlapped, and the target did not ask for that.
    public static let overlappedMissing = OpenNotes(rawValue: GrantNotes.overlappedMissing.rawValue)
}
