import Coordinator
import Logging
import Registry
import Transport
import Wire

// What a client does not receive is in flight at the cost of all others.

extension EventLoop {
    /// Why nothing is granted now, whatever the ticket.
    func refusal(of request: Request, from client: ClientConnection) -> Refusal? {
        guard case .redeem(let redeem) = request else { return nil }
        guard unread.hasRoom(for: client.user, inBatch: batch) else { return .tooManyUnread }
        guard case .ticket(let handoff, _, _, _) = redeem.record else { return nil }
        if unread.hasUnread(handoff, on: client) { return .tooManyUnread }
        return hasBecomeOwn(handoff) ? .coordinatorsOwn : nil
    }

    /// Whether a socket was connected to the coordinator after it had been put into escrow.
    private func hasBecomeOwn(_ handoff: HandoffNumber) -> Bool {
        guard let ownName, let held = escrow[handoff],
            let number = coordinator.reading({ $0.handoffs[handoff]?.socket }),
            coordinator.reading({ $0.sockets[number]?.identity.isUnix }) == true
        else { return false }
        return Sockets.addresses(of: held.socket.descriptor).remote == ownName
    }

    /// A grant that the batch will send, and what a client says of one.
    func noteGrants(_ request: Request, _ reply: Reply, of client: ClientConnection) {
        if case .granted = reply { client.user.promiseGrant(inBatch: batch) }
        switch request {
        case .confirm(let handoff, _, _), .decline(let handoff, _, _):
            client.unansweredGrants.remove(handoff)
        default: break
        }
    }

    func grant(_ answer: Answer, handoff: HandoffNumber, to id: SessionID) {
        guard case .grant(_, let attempt, _) = answer.content else { return }
        guard let client = client(id), let held = escrow[handoff] else {
            return noteUnsent(handoff, attempt: attempt)
        }
        answer.encode(into: &outgoing)
        let frame = outgoing
        do throws(Errno) {
            try client.connection.send(
                frame.span, passing: held.socket.descriptor, wait: false)
            unread.noteSent(handoff, to: client)
        } catch .tooManyReferences {
            noteInFlightLimit()
            coordinator.failDelivery(
                of: handoff, attempt: attempt, counter: answer.counter, to: id, at: now())
        } catch {
            disconnect(client)
            noteUnsent(handoff, attempt: attempt)
        }
    }

    private func noteUnsent(_ handoff: HandoffNumber, attempt: UInt32) {
        coordinator.perform(
            .deliveryFailed(handoff: handoff, actor: nil, attempt: attempt, reason: .unsent),
            at: now())
    }

    private func noteInFlightLimit() {
        guard unread.mayNote(at: Clock.bootMicroseconds()) else { return }
        let most = unread.most()
        configuration.logger.error(
            "the kernel passes no more descriptors until some are received",
            metadata: [
                "most_unread_uid": "\(most.map { String($0.uid) } ?? "none")",
                "unread": "\(most?.unreadGrants ?? 0)",
            ])
    }

    /// A connection that has ended stays open as long as nobody has received what it granted.
    func noteEnd(of client: ClientConnection) {
        do throws(Errno) {
            try unread.noteEnd(of: client, at: Clock.bootMicroseconds())
        } catch {
            configuration.logger.warning("cannot shut a connection down: \(error)")
        }
        forgetIfUnused(client.user)
    }

    func closeRead(at time: Instant) {
        for user in unread.closeRead(at: time.bootMicroseconds) { forgetIfUnused(user) }
    }

    private func forgetIfUnused(_ user: UserShare) {
        if user.connections == 0, user.unreadGrants == 0 { users[user.uid] = nil }
    }

    /// A socket that has descriptors in its queue is refused: they could be anything, and as long
    /// as the socket is held nobody else could close them.
    func withoutQueuedDescriptors(_ socket: SharedDescriptor?, _ fact: SocketFact) -> SocketFact {
        guard let socket, case .socket(let number) = fact,
            coordinator.reading({ $0.sockets[number]?.identity.isUnix }) == true
        else { return fact }
        do throws(Errno) {
            let count = try Sockets.queuedDescriptorCount(of: socket.descriptor)
            return count > 0 ? .carriesDescriptors : fact
        } catch {
            configuration.logger.warning("cannot look at the queue of a socket: \(error)")
            // To look takes a descriptor.
            return .lost
        }
    }
}
