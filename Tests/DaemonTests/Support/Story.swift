import Journal
import Registry
import Testing

@testable import Transport

/// Compares line by line, so that a failure shows what was told instead.
func expectStory(
    _ told: some Sequence<String>, _ expected: [String],
    location: SourceLocation = #_sourceLocation
) {
    let told = Array(told)
    #expect(told == expected, sourceLocation: location)
}

/// Tells a log in lines that are the same each time: processes by the names of the test's peers,
/// sockets and handoffs by numbers in the order in which they appear.
struct Story {
    private let peerNames: [Int32: String]
    private var processes: [UInt64: String] = [:]
    private var sockets: [UInt64: Int] = [:]
    private var handoffs: [UInt64: Int] = [:]

    init(peers: [PeerProcess]) {
        peerNames = Dictionary(peers.map { ($0.pid, $0.name) }, uniquingKeysWith: { $1 })
    }

    /// Everything but the events that begin every log.
    func lines(_ events: [Event]) -> [String] {
        var story = self
        let lines = Self.ordered(events).map {
            story.line($0.content, sequence: $0.sequence)
        }
        let start = [
            "log.opened", "boot.observed", "configuration.changed", "coordinator.started 1",
        ]
        return lines.starts(with: start) ? Array(lines.dropFirst(start.count)) : lines
    }

    /// With each release where Baton knew of no descriptor any more: the kernel tells of it a
    /// moment later.
    static func ordered(_ events: [Event]) -> [Event] {
        var registry = Registry()
        var places: [UInt64: Int] = [:]
        var ordered: [Event] = []
        var released: [Int: [Event]] = [:]
        var moved: Set<UInt64> = []
        for (index, event) in events.enumerated() {
            let before = registry.unheldSockets
            registry.apply(event)
            if case .socketSeen = event.content { continue }
            if registry.unheldSockets > before {
                for socket in registry.sockets.values where socket.isUnheld {
                    places[socket.number] = places[socket.number] ?? index
                }
            } else if registry.unheldSockets < before {
                for socket in registry.sockets.values where !socket.isUnheld {
                    places[socket.number] = nil
                }
            }
            guard case .socketReleased(let socket, .kernel) = event.content,
                var place = places.removeValue(forKey: socket)
            else { continue }
            // A registration that ends with the last descriptor does so in the same step.
            while case .notificationCancelled(_, socket, _, _) = events[place + 1].content {
                place += 1
            }
            released[place, default: []].append(event)
            moved.insert(event.sequence)
        }
        for (index, event) in events.enumerated() {
            if !moved.contains(event.sequence) { ordered.append(event) }
            ordered += released[index] ?? []
        }
        return ordered
    }

    private mutating func line(_ content: Event.Content, sequence: UInt64) -> String {
        let text = details(content, sequence: sequence)
        return text.isEmpty ? content.kind.name : "\(content.kind.name) \(text)"
    }

    private mutating func details(_ content: Event.Content, sequence: UInt64) -> String {
        switch content {
        case .coordinatorStarted(_, let epoch), .coordinatorStopped(_, let epoch): "\(epoch)"
        case .coordinatorRecovered(let found):
            "held \(found.held), matched \(found.matched), lost \(found.lost)"
        case .processSeen(let identity): seen(identity, sequence)
        case .processExited(let process, let status):
            "\(name(process)) \(status.map(Self.text) ?? "")"
        case .socketSeen:
            seenSocket(sequence)
        case .socketMarked(let socket, let actor, let quality):
            "\(name(socket: socket)) by \(name(actor)): \(quality)"
        case .handoffIssued(let issued): seenHandoff(issued, sequence)
        case .handoffRefused(let refused): "\(name(refused.actor)): \(refused.reason.name)"
        case .handoffReserved(let reserved):
            "\(name(handoff: reserved.handoff)) by \(name(reserved.actor)), "
                + "attempt \(reserved.attempt)"
        case .redemptionRefused(let refused):
            "\(refused.handoff.map { "\(name(handoff: $0)) " } ?? "")"
                + "by \(name(refused.actor)): \(refused.reason.name)"
        case .handoffDelivered(let handoff, let how): "\(name(handoff: handoff)) \(how.rawValue)"
        case .deliveryFailed(let handoff, let reason):
            "\(name(handoff: handoff)): \(reason.rawValue)"
        case .handoffRevoked(let revoked):
            "\(name(handoff: revoked.handoff)) by \(name(revoked.actor))"
                + (revoked.text.map { ": \($0)" } ?? "")
        case .handoffExpired(let handoff): name(handoff: handoff)
        case .handoffVoided(let handoff, let reason):
            "\(name(handoff: handoff)): \(reason.rawValue)"
        case .descriptorClosed(let process, let socket, let how):
            "\(name(socket: socket)) of \(name(process)) by \(how.rawValue)"
        // What other processes the host has is no part of it.
        case .reconcileFound(let found): String(found.split(separator: " unseen=")[0])
        case .socketReleased(let socket, let how): "\(name(socket: socket)) \(how.rawValue)"
        case .notificationSelected(let actor, let socket, let mask):
            "\(name(socket: socket)) by \(name(actor)), mask \(mask)"
        case .notificationCancelled(let actor, let socket, let mask, let by):
            "\(name(socket: socket)) of \(name(actor)), mask \(mask), by \(name(by))"
        case .requestRefused(let refused): text(refused)
        case .requestsSuppressed(let suppressed): "uid \(suppressed.uid): \(suppressed.reason.name)"
        case .keeperLost(let found): found
        default: ""
        }
    }

    private func text(_ refused: Event.RefusedRequest) -> String {
        var text = "\(refused.what.rawValue)"
        if let actor = refused.actor { text += " of \(name(actor))" }
        if let pid = refused.pid { text += " of \(peerNames[pid] ?? "a stranger")" }
        if let uid = refused.uid { text += " of uid \(uid)" }
        return "\(text): \(refused.reason.name)"
    }

    private static func text(_ status: Int32) -> String {
        switch ExitStatus(rawStatus: status) {
        case .code(let code): "code \(code)"
        case .signal(let signal): "signal \(signal)"
        case nil: "status \(status)"
        }
    }

    // MARK: - Names

    private mutating func seen(_ identity: ProcessIdentity, _ sequence: UInt64) -> String {
        let name =
            peerNames[identity.pid] ?? (identity.pid == HostFacts.ownPID() ? "test" : "other")
        processes[sequence] = name
        return name
    }

    private mutating func seenSocket(_ sequence: UInt64) -> String {
        sockets[sequence] = sockets.count + 1
        return name(socket: sequence)
    }

    private mutating func seenHandoff(_ issued: Event.Issued, _ sequence: UInt64) -> String {
        handoffs[sequence] = handoffs.count + 1
        return "\(name(handoff: sequence)) of \(name(socket: issued.socket)) "
            + "from \(name(issued.actor)) to \(name(issued.target))"
    }

    private func name(_ process: UInt64) -> String { processes[process] ?? "?" }
    private func name(socket: UInt64) -> String { "socket-\(sockets[socket] ?? 0)" }
    private func name(handoff: UInt64) -> String { "handoff-\(handoffs[handoff] ?? 0)" }
}
