package import Winsock

/// The life of one duplicate call, while it is open: issued, then reserved, then delivered.
package struct Handoff: Sendable, Equatable {
    package var number: HandoffNumber
    package var source: ProcessNumber
    /// The source's effective user at issue, who may revoke; the process itself may be gone.
    package var sourceUID: UInt32
    package var target: ProcessNumber
    package var socket: SocketNumber
    package var form: ProtocolInfo.Form
    package var catalog: UInt32
    package var flags: UInt32
    /// CLOCK_BOOTTIME microseconds after which the ticket is worthless; nil without a lifetime.
    package var deadline: Int64?
    /// How often it was granted; 0 while issued.
    package var attempt: UInt32 = 0
    package var isReserved = false
    /// What the source was at issue, where there was a policy: it is asked again at redemption.
    package var sourceIdentity: Boxed<ProcessIdentity>?

    package func isOverdue(at now: Instant) -> Bool {
        deadline.map { $0 <= now.bootMicroseconds } ?? false
    }
}

/// How a handoff ended, for as long as that is told by name.
package struct Ending: Sendable, Equatable {
    package enum How: UInt8, Sendable {
        case delivered = 1
        case revoked = 2
        case expired = 3
        case voided = 4
        case escrowLost = 5

        /// What a later redemption or revocation is told.
        package var refusal: Refusal {
            switch self {
            case .delivered: .used
            case .revoked: .revoked
            case .expired: .expired
            case .voided: .voided
            case .escrowLost: .escrowLost
            }
        }
    }

    package var how: How
    package var target: ProcessNumber
}

/// A process that has been seen and whose exit has not been worked off.
package struct KnownProcess: Sendable, Equatable {
    package var number: ProcessNumber
    @Boxed package var identity: ProcessIdentity
    package var hasExited = false
    /// The `seq` of its `process.exited`, the cause of all that follows from it.
    package var exit: UInt64?
    /// Open handoffs of which it is the target.
    package var inbound: Set<HandoffNumber> = []
    /// Sockets of which it has at least one descriptor.
    package var sockets: Set<SocketNumber> = []
    /// Descriptors of those that handoffs gave it.
    package var delivered = 0
    /// Handoffs to it that are being delivered.
    package var reserved = 0
    /// The nonces of its client instances.
    package var clients: [UInt64] = []

    /// The identity as it is shared.
    var sharedIdentity: Boxed<ProcessIdentity> { _identity }
}

/// A socket with at least one descriptor or open handoff.
package struct KnownSocket: Sendable, Equatable {
    package var number: SocketNumber
    @Boxed package var identity: SocketIdentity
    /// The entry of the catalog for its family and type; nil where there is none.
    package var catalog: UInt32?
    package var quality: String?
    package var openHandoffs = 0
    package var descriptors = 0
    /// It had a descriptor or an open handoff. What never had one is forgotten at once, so that a
    /// snapshot has none of that.
    package var wasHeld = false
}

/// One process's descriptors of one socket.
package struct DescriptorKey: Sendable, Hashable {
    package var process: ProcessNumber
    package var socket: SocketNumber

    package init(process: ProcessNumber, socket: SocketNumber) {
        self.process = process
        self.socket = socket
    }
}

/// What one instance of the client library was answered, for when it asks again.
package struct KnownClient: Sendable, Equatable {
    package var process: ProcessNumber
    package var watermark: UInt64 = 0
    /// By counter, rising.
    package var answers: [Answer] = []

    package struct Answer: Sendable, Equatable {
        package var counter: UInt64
        /// Of what was asked, so that the same id cannot ask for something else.
        package var content: UInt64
        package var outcome: Outcome
    }

    package enum Outcome: Sendable, Equatable {
        case issued(HandoffNumber)
        case reserved(HandoffNumber)
        case revoked(HandoffNumber)
        case refused(Refusal, HandoffNumber?)
    }
}

/// Keeps what is large and changes seldom in one reference, so that its owner is small to move.
@propertyWrapper
package struct Boxed<Value: Sendable & Equatable>: Sendable, Equatable {
    private final class Box: Sendable {
        let value: Value
        init(_ value: Value) { self.value = value }
    }

    private var box: Box

    package init(wrappedValue: Value) { box = Box(wrappedValue) }

    package var wrappedValue: Value {
        get { box.value }
        set { box = Box(newValue) }
    }

    package static func == (a: Boxed, b: Boxed) -> Bool {
        a.box === b.box || a.box.value == b.box.value
    }
}
