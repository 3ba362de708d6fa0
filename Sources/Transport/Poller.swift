internal import CLinux

/// Waits for many descriptors at once, level-triggered unless asked otherwise.
///
/// epoll(7)
package struct Poller: ~Copyable, Sendable, NumberedDescriptor {
    /// Names a registration, not a descriptor: an event that was queued for a descriptor which has
    /// been closed since carries the generation of the old registration, and is recognized by it.
    package struct Token: Hashable, Sendable {
        package var index: UInt32
        package var generation: UInt32

        package init(index: UInt32, generation: UInt32) {
            self.index = index
            self.generation = generation
        }

        init(bits: UInt64) {
            index = UInt32(truncatingIfNeeded: bits)
            generation = UInt32(truncatingIfNeeded: bits >> 32)
        }

        var bits: UInt64 { UInt64(generation) << 32 | UInt64(index) }
    }

    /// What to wait for. Hang-up and error are reported always, with `none` too.
    package struct Interest: OptionSet, Sendable {
        package let rawValue: UInt32

        package init(rawValue: UInt32) {
            self.rawValue = rawValue
        }

        package static let readable = Interest(rawValue: CLINUX_READABLE)
        package static let writable = Interest(rawValue: CLINUX_WRITABLE)
        package static let urgent = Interest(rawValue: CLINUX_URGENT)
        package static let peerHangUp = Interest(rawValue: CLINUX_PEER_HANG_UP)
        /// Reported once when it is added or modified, and then only when something happens.
        package static let edgeTriggered = Interest(rawValue: CLINUX_EDGE_TRIGGERED)
        package static let none: Interest = []
    }

    package struct Event: Sendable, Hashable {
        package var token: Token
        package var readable: Bool
        package var writable: Bool
        /// The other end is gone; what it sent before can still be read.
        package var hangUp: Bool
        package var error: Bool
    }

    private let descriptor: Descriptor

    /// epoll_create1(2)
    package init() throws(Errno) {
        descriptor = try Syscalls.descriptor { clinux_epoll_create() }.identified()
    }

    package borrowing func withNumber<R: ~Copyable, E: Error>(
        _ body: (CInt) throws(E) -> R
    ) throws(E) -> R {
        try descriptor.withNumber(body)
    }

    /// Whether a foreign program has closed it, or put something else under its number: then all
    /// calls throw `.badDescriptor`.
    package borrowing func isLost() -> Bool { descriptor.isLost() }

    /// epoll_ctl(2), EPOLL_CTL_ADD
    package borrowing func add(
        _ descriptor: borrowing some NumberedDescriptor & ~Copyable, token: Token,
        interest: Interest
    ) throws(Errno) {
        try withNumbers(descriptor) { clinux_epoll_add($0, $1, interest.rawValue, token.bits) }
    }

    /// epoll_ctl(2), EPOLL_CTL_MOD
    package borrowing func modify(
        _ descriptor: borrowing some NumberedDescriptor & ~Copyable, token: Token,
        interest: Interest
    ) throws(Errno) {
        try withNumbers(descriptor) { clinux_epoll_modify($0, $1, interest.rawValue, token.bits) }
    }

    /// Must come before the close wherever a duplicate of the descriptor lives on anywhere, or its
    /// events go on.
    ///
    /// epoll_ctl(2), EPOLL_CTL_DEL
    package borrowing func remove(
        _ descriptor: borrowing some NumberedDescriptor & ~Copyable
    ) throws(Errno) {
        try withNumbers(descriptor) { clinux_epoll_remove($0, $1) }
    }

    /// Waits, and returns how many events the buffer holds then: none after the timeout or when a
    /// signal came. A timeout of -1 waits for ever.
    ///
    /// epoll_wait(2)
    package borrowing func wait(
        into buffer: EventBuffer, timeoutMilliseconds: Int32
    ) throws(Errno) -> Int {
        guard !isLost() else { throw .badDescriptor }
        do throws(Errno) {
            let count = try withNumber { (fd) throws(Errno) in
                try Syscalls.valueOnce {
                    unsafe clinux_epoll_wait(
                        fd, buffer.events, CInt(buffer.capacity), timeoutMilliseconds)
                }
            }
            buffer.count = Int(count)
        } catch .interrupted {
            buffer.count = 0
        }
        return buffer.count
    }

    private borrowing func withNumbers(
        _ descriptor: borrowing some NumberedDescriptor & ~Copyable,
        _ call: (CInt, CInt) -> CInt
    ) throws(Errno) {
        guard !isLost() else { throw .badDescriptor }
        try withNumber { (epoll) throws(Errno) in
            try descriptor.withNumber { (fd) throws(Errno) in
                try Syscalls.done { call(epoll, fd) }
            }
        }
    }
}

/// Room for the events of one wait, used again for every wait.
@safe package final class EventBuffer {
    package let capacity: Int
    let events: UnsafeMutableRawPointer
    package internal(set) var count = 0

    package init(capacity: Int) {
        precondition(
            capacity > 0 && capacity <= 65_536, "A wait returns between 1 and 65536 events.")
        self.capacity = capacity
        unsafe events = .allocate(
            byteCount: capacity * clinux_epoll_event_size(), alignment: 16)
    }

    deinit {
        unsafe events.deallocate()
    }

    package subscript(index: Int) -> Poller.Event {
        precondition(index >= 0 && index < count, "The last wait returned fewer events.")
        let bits = unsafe clinux_epoll_events(events, CInt(index))
        return Poller.Event(
            token: Poller.Token(bits: unsafe clinux_epoll_token(events, CInt(index))),
            readable: bits & CLINUX_READABLE != 0, writable: bits & CLINUX_WRITABLE != 0,
            hangUp: bits & (CLINUX_HANG_UP | CLINUX_PEER_HANG_UP) != 0,
            error: bits & CLINUX_ERROR != 0)
    }
}

/// Hands out the tokens of one poller and knows which are current.
package struct TokenTable: Sendable {
    private var generations: [UInt32] = []
    private var free: [UInt32] = []
    private var isTaken: [Bool] = []

    package init() {}

    /// A token whose index is as small as can be, for arrays beside this one.
    package mutating func make() -> Poller.Token {
        if let index = free.popLast() {
            isTaken[Int(index)] = true
            return Poller.Token(index: index, generation: generations[Int(index)])
        }
        let index = UInt32(generations.count)
        generations.append(0)
        isTaken.append(true)
        return Poller.Token(index: index, generation: 0)
    }

    /// From here on events with this token are stale, also those that a wait returned already.
    package mutating func retire(_ token: Poller.Token) {
        precondition(isCurrent(token), "A registration ends once.")
        isTaken[Int(token.index)] = false
        generations[Int(token.index)] &+= 1
        free.append(token.index)
    }

    package func isCurrent(_ token: Poller.Token) -> Bool {
        let index = Int(token.index)
        return index < generations.count && isTaken[index]
            && generations[index] == token.generation
    }
}
