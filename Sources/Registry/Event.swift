package import Winsock

/// One row of the log: what happened, when, and because of what.
package struct Event: Sendable, Equatable {
    /// Dense from 0; alone gives the order.
    package var sequence: UInt64
    package var time: Instant
    /// The `seq` of the first event of the same step; absent on that one.
    package var cause: UInt64?
    package var content: Content

    package init(sequence: UInt64, time: Instant, cause: UInt64?, content: Content) {
        self.sequence = sequence
        self.time = time
        self.cause = cause
        self.content = content
    }

    /// What happened, with the keys that are its own. The large and seldom ones are indirect, so
    /// that those of every handoff are small to move.
    package enum Content: Sendable, Equatable {
        indirect case logOpened(LogIdentity)
        indirect case logClosed(LogIdentity)
        indirect case bootObserved(Boot)
        /// The wall clock moved against the boot clock by this many microseconds.
        case clockStepped(by: Int64)
        case coordinatorStarted(pid: Int32, epoch: UInt64)
        case coordinatorStopped(pid: Int32, epoch: UInt64)
        indirect case coordinatorRecovered(Recovered)
        case configurationChanged(digest: String, content: String)
        indirect case processSeen(ProcessIdentity)
        /// The raw wait status, absent where nobody could tell.
        case processExited(process: ProcessNumber, status: Int32?)
        indirect case socketSeen(SocketIdentity)
        case socketMarked(socket: SocketNumber, actor: ProcessNumber, quality: String)
        case handoffIssued(Issued)
        indirect case handoffRefused(RefusedHandoff)
        case handoffReserved(Reserved)
        indirect case redemptionRefused(RefusedRedemption)
        case handoffDelivered(handoff: HandoffNumber, how: DeliveryProof)
        case deliveryFailed(handoff: HandoffNumber, reason: DeliveryFailure)
        indirect case handoffRevoked(Revoked)
        case handoffExpired(handoff: HandoffNumber)
        case handoffVoided(handoff: HandoffNumber, reason: VoidReason)
        case descriptorClosed(process: ProcessNumber, socket: SocketNumber, how: CloseProof)
        case socketReleased(socket: SocketNumber, how: ReleaseProof)
        case notificationSelected(actor: ProcessNumber, socket: SocketNumber, mask: UInt32)
        case notificationCancelled(
            actor: ProcessNumber, socket: SocketNumber, mask: UInt32, by: ProcessNumber)
        indirect case requestRefused(RefusedRequest)
        indirect case requestsSuppressed(Suppressed)
        case reconcileFound(found: String)
        case keeperLost(found: String)
        case storeFull(found: String)
        case keyRotated(key: String)
        case retentionPruned(from: UInt64, to: UInt64, root: String)
        case redactionApplied(of: UInt64, field: String)
    }
}

/// An event with what it did to the state that its own keys do not say.
package struct AppliedEvent: Sendable {
    package var event: Event
    package var applied: Registry.Applied

    package init(event: Event, applied: Registry.Applied) {
        self.event = event
        self.applied = applied
    }
}

extension Event {
    package struct LogIdentity: Sendable, Equatable {
        package var origin: String
        package var program: String
        package var schema: Int
        /// The log that this one continues, where one is cited.
        package var previousOrigin: String?
        package var previousSize: UInt64?
        package var previousRoot: String?

        package init(
            origin: String, program: String, schema: Int, previousOrigin: String? = nil,
            previousSize: UInt64? = nil, previousRoot: String? = nil
        ) {
            self.origin = origin
            self.program = program
            self.schema = schema
            self.previousOrigin = previousOrigin
            self.previousSize = previousSize
            self.previousRoot = previousRoot
        }
    }

    package struct Boot: Sendable, Equatable {
        package var id: String
        package var kernel: String
        package var features: [String]
        package var grade: Grade

        package init(id: String, kernel: String, features: [String], grade: Grade) {
            self.id = id
            self.kernel = kernel
            self.features = features
            self.grade = grade
        }
    }

    package struct Recovered: Sendable, Equatable {
        package var pid: Int32
        package var epoch: UInt64
        /// Handoffs that were open; those whose descriptor was found; those whose was not.
        package var held: UInt64
        package var matched: UInt64
        package var lost: UInt64

        package init(pid: Int32, epoch: UInt64, held: UInt64, matched: UInt64, lost: UInt64) {
            self.pid = pid
            self.epoch = epoch
            self.held = held
            self.matched = matched
            self.lost = lost
        }
    }

    package struct Issued: Sendable, Equatable {
        package var actor: ProcessNumber
        package var target: ProcessNumber
        package var socket: SocketNumber
        package var form: ProtocolInfo.Form
        /// The public fields of the record; the catalog entry fixes the others.
        package var catalog: UInt32
        package var family: Int32
        package var type: Int32
        package var protocolNumber: Int32
        package var services: UInt32
        /// The flags that the source's socket was made with, as the source says.
        package var flags: UInt32
        /// Microseconds; absent when only the target's life bounds the ticket.
        package var lifetime: UInt64?
        package var request: RequestID

        package init(
            actor: ProcessNumber, target: ProcessNumber, socket: SocketNumber,
            form: ProtocolInfo.Form, catalog: UInt32, family: Int32, type: Int32,
            protocolNumber: Int32, services: UInt32, flags: UInt32, lifetime: UInt64? = nil,
            request: RequestID
        ) {
            self.actor = actor
            self.target = target
            self.socket = socket
            self.form = form
            self.catalog = catalog
            self.family = family
            self.type = type
            self.protocolNumber = protocolNumber
            self.services = services
            self.flags = flags
            self.lifetime = lifetime
            self.request = request
        }
    }

    package struct RefusedHandoff: Sendable, Equatable {
        package var actor: ProcessNumber
        package var asked: AskedHandoff
        package var reason: Refusal
        /// The name of the rule of the policy, where one denied it.
        package var rule: String?
        package var request: RequestID

        package init(
            actor: ProcessNumber, asked: AskedHandoff, reason: Refusal, rule: String? = nil,
            request: RequestID
        ) {
            self.actor = actor
            self.asked = asked
            self.reason = reason
            self.rule = rule
            self.request = request
        }
    }

    /// What a refused duplicate call asked for.
    package struct AskedHandoff: Sendable, Equatable {
        package var pid: Int64
        package var target: ProcessNumber?
        package var socket: SocketNumber?
        package var form: ProtocolInfo.Form
        package var flags: UInt32
        package var lifetime: UInt64?

        package init(
            pid: Int64, target: ProcessNumber? = nil, socket: SocketNumber? = nil,
            form: ProtocolInfo.Form, flags: UInt32, lifetime: UInt64? = nil
        ) {
            self.pid = pid
            self.target = target
            self.socket = socket
            self.form = form
            self.flags = flags
            self.lifetime = lifetime
        }
    }

    package struct Reserved: Sendable, Equatable {
        package var actor: ProcessNumber
        package var handoff: HandoffNumber
        /// Counts the grants of one delivery, from 1.
        package var attempt: UInt32
        /// The flags that the target passed to its own call.
        package var flags: UInt32
        /// What `baton redeem` will execute, where it said so.
        package var program: String?
        package var request: RequestID

        package init(
            actor: ProcessNumber, handoff: HandoffNumber, attempt: UInt32, flags: UInt32,
            program: String? = nil, request: RequestID
        ) {
            self.actor = actor
            self.handoff = handoff
            self.attempt = attempt
            self.flags = flags
            self.program = program
            self.request = request
        }
    }

    package struct RefusedRedemption: Sendable, Equatable {
        package var actor: ProcessNumber
        package var handoff: HandoffNumber?
        package var genuine: Bool
        package var reason: Refusal
        /// The name of the rule of the policy, where one denied it.
        package var rule: String?
        package var request: RequestID

        package init(
            actor: ProcessNumber, handoff: HandoffNumber? = nil, genuine: Bool, reason: Refusal,
            rule: String? = nil, request: RequestID
        ) {
            self.actor = actor
            self.handoff = handoff
            self.genuine = genuine
            self.reason = reason
            self.rule = rule
            self.request = request
        }
    }

    package struct Revoked: Sendable, Equatable {
        package var handoff: HandoffNumber
        package var actor: ProcessNumber
        package var text: String?
        package var request: RequestID

        package init(
            handoff: HandoffNumber, actor: ProcessNumber, text: String? = nil, request: RequestID
        ) {
            self.handoff = handoff
            self.actor = actor
            self.text = text
            self.request = request
        }
    }

    package struct RefusedRequest: Sendable, Equatable {
        package var actor: ProcessNumber?
        package var what: RequestKind
        package var handoff: HandoffNumber?
        /// Of a sender that is not the process which made the connection.
        package var pid: Int32?
        package var uid: UInt32?
        package var reason: Refusal
        package var request: RequestID?

        package init(
            actor: ProcessNumber?, what: RequestKind, handoff: HandoffNumber? = nil,
            pid: Int32? = nil, uid: UInt32? = nil, reason: Refusal, request: RequestID? = nil
        ) {
            self.actor = actor
            self.what = what
            self.handoff = handoff
            self.pid = pid
            self.uid = uid
            self.reason = reason
            self.request = request
        }
    }

    package struct Suppressed: Sendable, Equatable {
        package var uid: UInt32
        package var count: UInt64
        /// CLOCK_BOOTTIME microseconds of the first and the last of them.
        package var first: Int64
        package var last: Int64
        package var reason: Refusal

        package init(uid: UInt32, count: UInt64, first: Int64, last: Int64, reason: Refusal) {
            self.uid = uid
            self.count = count
            self.first = first
            self.last = last
            self.reason = reason
        }
    }
}
