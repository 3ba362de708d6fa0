import Registry

// Who may do what, by the auditor's own model of the rules that the world has.

extension Auditor {
    /// Without other rules a source hands to processes of its own user, and root to all.
    func mayHand(_ source: Int, to target: Int) -> Bool {
        guard let source = processes[source], let target = processes[target] else { return false }
        return source.user == 0 || source.user == target.user
    }

    /// Whether the actor asked for just this, with the record as it was issued.
    func isRightful(_ reserved: Event.Reserved, _ asked: SimulatedRequest?) -> Bool {
        guard let asked, asked.process == process[reserved.actor],
            asked.handoff == reserved.handoff, case .redeem(_, .genuine) = asked.what
        else { return false }
        return true
    }

    /// A duplicate is refused only for a reason that is true.
    mutating func judge(_ refused: Event.RefusedHandoff) {
        let isTrue: Bool =
            switch refused.reason {
            case .notPermitted: isForbidden(refused)
            // It may have begun since, or ended.
            case .noSuchProcess: living(refused.asked.pid) == nil
            case .targetExited: refused.asked.target.map { exited.contains($0) } ?? true
            case .invalidProcessID: refused.asked.pid <= 0
            case .tooManyHandoffs: open.count >= World.Bounds.handoffs
            case .tooManyForUser: openCount(ofUserOf: refused.actor) >= World.Bounds.handoffsPerUser
            case .tooManySockets: sockets.count >= World.Bounds.sockets
            // Nothing in this world is a reason for any other.
            default: false
            }
        if !isTrue {
            report(
                .refusal, "\(key(refused.request)) is refused (\(refused.reason.name)) without that"
            )
        }
    }

    private func isForbidden(_ refused: Event.RefusedHandoff) -> Bool {
        let target = refused.asked.target.flatMap { process[$0] } ?? living(refused.asked.pid)
        // One that ended since can have been of any user.
        guard let source = process[refused.actor], let target else { return true }
        return !mayHand(source, to: target)
    }

    private func openCount(ofUserOf actor: ProcessNumber) -> Int {
        guard let id = process[actor], let user = processes[id]?.user else { return .max }
        return open.count { handoffs[$0]?.user == user }
    }

    /// Who had this number when a decision was made that is committed now, if that is certain.
    private func living(_ pid: Int64) -> Int? {
        livedBefore.first {
            processes[$0]?.isAlive == true && processes[$0]?.pid == Int32(clamping: pid)
        }
    }
}
