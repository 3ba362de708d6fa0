internal import CLinux

/// Who is at the other end of a Unix socket, or who sent a message.
package struct Peer: Sendable, Hashable {
    package var pid: Int32
    package var uid: UInt32
    package var gid: UInt32

    package init(pid: Int32, uid: UInt32, gid: UInt32) {
        self.pid = pid
        self.uid = uid
        self.gid = gid
    }
}

/// What one look at a connection gave.
package enum Received: ~Copyable {
    /// There is no message now, or the receive timeout has passed.
    case nothing
    case endOfFile
    case message(Message)
}

/// One message. Its bytes are in the buffer it was received into, its descriptors are owned here.
package struct Message: ~Copyable {
    package let byteCount: Int
    /// The message was longer than the buffer and its rest is lost: MSG_TRUNC.
    package let isTruncated: Bool
    /// Descriptors were lost on the way, and the sender does not know: MSG_CTRUNC.
    package let isControlTruncated: Bool
    /// Who sent this message, where SO_PASSCRED is set. The uid is the sender's choice among its
    /// real, effective and saved ones.
    package let credentials: Peer?
    /// In the order they were sent; take them with `take()`.
    package var first: Descriptor?
    package var second: Descriptor?
    /// How many more came: they are with the closer already. Where there was room for two only it
    /// has at least so many, which are closed, or left where they are.
    package let surplus: Int
    /// It has more than two descriptors, and is still the next one in the queue.
    package let isLeft: Bool

    /// For how many descriptors there was room.
    enum Room {
        case all
        case two
        /// The message is still in the queue.
        case twoOfLook
    }

    /// Owns all that came with a message, before anyone decides what to do with it.
    ///
    init(
        taking facts: clinux_received, byteCount: Int, from buffer: borrowing MessageBuffer,
        room: Room = .all
    ) {
        let count = Int(facts.descriptor_count)
        // With fewer than two it was not the room that was missing, but numbers.
        let hasRest = room != .all && facts.is_control_truncated != 0 && count >= 2
        isLeft = hasRest && room == .twoOfLook
        first = count > 0 ? unsafe Descriptor(owning: buffer.descriptors[0]) : nil
        second = count > 1 ? unsafe Descriptor(owning: buffer.descriptors[1]) : nil
        surplus = hasRest ? 1 : max(0, count - 2)
        for index in 0..<max(0, count - 2) {
            let descriptor = unsafe Descriptor(owning: buffer.descriptors[2 + index])
            buffer.closer.close(descriptor)
        }
        // A pidfd of the sender, which an inherited SO_PASSPIDFD asks for: not wanted here.
        if facts.process_descriptor >= 0 {
            Descriptor(owning: facts.process_descriptor).close()
        }
        self.byteCount = byteCount
        isTruncated = facts.is_truncated != 0
        isControlTruncated = facts.is_control_truncated != 0 && !hasRest
        credentials =
            facts.has_credentials == 0
            ? nil : Peer(pid: facts.pid, uid: facts.uid, gid: facts.gid)
    }
}
