/// A socket option as Windows programs name it, and what becomes of it here.
///
/// An option that is not in the tables is WSAENOPROTOOPT. Winsock: setsockopt, getsockopt.
package struct SocketOption: Sendable, Hashable {
    /// What a call wants of an option.
    package enum Use: Sendable, Hashable, CaseIterable {
        case read
        case write
    }

    /// Who answers for an option.
    package enum Handling: Sendable, Hashable {
        /// The kernel, by its own level and name, with the value converted.
        case kernel(level: Int32, name: Int32, value: OptionValue)
        /// This library.
        case library(LibraryOption)
    }

    /// Options the kernel knows nothing of.
    package enum LibraryOption: Sendable, Hashable {
        /// SO_MAX_MSG_SIZE, SO_MAXDG, SO_MAXPATHDG: see
        /// `CatalogEntry.maximumMessageByteCount()`.
        case maximumMessageByteCount
        /// SO_OPENTYPE: an integer of the thread, which later calls of `socket` obey. It can be
        /// used with INVALID_SOCKET.
        case openType
        /// SO_PROTOCOL_INFOA, SO_PROTOCOL_INFOW: see `ProtocolInfoReply`.
        case protocolInfo(ProtocolInfo.Form)
    }

    /// SOL_SOCKET.
    package static let socketLevel: Int32 = 0xFFFF

    /// The option's C spelling.
    package let spelling: String
    package let uses: Set<Use>
    package let handling: Handling

    /// What to do for a call on a socket of this type.
    ///
    /// Throws WSAEINVAL for a level that is unknown and for SO_SNDLOWAT and SO_RCVLOWAT;
    /// WSAENOPROTOOPT for a name that is unknown and for reading what can only be written. Writing
    /// what can only be read is WSAENOPROTOOPT on a stream and WSAEINVAL on another socket.
    /// Winsock: setsockopt, getsockopt, SOL_SOCKET Socket Options.
    package static func find(
        level: Int32, name: Int32, for use: Use, of type: SocketType
    ) throws(WSAError) -> SocketOption {
        guard let options = tables[level] else { throw .invalidArgument }
        if level == socketLevel, lowWaterMarks.contains(name) { throw .invalidArgument }
        guard let option = options[name] else { throw .noSuchOption }
        if !option.uses.contains(use) {
            throw use == .write && type != .stream ? .invalidArgument : .noSuchOption
        }
        return option
    }

    /// SO_SNDLOWAT and SO_RCVLOWAT, which the page gives a code of their own.
    private static let lowWaterMarks: [Int32] = [0x1003, 0x1004]

    /// By level, then by name. UDP has options on Windows, and none of them here.
    static let tables: [Int32: [Int32: SocketOption]] = [
        socketLevel: socketOptions,
        0: internetOptions,
        6: transmissionControlOptions,
        17: [:],
        41: internet6Options,
    ]

    /// An option of the kernel's.
    init(
        _ spelling: String, _ level: Int32, _ name: Int32, _ value: OptionValue,
        uses: Set<Use> = [.read, .write]
    ) {
        self.spelling = spelling
        self.uses = uses
        handling = .kernel(level: level, name: name, value: value)
    }

    /// An option of this library's.
    init(_ spelling: String, _ option: LibraryOption, uses: Set<Use>) {
        self.spelling = spelling
        self.uses = uses
        handling = .library(option)
    }
}
