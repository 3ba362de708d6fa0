import Coordinator
import Logging
import Registry
import Transport
import Wire

extension EventLoop {
    /// Waits for something, then receives until nothing more is ready or the round is full. What
    /// there is no room for stays where it is, and is told of again. False where another thread
    /// leads since.
    func receive(timeout: Int32) throws(Errno) -> Bool {
        var timeout = timeout
        var hasExits = false
        var hasNames = namesAreDue
        repeat {
            resumeAccepting()
            let count = try poller.wait(into: events, timeoutMilliseconds: timeout)
            timeout = 0
            var received = 0
            for index in 0..<count {
                let event = events[index]
                guard tokens.isCurrent(event.token) else { continue }
                switch event.token {
                case listenerToken: acceptConnections()
                case stopToken: stopForGood()
                case signalToken: try readSignals()
                case exitToken: hasExits = true
                case keeperToken: try takeKeeperLoss()
                case endsToken: try takeEnds()
                case reconcileToken: takeFindings()
                case namesToken: hasNames = true
                case deliveryToken: deliveries.found = deliveries.answer.take()
                default:
                    guard let client = connections[event.token.index] else { continue }
                    if client.isParked {
                        stopPolling(client)
                        continue
                    }
                    if !isCrowded, roundHasRoom, hasRoom(for: client.user) {
                        guard let count = receive(from: client) else { return false }
                        received += count
                    } else {
                        if client.user.ready.isEmpty { readyUsers.append(client.user) }
                        client.user.ready.append(client)
                    }
                }
            }
            guard let count = receiveInTurns() else { return false }
            received += count
            if hasNames { received += takeNames() + takeLate() }
            hasNames = false
            if received == 0 { break }
        } while roundHasRoom
        // After the last receive: who is not among these was alive when all of it was received.
        guard hasExits || !inbound.isEmpty else { return true }
        exits += try processes.newExits(at: Clock.bootMicroseconds())
        return true
    }

    private func takeKeeperLoss() throws(Errno) {
        guard let keeper else { return }
        switch keeper.handle {
        case .some(let handle): try poller.remove(handle)
        case nil: break
        }
        noteKeeperLoss()
    }

    private func readSignals() throws(Errno) {
        switch signals {
        case .some(let signals):
            while let signal = try signals.read() {
                if signal == SignalDescriptor.hangUp {
                    reloadConfiguration()
                    continue
                }
                configuration.logger.info("stopping", metadata: ["signal": "\(signal)"])
                stopForGood()
            }
        case nil: break
        }
    }

    private func stopForGood() {
        isStopping = true
        replacesKeeper = false
    }

    // MARK: - Connections

    /// Ends a connection. Its session stays until what it had sent before is decided.
    func disconnect(_ client: ClientConnection) {
        guard !client.isClosed else { return }
        client.isClosed = true
        closing.append(client)
        stopPolling(client)
        // Whoever keeps its message back has the connection as long, and would only close it then.
        if client.isParked { shutDown(client) }
    }

    /// Neither end sends any more, whoever has the other one; what was sent is still received.
    func shutDown(_ client: ClientConnection) {
        do throws(Errno) {
            try client.connection.shutDown()
        } catch {
            configuration.logger.warning("cannot shut a connection down: \(error)")
        }
    }

    func resumePolling(_ client: ClientConnection) {
        guard !client.isPolled, !client.isClosed else { return }
        do throws(Errno) {
            try poller.add(client.connection, token: client.token, interest: .readable)
            client.isPolled = true
        } catch {
            configuration.logger.warning("cannot hear \(client.peer.pid) any more: \(error)")
            disconnect(client)
        }
    }

    private func stopPolling(_ client: ClientConnection) {
        guard client.isPolled else { return }
        client.isPolled = false
        do throws(Errno) {
            try poller.remove(client.connection)
        } catch {
            configuration.logger.warning("cannot forget a connection: \(error)")
        }
    }

    /// At a stop: what clients have sent until here is in their sockets' queues, and is all that is
    /// answered. Otherwise those who ask again as soon as they are answered would put it off for as
    /// long as they like.
    func hearNoMore() {
        isHearingOut = true
        for client in connections.values where !client.isClosed {
            do throws(Errno) {
                try client.connection.hearNoMore()
            } catch {
                configuration.logger.warning("cannot shut a connection down: \(error)")
            }
        }
    }

    /// Forgets the connections that have ended, once all their messages are decided.
    func forgetClosed() {
        for client in ending { disconnect(client) }
        ending.removeAll(keepingCapacity: true)
        for client in closing {
            connections[client.token.index] = nil
            tokens.retire(client.token)
            coordinator.disconnect(client.id)
            client.process.connections -= 1
            forgetIfUnused(client.process)
            client.user.connections -= 1
            noteEnd(of: client)
        }
        closing.removeAll(keepingCapacity: true)
    }

    /// A process that the log does not know is watched only for its connections.
    func forgetIfUnused(_ process: WatchedProcess) {
        guard process.connections == 0,
            number(of: process) == nil
        else { return }
        do throws(Errno) {
            try processes.forget(process)
        } catch {
            configuration.logger.warning("cannot forget process \(process.pid): \(error)")
        }
    }

    // MARK: - Messages

    /// Receives from those who wait for their turn, one connection of each user after the other, so
    /// that each user has a turn before anybody has a second one. Who was served longest ago comes
    /// first: whom this round has no room for are the first of the next. Returns how many messages.
    ///
    /// As long as there is room for all, nobody waits, and the order makes no difference.
    private func receiveInTurns() -> Int? {
        isCrowded = false
        guard !readyUsers.isEmpty else { return 0 }
        let before = inbound.count
        if readyUsers.count > 1 { readyUsers.sort { $0.lastTurn < $1.lastTurn } }
        let share = max(1, roundLimits.requestsInFlight / readyUsers.count)
        while !readyUsers.isEmpty, roundHasRoom {
            for user in readyUsers where roundHasRoom && hasRoom(for: user) {
                guard let client = user.nextReady() else { continue }
                turn += 1
                user.lastTurn = turn
                guard receive(from: client, atMost: share) != nil else { return nil }
            }
            readyUsers.removeAll { user in
                guard user.isServed || !hasRoom(for: user) else { return false }
                endTurns(of: user)
                return true
            }
        }
        for user in readyUsers { endTurns(of: user) }
        readyUsers.removeAll(keepingCapacity: true)
        return inbound.count - before
    }

    private func endTurns(of user: UserShare) {
        if !user.isServed { isCrowded = true }
        user.endTurns()
    }

    private var roundHasRoom: Bool { inbound.count < roundLimits.requestsInFlight }

    func hasRoom(for user: UserShare) -> Bool {
        user.room(inRound: inboundRound, of: roundLimits.requestsInFlightPerUser) > 0
    }

    /// Receives what is there, up to the connection's share. Returns how many messages; nil where
    /// another thread leads since, which cannot be after looks.
    func receive(
        from client: ClientConnection, atMost share: Int = Bounds.messagesPerConnection,
        lookingFirst: Bool = false
    ) -> Int? {
        let room = client.user.room(
            inRound: inboundRound, of: roundLimits.requestsInFlightPerUser)
        return receiveAll(
            from: client, atMost: min(room, share, Bounds.messagesPerConnection),
            lookingFirst: lookingFirst)
    }

    private func receiveAll(
        from client: ClientConnection, atMost share: Int, lookingFirst: Bool
    ) -> Int? {
        guard !client.isClosed, !client.isAsking, !client.isParked, !client.hasSurplus else {
            return 0
        }
        for count in 0..<share {
            let received: Received
            do throws(Errno) {
                guard let next = try receiveNext(from: client, lookingFirst: lookingFirst) else {
                    return nil
                }
                received = next
            } catch .connectionReset {
                // The peer closed without reading its answers. This comes first; what it had sent
                // is still there, and then the end.
                continue
            } catch {
                configuration.logger.warning("cannot receive from \(client.peer.pid): \(error)")
                disconnect(client)
                return count
            }
            switch consume received {
            case .nothing: return count
            case .endOfFile:
                if isHearingOut { stopPolling(client) } else { disconnect(client) }
                return count
            case .message(let message):
                // To look again now would mostly be in vain, and the poller tells of the others.
                if take(Inbound(message, in: buffer, from: client)) { return count + 1 }
            }
        }
        return share
    }

    /// Hears no more from a connection on which more descriptors came than any request has. Where
    /// they are still in its queue they go when the closer closes it.
    private func leave(_ client: ClientConnection) {
        client.hasSurplus = true
        ending.append(client)
        stopPolling(client)
    }

    /// Puts a message on the list of this round. Returns whether its sender is likely to say no
    /// more for now: who asked waits for the answer, and a close is the last of a handoff.
    func take(_ message: Inbound) -> Bool {
        let user = message.connection.user
        user.note(1, inRound: inboundRound)
        if message.hasSurplus { leave(message.connection) }
        if message.isLeft {
            reception.noteLeft(of: user.uid, at: Clock.bootMicroseconds())
        } else if message.hasSurplus || message.isControlTruncated {
            reception.noteClosed(of: user.uid, at: Clock.bootMicroseconds())
        }
        let isAsking = wantsNames(message)
        inbound.append(message)
        if isAsking || message.hasSurplus { return true }
        if case .success(.close) = message.content { return true }
        return message.counter != 0
    }
}
