package import Registry
package import Winsock

/// What a client asks for.
package enum Request: Sendable, Equatable {
    case startup(Startup)
    case duplicate(Duplicate)
    case redeem(Redeem)
    case confirm(handoff: HandoffNumber, attempt: UInt32, cookie: UInt64)
    case decline(handoff: HandoffNumber, attempt: UInt32, reason: DeliveryFailure)
    case close(cookie: UInt64, how: CloseProof)
    case revoke(counter: UInt64, watermark: UInt64, handoff: HandoffNumber, text: String)
    case mark(counter: UInt64, watermark: UInt64, quality: String)
    case status(counter: UInt64)
    case select(counter: UInt64, watermark: UInt64, mask: UInt32)
    case resume(counter: UInt64, cookie: UInt64, registration: RegistrationNumber)
    case reconcile(counter: UInt64)
    case receipt(counter: UInt64, handoff: HandoffNumber)

    package struct Startup: Sendable, Equatable {
        /// A peer hands over and redeems, and reads only while it waits for an answer. A query
        /// connection only reads, and leaves no event. A connection for notifications selects
        /// network events, and is told of cancelled registrations at any time.
        package enum Role: UInt8, Sendable {
            case peer = 0
            case query = 1
            case notifications = 2
        }

        package var counter: UInt64
        package var nonce: UInt64
        package var role: Role
        package var versions: ClosedRange<UInt8>

        package init(
            counter: UInt64, nonce: UInt64, role: Role,
            versions: ClosedRange<UInt8> = Frame.version...Frame.version
        ) {
            self.counter = counter
            self.nonce = nonce
            self.role = role
            self.versions = versions
        }
    }

    package struct Duplicate: Sendable, Equatable {
        package var counter: UInt64
        package var watermark: UInt64
        package var pid: Int64
        package var hasPidfd: Bool
        package var form: ProtocolInfo.Form
        package var flags: UInt32
        /// Microseconds.
        package var lifetime: UInt64?

        package init(
            counter: UInt64, watermark: UInt64, pid: Int64, hasPidfd: Bool,
            form: ProtocolInfo.Form, flags: UInt32, lifetime: UInt64?
        ) {
            self.counter = counter
            self.watermark = watermark
            self.pid = pid
            self.hasPidfd = hasPidfd
            self.form = form
            self.flags = flags
            self.lifetime = lifetime
        }
    }

    package struct Redeem: Sendable, Equatable {
        package var counter: UInt64
        package var watermark: UInt64
        package var flags: UInt32
        package var record: PresentedRecord
        package var program: String?

        package init(
            counter: UInt64, watermark: UInt64, flags: UInt32, record: PresentedRecord,
            program: String?
        ) {
            self.counter = counter
            self.watermark = watermark
            self.flags = flags
            self.record = record
            self.program = program
        }
    }

    /// What can be read from a presented protocol info without the ticket key.
    package enum PresentedRecord: Sendable, Equatable {
        case malformed
        case plain
        /// `isAltered`: a public field is not that of the catalog entry that the record names.
        case ticket(handoff: HandoffNumber, secret: UInt64, catalog: UInt32, isAltered: Bool)

        init(_ record: borrowing Span<UInt8>) {
            guard
                record.count == ProtocolInfo.Form.wide.byteCount
                    || record.count == ProtocolInfo.Form.ansi.byteCount
            else {
                self = .malformed
                return
            }
            guard let ticket = Ticket(record: record) else {
                self = .plain
                return
            }
            let catalog: UInt32 = record.number(at: 36)
            self = .ticket(
                handoff: ticket.handoff, secret: ticket.secret, catalog: catalog,
                isAltered: Catalog.entry(id: catalog)?.matchesPrefix(of: record) != true)
        }
    }

    enum Kind: UInt8 {
        case startup = 1
        case duplicate, redeem, confirm, decline, close, revoke, mark, status, select, resume
        case reconcile = 20
        case receipt = 21
    }

    /// For the log, when the request is refused.
    package var kind: RequestKind {
        switch self {
        case .startup: .startup
        case .duplicate: .duplicate
        case .redeem: .redeem
        case .confirm: .confirm
        case .decline: .decline
        case .close: .close
        case .revoke: .revoke
        case .mark: .mark
        case .status, .receipt: .query
        case .select: .select
        case .resume: .resume
        case .reconcile: .reconcile
        }
    }

    /// How many descriptors come with it.
    package var descriptorCount: Int {
        switch self {
        case .duplicate(let duplicate): duplicate.hasPidfd ? 2 : 1
        case .mark, .select: 1
        default: 0
        }
    }

    /// The kind of connection that may ask it; nil when every one may.
    package var role: Startup.Role? {
        switch self {
        case .startup, .status: nil
        case .select, .resume: .notifications
        case .duplicate, .redeem, .confirm, .decline, .close, .revoke, .mark, .reconcile,
            .receipt:
            .peer
        }
    }

    /// The counter that its answer echoes; 0 for requests that get none.
    package var counter: UInt64 {
        switch self {
        case .startup(let startup): startup.counter
        case .duplicate(let duplicate): duplicate.counter
        case .redeem(let redeem): redeem.counter
        case .revoke(let counter, _, _, _), .mark(let counter, _, _), .status(let counter),
            .reconcile(let counter), .receipt(let counter, _),
            .select(let counter, _, _), .resume(let counter, _, _):
            counter
        case .confirm, .decline, .close: 0
        }
    }
}
