// What the conductor says to the process of an actor, one message each. All numbers are
// little-endian:
//
//   0  u8   verb
//   1  u32  slot: a connection of the actor, by the conductor's number
//   5  u64  counter: of the answer to wait for
//  13  u64  first, 21 u64 second: descriptors by the conductor's numbers, 0 for none
//  29       the frame to the end
//
// The actor answers each, and its own start, with one byte, 0 for done, 1 for an end of the
// connection, 2 for an error, and then the frame that came, or the words of the error.

/// One thing for an actor to do.
struct ActorRequest: Equatable {
    enum Verb: UInt8 {
        /// Connects the slot to the coordinator.
        case connect = 1
        case disconnect
        /// Sends the frame on the slot, with the descriptors.
        case send
        /// The answer with this counter; its descriptor is kept under `first`, or closed.
        case receive
        /// The descriptor that comes with this message is kept under `first`.
        case keep
        case drop
        /// Gives back a duplicate of `first`.
        case give
        /// Gives back a duplicate of the slot's connection.
        case giveConnection
        /// The descriptor that comes with this message is the slot's connection.
        case keepConnection
        /// Ends with the exit status `counter`.
        case exit
        /// Executes what the frame says, a path and arguments, one a line. The answer comes from
        /// the new program, which has the channel and nothing else of the old one.
        case become
    }

    var verb: Verb
    var slot: UInt32 = 0
    var counter: UInt64 = 0
    var first: UInt64 = 0
    var second: UInt64 = 0
    var frame: [UInt8] = []

    static let headerByteCount = 29

    var bytes: [UInt8] {
        var bytes = [verb.rawValue]
        for shift in stride(from: 0, to: 32, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: slot >> UInt32(shift)))
        }
        for number in [counter, first, second] {
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: number >> shift))
            }
        }
        return bytes + frame
    }

    init(
        _ verb: Verb, slot: UInt32 = 0, counter: UInt64 = 0, first: UInt64 = 0, second: UInt64 = 0,
        frame: [UInt8] = []
    ) {
        self.verb = verb
        self.slot = slot
        self.counter = counter
        self.first = first
        self.second = second
        self.frame = frame
    }

    /// Nil for what `bytes` does not write.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.headerByteCount, let verb = Verb(rawValue: bytes[0]) else {
            return nil
        }
        func number(_ range: Range<Int>) -> UInt64 {
            bytes[range].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        self.verb = verb
        slot = UInt32(number(1..<5))
        counter = number(5..<13)
        first = number(13..<21)
        second = number(21..<29)
        frame = Array(bytes[Self.headerByteCount...])
    }
}

/// How an actor's answer begins.
enum ActorOutcome: UInt8 {
    case done = 0
    case end
    case failed
}
