/// What SO_PROTOCOL_INFO gives. Winsock: getsockopt, SOL_SOCKET Socket Options.
package enum ProtocolInfoReply: Sendable, Hashable {
    /// The record, and the size to report: that of the buffer, even of a larger one.
    case record([UInt8], reportedByteCount: Int)
    /// The buffer is too small, WSAEFAULT: the size to report nevertheless.
    case tooSmall(reportedByteCount: Int)

    /// The plain record of a socket of `entry`, without a ticket. That of a raw socket says
    /// protocol 0, whatever the socket's own. Winsock: SO_PROTOCOL_INFOA, SO_PROTOCOL_INFOW.
    package init(_ entry: CatalogEntry, as form: ProtocolInfo.Form, bufferByteCount: Int) {
        if bufferByteCount < form.byteCount {
            self = .tooSmall(reportedByteCount: form.byteCount)
        } else {
            self = .record(entry.info.encoded(as: form), reportedByteCount: bufferByteCount)
        }
    }
}

extension CatalogEntry {
    /// The value of SO_MAX_MSG_SIZE, in bytes; WSAENOPROTOOPT for streams, where it has no
    /// meaning. Winsock: SOL_SOCKET Socket Options.
    package func maximumMessageByteCount() throws(WSAError) -> UInt32 {
        guard info.messageByteCount != MessageByteCount.stream else { throw .noSuchOption }
        return info.messageByteCount
    }
}
