import Coordinator
import Logging
import Registry
import Transport

extension EventLoop.Bounds {
    /// Descriptors that wait for their close, beyond which nobody new is let in: whoever is refused
    /// a connection leaves some of them, and they are descriptors until then.
    static let closesPending = 2048
    static let acceptPauseMicroseconds: Int64 = 5_000
}

extension EventLoop {
    func acceptConnections() {
        regainSpare()
        for _ in 0..<Bounds.acceptsPerRound {
            guard closer.pendingCount <= Bounds.closesPending else { return pauseAccepting() }
            do throws(Errno) {
                guard let accepted = try listener.accept() else { return }
                let peer = accepted.peer
                add(accepted.takeConnection(), peer: peer)
            } catch .tooManyOpenFiles, .tooManyOpenFilesInSystem {
                guard dropOneConnection() else { return }
            } catch {
                configuration.logger.warning("cannot take a connection: \(error)")
            }
        }
    }

    /// Who waits stays in the listener's queue, of which the poller would tell without end.
    private func pauseAccepting() {
        listen(for: .none)
        acceptsAgain = Clock.bootMicroseconds() + Bounds.acceptPauseMicroseconds
    }

    func resumeAccepting() {
        // One that stops listens no more.
        guard let again = acceptsAgain, Clock.bootMicroseconds() >= again, !isStopping else {
            return
        }
        acceptsAgain = nil
        listen(for: .readable)
    }

    private func listen(for interest: Poller.Interest) {
        do throws(Errno) {
            try poller.modify(listener, token: listenerToken, interest: interest)
        } catch {
            // It has been registered all the time, so that this takes no memory.
            preconditionFailure("a registered listener can be modified: \(error)")
        }
    }

    private func add(_ connection: consuming Connection, peer: Peer) {
        do throws(Errno) {
            try admit(connection, peer: peer)
        } catch .tooManyOpenFiles, .tooManyOpenFilesInSystem {
            noteDropped(peer)
        } catch {
            configuration.logger.warning("cannot take a connection: \(error)")
        }
    }

    private func admit(_ connection: consuming Connection, peer: Peer) throws(Errno) {
        let process = try processes.watch(try connection.peerProcess(), features: features)
        let token = tokens.make()
        let id = SessionID(index: Int(token.index), generation: token.generation)
        guard coordinator.connect(id, uid: peer.uid) || giveUpConnection(for: id, peer) else {
            tokens.retire(token)
            forgetIfUnused(process)
            return recordRefusedConnection(of: peer, .tooManyConnections)
        }
        let user = users[peer.uid] ?? UserShare(uid: peer.uid)
        let client = ClientConnection(
            connection: connection, id: id, peer: peer, process: process, user: user, token: token)
        do throws(Errno) {
            try poller.add(client.connection, token: token, interest: .readable)
        } catch {
            coordinator.disconnect(id)
            tokens.retire(token)
            forgetIfUnused(process)
            throw error
        }
        process.connections += 1
        user.connections += 1
        users[peer.uid] = user
        connections[token.index] = client
    }

    /// Ends a connection of the user who has most of them, so that this user has one too.
    private func giveUpConnection(for id: SessionID, _ peer: Peer) -> Bool {
        guard let given = coordinator.connectionToGiveUp(for: peer.uid),
            let client = connections[UInt32(given.index)], client.id == given
        else { return false }
        disconnect(client)
        // At once: what it has sent is not looked at any more, and its client asks again.
        coordinator.disconnect(given)
        recordRefusedConnection(of: client.peer, .tooManyConnections)
        return coordinator.connect(id, uid: peer.uid)
    }

    /// Closing it is the answer; the log says why.
    func recordRefusedConnection(of peer: Peer, _ reason: Refusal) {
        guard
            coordinator.admission.mayRecordRefusal(
                uid: peer.uid, reason: reason, at: Clock.bootMicroseconds())
        else { return }
        let refused = Event.RefusedRequest(
            actor: nil, what: .startup, pid: peer.pid, uid: peer.uid, reason: reason)
        coordinator.perform(.refuse(refused), at: now())
    }

    // MARK: - No descriptor left

    /// With no descriptor left, a waiting connection would keep the poller busy for ever: the spare
    /// one is given up to take it and close it. False when that could not be done, so that the rest
    /// of the loop has its turn before the next try.
    private func dropOneConnection() -> Bool {
        guard spare != nil else { return false }
        spare = nil
        var dropped: Peer?
        do throws(Errno) {
            // The closer closes it: the spare one is asked back in the next round.
            dropped = try listener.accept()?.peer
        } catch {
            configuration.logger.error("cannot drop a connection: \(error)")
        }
        guard let dropped else { return false }
        noteDropped(dropped)
        return true
    }

    private func regainSpare() {
        guard spare == nil else { return }
        do throws(Errno) {
            spare = try Descriptor.spare()
        } catch {
            noteOnce("no descriptor can be kept for when none is left: \(error)")
        }
    }

    private func noteDropped(_ peer: Peer) {
        noteOnce("no descriptors left: a connection was dropped")
        recordRefusedConnection(of: peer, .descriptorLimit)
    }

    /// A process could not be looked at. Whoever asks, and cannot be looked at for want of a
    /// descriptor, is refused for that.
    func noteUnseen(_ process: WatchedProcess, _ error: Errno) {
        if error == .tooManyOpenFiles || error == .tooManyOpenFilesInSystem {
            lacksDescriptors = true
        }
        noteOnce("cannot look at process \(process.pid): \(error)")
    }

    /// At most once a second: whoever floods us does not flood the service's log.
    func noteOnce(_ text: String) {
        let now = Clock.bootMicroseconds()
        if let droppedNoticed, now - droppedNoticed < 1_000_000 { return }
        droppedNoticed = now
        configuration.logger.error("\(text)")
    }
}

extension Descriptor {
    /// A descriptor that serves no purpose but to be given up.
    static func spare() throws(Errno) -> Descriptor { try SystemFiles.nullDevice() }
}
