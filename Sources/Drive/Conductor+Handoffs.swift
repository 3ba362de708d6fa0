import Registry
import Transport
import Winsock
import Wire

extension Conductor {
    /// What a duplicate call is made of, beside its socket.
    struct Asked {
        var target: ProcessNumber?
        /// Where no process of the cast is meant.
        var pid: Int64 = 0
        /// Names the target by a pidfd instead.
        var handle: UInt64 = 0
        var form: ProtocolInfo.Form
        var flags: UInt32
        var lifetime: UInt64?
    }

    func issue(_ issued: Event.Issued, as number: HandoffNumber) throws {
        let actor = try self.actor(issued.actor)
        let name = try descriptor(of: issued.socket, for: actor)
        let target = try self.actor(issued.target)
        let lifetime = issued.lifetime.map { self.lifetime(recorded: $0, of: number) }
        let asked = Asked(
            pid: Int64(target.pid), form: issued.form, flags: issued.flags, lifetime: lifetime)
        let answer = try duplicate(asked, issued.actor, issued.request, socket: name)
        guard case .record(let real, _, let record)? = answer?.content,
            let cookie = score.sockets[issued.socket]?.cookie
        else { return }
        let ends = score.ends[number] != nil
        handoffs[number] = RealHandoff(
            number: real, record: record, flags: issued.flags, cookie: cookie,
            deadline: ends ? lifetime.map { Clock.bootMicroseconds() + Int64($0) } : nil)
    }

    /// Sends one duplicate call, with the socket of that name or without one.
    func duplicate(
        _ asked: Asked, _ number: ProcessNumber, _ request: RequestID, socket name: UInt64
    ) throws -> Answer? {
        let actor = try self.actor(number)
        var frame: [UInt8] = []
        let duplicate = Request.Duplicate(
            counter: request.counter, watermark: request.watermark, pid: asked.pid,
            hasPidfd: asked.handle != 0, form: asked.form, flags: asked.flags,
            lifetime: asked.lifetime)
        Request.encode(duplicate, into: &frame)
        let slot = try self.slot(actor, number, nonce: request.nonce)
        return try actor.ask(
            slot, frame, counter: request.counter, first: name, second: asked.handle)
    }

    /// Microseconds. One that has to end the handoff is as short as what comes before its end
    /// allows; one that must not has time for whoever watches.
    private func lifetime(recorded: UInt64, of number: HandoffNumber) -> UInt64 {
        guard let end = score.ends[number] else {
            return min(max(recorded, Bounds.spareLifetime), max(recorded, Limits.lifetime))
        }
        let scenes = UInt64(max(1, end - position))
        let short = Bounds.shortLifetime + scenes * Bounds.lifetimePerScene
        switch speed {
        case .maximum, .step: return min(max(recorded, Bounds.shortLifetime), short)
        case .scale(let factor):
            let scaled = min(Double(recorded) * factor, Double(Limits.lifetime) / 2)
            return UInt64(max(0, scaled)) + short
        }
    }

    private enum Bounds {
        /// Microseconds: an hour, in which a play by steps can be watched.
        static let spareLifetime: UInt64 = 3_600_000_000
        /// Microseconds: two seconds on a machine that is busy with other things, and a part of one
        /// for each scene in between.
        static let shortLifetime: UInt64 = 2_000_000
        static let lifetimePerScene: UInt64 = 20_000
    }

    // MARK: - Redeem, confirm, decline

    func handoff(_ number: HandoffNumber) throws -> RealHandoff {
        guard let handoff = handoffs[number] else {
            throw Unperformable("a handoff that was not made here")
        }
        return handoff
    }

    func redeem(_ reserved: Event.Reserved) throws {
        let handoff = try self.handoff(reserved.handoff)
        let actor = try self.actor(reserved.actor)
        var frame: [UInt8] = []
        Request.encodeRedeem(
            counter: reserved.request.counter, watermark: reserved.request.watermark,
            flags: reserved.flags, record: handoff.record, program: reserved.program,
            into: &frame)
        let slot = try self.slot(actor, reserved.actor, nonce: reserved.request.nonce)
        let grant = Score.Grant(handoff: reserved.handoff, attempt: reserved.attempt)
        guard !score.unsent.contains(grant) else {
            // It asks and is gone before the answer.
            return try stage.whilePaused {
                try actor.send(slot, frame)
                try actor.close(slot: slot)
            }
        }
        let name = actor.newName()
        let answer = try actor.ask(
            slot, frame, counter: reserved.request.counter, keepAs: name)
        if case .grant? = answer?.content { try hold(name, of: reserved.handoff, by: actor) }
    }

    /// What a target was granted. Before a delivery is void the coordinator looks for it in its
    /// target, so one that was not found there is not held here.
    func hold(_ name: UInt64, of number: HandoffNumber, by actor: Actor) throws {
        if score.unconfirmed.contains(number) {
            try actor.drop(name)
        } else {
            handoffs[number]?.granted = name
        }
    }

    func confirm(_ number: HandoffNumber) throws {
        let handoff = try self.handoff(number)
        guard let event = reservation(of: number), let real = sockets[handoff.cookie] else {
            throw Unperformable("a delivery whose grant the bundle does not have")
        }
        let actor = try self.actor(event.actor)
        try sendConfirm(actor, event.actor, handoff.number, real.cookie, event.attempt)
        if let name = handoff.granted {
            actor.held[handoff.cookie, default: []].append(name)
            handoffs[number]?.granted = nil
        }
    }

    func sendConfirm(
        _ actor: Actor, _ process: ProcessNumber, _ handoff: HandoffNumber, _ cookie: UInt64,
        _ attempt: UInt32
    ) throws {
        var frame: [UInt8] = []
        Request.encodeConfirm(handoff: handoff, attempt: attempt, cookie: cookie, into: &frame)
        try actor.send(try slot(actor, process), frame)
    }

    func decline(_ number: HandoffNumber, _ reason: DeliveryFailure) throws {
        // That one came about with its redemption.
        if reason == .unsent, openings[number] == nil { return }
        guard reason != .inFlight else { throw Unperformable(Refusal.inFlightLimit.name) }
        guard reason != .unsent else { throw Unperformable("of a grant before the bundle") }
        let handoff = try self.handoff(number)
        guard let event = reservation(of: number) else {
            throw Unperformable("a delivery whose grant the bundle does not have")
        }
        let actor = try self.actor(event.actor)
        if let name = handoff.granted {
            try actor.drop(name)
            handoffs[number]?.granted = nil
        }
        var frame: [UInt8] = []
        Request.encodeDecline(
            handoff: handoff.number, attempt: event.attempt, reason: reason, into: &frame)
        try actor.send(try slot(actor, event.actor), frame)
    }

    /// The last grant of a handoff before this scene.
    func reservation(of number: HandoffNumber) -> (actor: ProcessNumber, attempt: UInt32)? {
        for scene in score.scenes.prefix(max(0, position)).reversed() {
            guard case .handoffReserved(let reserved) = scene.main.first.content,
                reserved.handoff == number
            else { continue }
            return (reserved.actor, reserved.attempt)
        }
        return openings[number]
    }

    func revoke(_ revoked: Event.Revoked) throws {
        let handoff = try self.handoff(revoked.handoff)
        try sendRevoke(revoked.actor, revoked.request, handoff.number, revoked.text)
    }

    func sendRevoke(
        _ number: ProcessNumber, _ request: RequestID, _ handoff: HandoffNumber, _ text: String?
    ) throws {
        let actor = try self.actor(number)
        var frame: [UInt8] = []
        Request.encodeRevoke(
            counter: request.counter, watermark: request.watermark, handoff: handoff,
            text: text ?? "", into: &frame)
        _ = try actor.ask(
            try slot(actor, number, nonce: request.nonce), frame, counter: request.counter)
    }
}
