/// What WSAPoll is asked for and answers, by the Windows numbers. Winsock: WSAPOLLFD.
package struct PollEvents: OptionSet, Sendable, Hashable {
    package let rawValue: Int16

    package init(rawValue: Int16) {
        self.rawValue = rawValue
    }

    /// POLLERR; answered only.
    package static let error = PollEvents(rawValue: 0x1)
    /// POLLHUP; answered only.
    package static let hangUp = PollEvents(rawValue: 0x2)
    /// POLLNVAL; answered only.
    package static let invalid = PollEvents(rawValue: 0x4)
    /// POLLWRNORM, which is POLLOUT.
    package static let writeNormal = PollEvents(rawValue: 0x10)
    /// POLLRDNORM; together with POLLRDBAND it is POLLIN.
    package static let readNormal = PollEvents(rawValue: 0x100)
    /// POLLRDBAND: data out of band.
    package static let readBand = PollEvents(rawValue: 0x200)

    /// The events for Linux' poll, with POLLRDHUP, without which it would not tell the end of a
    /// connection from data.
    ///
    /// WSAEINVAL, for the whole call, for anything but the three that can be asked: POLLPRI and
    /// POLLWRBAND are in the header, but no provider has them. Winsock: WSAPoll.
    package func linuxRequest() throws(WSAError) -> Int16 {
        guard isSubset(of: [.readNormal, .readBand, .writeNormal]) else { throw .invalidArgument }
        var events = Linux.readHangUp
        if contains(.readNormal) { events |= Linux.readable }
        if contains(.readBand) { events |= Linux.priority }
        if contains(.writeNormal) { events |= Linux.writable }
        return events
    }

    /// Whether `answered(linux:requested:unreadByteCount:)` depends on the bytes still unread.
    package static func needsUnreadByteCount(linux events: Int16, requested: PollEvents) -> Bool {
        requested.contains(.readNormal) && events & Linux.readable != 0
            && events & (Linux.hangUp | Linux.readHangUp) != 0
    }

    /// What WSAPoll answers for what Linux' poll answered.
    ///
    /// POLLERR, POLLHUP and POLLNVAL come unasked, the rest only when it was `requested`. The end
    /// of a connection is POLLHUP, and not data to read as on Linux: POLLRDNORM comes with it only
    /// as long as there are bytes unread. `unreadByteCount` (FIONREAD) matters only where
    /// `needsUnreadByteCount(linux:requested:)`. Winsock: WSAPoll.
    package static func answered(
        linux events: Int16, requested: PollEvents, unreadByteCount: Int
    ) -> PollEvents {
        var answer: PollEvents = []
        if events & Linux.readable != 0 { answer.insert(.readNormal) }
        if events & Linux.priority != 0 { answer.insert(.readBand) }
        if events & Linux.writable != 0 { answer.insert(.writeNormal) }
        if needsUnreadByteCount(linux: events, requested: requested), unreadByteCount == 0 {
            answer.remove(.readNormal)
        }
        answer.formIntersection(requested)
        if events & Linux.error != 0 { answer.insert(.error) }
        if events & (Linux.hangUp | Linux.readHangUp) != 0 { answer.insert(.hangUp) }
        if events & Linux.invalid != 0 { answer.insert(.invalid) }
        return answer
    }

    /// poll(2).
    private enum Linux {
        static let readable: Int16 = 0x1
        static let priority: Int16 = 0x2
        static let writable: Int16 = 0x4
        static let error: Int16 = 0x8
        static let hangUp: Int16 = 0x10
        static let invalid: Int16 = 0x20
        static let readHangUp: Int16 = 0x2000
    }
}
