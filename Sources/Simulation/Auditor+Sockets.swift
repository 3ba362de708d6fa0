import Registry

/// One socket, as the log has it.
struct AuditedSocket {
    let cookie: UInt64
    let kind: Action.SocketKind
    var openHandoffs = 0
    /// How many descriptors of it each process is known to have, and the moment at which the
    /// latest became known.
    var holders: [Int: (count: Int, since: Int)] = [:]
    var wasHeld = false

    var isUnheld: Bool { openHandoffs == 0 && holders.isEmpty }
}

extension Auditor {
    // MARK: - What happens in the world

    /// A process closes a descriptor and says so.
    mutating func toldClose(_ holding: Holding) { toldCloses[holding, default: 0] += 1 }

    /// A process without the socket receives it.
    mutating func gained(_ holding: Holding) { lacked[holding] = moment }

    /// Nobody has the socket any more, and nobody ever will.
    mutating func ended(_ cookie: UInt64, isHeard: Bool) {
        gone.insert(cookie)
        if isHeard { unreleased[cookie] = (nil, 0) } else { unheard.insert(cookie) }
    }

    /// After a round that was written: what ended a while ago, and is known to be nobody's, must
    /// be released soon.
    mutating func checkEnds(at time: Int64) {
        for cookie in unreleased.keys.sorted() {
            guard let ended = unreleased[cookie] else { continue }
            guard isHeard(cookie), let socket = sockets.values.first(where: { $0.cookie == cookie })
            else {
                unreleased[cookie] = nil
                continue
            }
            guard socket.isUnheld else { continue }
            let since = ended.since ?? time
            let isLate = time - since > Self.patience
            unreleased[cookie] = (since, isLate ? ended.rounds + 1 : 0)
            if ended.rounds >= Self.patientRounds {
                report(.release, "the socket \(cookie) has ended, and is not released")
            }
        }
    }

    /// Longer than a coordinator lets the end of a socket wait, in microseconds and rounds.
    private static let patience: Int64 = 500_000
    private static let patientRounds = 4

    mutating func lostKeeper() { isKeeperLossUntold = true }

    /// What it knew and had not written is lost with it.
    mutating func lostCoordinator() {
        isKeeperLossUntold = false
        for cookie in gone where World.kind(of: cookie, kinds) != .unix { unheard.insert(cookie) }
    }

    /// Whether somebody could know that the socket has ended.
    func isHeard(_ cookie: UInt64) -> Bool {
        gone.contains(cookie) && !unheard.contains(cookie)
    }

    // MARK: - What is in the log

    mutating func readSocket(_ identity: SocketIdentity, _ number: SocketNumber) {
        cookies[number] = identity.cookie
        sockets[number] = AuditedSocket(
            cookie: identity.cookie, kind: World.kind(of: identity.cookie, kinds))
    }

    mutating func opened(_ socket: SocketNumber, by process: Int, isSource: Bool) {
        sockets[socket]?.wasHeld = true
        let known = sockets[socket]?.holders[process]
        if isSource, known != nil { return }
        sockets[socket]?.holders[process] = ((known?.count ?? 0) + 1, moment)
    }

    mutating func readClose(
        by number: ProcessNumber, of socket: SocketNumber, _ how: CloseProof
    ) {
        guard let id = process[number], let known = sockets[socket]?.holders[id],
            let cookie = sockets[socket]?.cookie
        else {
            return report(.close, "a descriptor of \(socket) is closed that nobody knew of")
        }
        let holding = Holding(process: id, cookie: cookie)
        closed.insert(holding)
        sockets[socket]?.holders[id] = known.count > 1 ? (known.count - 1, known.since) : nil
        let isTrue: Bool
        switch how {
        case .closesocket, .cleanup:
            isTrue = toldCloses[holding, default: 0] > 0
            toldCloses[holding, default: 1] -= 1
        case .exit: isTrue = exited.contains(number)
        case .observed:
            let isWithout = processes[id]?.descriptors[World.socket(of: cookie)] == nil
            isTrue = isWithout || lacked[holding, default: -1] >= known.since
        }
        if !isTrue {
            report(.close, "process \(id) has the socket \(cookie), closed by \(how.rawValue)")
        }
    }

    mutating func readRelease(of number: SocketNumber, _ how: ReleaseProof) {
        guard let socket = sockets.removeValue(forKey: number) else {
            return report(.release, "\(number) is released, and was not known")
        }
        if !socket.isUnheld {
            report(.release, "\(number) is released with known descriptors or handoffs")
        }
        switch how {
        case .kernel, .observed:
            if !gone.contains(socket.cookie) {
                report(.release, "somebody has the socket \(socket.cookie), which is released")
            }
        case .counted:
            let others = sockets.values.count { $0.isUnheld }
            if socket.wasHeld, socket.kind != .foreign, others < World.Bounds.unheldSockets {
                report(.release, "\(number) is counted out, and its end would be told")
            }
        }
    }
}
