import Coordinator
import Registry
import Transport
import Wire

extension EventLoop {
    /// Whether the socket that came with a message is to be asked for its names before it is
    /// decided. What its client sends after it stays in the queue as long.
    func wantsNames(_ message: inout Inbound) -> Bool {
        // With a surplus it is refused in any case, and its connection ends with this round.
        guard case .success(let request) = message.content, request.bringsSocket,
            !message.hasSurplus, let socket = message.first,
            let cookie = cookie(of: socket)
        else { return false }
        message.cookie = cookie
        let known = coordinator.reading { $0.socket(cookie: cookie)?.identity.family }
        guard let family = known ?? Sockets.family(of: socket.descriptor),
            !Sockets.namesWithoutWait(family: family)
        else { return false }
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
            guard let question = namer.question(inbound[index], quality: quality, at: time),
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
            let (client, answers) = (inbound[index].connection, namer.answers)
            let names = question.names()
            guard succession.end(call) else {
                answers.put(names, to: question, for: client.user.uid)
                return false
            }
            asking = nil
            client.isAsking = false
            inbound[index].names = .known(names)
            let end = Clock.bootMicroseconds()
            if end - time >= SocketNamer.noticedMicroseconds,
                waits == nil || Threads.waitCount != waits
            {
                namer.noteWait(of: client.user.uid, from: time, to: end)
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
        let client = inbound[index].connection
        client.isAsking = false
        guard client.user.parked < roundLimits.requestsInFlightPerUser,
            namer.ask(
                inbound[index], quality: configuration.isStrict, at: Clock.bootMicroseconds())
        else {
            inbound[index].names = .occupied
            return
        }
        inbound.remove(at: index)
        setAside(client)
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
