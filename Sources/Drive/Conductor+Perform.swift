import Journal
import Registry
import Transport
import Winsock
import Wire

extension Conductor {
    /// Brings about what the scene tells, or says why that cannot be.
    func perform(_ scene: Scene) throws {
        let step = scene.main
        if step.first.content.kind.outcome == .refused { pace.waitForTurn() }
        try prepare(scene)
        switch step.first.content {
        case .processSeen(let identity):
            guard identity.pid != 0 else { throw Unperformable("a process of another host") }
            if score.seenAgain[step.first.sequence] != nil {
                return try becomeAnew(step, connects: true)
            }
            let number = step.first.sequence
            _ = try slot(try actor(number), number)
        case .socketMarked(let socket, let number, let quality):
            try mark(socket, number, quality)
        case .notificationSelected(let number, let socket, let mask):
            try select(socket, number, mask)
        case .notificationCancelled(_, let socket, _, let by):
            if case .notificationSelected(let number, _, let mask)? = step.consequences.first?
                .content
            {
                try select(socket, number, mask)
            } else {
                try select(socket, by, 0)
            }
        case .socketReleased(let socket, _): try deselectNothing(socket)
        case .handoffIssued(let issued): try issue(issued, as: step.first.sequence)
        case .handoffRefused(let refused): try perform(refused)
        case .handoffReserved(let reserved): try redeem(reserved)
        case .redemptionRefused(let refused): try perform(refused, step)
        case .handoffDelivered(let number, .confirmed): try confirm(number)
        case .deliveryFailed(let number, let reason): try decline(number, reason)
        case .handoffRevoked(let revoked): try revoke(revoked)
        case .descriptorClosed(let number, let socket, let how):
            try close(socket, of: number, how)
        case .processExited(let number, let status): try exit(number, status)
        case .handoffExpired(let number), .handoffVoided(let number, _):
            guard handoffs[number]?.deadline != nil else {
                throw Unperformable("the end of a handoff that was not made")
            }
        case .requestRefused(let refused): try perform(refused)
        case .configurationChanged(_, let text): try reconfigure(Rules(text: text))
        default: try performOfCoordinator(scene)
        }
    }

    /// What the coordinator is to see beside the request itself.
    private func prepare(_ scene: Scene) throws {
        guard scene.steps.count > 1 else { return }
        for step in scene.steps.dropLast() {
            switch step.first.content {
            case .processSeen:
                if score.seenAgain[step.first.sequence] != nil {
                    // The request has the coordinator look at it, after the socket.
                    try becomeAnew(step, connects: false)
                } else {
                    _ = try actor(step.first.sequence)
                }
            case .socketMarked(let socket, let number, let quality):
                guard let kernel = QualityOfService(text: quality),
                    score.sockets[socket] != nil
                else { continue }
                let actor = try self.actor(number)
                let name = try descriptor(of: socket, for: actor)
                let descriptor = try actor.give(name)
                do throws(Errno) {
                    try kernel.set(on: descriptor)
                } catch {
                    throw Unperformable("\(quality) cannot be set: \(error.name)")
                }
            default: continue
            }
        }
    }

    // MARK: - Sockets

    func mark(_ socket: SocketNumber, _ number: ProcessNumber, _ text: String) throws {
        let actor = try self.actor(number)
        let name = try descriptor(of: socket, for: actor)
        let counter = actor.nextCounter()
        var frame: [UInt8] = []
        Request.encodeMark(counter: counter, watermark: 0, quality: text, into: &frame)
        _ = try actor.ask(try slot(actor, number), frame, counter: counter, first: name)
    }

    func select(_ socket: SocketNumber, _ number: ProcessNumber, _ mask: UInt32) throws {
        let actor = try self.actor(number)
        let name = try descriptor(of: socket, for: actor)
        let counter = actor.nextCounter()
        var frame: [UInt8] = []
        Request.encodeSelect(counter: counter, watermark: 0, mask: mask, into: &frame)
        let slot = try self.slot(actor, number, .notifications)
        _ = try actor.ask(slot, frame, counter: counter, first: name)
    }

    /// A socket that is seen and forgotten at once was presented in vain: by a call for no events,
    /// or by a request that was asked before. The first can be made by anybody.
    private func deselectNothing(_ socket: SocketNumber) throws {
        guard let number = actors.keys.sorted().first(where: { actors[$0]?.isGone == false })
        else { throw Unperformable("a socket that was presented in vain, by nobody who is left") }
        try select(socket, number, 0)
    }

    func close(
        _ socket: SocketNumber, of number: ProcessNumber, _ how: CloseProof
    ) throws {
        guard how == .closesocket || how == .cleanup else {
            throw Unperformable("a close that the coordinator observes")
        }
        guard let cookie = score.sockets[socket]?.cookie, let real = sockets[cookie] else {
            throw Unperformable("the close of a socket that was not made")
        }
        let actor = try self.actor(number)
        if let name = actor.held[cookie]?.first {
            actor.held[cookie]?.removeFirst()
            try actor.drop(name)
        }
        var frame: [UInt8] = []
        Request.encodeClose(cookie: real.cookie, how: how, into: &frame)
        try actor.send(try slot(actor, number), frame)
    }

    // MARK: - Processes

    /// A process that has become another program or user. When it connects again the coordinator
    /// looks at it.
    private func becomeAnew(_ step: Step, connects: Bool) throws {
        guard let (number, identity) = score.seenAgain[step.first.sequence] else { return }
        let actor = try self.actor(number)
        let granted = handoffs.keys.sorted().compactMap { handoff -> UInt64? in
            guard let name = handoffs[handoff]?.granted else { return nil }
            return reservation(of: handoff)?.actor == number ? name : nil
        }
        let plan = try plan(identity, isOther: !actor.isOther)
        try actor.become(plan, isOther: !actor.isOther, granted: granted)
        if connects { _ = try slot(actor, number) }
    }

    private func exit(_ number: ProcessNumber, _ status: Int32?) throws {
        guard let actor = actors[number] else {
            throw Unperformable("the end of a process that was not started")
        }
        // A process whose last words were sent while the coordinator was held up is gone already.
        guard !actor.isGone else { return }
        try end(actor, status: status)
    }

    /// Ends a process with this raw wait status; with exit status 0 where nobody could tell.
    func end(_ actor: Actor, status: Int32?) throws {
        let status = status ?? 0
        let signal = status & 0x7f
        guard signal != 0 else { return try actor.exit(code: (status >> 8) & 0xff) }
        guard !Self.harmlessSignals.contains(signal), signal <= 64 else {
            throw Unperformable("an end by signal \(signal), which ends nobody")
        }
        try actor.kill(signal)
    }

    /// Those that stop, continue or are ignored by default: signal(7).
    private static let harmlessSignals: Set<Int32> = [17, 18, 19, 20, 21, 22, 23, 28]
}
