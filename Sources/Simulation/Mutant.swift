/// A mistake that is made on purpose, to show that the auditor finds it.
///
/// The rules themselves are not touched: each mutant tells them something false, does something
/// else than they said, or takes back what they did, at the seam between the rules and the shell.
package enum Mutant: String, CaseIterable, Sendable {
    case noSingleUse = "no-single-use"
    case bindByNumber = "bind-by-number"
    case consumeOnRefusal = "consume-on-refusal"
    case sendBeforeCommit = "send-before-commit"
    case skipCookie = "skip-cookie"
    case wallClock = "ttl-on-wall-clock"
    case dropEscrowAtReserve = "drop-escrow-at-reserve"
    case repeatExecutesTwice = "repeat-executes-twice"
    case exitDoesNotVoid = "exit-does-not-void"
    case recoveryDelivers = "recovery-delivers"
    case takeBeforeCommit = "take-before-commit"
    case forgetUnwrittenEnds = "forget-unwritten-ends"
    case absenceProves = "absence-proves"
    case releaseWhenCounted = "release-when-counted"
    case anyoneMayHand = "anyone-may-hand"
    case anySecret = "any-secret"
    case othersAreMissing = "others-are-missing"
    case readTwice = "read-twice"

    /// The rules end the program rather than go on with it.
    package var isFatal: Bool { self == .readTwice }

    /// One line for `simulate --list-mutants`.
    package var summary: String {
        switch self {
        case .noSingleUse: "a delivered handoff can be redeemed again"
        case .bindByNumber: "processes are told apart by their pid alone"
        case .consumeOnRefusal: "a refused redemption ends the ticket"
        case .sendBeforeCommit: "answers and descriptors leave before their events are durable"
        case .skipCookie: "a confirm counts whatever cookie it echoes"
        case .wallClock: "lifetimes run on the wall clock"
        case .dropEscrowAtReserve: "escrow ends when the grant is sent, not when it is confirmed"
        case .repeatExecutesTwice: "a request that is repeated is a new one"
        case .exitDoesNotVoid: "the exit of a process is not told to the rules"
        case .recoveryDelivers: "recovery takes every reserved handoff for delivered"
        case .takeBeforeCommit: "recovery takes from the keeper before its start is durable"
        case .forgetUnwrittenEnds:
            "the kernel's words of a batch that could not be written are forgotten"
        case .absenceProves: "a socket that is nowhere to be seen is taken for ended"
        case .releaseWhenCounted: "a socket is released when no descriptor of it is known"
        case .anyoneMayHand: "whoever asks may hand to processes of any user"
        case .anySecret: "a forged ticket is taken for a genuine one"
        case .othersAreMissing: "processes of other users than the coordinator's are taken for none"
        case .readTwice: "the last event is read twice at a start, which ends the program"
        }
    }
}
