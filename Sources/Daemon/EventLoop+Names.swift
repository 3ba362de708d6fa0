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
        let quality = configuration.isStrict
        let waits = Threads.waitCount
        var time = Clock.bootMicroseconds()
        // The last ones first: the others keep their places in the list.
        while let index = unasked.popLast() {
            let message = inbound[index]
            guard let question = namer.question(message, quality: quality, at: time),
                !isStopping
            else {
                park(index)
                continue
            }
            asking = NamesCall(index: index, question: question, since: time)
            guard let call = succession.begin() else {
                asking = nil
                park(index)
                continue
            }
            let (user, answers) = (message.connection.user.uid, namer.answers)
            let names = question.names()
            guard succession.end(call) else {
                answers.put(names, to: question, for: user)
                return false
            }
            asking = nil
            message.connection.isAsking = false
            message.names = .known(names)
            let end = Clock.bootMicroseconds()
            if end - time >= SocketNamer.noticedMicroseconds,
                waits == nil || Threads.waitCount != waits
            {
                namer.noteWait(of: user, from: time, to: end)
            }
            time = end
        }
        return true
    }

    /// Leaves the call of the last leader to its thread. Before more is received, so that what is
    /// still to be asked keeps its places.
    func leaveCall() {
        guard let call = asking else { return }
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

    private func setAside(_ client: ClientConnection) {
        client.isAsking = false
        client.isParked = true
        client.user.parked += 1
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
            client.isParked = false
            client.user.parked -= 1
            guard !client.isClosed else {
                // Dropped meanwhile, and with it all that it had sent.
                released += [message.first, message.second].compactMap(\.self)
                continue
            }
            inbound.append(message)
            count += 1
            resumePolling(client)
        }
        return count
    }

    var namesAreDue: Bool {
        namer.nextStep.map { $0 <= Clock.bootMicroseconds() } ?? false
    }
}

/// A call that the leader makes for a message of this round.
struct NamesCall {
    let index: Int
    let question: NameQuestion
    let since: Int64
}

extension Request {
    fileprivate var bringsSocket: Bool {
        switch self {
        case .duplicate, .mark, .select: true
        default: false
        }
    }
}
