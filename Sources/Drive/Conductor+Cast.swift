import Registry
import Transport
import Wire

// Who plays, and with which sockets.

extension Conductor {
    func actor(_ number: ProcessNumber) throws -> Actor {
        if let actor = actors[number] {
            guard !actor.isGone else { throw Unperformable("a process that has ended acts") }
            return actor
        }
        guard let identity = score.processes[number] else {
            throw Unperformable("a process that the bundle does not have")
        }
        let actor = try Actor(try plan(identity, isOther: false))
        actors[number] = actor
        comparison.cast(actor.pid, as: number)
        return actor
    }

    /// What a process is made of that stands for one of these labels.
    func plan(_ identity: ProcessIdentity, isOther: Bool) throws -> Actor.Plan {
        let program =
            casting.hasPrograms
            ? try stage.program(casting.program(casting.part(of: identity), isOther: isOther))
            : Stage.ownProgram
        return Actor.Plan(
            socketPath: stage.socketPath, program: program, user: casting.user(identity))
    }

    /// A process that stands for nobody in the history, or for one of whom it has no labels. It
    /// goes with its scene.
    func makeExtra(_ part: Casting.Part? = nil) throws -> Actor {
        let program =
            try part.map { try stage.program(casting.program($0, isOther: false)) }
            ?? Stage.ownProgram
        let actor = try Actor(Actor.Plan(socketPath: stage.socketPath, program: program))
        extras.append(actor)
        return actor
    }

    /// A connection for a request of this id, or for one of which the log has no id.
    func slot(
        _ actor: Actor, _ number: ProcessNumber, _ role: Request.Startup.Role = .peer,
        nonce: UInt64? = nil
    ) throws -> UInt32 {
        try actor.slot(
            Actor.ConnectionKey(nonce: nonce ?? score.nonce(of: number), role: role))
    }

    /// A descriptor of the socket that the actor holds. The socket is made when nobody has it yet,
    /// and comes from whoever has it otherwise.
    func descriptor(of number: SocketNumber, for actor: Actor) throws -> UInt64 {
        guard let identity = score.sockets[number] else {
            throw Unperformable("a socket that the bundle does not have")
        }
        let cookie = identity.cookie
        guard let known = sockets[cookie] else {
            let socket = try props.make(identity)
            let real = try Sockets.cookie(of: socket)
            if (score.lastForeignUse[cookie] ?? -1) > position {
                copies[cookie] = SharedDescriptor(try socket.duplicate())
            }
            sockets[cookie] = RealSocket(cookie: real, identity: identity)
            comparison.equip(real, as: cookie)
            let name = try actor.keep(socket)
            actor.held[cookie, default: []].append(name)
            return name
        }
        if known.identity.local != identity.local || known.identity.remote != identity.remote
            || known.identity.isListening != identity.isListening
        {
            try change(known, to: identity)
        }
        if let name = actor.held[cookie]?.first { return name }
        let name = try actor.keep(try anyDescriptor(of: cookie))
        actor.held[cookie, default: []].append(name)
        return name
    }

    /// Of a socket that somebody still has.
    func anyDescriptor(of cookie: UInt64) throws -> Descriptor {
        if let copy = copies[cookie] { return try copy.descriptor.duplicate() }
        for number in actors.keys.sorted() {
            guard let actor = actors[number], !actor.isGone, let name = actor.held[cookie]?.first
            else { continue }
            return try actor.give(name)
        }
        throw Unperformable("a socket of which nobody has a descriptor any more")
    }

    private func change(_ known: RealSocket, to identity: SocketIdentity) throws {
        let socket = try anyDescriptor(of: identity.cookie)
        try props.change(socket, from: known.identity, to: identity)
        sockets[identity.cookie]?.identity = identity
        let end = Clock.bootMicroseconds() + 2_000_000
        while Sockets.addresses(of: socket).remote != nil, identity.remote == nil,
            Clock.bootMicroseconds() < end
        {
            Clock.sleep(milliseconds: 1)
        }
    }
}
