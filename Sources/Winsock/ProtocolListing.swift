/// What WSAEnumProtocols gives: as many records as there are, or the room they need.
///
/// Winsock: WSAEnumProtocols.
package enum ProtocolListing: Sendable, Hashable {
    /// The records, one after the other, and their number.
    case records([UInt8], count: Int)
    /// The buffer is too small, WSAENOBUFS: the bytes it must have.
    case tooSmall(requiredByteCount: Int)

    /// The entries of the protocol numbers up to the first 0, all for nil, for a buffer of
    /// `bufferByteCount` bytes. Hidden entries are left out; numbers without an entry are passed
    /// over. Winsock: WSAEnumProtocols, lpiProtocols.
    package init(protocols: [Int32]?, as form: ProtocolInfo.Form, bufferByteCount: Int) {
        let numbers = protocols.map { Array($0.prefix { $0 != 0 }) }
        let entries = Catalog.entries(protocols: numbers)
        let byteCount = entries.count * form.byteCount
        if bufferByteCount < byteCount {
            self = .tooSmall(requiredByteCount: byteCount)
        } else {
            self = .records(entries.flatMap { $0.info.encoded(as: form) }, count: entries.count)
        }
    }
}
