import Registry
import Transport
import Wire

/// A process of the cast, as the conductor sees it.
final class Actor {
    /// A connection stands for one client instance of the recorded process.
    struct ConnectionKey: Hashable {
        var nonce: UInt64
        var role: Request.Startup.Role
    }

    let pid: Int32
    private let child: ChildProcess
    private let channel: Connection
    private let buffer = MessageBuffer(byteCapacity: Frame.byteCountMaximum + 16)
    private var slots: [ConnectionKey: UInt32] = [:]
    private var slotCount: UInt32 = 0
    /// Descriptors that it holds of each socket, by the recorded cookie, oldest first.
    var held: [UInt64: [UInt64]] = [:]
    private var nameCount: UInt64 = 0
    private(set) var isGone = false
    private var isReaped = false
    /// Counters for requests whose own the log does not tell.
    private var spareCounter = UInt64(1) << 62

    init(socketPath: String) throws {
        var plan = ChildPlan(
            path: "/proc/self/exe",
            arguments: ["baton", "drive-actor", "--socket", socketPath])
        plan.standardInput = .discarded
        channel = try Connection.pair().take { (theirs, own) throws(Errno) in
            try plan.pass(theirs, as: 3)
            return own
        }
        try channel.setReceiveTimeout(milliseconds: Stage.patienceMilliseconds)
        child = try ChildProcess.spawn(plan)
        pid = child.pid
    }

    // MARK: - Ends

    func exit(code: Int32) throws {
        try post(ActorRequest(.exit, counter: UInt64(UInt32(bitPattern: code))))
        try reap()
    }

    func kill(_ signal: Int32) throws {
        try child.kill(signal)
        try reap()
    }

    /// Ends it, and leaves it unreaped, as a parent does that looks elsewhere.
    func endUnreaped() throws {
        try child.kill(9)
        isGone = true
        while !child.handle.hasExited() { Clock.sleep(milliseconds: 1) }
    }

    private func reap() throws {
        isGone = true
        isReaped = true
        _ = try child.wait()
    }

    /// At the end of the play.
    func dismiss() throws {
        guard !isReaped else { return }
        if !isGone { try child.kill(9) }
        try reap()
    }

    // MARK: - What it does

    func nextCounter() -> UInt64 {
        spareCounter += 1
        return spareCounter
    }

    /// The number of a connection, which is made and greets the coordinator when it is new.
    func slot(_ key: ConnectionKey) throws -> UInt32 {
        if let slot = slots[key] { return slot }
        let slot = try newSlot()
        slots[key] = slot
        var frame: [UInt8] = []
        let startup = Request.Startup(counter: nextCounter(), nonce: key.nonce, role: key.role)
        Request.encode(startup, into: &frame)
        _ = try ask(slot, frame, counter: startup.counter)
        return slot
    }

    /// The first connection of this role, where there is one.
    func anySlot(_ role: Request.Startup.Role) -> UInt32? {
        slots.filter { $0.key.role == role }.map(\.value).min()
    }

    /// A connection that has not greeted anybody.
    func newSlot() throws -> UInt32 {
        slotCount += 1
        _ = try call(ActorRequest(.connect, slot: slotCount))
        return slotCount
    }

    /// A number for a connection that comes from elsewhere.
    func reserveSlot() -> UInt32 {
        slotCount += 1
        return slotCount
    }

    func close(slot: UInt32) throws {
        slots = slots.filter { $0.value != slot }
        _ = try call(ActorRequest(.disconnect, slot: slot))
    }

    /// The coordinator has gone, and with it the other ends.
    func closeAllSlots() throws {
        for slot in slots.values.sorted() {
            _ = try call(ActorRequest(.disconnect, slot: slot))
        }
        slots = [:]
    }

    /// Sends a frame, and does not wait for its answer.
    func send(_ slot: UInt32, _ frame: [UInt8], first: UInt64 = 0, second: UInt64 = 0) throws {
        _ = try call(
            ActorRequest(.send, slot: slot, first: first, second: second, frame: frame))
    }

    /// The answer with this counter; nil when the coordinator has dropped the connection.
    func receive(_ slot: UInt32, counter: UInt64, keepAs name: UInt64 = 0) throws -> Answer? {
        let frame = try call(ActorRequest(.receive, slot: slot, counter: counter, first: name))
        guard !frame.isEmpty else { return nil }
        do {
            return try Answer(frame.span)
        } catch {
            throw DriveError.failed("the coordinator's answer cannot be read: \(error)")
        }
    }

    func ask(
        _ slot: UInt32, _ frame: [UInt8], counter: UInt64, first: UInt64 = 0, second: UInt64 = 0,
        keepAs name: UInt64 = 0
    ) throws -> Answer? {
        try send(slot, frame, first: first, second: second)
        return try receive(slot, counter: counter, keepAs: name)
    }

    // MARK: - Its descriptors

    func newName() -> UInt64 {
        nameCount += 1
        return nameCount
    }

    func keep(_ descriptor: borrowing some NumberedDescriptor & ~Copyable) throws -> UInt64 {
        let name = newName()
        try keep(descriptor, ActorRequest(.keep, first: name))
        return name
    }

    func keepConnection(_ descriptor: borrowing Descriptor, slot: UInt32) throws {
        try keep(descriptor, ActorRequest(.keepConnection, slot: slot))
    }

    private func keep(
        _ descriptor: borrowing some NumberedDescriptor & ~Copyable, _ request: ActorRequest
    ) throws {
        let bytes = request.bytes
        try channel.send(bytes.span, passing: descriptor, wait: true)
        _ = try answer()
    }

    func drop(_ name: UInt64) throws { _ = try call(ActorRequest(.drop, first: name)) }

    func give(_ name: UInt64) throws -> Descriptor {
        try given(ActorRequest(.give, first: name))
    }

    func give(connection slot: UInt32) throws -> Descriptor {
        try given(ActorRequest(.giveConnection, slot: slot))
    }

    private func given(_ request: ActorRequest) throws -> Descriptor {
        try post(request)
        guard case .message(var message) = try channel.receive(into: buffer, wait: true),
            let descriptor = message.first.take()
        else { throw DriveError.failed("process \(pid) does not give a descriptor back") }
        return descriptor
    }

    // MARK: - Its channel

    /// The coordinator's frame, where one came; nothing at the end of a connection.
    private func call(_ request: ActorRequest) throws -> [UInt8] {
        try post(request)
        return try answer()
    }

    private func post(_ request: ActorRequest) throws {
        let bytes = request.bytes
        do throws(Errno) {
            try channel.send(bytes.span, wait: true)
        } catch {
            throw DriveError.failed("process \(pid) of the cast has ended: \(error)")
        }
    }

    private func answer() throws -> [UInt8] {
        guard case .message(let message) = try channel.receive(into: buffer, wait: true) else {
            throw DriveError.failed("process \(pid) of the cast does not answer")
        }
        let bytes = buffer.withBytes(count: message.byteCount) { span in
            span.indices.map { span[$0] }
        }
        guard let first = bytes.first, let outcome = ActorOutcome(rawValue: first) else {
            throw DriveError.failed("process \(pid) of the cast answers without sense")
        }
        switch outcome {
        case .done: return Array(bytes.dropFirst())
        case .end: return []
        case .failed:
            let words = String(decoding: bytes.dropFirst(), as: UTF8.self)
            throw DriveError.failed("process \(pid) of the cast: \(words)")
        }
    }
}
