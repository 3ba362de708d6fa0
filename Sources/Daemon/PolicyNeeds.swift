import Coordinator
import Registry
import Transport
import Wire

/// What the present policy wants to know beyond what every handoff tells: without rules nothing.
struct PolicyNeeds {
    /// Source and target as they are when a handoff is asked for, and the target as it is when it
    /// redeems: its user counts also where no rule names the target.
    let identities: Bool
    /// Paths of executables that can be relied on.
    let executables: Bool
    /// Which sockets listen.
    let listening: Bool

    init(_ policy: Policy) {
        identities = !policy.rules.isEmpty
        executables = policy.rules.contains {
            !$0.source.executables.isEmpty || !$0.target.executables.isEmpty
        }
        listening = policy.looksAtListening
    }

    /// Whether whoever asks this is looked at again before it is decided.
    func includeSender(of request: Request) -> Bool {
        switch request {
        case .duplicate: return identities
        case .redeem(let redeem):
            guard case .ticket = redeem.record else { return false }
            return identities
        case .startup, .confirm, .decline, .close, .revoke, .mark, .select, .resume, .status,
            .reconcile, .receipt:
            return false
        }
    }
}

/// What came of a look at a process that the log has already.
enum Look {
    /// The log has it as it is now.
    case known
    case gone
    /// It cannot be looked at, or what it is now may not be written: nothing may be decided about
    /// it, least of all by what it was before.
    case unknown
}

/// A file that processes execute, and the name by which they do.
struct Executable: Hashable {
    let path: [UInt8]
    let device: UInt64?
    let inode: UInt64?

    /// The path is long, and the rest mostly tells files apart.
    func hash(into hasher: inout Hasher) { hasher.combine(inode) }
}

/// The bounds of a round by the present configuration, where the loop has them at hand.
struct RoundLimits {
    let requestsInFlight: Int
    let requestsInFlightPerUser: Int

    init(_ limits: AdmissionLimits) {
        requestsInFlight = limits.requestsInFlight
        requestsInFlightPerUser = limits.requestsInFlightPerUser
    }
}

extension EventLoop {
    /// Takes over what the rules in force say about the loop itself.
    func adopt(_ rules: Rules) {
        configuration.takeRecorded(rules)
        policyNeeds = PolicyNeeds(rules.policy)
        roundLimits = RoundLimits(rules.admission)
    }

    /// Whoever asks, where the rules look at it.
    func lookAgain(at client: ClientConnection, for request: Request) -> Look {
        guard policyNeeds.includeSender(of: request), number(of: client.process) != nil else {
            return .known
        }
        return lookAgain(at: client.process, for: client.id)
    }

    /// What an exec or a change of ids has made of a process since it was seen. Who has not changed
    /// leaves nothing to write, and so needs no leave to.
    func lookAgain(at process: WatchedProcess, for id: SessionID) -> Look {
        // Of what was not proved the log does not have the path.
        let wasProved = process.lastLook?.identity.wrappedValue.executable != nil
        let mark = ProcessMark(
            of: process.handle, pid: process.pid, executable: policyNeeds.executables,
            path: policyNeeds.executables && process.lastLook != nil && !wasProved,
            features: features)
        if let mark, isUnchanged(process, mark) { return .known }
        guard let identity = look(at: process) else {
            return process.handle.hasExited() ? .gone : .unknown
        }
        if sharedIdentity(of: process)?.wrappedValue != identity {
            guard coordinator.mayObserve(for: id, at: now()) else { return .unknown }
            coordinator.perform(.observeProcess(identity), at: now())
        }
        guard let known = sharedIdentity(of: process), known.wrappedValue == identity else {
            return .unknown
        }
        process.lastLook = mark.map {
            CompleteLook(mark: $0, identity: known, provesExecutable: policyNeeds.executables)
        }
        return .known
    }

    /// Whether a look would find what the last one found, and the log has.
    private func isUnchanged(_ process: WatchedProcess, _ mark: ProcessMark) -> Bool {
        guard let last = process.lastLook, last.mark == mark,
            last.provesExecutable == policyNeeds.executables,
            last.identity == sharedIdentity(of: process)
        else { return false }
        guard last.provesExecutable else { return true }
        // What could not be proved then may be proved now, though the process has not changed; and
        // what was, no longer, when a directory above the file is another one.
        let identity = last.identity.wrappedValue
        // Where none is named, then as now, nothing can be proved.
        guard let path = identity.executable ?? mark.path else { return true }
        let isProved = isAtItsPath(
            Executable(
                path: path, device: identity.executableDevice, inode: identity.executableInode))
        return isProved == (identity.executable != nil)
    }

    /// Whether the path of an executable still names that file. Many who ask in one round mostly
    /// execute the same, and all of their messages had been received before the first of them was
    /// decided.
    private func isAtItsPath(_ executable: Executable) -> Bool {
        if let known = executablesOfRound[executable] { return known }
        let file = SystemFiles.identity(ofExecutableAt: executable.path)
        let isThere =
            file.map { $0.device == executable.device && $0.inode == executable.inode } ?? false
        executablesOfRound[executable] = isThere
        return isThere
    }
}
