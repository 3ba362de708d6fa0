import Coordinator
import Registry
import Transport
import Wire

extension EventLoop {
    /// Whether the socket that came with a message is to be asked for its names before it is
    /// decided. What its client sends after it stays in the queue as long.
    func wantsNames(_ message: Inbound) -> Bool {
        // With a surplus it is refused in any case, and its connection ends with this round.
        guard case .success(let request) = message.content, request.bringsSocket,
            !message.hasSurplus, let socket = message.first,
            let cookie = cookie(of: socket)
        else { return false }
        message.cookie = cookie
        message.connection.isAsking = true
        unasked.append(inbound.count)
        return true
    }

    /// Asks the sockets of this round for their names. False where one kept this thread waiting,
    /// so that another one leads since.
    func askNames() -> Bool {
        guard !unasked.isEmpty else { return true }
        let answers = namer.answers
        var waits = Threads.waitCount
        // The last ones first: the others keep their places in the list.
        while let index = unasked.popLast() {
            guard !isStopping, let call = startAsking(index) else {
                park(index)
                continue
            }
            // Only what no other thread misses is held across the call.
            let (question, uid) = (call.question, call.uid)
            let names = question.names()
            guard succession.end(call.number) else {
                answers.put(names, to: question, for: uid)
                return false
            }
            asking = nil
            inbound[index].connection.isAsking = false
            inbound[index].names = .known(names)
            let end = Clock.bootMicroseconds()
            guard end - call.since >= SocketNamer.noticedMicroseconds else { continue }
            let count = Threads.waitCount
            if count == nil || count != waits {
                namer.noteWait(of: uid, from: call.since, to: end)
            }
            waits = count
        }
        return true
    }

    /// Nil where that is not for this thread.
    private func startAsking(_ index: Int) -> NamesCall? {
        let message = inbound[index]
        let time = Clock.bootMicroseconds()
        guard let question = namer.question(message, quality: configuration.isStrict, at: time)
        else { return nil }
        var call = NamesCall(
            index: index, question: question, uid: message.connection.user.uid, since: time)
        // Before the call begins: whoever takes over looks here.
        asking = call
        guard let number = succession.begin() else {
            asking = nil
            return nil
        }
        call.number = number
        return call
    }

    /// Leaves the call of the last leader to its thread: one for names, or else a receive. Before
    /// more is received, so that what is still to be asked keeps its places.
    func leaveCall() {
        guard let call = asking else { return leaveReceiving() }
        asking = nil
        let message = inbound.remove(at: call.index)
        setAside(message.connection)
        namer.leave(call.question, to: message, since: call.since, at: Clock.bootMicroseconds())
    }

    /// What is not to be asked on this thread, here where no other one could go on.
    func parkUnasked() {
        while let index = unasked.popLast() { park(index) }
    }

    /// Has a thread ask for the names, and keeps the message back until it has.
    private func park(_ index: Int) {
        let message = inbound[index]
        message.connection.isAsking = false
        if let family = message.first.flatMap({ Sockets.family(of: $0.descriptor) }),
            Sockets.namesWithoutWait(family: family)
        {
            return
        }
        guard message.connection.user.parked < roundLimits.requestsInFlightPerUser,
            namer.ask(message, quality: configuration.isStrict, at: Clock.bootMicroseconds())
        else {
            message.names = .occupied
            return
        }
        inbound.remove(at: index)
        setAside(message.connection)
    }

    func setAside(_ client: ClientConnection) {
        client.isAsking = false
        client.isParked = true
        client.user.parked += 1
    }

    func takeBack(_ client: ClientConnection) {
        client.isParked = false
        client.user.parked -= 1
    }

    /// What a connection brought that was dropped meanwhile, and with it all that it had sent.
    func release(_ message: Inbound) {
        released += [message.first, message.second].compactMap(\.self)
    }

    private func cookie(of socket: SharedDescriptor) -> UInt64? {
        do throws(Errno) {
            return try Sockets.cookie(of: socket.descriptor)
        } catch {
            return nil
        }
    }

    /// Puts the messages that are kept back no longer on the list of this round; how many.
    func takeNames() -> Int {
        let messages = namer.take(at: Clock.bootMicroseconds())
        released += namer.released
        namer.released.removeAll(keepingCapacity: true)
        var count = 0
        for message in messages {
            let client = message.connection
            takeBack(client)
            guard !client.isClosed else {
                release(message)
                continue
            }
            inbound.append(message)
            count += 1
            resumePolling(client)
        }
        return count
    }

    var namesAreDue: Bool {
        let next = min(namer.nextStep ?? .max, reception.nextStep ?? .max)
        return next < .max && next <= Clock.bootMicroseconds()
    }
}

/// A call that the leader makes for a message of this round.
struct NamesCall {
    let index: Int
    let question: NameQuestion
    let uid: UInt32
    let since: Int64
    /// Of the call, as `Succession` counts; whoever takes over does not need it.
    var number: UInt64 = 0
}

extension Request {
    fileprivate var bringsSocket: Bool {
        switch self {
        case .duplicate, .mark, .select: true
        default: false
        }
    }
}
