package import Winsock

/// One input to the rules, with every fact that the kernel or a clock gave about it.
package enum Command: Sendable {
    indirect case openLog(Event.LogIdentity)
    indirect case observeBoot(Event.Boot)
    case stepClock(by: Int64)
    case start(pid: Int32, epoch: UInt64)
    case stop(pid: Int32, epoch: UInt64)
    indirect case recover(Recovery)
    case configure(digest: String, content: String)
    indirect case observeProcess(ProcessIdentity)
    indirect case observeSocket(SocketIdentity)
    case mark(Mark)
    /// Strict mode takes what the kernel says of a socket's traffic for a mark.
    case observeQuality(socket: SocketNumber, actor: ProcessNumber, quality: String)
    case select(Select)
    case resume(Resume)
    case duplicate(Duplicate)
    case redeem(Redeem)
    case confirm(Confirm)
    /// The target was found to have what it was granted.
    case observeDelivery(handoff: HandoffNumber)
    /// `attempt` is the grant that failed; nil means the last one.
    case deliveryFailed(
        handoff: HandoffNumber, actor: ProcessNumber?, attempt: UInt32? = nil,
        reason: DeliveryFailure)
    case close(Close)
    case revoke(Revoke)
    case exit(process: ProcessNumber, status: Int32?)
    /// A portion of what exited processes leave behind.
    case drain
    /// The deadline of a handoff has passed.
    case expire(handoff: HandoffNumber)
    indirect case refuse(Event.RefusedRequest)
    indirect case suppress(Event.Suppressed)
    case storeFull(found: String)
    case loseKeeper(found: String)
    case closings(Closings)
    /// What a look at all that is tracked found.
    case reconcile(found: String)
    /// From here on checkpoints are signed by this key, in the form of C2SP signed-note.
    case rotateKey(key: String)

    package struct Mark: Sendable {
        package var actor: ProcessNumber
        package var socket: SocketFact
        package var quality: String
        package var request: RequestID

        package init(
            actor: ProcessNumber, socket: SocketFact, quality: String, request: RequestID
        ) {
            self.actor = actor
            self.socket = socket
            self.quality = quality
            self.request = request
        }
    }

    package struct Select: Sendable {
        package var actor: ProcessNumber
        package var socket: SocketFact
        /// The network events to be told of; 0 for none, which only cancels.
        package var mask: UInt32
        package var request: RequestID

        package init(
            actor: ProcessNumber, socket: SocketFact, mask: UInt32, request: RequestID
        ) {
            self.actor = actor
            self.socket = socket
            self.mask = mask
            self.request = request
        }
    }

    /// Asks whether a registration still stands, after a time in which nobody could tell of its
    /// end.
    package struct Resume: Sendable {
        package var actor: ProcessNumber
        package var cookie: UInt64
        package var registration: RegistrationNumber

        package init(actor: ProcessNumber, cookie: UInt64, registration: RegistrationNumber) {
            self.actor = actor
            self.cookie = cookie
            self.registration = registration
        }
    }

    package struct Duplicate: Sendable {
        package var actor: ProcessNumber
        package var socket: SocketFact
        package var target: TargetFact
        /// As it was asked, for the log; 0 when a pidfd named the target.
        package var pid: Int64
        package var form: ProtocolInfo.Form
        package var flags: UInt32
        package var lifetime: UInt64?
        package var request: RequestID

        package init(
            actor: ProcessNumber, socket: SocketFact, target: TargetFact, pid: Int64,
            form: ProtocolInfo.Form, flags: UInt32, lifetime: UInt64?, request: RequestID
        ) {
            self.actor = actor
            self.socket = socket
            self.target = target
            self.pid = pid
            self.form = form
            self.flags = flags
            self.lifetime = lifetime
            self.request = request
        }
    }

    package struct Redeem: Sendable {
        package var actor: ProcessNumber
        package var record: RecordFact
        /// Whether the handoff's descriptor is in escrow.
        package var isHeld: Bool
        package var flags: UInt32
        package var program: String?
        package var request: RequestID

        package init(
            actor: ProcessNumber, record: RecordFact, isHeld: Bool, flags: UInt32,
            program: String?, request: RequestID
        ) {
            self.actor = actor
            self.record = record
            self.isHeld = isHeld
            self.flags = flags
            self.program = program
            self.request = request
        }
    }

    package struct Confirm: Sendable {
        package var actor: ProcessNumber
        package var handoff: HandoffNumber
        /// The `SO_COOKIE` of what the target received.
        package var cookie: UInt64

        package init(actor: ProcessNumber, handoff: HandoffNumber, cookie: UInt64) {
            self.actor = actor
            self.handoff = handoff
            self.cookie = cookie
        }
    }

    package struct Close: Sendable {
        package var actor: ProcessNumber
        package var cookie: UInt64
        package var how: CloseProof

        package init(actor: ProcessNumber, cookie: UInt64, how: CloseProof) {
            self.actor = actor
            self.cookie = cookie
            self.how = how
        }
    }

    package struct Revoke: Sendable {
        package var actor: ProcessNumber
        package var handoff: HandoffNumber
        package var text: String?
        package var request: RequestID

        package init(
            actor: ProcessNumber, handoff: HandoffNumber, text: String?, request: RequestID
        ) {
            self.actor = actor
            self.handoff = handoff
            self.text = text
            self.request = request
        }
    }

    /// What a new coordinator found of the handoffs that its predecessor left open.
    package struct Recovery: Sendable {
        package var pid: Int32
        package var epoch: UInt64
        /// Handoffs whose descriptor is still in escrow.
        package var kept: Set<HandoffNumber>
        /// Reserved handoffs whose socket was found among the target's descriptors.
        package var observed: Set<HandoffNumber>

        package init(
            pid: Int32, epoch: UInt64, kept: Set<HandoffNumber>, observed: Set<HandoffNumber>
        ) {
            self.pid = pid
            self.epoch = epoch
            self.kept = kept
            self.observed = observed
        }
    }
}

/// What the shell found out about the descriptor that came with a request.
package enum SocketFact: Sendable, Equatable {
    case socket(SocketNumber)
    /// None came, or it is not a socket.
    case notASocket
    /// It got lost on the way because the coordinator has no descriptors left.
    case lost
    /// It is a connection to the coordinator, or its listening socket.
    case coordinatorsOwn
    /// It is a Unix socket with descriptors in its queue, which nobody could be asked about.
    case carriesDescriptors
    /// The limit on sockets leaves no room to follow it.
    case untracked
    /// Somebody is in a call on it that does not end, so that its names cannot be asked for.
    case occupied
}

/// What the shell found out about the process that a duplicate call names.
package enum TargetFact: Sendable, Equatable {
    case process(ProcessNumber)
    /// 0, negative, or not a number that a process can have.
    case invalid
    case missing
    case exited
    /// A process of another PID namespace that cannot be translated.
    case foreign
    /// Its identity cannot be proved as surely as the configuration demands.
    case unproved
    /// The limit on processes leaves no room to watch it.
    case untracked
    /// The policy denies it, by this rule where it is one. The log does not know the process, and
    /// whoever may not hand to it has no say in whether it does.
    case denied(Refusal, rule: String?)
}

/// What the shell found out about a presented protocol info.
package enum RecordFact: Sendable, Equatable {
    /// Of the wrong size, or not a record at all.
    case malformed
    /// A catalog record without a ticket.
    case plain
    /// `genuine`: the secret is the right one. `altered`: a public field was changed.
    case ticket(handoff: HandoffNumber, genuine: Bool, altered: Bool)
}
