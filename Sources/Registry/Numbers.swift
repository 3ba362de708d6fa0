/// The number of a process: the `seq` of the `process.seen` event that introduced it.
package typealias ProcessNumber = UInt64

/// The number of a socket: the `seq` of the `socket.seen` event that introduced it.
package typealias SocketNumber = UInt64

/// The number of a handoff: the `seq` of its `handoff.issued` event.
package typealias HandoffNumber = UInt64

/// The number of a registration of network events: the `seq` of its `notification.selected` event.
package typealias RegistrationNumber = UInt64

/// When something happened, by two clocks. Neither orders anything: `seq` does.
package struct Instant: Sendable, Hashable {
    /// Microseconds since 1970 by the wall clock, which may step.
    package var wallMicroseconds: Int64
    /// Microseconds since boot by CLOCK_BOOTTIME, which only advances. Deadlines use this one.
    package var bootMicroseconds: Int64

    package init(wallMicroseconds: Int64, bootMicroseconds: Int64) {
        self.wallMicroseconds = wallMicroseconds
        self.bootMicroseconds = bootMicroseconds
    }
}

/// Names one request for ever, so that a client which lost the answer can ask again.
package struct RequestID: Sendable, Hashable {
    /// Drawn at random by each instance of the client library.
    package var nonce: UInt64
    /// Counts the requests of that instance, from 1.
    package var counter: UInt64
    /// The client has the answers of all its requests up to this counter; they may be forgotten.
    package var watermark: UInt64

    package init(nonce: UInt64, counter: UInt64, watermark: UInt64) {
        self.nonce = nonce
        self.counter = counter
        self.watermark = watermark
    }
}

/// How surely a process is known to be the one that was meant.
package enum Grade: String, Sendable, CaseIterable {
    /// The same process instance, also after the coordinator restarts (pidfs inode).
    case instance
    /// The same process instance while this coordinator lives (an open pidfd).
    case held
    /// Nothing more than a number that can be used again.
    case number
}
