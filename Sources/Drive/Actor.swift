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

    /// What a process of the cast is made of.
    struct Plan {
        var socketPath: String
        /// The program, which is this one under some name.
        var program: String
        /// Whose process it is; nil for ours.
        var user: UserIDs?

        var arguments: [String] {
            ["baton", "drive-actor", "--socket", socketPath]
                + (user.map { ["--user", $0.text] } ?? [])
        }
    }

    /// Of the program that it executes there are two names.
    private(set) var isOther = false

    init(_ actor: Plan) throws {
        var plan = ChildPlan(path: actor.program, arguments: actor.arguments)
        plan.standardInput = .discarded
        channel = try Connection.pair().take { (theirs, own) throws(Errno) in
            try plan.pass(theirs, as: 3)
            return own
        }
        try channel.setReceiveTimeout(milliseconds: Stage.patienceMilliseconds)
        try channel.setSendTimeout(milliseconds: Stage.patienceMilliseconds)
        child = try ChildProcess.spawn(plan)
        pid = child.pid
        try greet(actor)
    }

    /// Its first word is whether it could become who it is to be.
    private func greet(_ actor: Plan) throws {
        do throws(AnswerFailure) {
            _ = try answer()
        } catch {
            let user = actor.user.map { "a process of user \($0.effectiveUID)" } ?? "a process"
            throw Unperformable("\(user): \(error.words)")
        }
    }

    /// Executes another program, of another user perhaps, and keeps its sockets. Its connections
    /// end, so that the coordinator looks at it when it connects again.
    ///
    /// - Parameter granted: what it holds beside `held`.
    func become(_ actor: Plan, isOther: Bool, granted: [UInt64]) throws {
        try closeAllSlots()
        var names: [UInt64] = []
        for cookie in held.keys.sorted() { names += held[cookie, default: []] }
        var copies: [(name: UInt64, descriptor: SharedDescriptor)] = []
        for name in names + granted {
            copies.append((name, SharedDescriptor(try give(name))))
        }
        let words = [actor.program] + actor.arguments
        try post(ActorRequest(.become, frame: Array(words.joined(separator: "\n").utf8)))
        try greet(actor)
        self.isOther = isOther
        for (name, descriptor) in copies {
            try keep(descriptor, ActorRequest(.keep, first: name))
        }
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
        try Stage.awaitEnd(of: child.handle, name)
    }

    private func reap() throws {
        isGone = true
        try Stage.awaitEnd(of: child.handle, name)
        isReaped = true
        _ = try child.wait()
    }

    private var name: String { "process \(pid) of the cast" }

    /// When nobody needs it any more.
    func dismiss() throws {
        guard !isReaped else { return }
        try child.kill(9)
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

    func close(_ key: ConnectionKey) throws {
        if let slot = slots[key] { try close(slot: slot) }
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
        _ = try checkedAnswer()
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
        return try checkedAnswer()
    }

    private func post(_ request: ActorRequest) throws {
        let bytes = request.bytes
        do throws(Errno) {
            try channel.send(bytes.span, wait: true)
        } catch {
            throw DriveError.failed("\(name) has ended: \(error)")
        }
    }

    private func checkedAnswer() throws -> [UInt8] {
        do throws(AnswerFailure) {
            return try answer()
        } catch {
            throw DriveError.failed("\(name): \(error.words)")
        }
    }

    private struct AnswerFailure: Error {
        var words: String
    }

    private func answer() throws(AnswerFailure) -> [UInt8] {
        let received: Received
        do throws(Errno) {
            received = try channel.receive(into: buffer, wait: true)
        } catch {
            throw AnswerFailure(words: error.description)
        }
        guard case .message(let message) = received else {
            throw AnswerFailure(words: "it does not answer")
        }
        let bytes = buffer.withBytes(count: message.byteCount) { span in
            span.indices.map { span[$0] }
        }
        guard let first = bytes.first, let outcome = ActorOutcome(rawValue: first) else {
            throw AnswerFailure(words: "it answers without sense")
        }
        switch outcome {
        case .done: return Array(bytes.dropFirst())
        case .end: return []
        case .failed:
            throw AnswerFailure(words: String(decoding: bytes.dropFirst(), as: UTF8.self))
        }
    }
}
