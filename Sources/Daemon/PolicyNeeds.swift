import Coordinator
import Registry
import Transport

/// What the present policy wants to know beyond what every handoff tells: without rules nothing.
struct PolicyNeeds {
    /// Source and target as they are when a handoff is asked for.
    let identities: Bool
    /// The target as it is when it redeems.
    let targetLabels: Bool
    /// Paths of executables that can be relied on.
    let executables: Bool
    /// Which sockets listen.
    let listening: Bool

    init(_ policy: Policy) {
        identities = !policy.rules.isEmpty
        targetLabels = policy.looksAtTargetLabels
        executables = policy.rules.contains {
            !$0.source.executables.isEmpty || !$0.target.executables.isEmpty
        }
        listening = policy.looksAtListening
    }
}

extension EventLoop {
    /// What an exec or a change of ids has made of a process since it was seen.
    func lookAgain(at process: WatchedProcess, for id: SessionID) {
        if coordinator.mayObserve(for: id, at: now()) { observe(process) }
    }

    /// The kernel gives the path of an executable as the process's own mount namespace has it,
    /// where anybody who may make one can put another file. So it counts only when this process
    /// finds the same file there.
    func clearUnprovedExecutable(of identity: inout ProcessIdentity) {
        guard let path = identity.executable else { return }
        let file = SystemFiles.identity(ofFileAt: path)
        if file == nil || file?.device != identity.executableDevice
            || file?.inode != identity.executableInode
        {
            identity.executable = nil
        }
    }
}
