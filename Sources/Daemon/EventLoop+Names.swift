import Coordinator
import Registry
import Transport
import Wire

extension EventLoop {
    /// Whether a message is kept back until its socket has been asked for its names. What its
    /// client sends after it stays in the queue as long.
    func parks(_ message: inout Inbound) -> Bool {
        // With a surplus it is refused in any case, and its connection ends with this round.
        guard case .success(let request) = message.content, request.bringsSocket,
            !message.hasSurplus, let socket = message.first,
            let family = Sockets.family(of: socket.descriptor),
            !Sockets.namesWithoutWait(family: family)
        else { return false }
        let client = message.connection
        let (time, cookie) = (Clock.bootMicroseconds(), cookie(of: socket))
        if let cookie, namer.isFresh(cookie, at: time), let names = settledNames(cookie, socket) {
            message.names = .known(names)
            return false
        }
        guard client.user.parked < roundLimits.requestsInFlightPerUser, let cookie,
            namer.ask(message, socket, cookie: cookie, quality: configuration.isStrict, at: time)
        else {
            message.names = .occupied
            return false
        }
        client.isParked = true
        client.user.parked += 1
        return true
    }

    /// The names of a socket as the log has them, where they change only if it is taken apart: it
    /// listens, or is connected, as it did. Sockets with many handoffs are such ones, and to ask
    /// each time would cost a tenth of a handoff.
    private func settledNames(_ cookie: UInt64, _ socket: SharedDescriptor) -> SocketNames? {
        guard !configuration.isStrict,
            let known = coordinator.reading({ $0.socket(cookie: cookie)?.identity }), known.isTCP,
            known.isListening || known.remote != nil,
            Sockets.isListening(socket.descriptor) == known.isListening
        else { return nil }
        return SocketNames(local: known.local, remote: known.remote)
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

extension Request {
    fileprivate var bringsSocket: Bool {
        switch self {
        case .duplicate, .mark, .select: true
        default: false
        }
    }
}
