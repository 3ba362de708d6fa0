/// What a call of WSASocket comes to: a new socket, or a ticket to redeem.
///
/// Winsock: WSASocket.
package enum SocketOpening: Sendable, Hashable {
    /// Make a new socket.
    case create(ResolvedSocket)
    /// Redeem the record's ticket.
    case redeem(Ticket)

    /// Decides by the arguments alone. A call that is refused here consumes no ticket: programs
    /// repeat the call with the same record and other arguments. Winsock: WSASocket.
    ///
    /// * `flags` may have WSA_FLAG_OVERLAPPED and WSA_FLAG_NO_HANDLE_INHERIT. All others are
    ///   WSAEINVAL: unknown ones, those of multipoint, which no entry of the catalog supports,
    ///   security descriptors and registered I/O, which Linux does not have. The page has no code
    ///   for a flag that is not supported; WSAEINVAL is what makes programs try with fewer.
    /// * `group` may be 0, SG_UNCONSTRAINED_GROUP or SG_CONSTRAINED_GROUP, the last for
    ///   connections only. Groups have no effect, and no group ever gets a number, so any other
    ///   value is WSAEINVAL.
    /// * Arguments that contradict a record with a ticket are WSAEINVAL.
    /// * Otherwise as `SocketTriple.resolved(with:)`.
    package static func decide(
        _ triple: SocketTriple, record: ProtocolInfo?, group: UInt32, flags: SocketFlags
    ) throws(WSAError) -> SocketOpening {
        guard flags.isSubset(of: [.overlapped, .noHandleInherit]), group <= constrainedGroup else {
            throw .invalidArgument
        }
        if let record, let ticket = record.ticket {
            guard triple.agrees(with: record) else { throw .invalidArgument }
            return .redeem(ticket)
        }
        let socket = try triple.resolved(with: record)
        if group == constrainedGroup, socket.entry.info.serviceFlags1.contains(.connectionless) {
            throw .invalidArgument
        }
        return .create(socket)
    }

    /// SG_CONSTRAINED_GROUP, the highest value that does not name an existing group.
    private static let constrainedGroup: UInt32 = 2
}
