import Registry
import Transport
import Winsock
import Wire

// Requests that were refused, made wrong again in the same way.

extension Conductor {
    // MARK: - Duplicate

    func perform(_ refused: Event.RefusedHandoff) throws {
        let actor = try self.actor(refused.actor)
        let wanted = refused.asked
        var asked = Asked(
            pid: wanted.pid, form: wanted.form, flags: wanted.flags, lifetime: wanted.lifetime)
        var name: UInt64 = 0
        if let socket = wanted.socket { name = try descriptor(of: socket, for: actor) }
        if let number = wanted.target {
            let target = try self.actor(number)
            asked.pid = Int64(target.pid)
            if wanted.pid == 0 { try useHandle(of: target, &asked, actor) }
        }
        switch refused.reason {
        case .notASocket, .unsupportedSocket, .invalidLifetime, .qualityOfService,
            .tooManyHandoffs:
            break
        case .tooManyForUser:
            guard casting.countsUsers else { throw Unperformable(Self.needsUsers(refused.reason)) }
        case .coordinatorsOwn: name = .max
        case .invalidProcessID:
            guard wanted.pid <= 0 || wanted.pid > Int64(Int32.max) else {
                throw Unperformable(refused.reason.name)
            }
        case .noSuchProcess: asked.pid = Self.unusedPID
        case .deniedByPolicy where wanted.target != nil: break
        case .deniedByPolicy:
            guard let part = refused.rule.flatMap({ casting.part(deniedBy: $0) }) else {
                throw Unperformable("denied by policy, of a target that the log does not have")
            }
            let target = try makeExtra(part)
            asked.pid = Int64(target.pid)
            if wanted.pid == 0 { try useHandle(of: target, &asked, actor) }
        case .notPermitted:
            try requireUsers(refused.reason)
            guard wanted.target != nil else {
                throw Unperformable("not permitted, of a target that the log does not have")
            }
        case .targetExited:
            let target = try makeExtra()
            asked.pid = Int64(target.pid)
            if wanted.pid == 0 { try useHandle(of: target, &asked, actor) }
            try target.endUnreaped()
        default: throw Unperformable(refused.reason.name)
        }
        _ = try duplicate(asked, refused.actor, refused.request, socket: name)
    }

    /// What users decide about cannot be played by one.
    private func requireUsers(_ reason: Refusal) throws {
        guard casting.playsUsers else { throw Unperformable(Self.needsUsers(reason)) }
    }

    private static func needsUsers(_ reason: Refusal) -> String {
        "\(reason.name): it takes processes of other users, which root can start"
    }

    /// Above what the kernel gives to any process: proc_sys_kernel(5), pid_max.
    private static let unusedPID = Int64(Int32.max)

    /// Names the target by a pidfd, as the source of old did.
    func useHandle(of target: Actor, _ asked: inout Asked, _ actor: Actor) throws {
        let handle = try ProcessHandle(pid: target.pid)
        let name = try actor.keep(handle)
        leftovers.append { try actor.drop(name) }
        asked.handle = name
        asked.pid = 0
    }

    // MARK: - Redeem

    func perform(_ refused: Event.RefusedRedemption, _ step: Step) throws {
        let actor = try self.actor(refused.actor)
        let record = try self.record(refused)
        var frame: [UInt8] = []
        let (counter, nonce) = (refused.request.counter, refused.request.nonce)
        Request.encodeRedeem(
            counter: counter, watermark: refused.request.watermark, flags: flags(refused),
            record: record,
            program: nil, into: &frame)
        let slot = try self.slot(actor, refused.actor, nonce: nonce)
        guard refused.reason == .expired, !step.consequences.isEmpty,
            let number = refused.handoff, let deadline = handoffs[number]?.deadline
        else {
            _ = try actor.ask(slot, frame, counter: counter)
            return
        }
        // It came after the deadline and before the coordinator had looked at it.
        try stage.whilePaused {
            while Clock.bootMicroseconds() <= deadline { Clock.sleep(milliseconds: 5) }
            try actor.send(slot, frame)
        }
        _ = try actor.receive(slot, counter: counter)
    }

    /// Which flags were passed is not in the log, and only strict rules look at them.
    private func flags(_ refused: Event.RefusedRedemption) -> UInt32 {
        let source = refused.handoff.flatMap { handoffs[$0]?.flags } ?? 1
        return switch refused.reason {
        case .overlappedMissing: source & ~SocketFlags.overlapped.rawValue
        case .flagsDiffer: source ^ SocketFlags.noHandleInherit.rawValue
        default: source
        }
    }

    private func record(_ refused: Event.RefusedRedemption) throws -> [UInt8] {
        guard let entry = Catalog.entries.first else {
            preconditionFailure("the catalog has entries")
        }
        switch refused.reason {
        case .malformedRecord: return [0]
        case .plainRecord: return entry.info.encoded(as: .wide)
        case .forged:
            return entry.record(with: Ticket(handoff: 1, secret: 1), as: .wide)
        case .descriptorLimit, .storeFull, .stopping:
            throw Unperformable(refused.reason.name)
        case .notPermitted: try requireUsers(refused.reason)
        default: break
        }
        guard let number = refused.handoff else {
            throw Unperformable("\(refused.reason.name), of a handoff that is not named")
        }
        var record = try handoff(number).record
        if refused.reason == .alteredRecord { record[0] ^= 1 }
        return record
    }

    // MARK: - Other requests

    func perform(_ refused: Event.RefusedRequest) throws {
        switch refused.reason {
        case .foreignSender where refused.actor == nil: return try performForeign(refused)
        case .deadSender where refused.actor == nil: return try performDead(refused)
        case .tooManyConnections, .tooManyProcesses, .tooManySockets, .descriptorLimit,
            .storeFull, .stopping, .tooFast, .tooManyUnread, .inFlightLimit,
            .socketOccupied:
            throw Unperformable(refused.reason.name)
        case .notOwner: try requireUsers(refused.reason)
        default: break
        }
        if let handoff = refused.handoff, handoffs[handoff] == nil,
            ![.unknownHandoff, .requestDiffers, .requestStale].contains(refused.reason)
        {
            throw Unperformable("\(refused.reason.name), of a handoff that was not made here")
        }
        if [.requestDiffers, .requestStale].contains(refused.reason), !isKnown(refused.request) {
            throw Unperformable("\(refused.reason.name), after a request before the bundle")
        }
        guard let number = refused.actor else {
            throw Unperformable("\(refused.reason.name), of a process that the log does not name")
        }
        let actor = try self.actor(number)
        switch refused.reason {
        case .malformedRequest, .unsupportedVersion, .unexpectedDescriptors:
            try sendMalformed(refused, actor, number)
        case .notStarted:
            let slot = try unsuitableSlot(refused, actor, number)
            try send(refused, actor, number, slot: slot)
        case .deadSender:
            let slot = try self.slot(actor, number, Self.role(refused.what))
            try stage.whilePaused {
                let (frame, _) = try self.frame(refused, number)
                try actor.send(slot, frame)
                try end(actor, status: score.status(of: number, after: position))
            }
        default:
            let slot = try self.slot(
                actor, number, Self.role(refused.what), nonce: refused.request?.nonce)
            try send(refused, actor, number, slot: slot)
        }
    }

    /// Whether the same client instance has asked before, as far as the bundle tells.
    private func isKnown(_ request: RequestID?) -> Bool {
        score.scenes.prefix(position).contains { scene in
            guard let earlier = scene.main.first.content.request else { return false }
            return earlier.id.nonce == request?.nonce
        }
    }

    private func send(
        _ refused: Event.RefusedRequest, _ actor: Actor, _ number: ProcessNumber, slot: UInt32
    ) throws {
        var name: UInt64 = 0
        switch refused.reason {
        case .coordinatorsOwn: name = .max
        case .notASocket: break
        default:
            if let socket = presented { name = try descriptor(of: socket, for: actor) }
        }
        let (frame, counter) = try self.frame(refused, number)
        try actor.send(slot, frame, first: name)
        if counter != 0 { _ = try actor.receive(slot, counter: counter) }
    }

    /// The socket that was seen for the request of this scene.
    private var presented: SocketNumber? {
        for step in score.scenes[position].steps {
            if case .socketSeen = step.first.content { return step.first.sequence }
        }
        return nil
    }

    static func role(_ what: RequestKind) -> Request.Startup.Role {
        what == .select || what == .resume ? .notifications : .peer
    }

    /// A connection that may not ask this: one that has greeted as another kind, or not at all.
    private func unsuitableSlot(
        _ refused: Event.RefusedRequest, _ actor: Actor, _ number: ProcessNumber
    ) throws -> UInt32 {
        guard let nonce = refused.request?.nonce else { return try scratchSlot(actor) }
        let role: Request.Startup.Role =
            Self.role(refused.what) == .peer ? .notifications : .peer
        return try slot(actor, number, role, nonce: nonce)
    }

    /// A connection of this scene, which has not greeted anybody.
    private func scratchSlot(_ actor: Actor) throws -> UInt32 {
        let slot = try actor.newSlot()
        leftovers.append { try actor.close(slot: slot) }
        return slot
    }

    /// A frame of the kind that was refused, and the counter of its answer, 0 for none.
    func frame(
        _ refused: Event.RefusedRequest, _ number: ProcessNumber
    ) throws -> (frame: [UInt8], counter: UInt64) {
        let counter = refused.request?.counter ?? (1 << 61 + UInt64(position))
        let watermark = refused.request?.watermark ?? 0
        // A number that the coordinator cannot know stands for one that it did not know.
        let unknown = HandoffNumber(1) << 52
        let handoff = refused.handoff.map { handoffs[$0]?.number ?? unknown } ?? unknown
        var frame: [UInt8] = []
        switch refused.what {
        case .startup:
            let versions: ClosedRange<UInt8> =
                refused.reason == .unsupportedVersion ? 200...200 : 1...1
            Request.encode(
                Request.Startup(counter: counter, nonce: 1, role: .peer, versions: versions),
                into: &frame)
        case .duplicate:
            Request.encode(
                Request.Duplicate(
                    counter: counter, watermark: watermark, pid: -1, hasPidfd: false, form: .wide,
                    flags: 0x0bad, lifetime: nil),
                into: &frame)
        case .redeem:
            Request.encodeRedeem(
                counter: counter, watermark: watermark, flags: 1,
                record: try differingRecord(refused.request, number), program: nil, into: &frame)
        case .confirm:
            let cookie = refused.handoff.flatMap { handoffs[$0] }.flatMap { sockets[$0.cookie] }
            // The right one, but where that it was another is what was refused.
            let sent = (cookie?.cookie ?? 1) ^ (refused.reason == .cookieDiffers ? 1 : 0)
            Request.encodeConfirm(handoff: handoff, attempt: 1, cookie: sent, into: &frame)
            return (frame, 0)
        case .decline:
            Request.encodeDecline(handoff: handoff, attempt: 1, reason: .truncated, into: &frame)
            return (frame, 0)
        case .close:
            Request.encodeClose(cookie: 1 << 63, how: .closesocket, into: &frame)
            return (frame, 0)
        case .revoke:
            Request.encodeRevoke(
                counter: counter, watermark: watermark, handoff: handoff, text: "", into: &frame)
        case .mark:
            Request.encodeMark(
                counter: counter, watermark: watermark, quality: "marked", into: &frame)
        case .select:
            Request.encodeSelect(counter: counter, watermark: watermark, mask: 1, into: &frame)
        case .resume:
            Request.encodeResume(counter: counter, cookie: 1, registration: 1, into: &frame)
        case .query: Request.encodeStatus(counter: counter, into: &frame)
        case .reconcile: Request.encodeReconcile(counter: counter, into: &frame)
        case .unknown:
            Request.encodeStatus(counter: counter, into: &frame)
            frame[2] = 255
        }
        return (frame, counter)
    }

    /// A record that asks for something else than the same request did before.
    private func differingRecord(
        _ request: RequestID?, _ number: ProcessNumber
    ) throws -> [UInt8] {
        guard let entry = Catalog.entries.first else {
            preconditionFailure("the catalog has entries")
        }
        let plain = entry.info.encoded(as: .wide)
        guard let request else { return plain }
        for scene in score.scenes[..<position] {
            guard case .redemptionRefused(let earlier) = scene.main.first.content,
                earlier.request.nonce == request.nonce,
                earlier.request.counter == request.counter, earlier.handoff == nil
            else { continue }
            guard let any = handoffs.keys.min(), let other = handoffs[any] else {
                throw Unperformable("a request that differs, with no handoff to name")
            }
            return other.record
        }
        return plain
    }

    private func sendMalformed(
        _ refused: Event.RefusedRequest, _ actor: Actor, _ number: ProcessNumber
    ) throws {
        // Without a request id it came on a connection that had not greeted, or had no answer.
        let slot =
            try refused.request.map {
                try self.slot(actor, number, Self.role(refused.what), nonce: $0.nonce)
            } ?? scratchSlot(actor)
        var (frame, counter) = try self.frame(refused, number)
        if refused.what == .unknown, refused.reason == .unsupportedVersion { frame[1] = 9 }
        guard refused.reason == .unexpectedDescriptors else {
            try actor.send(slot, frame)
            if counter != 0 { _ = try actor.receive(slot, counter: counter) }
            return
        }
        let first = try actor.keep(try SystemFiles.nullDevice())
        let second = try actor.keep(try SystemFiles.nullDevice())
        try actor.send(slot, frame, first: first, second: second)
        if counter != 0 { _ = try actor.receive(slot, counter: counter) }
        try actor.drop(first)
        try actor.drop(second)
    }

    /// A process connects, sends and ends before anybody has looked at it.
    private func performDead(_ refused: Event.RefusedRequest) throws {
        let stranger = try makeExtra()
        try stage.whilePaused {
            let (frame, _) = try self.frame(refused, 0)
            try stranger.send(try stranger.newSlot(), frame)
            try stranger.exit(code: 0)
        }
    }

    /// Another process sends on a connection that was made by one of the cast.
    private func performForeign(_ refused: Event.RefusedRequest) throws {
        let owner =
            refused.request.flatMap { score.owner(of: $0.nonce) }
            ?? actors.keys.sorted().first { actors[$0]?.isGone == false }
        guard let owner else { throw Unperformable("a stranger on the connection of nobody") }
        let actor = try self.actor(owner)
        let slot =
            refused.what == .startup && refused.request == nil
            ? try scratchSlot(actor)
            : try slot(actor, owner, Self.role(refused.what), nonce: refused.request?.nonce)
        let stranger = try makeExtra()
        let strange = stranger.reserveSlot()
        try stranger.keepConnection(try actor.give(connection: slot), slot: strange)
        let (frame, counter) = try self.frame(refused, owner)
        try stranger.send(strange, frame)
        if counter != 0 { _ = try stranger.receive(strange, counter: counter) }
    }
}
