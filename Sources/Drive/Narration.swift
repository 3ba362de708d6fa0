import Journal
import Registry
import Winsock

/// Tells events in lines that are the same for the same history: processes, sockets and handoffs by
/// the parts they play, without times, pids, cookies, addresses and numbers.
struct Narration: Sendable {
    private(set) var processes: [ProcessNumber: String] = [:]
    private(set) var sockets: [SocketNumber: String] = [:]
    private(set) var handoffs: [HandoffNumber: String] = [:]
    private var processByInstance: [UInt64: String] = [:]
    private var socketByCookie: [UInt64: String] = [:]

    // MARK: - Names

    /// Gives everything in an event that has none yet the next name of its kind.
    mutating func introduce(_ event: Event) {
        switch event.content {
        case .processSeen(let identity): introduce(identity, as: event.sequence)
        case .socketSeen(let identity): introduce(identity, as: event.sequence)
        case .handoffIssued: name(handoff: event.sequence, "handoff-\(handoffs.count + 1)")
        default: break
        }
    }

    mutating func introduce(_ identity: ProcessIdentity, as number: ProcessNumber) {
        let name =
            processByInstance[identity.instance] ?? "process-\(processByInstance.count + 1)"
        processByInstance[identity.instance] = name
        processes[number] = name
    }

    /// A socket that is forgotten and seen again is the same one.
    mutating func introduce(_ identity: SocketIdentity, as number: SocketNumber) {
        let name = socketByCookie[identity.cookie] ?? "socket-\(socketByCookie.count + 1)"
        socketByCookie[identity.cookie] = name
        sockets[number] = name
    }

    func name(ofCookie cookie: UInt64) -> String? { socketByCookie[cookie] }

    mutating func name(process number: ProcessNumber, _ name: String) { processes[number] = name }
    mutating func name(socket number: SocketNumber, _ name: String) { sockets[number] = name }
    mutating func name(handoff number: HandoffNumber, _ name: String) { handoffs[number] = name }

    private func process(_ number: ProcessNumber?) -> String {
        number.map { processes[$0] ?? "another process" } ?? "no process"
    }

    private func socket(_ number: SocketNumber?) -> String {
        number.map { sockets[$0] ?? "another socket" } ?? "no socket"
    }

    private func handoff(_ number: HandoffNumber?) -> String {
        number.map { handoffs[$0] ?? "another handoff" } ?? "no handoff"
    }

    // MARK: - Lines

    func line(_ event: Event) -> String {
        let words = words(event.content, event.sequence)
        return words.isEmpty ? event.content.kind.name : "\(event.content.kind.name) \(words)"
    }

    private func words(_ content: Event.Content, _ sequence: UInt64) -> String {
        switch content {
        case .processSeen: process(sequence)
        case .processExited(let number, let status): "\(process(number))\(Self.ending(status))"
        case .socketSeen(let identity): "\(socket(sequence)) \(Self.text(identity))"
        case .socketMarked(let number, let actor, let quality):
            "\(socket(number)) by \(process(actor)): \(quality)"
        case .handoffIssued(let issued): words(issued, sequence)
        case .handoffRefused(let refused): words(refused)
        case .handoffReserved(let reserved):
            "\(handoff(reserved.handoff)) by \(process(reserved.actor)), "
                + "attempt \(reserved.attempt), flags \(reserved.flags)"
                + (reserved.program.map { ", program \($0)" } ?? "")
        case .redemptionRefused(let refused):
            "\(handoff(refused.handoff)) by \(process(refused.actor)), "
                + "\(refused.genuine ? "genuine" : "not genuine"): \(refused.reason.name)"
        case .handoffDelivered(let number, let how): "\(handoff(number)) \(how.rawValue)"
        case .deliveryFailed(let number, let reason): "\(handoff(number)): \(reason.rawValue)"
        case .handoffRevoked(let revoked):
            "\(handoff(revoked.handoff)) by \(process(revoked.actor))"
                + (revoked.text.map { ": \($0)" } ?? "")
        case .handoffExpired(let number): handoff(number)
        case .handoffVoided(let number, let reason): "\(handoff(number)): \(reason.rawValue)"
        case .descriptorClosed(let owner, let number, let how):
            "\(socket(number)) of \(process(owner)) by \(how.rawValue)"
        case .socketReleased(let number, let how): "\(socket(number)) \(how.rawValue)"
        case .notificationSelected(let actor, let number, let mask):
            "\(socket(number)) by \(process(actor)), mask \(mask)"
        case .notificationCancelled(let actor, let number, let mask, let by):
            "\(socket(number)) of \(process(actor)), mask \(mask), by \(process(by))"
        case .requestRefused(let refused): words(refused)
        default: words(ofCoordinator: content)
        }
    }

    private func words(ofCoordinator content: Event.Content) -> String {
        switch content {
        case .coordinatorRecovered(let found):
            "held \(found.held), matched \(found.matched), lost \(found.lost)"
        case .configurationChanged(_, let text): Self.words(Rules(text: text))
        case .requestsSuppressed(let suppressed): suppressed.reason.name
        default: ""
        }
    }

    /// What is the same wherever it is performed: not of whom a rule speaks.
    private static func words(_ rules: Rules) -> String {
        let names = rules.policy.rules.map { "\($0.allows ? "allow" : "deny") \($0.name)" }
        return (["strict=\(rules.isStrict)"] + names).joined(separator: ", ")
    }

    private func words(_ issued: Event.Issued, _ sequence: UInt64) -> String {
        "\(handoff(sequence)) of \(socket(issued.socket)) from \(process(issued.actor)) to "
            + "\(process(issued.target)), form \(issued.form.letter), catalog \(issued.catalog), "
            + "protocol \(issued.protocolNumber), services \(issued.services), "
            + "flags \(issued.flags)\(issued.lifetime == nil ? "" : ", limited")"
    }

    private func words(_ refused: Event.RefusedHandoff) -> String {
        "\(socket(refused.asked.socket)) from \(process(refused.actor)) to "
            + "\(process(refused.asked.target)), form \(refused.asked.form.letter), "
            + "flags \(refused.asked.flags): \(refused.reason.name)"
            + (refused.rule.map { " \($0)" } ?? "")
    }

    private func words(_ refused: Event.RefusedRequest) -> String {
        var text = "\(refused.what.rawValue) by \(process(refused.actor))"
        if let number = refused.handoff { text += " for \(handoff(number))" }
        if refused.pid != nil { text += " from a stranger" }
        return "\(text): \(refused.reason.name)"
    }

    private static func text(_ identity: SocketIdentity) -> String {
        var text = "family \(identity.family) type \(identity.type)"
        text += " protocol \(identity.protocolNumber)"
        if identity.local != nil { text += ", named" }
        if identity.remote != nil { text += ", connected" }
        return text
    }

    /// A status that nobody could tell says nothing, so it is left out: `alike` compares it.
    private static func ending(_ status: Int32?) -> String {
        guard let status else { return "" }
        // Whether there was a core dump is the host's affair.
        return status & 0x7f == 0 ? ", code \((status >> 8) & 0xff)" : ", signal \(status & 0x7f)"
    }

    /// Whether two lines tell the same. Whose parent reaped late has an exit without a status.
    static func alike(_ recorded: (Event, String), _ now: (Event, String)) -> Bool {
        if recorded.1 == now.1 { return true }
        guard case .processExited(_, let first) = recorded.0.content,
            case .processExited(_, let second) = now.0.content, first == nil || second == nil
        else { return false }
        return recorded.1.split(separator: ",").first == now.1.split(separator: ",").first
    }
}
