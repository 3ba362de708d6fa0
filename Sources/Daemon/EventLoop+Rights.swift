import Coordinator
import Logging
import Registry
import Transport
import Wire

// Rights go with the effective uid of now. A message tells only the real one, and a process can
// give rights up, or get them, while that stays the same.

extension EventLoop {
    /// Whether the log has the present user of whoever asks for what needs a right. False when
    /// nobody can tell any more, or it may not be written.
    func knowsUser(of client: ClientConnection, _ credentials: Peer?) -> Bool {
        let known = user(of: client.process)
        // Without PIDFD_GET_INFO a look costs as much as the rest of the request. Who is known by
        // a real uid that it still has could use its rights in any case, unless they are root's.
        if !features.pidfdInfo, let known, known != 0, known == credentials?.uid { return true }
        return knowsUser(of: client.process, insteadOf: known, for: client.id)
    }

    /// The same of a target, which matters unless root hands over.
    func knowsUser(of target: WatchedProcess, askedBy client: ClientConnection) -> Bool {
        guard user(of: client.process) != 0 else { return true }
        return knowsUser(of: target, insteadOf: user(of: target), for: client.id)
    }

    private func knowsUser(
        of process: WatchedProcess, insteadOf known: UInt32?, for id: SessionID
    ) -> Bool {
        // One that the log does not have is refused as such.
        guard let known else { return true }
        do throws(Errno) {
            if try process.handle.effectiveUID(features: features) == known { return true }
        } catch .noSuchProcess {
            return false
        } catch {
            noteUnseen(process, error)
            return false
        }
        return coordinator.mayObserve(for: id, at: now()) && observe(process)
    }

    /// At the first request of a connection: what an exec has made of its process is written, where
    /// it has changed at all. So connections that come and go cost no look each.
    func seeAgain(_ process: WatchedProcess) {
        let mark = ProcessMark(
            of: process.handle, pid: process.pid, executable: true, path: true, features: features)
        if let mark, let last = process.lastConnectionLook, last.mark == mark,
            last.identity == sharedIdentity(of: process)
        {
            return
        }
        observe(process)
        process.lastConnectionLook = sharedIdentity(of: process).flatMap { identity in
            mark.map { ConnectionLook(mark: $0, identity: identity) }
        }
    }

    /// As the log has it, not copied.
    func sharedIdentity(of process: WatchedProcess) -> Boxed<ProcessIdentity>? {
        coordinator.reading { $0.sharedIdentity(instance: process.instance) }
    }

    private func user(of process: WatchedProcess) -> UInt32? {
        number(of: process).flatMap { user($0) }
    }

    private func user(_ process: ProcessNumber) -> UInt32? {
        coordinator.reading { $0.processes[process]?.identity.effectiveUID }
    }

    /// Root, and the user of the coordinator itself.
    func isAdministrator(_ actor: ProcessNumber?) -> Bool {
        guard let actor, let user = user(actor) else { return false }
        let unmapped = coordinator.reading { $0.rules.policy.unmapped }
        return user == 0 || unmapped.areSameUser(user, HostFacts.effectiveUID())
    }
}

extension Request {
    /// Whether its decision looks at the user of whoever asks.
    var needsRights: Bool {
        switch self {
        case .duplicate, .revoke, .reconcile: true
        case .startup, .redeem, .confirm, .decline, .close, .mark, .select, .resume, .status,
            .receipt:
            false
        }
    }
}
