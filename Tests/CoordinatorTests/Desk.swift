import Coordinator
import Registry
import Testing
import Winsock
import Wire

/// A coordinator with processes and a socket that it knows, and clients that send it requests.
final class Desk {
    var coordinator: Coordinator
    /// CLOCK_BOOTTIME, in microseconds.
    var now: Int64 = 1_000_000
    let source: ProcessNumber = 2
    let target: ProcessNumber = 3
    let socket: SocketNumber = 4
    static let cookie: UInt64 = 900
    static let user: UInt32 = 1000
    static let nonce: UInt64 = 77

    var time: Instant { Instant(wallMicroseconds: now, bootMicroseconds: now) }

    init(limits: Admission.Limits = Admission.Limits(), rules: Rules = Rules(), uid: UInt32 = 0) {
        var rules = rules
        rules.admission = limits
        coordinator = Coordinator(registry: Registry(), pid: 321, uid: uid)
        perform(.configure(digest: "00", content: rules.text))
        perform(.start(pid: 321, epoch: 6))
        for pid in [21, 22] as [Int32] {
            perform(
                .observeProcess(
                    ProcessIdentity(
                        pid: pid, instance: UInt64(pid), start: 1, uid: Self.user, gid: 1,
                        effectiveUID: Self.user)))
        }
        perform(
            .observeSocket(
                SocketIdentity(
                    cookie: Self.cookie, inode: 5, family: 2, type: 1, protocolNumber: 6)))
        let (events, effects) = coordinator.takeBatch()
        #expect(events.map(\.event.sequence) == [0, 1, 2, 3, 4])
        #expect(effects.isEmpty)
    }

    func perform(_ command: Command) {
        coordinator.perform(command, at: time)
    }

    /// The events and effects since the last call, as if they had become durable.
    func settle() -> (contents: [Event.Content], effects: [Effect]) {
        let (events, effects) = coordinator.takeBatch()
        return (events.map(\.event.content), effects)
    }

    func id(_ index: Int, generation: UInt32 = 1) -> SessionID {
        SessionID(index: index, generation: generation)
    }

    func facts(_ actor: ProcessNumber?, _ sender: Coordinator.Sender = .genuine)
        -> Coordinator.Facts
    {
        var facts = Coordinator.Facts(actor: actor, sender: sender)
        facts.socket = .socket(socket)
        facts.target = .process(target)
        facts.isGenuine = true
        facts.isHeld = true
        return facts
    }

    static func startup(
        counter: UInt64 = 1, nonce: UInt64 = nonce, role: Request.Startup.Role = .peer,
        versions: ClosedRange<UInt8> = 1...1
    ) -> Request {
        .startup(
            Request.Startup(counter: counter, nonce: nonce, role: role, versions: versions))
    }

    static func duplicate(_ counter: UInt64, lifetime: UInt64? = nil) -> Request {
        .duplicate(
            Request.Duplicate(
                counter: counter, watermark: 0, pid: 22, hasPidfd: false, form: .wide, flags: 1,
                lifetime: lifetime))
    }

    /// As a client would send it, since only the decoder makes one.
    static func redeem(_ counter: UInt64, handoff: HandoffNumber) -> Request {
        let record = Catalog.entries[0].record(
            with: Ticket(handoff: handoff, secret: 1), as: .wide)
        var frame: [UInt8] = []
        Request.encodeRedeem(
            counter: counter, watermark: 0, flags: 1, record: record, program: nil, into: &frame)
        do throws(FrameError) {
            return try Request(frame.span)
        } catch {
            Issue.record("the frame can be read: \(error)")
            return .status(counter: counter)
        }
    }

    static func revoke(_ counter: UInt64, handoff: HandoffNumber) -> Request {
        .revoke(counter: counter, watermark: 0, handoff: handoff, text: "")
    }

    func connect(
        _ index: Int, user: UInt32 = user, generation: UInt32 = 1, isAdmitted: Bool = true,
        at location: SourceLocation = #_sourceLocation
    ) {
        let isConnected = coordinator.connect(id(index, generation: generation), uid: user)
        #expect(isConnected == isAdmitted, sourceLocation: location)
    }

    /// A started peer. Each has a nonce of its own.
    func peer(_ index: Int, _ actor: ProcessNumber, user: UInt32 = user) -> SessionID {
        connect(index, user: user)
        send(Self.startup(nonce: Self.nonce + UInt64(index)), from: index, facts(actor))
        _ = settle()
        return id(index)
    }

    @discardableResult
    func send(_ request: Request, from index: Int, _ facts: Coordinator.Facts) -> Reply {
        coordinator.receive(request, from: id(index), facts, at: time)
    }

    /// A handoff from the source's session 1 to the target.
    func issued(counter: UInt64 = 2, lifetime: UInt64? = nil) -> HandoffNumber {
        let number = coordinator.registry.nextSequence
        let reply = send(
            Self.duplicate(counter, lifetime: lifetime), from: 1, facts(source))
        #expect(reply == .issued(number, isRepeated: false))
        _ = settle()
        return number
    }

    static func refusal(
        _ counter: UInt64, _ reason: Refusal, handoff: HandoffNumber? = nil,
        acknowledged: UInt64 = 0
    ) -> Answer {
        Answer(
            counter: counter, acknowledged: acknowledged,
            content: .refusal(reason: reason, code: reason.code, handoff: handoff))
    }

    static func done(_ counter: UInt64, acknowledged: UInt64 = 0) -> Answer {
        Answer(counter: counter, acknowledged: acknowledged, content: .done)
    }

    func refused(
        _ what: RequestKind, _ reason: Refusal, actor: ProcessNumber?, pid: Int32? = nil,
        uid: UInt32? = nil, counter: UInt64? = nil, session: Int = 1
    ) -> Event.Content {
        .requestRefused(
            Event.RefusedRequest(
                actor: actor, what: what, pid: pid, uid: uid, reason: reason,
                request: counter.map {
                    RequestID(nonce: Self.nonce + UInt64(session), counter: $0, watermark: 0)
                }))
    }
}
