import Registry
import Transport
import Winsock
import Wire

// What was open before a bundle begins is made anew, and not compared.

extension Conductor {
    private enum Bounds {
        /// Each costs a process or a few requests, so that what is beyond takes minutes.
        static let things = 1_000
        /// Grants of one delivery that are made again one by one.
        static let attempts: UInt32 = 16
    }

    func begin(with start: Registry) throws {
        comparison.introduce(start)
        // Before the first scene, so that what that one needs is kept for it.
        position = -1
        do {
            guard start.exiting.isEmpty else {
                throw Unperformable("processes whose end is not worked off")
            }
            let count =
                start.handoffs.count + start.descriptors.count
                + start.registrations.count
            guard count <= Bounds.things else {
                throw Unperformable("more than \(Bounds.things) open things")
            }
            try beginProcesses(start)
            for key in start.descriptors.keys.sorted(by: {
                ($0.socket, $0.process) < ($1.socket, $1.process)
            }) {
                try beginDescriptors(key, count: start.descriptors[key, default: []].count)
            }
            for number in start.handoffs.keys.sorted() {
                if let handoff = start.handoffs[number] { try begin(handoff) }
            }
            try closeShown(start)
            for number in start.sockets.keys.sorted() {
                guard let quality = start.sockets[number]?.quality,
                    let owner = start.descriptors.keys.filter({ $0.socket == number })
                        .map(\.process).min()
                else { continue }
                try mark(number, owner, quality)
            }
            for number in start.registrations.keys.sorted() {
                guard let registration = start.registrations[number] else { continue }
                try select(number, registration.process, registration.mask)
            }
            for number in openingNonces.keys.sorted() {
                guard let nonce = openingNonces[number] else { continue }
                try actors[number]?.close(Actor.ConnectionKey(nonce: nonce, role: .peer))
            }
            for event in try stage.newEvents() { comparison.meet(event) }
            try endOpening()
        } catch let obstacle as Unperformable {
            throw DriveError.cannotBegin(obstacle.reason)
        }
    }

    /// Those who have something, and those of whom the events tell.
    private func beginProcesses(_ start: Registry) throws {
        var wanted = score.mentioned
        for handoff in start.handoffs.values { wanted.formUnion([handoff.source, handoff.target]) }
        for key in start.descriptors.keys { wanted.insert(key.process) }
        for registration in start.registrations.values { wanted.insert(registration.process) }
        let living = start.processes.filter { !$0.value.hasExited && wanted.contains($0.key) }
        guard living.count <= Bounds.things else {
            throw Unperformable("more than \(Bounds.things) processes")
        }
        for number in living.keys.sorted() { _ = try slot(try actor(number), number) }
    }

    /// Who selects network events shows a descriptor; further ones come by handoffs to itself.
    private func beginDescriptors(_ key: DescriptorKey, count: Int) throws {
        guard actors[key.process] != nil else {
            throw Unperformable("descriptors of a process that is not there")
        }
        try select(key.socket, key.process, 1)
        try select(key.socket, key.process, 0)
        for _ in 0..<max(0, count - 1) { try handToItself(key) }
    }

    private func handToItself(_ key: DescriptorKey) throws {
        let actor = try self.actor(key.process)
        let asked = Asked(pid: Int64(actor.pid), form: .wide, flags: 1)
        let socket = try descriptor(of: key.socket, for: actor)
        let answer = try duplicate(
            asked, key.process, openingRequest(actor, key.process), socket: socket)
        guard case .record(let number, _, let record)? = answer?.content,
            let identity = score.sockets[key.socket], let real = sockets[identity.cookie]
        else { throw Unperformable("a descriptor of a socket that cannot be handed over") }
        let name = actor.newName()
        try redeem(record, key.process, flags: 1, keepAs: name)
        try sendConfirm(actor, key.process, number, real.cookie, 1)
        actor.held[identity.cookie, default: []].append(name)
    }

    private func begin(_ handoff: Handoff) throws {
        guard actors[handoff.target] != nil else {
            throw Unperformable("a handoff to a process that is not there")
        }
        guard handoff.attempt <= Bounds.attempts else {
            throw Unperformable("a handoff that was granted more than \(Bounds.attempts) times")
        }
        let source = try self.source(of: handoff)
        let request = try openingRequest(actor(source), source)
        let issued = Event.Issued(
            actor: source, target: handoff.target, socket: handoff.socket, form: handoff.form,
            catalog: handoff.catalog, family: 0, type: 0, protocolNumber: 0, services: 0,
            flags: handoff.flags, lifetime: handoff.deadline == nil ? nil : 1, request: request)
        try issue(issued, as: handoff.number)
        guard let real = handoffs[handoff.number] else {
            throw Unperformable("a handoff of a socket that cannot be handed over")
        }
        comparison.identify(handoff: real.number, as: handoff.number)
        guard handoff.attempt > 0 else { return }
        for attempt in 1...handoff.attempt {
            let target = try actor(handoff.target)
            let name = target.newName()
            try redeem(real.record, handoff.target, flags: handoff.flags, keepAs: name)
            try hold(name, of: handoff.number, by: target)
            openings[handoff.number] = (handoff.target, attempt)
            if attempt < handoff.attempt || !handoff.isReserved {
                try decline(handoff.number, .truncated)
            }
        }
    }

    /// Who asks shows a descriptor, also where the source of old had closed its own.
    private func closeShown(_ start: Registry) throws {
        var known: [SocketNumber: Set<ProcessNumber>] = [:]
        for key in start.descriptors.keys { known[key.socket, default: []].insert(key.process) }
        for number in start.handoffs.keys.sorted() {
            guard let handoff = start.handoffs[number] else { continue }
            let source = try self.source(of: handoff)
            let (isNew, _) = known[handoff.socket, default: []].insert(source)
            if isNew { try close(handoff.socket, of: source, .closesocket) }
        }
    }

    /// The source, or who stands for those of its user who have ended and left something open.
    private func source(of handoff: Handoff) throws -> ProcessNumber {
        guard actors[handoff.source] == nil else { return handoff.source }
        let identity = handoff.sourceIdentity?.wrappedValue
        let user = identity.flatMap { casting.user($0) }
        if let helper = helpers[user] { return helper }
        let helper = ProcessNumber.max - 1 - UInt64(helpers.count)
        actors[helper] = try Actor(
            Actor.Plan(socketPath: stage.socketPath, program: Stage.ownProgram, user: user))
        helpers[user] = helper
        return helper
    }

    private func openingRequest(
        _ actor: Actor, _ number: ProcessNumber
    ) throws -> RequestID {
        RequestID(
            nonce: try openingNonce(of: number), counter: actor.nextCounter(), watermark: 0)
    }

    /// The client instance that asks for what was open. It is none of those that ask later: so many
    /// requests would make the counters of its own stale. One that was known when the bundle begins
    /// counts among the instances of its process as it did.
    private func openingNonce(of number: ProcessNumber) throws -> UInt64 {
        if let nonce = openingNonces[number] { return nonce }
        let known = bundle.start.processes[number]?.clients ?? []
        let silent = known.first { score.owner(of: $0) == nil }
        let room = bundle.start.rules.limits.clientsPerProcess - score.clientCount(of: number)
        guard silent != nil || room > 0 else {
            throw Unperformable("a process with as many clients as it may have")
        }
        let nonce = silent ?? 3 << 62 | number
        openingNonces[number] = nonce
        return nonce
    }

    private func redeem(
        _ record: [UInt8], _ number: ProcessNumber, flags: UInt32, keepAs name: UInt64
    ) throws {
        let actor = try self.actor(number)
        let request = try openingRequest(actor, number)
        var frame: [UInt8] = []
        Request.encodeRedeem(
            counter: request.counter, watermark: request.watermark, flags: flags, record: record,
            program: nil, into: &frame)
        let slot = try slot(actor, number, nonce: request.nonce)
        _ = try actor.ask(slot, frame, counter: request.counter, keepAs: name)
    }
}
