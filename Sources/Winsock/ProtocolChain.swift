/// The catalog entries a layered protocol is built of. Winsock: WSAPROTOCOLCHAIN.
///
/// In a record that came from elsewhere `length` is whatever the sender wrote: it is kept as it
/// is and says nothing about `entries`, which are always seven.
public struct ProtocolChain: Sendable {
    /// The room for entries. MAX_PROTOCOL_CHAIN.
    public static let maximumLength = 7
    /// The length that marks a layer that can only stand above others. LAYERED_PROTOCOL.
    public static let layeredProtocol: Int32 = 0
    /// The length that marks a protocol complete in itself. BASE_PROTOCOL.
    public static let baseProtocol: Int32 = 1

    public var length: Int32
    public var entries: [7 of UInt32]

    public init(length: Int32 = 0, entries: [7 of UInt32] = [7 of UInt32](repeating: 0)) {
        self.length = length
        self.entries = entries
    }
}

extension ProtocolChain: Hashable {
    public static func == (left: ProtocolChain, right: ProtocolChain) -> Bool {
        left.length == right.length
            && left.entries.indices.allSatisfy { left.entries[$0] == right.entries[$0] }
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(length)
        for index in entries.indices {
            hasher.combine(entries[index])
        }
    }
}
