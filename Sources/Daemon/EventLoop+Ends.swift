import Coordinator
import Logging
import Registry
import Transport

extension EventLoop {
    enum EndBounds {
        /// Words of the kernel that are taken in one go, of all sockets of the host.
        static let wordsPerRound = 1024
        /// How long the end of a socket with known descriptors waits, so that a close that its
        /// process told comes first, and for more of its kind: to find who had them takes a look at
        /// all descriptors.
        static let endMicroseconds: Int64 = 100_000
        /// Ends that are written in one round.
        static let endsPerRound = 256
        /// How often Unix sockets are asked for, and how many in one go: some 5 ms, so that whoever
        /// has thousands of them slows nobody down, and waits seconds for their ends.
        static let unixMicroseconds: Int64 = 250_000
        static let unixPerRound = 256
        /// How long the kernel is listened to after the last socket that is tracked.
        static let idleMicroseconds: Int64 = 1_000_000
    }

    // MARK: - The kernel's words

    func addEnds() throws(Errno) {
        guard let words = ends.words else { return }
        try poller.add(words, token: endsToken, interest: .readable)
    }

    /// Takes the words that wait. Most are of sockets that Baton never saw.
    func takeEnds() throws(Errno) {
        guard let words = ends.words else { return }
        let now = Clock.bootMicroseconds()
        _ = try words.receive(limit: EndBounds.wordsPerRound) { take($0, at: now) }
    }

    private func take(_ word: DestroyedSockets.Word, at now: Int64) {
        switch word {
        case .destroyed(let cookie):
            noteEnd(of: cookie, at: now)
        case .overflow:
            ends.overflowCount += 1
            noteUnheard()
            if ends.wantedReason == nil { ends.wantedReason = .overflow }
            configuration.logger.warning("the kernel's words of ended sockets overflowed")
        case .malformed:
            noteUnheard()
            configuration.logger.error("a word of an ended socket cannot be read")
        }
    }

    /// Of the sockets that are tracked, some can have ended without a word that was heard.
    func noteUnheard() { ends.unheardBelow = coordinator.reading { $0.nextSequence } }

    private func noteEnd(of cookie: UInt64, at now: Int64) {
        guard let socket = coordinator.reading({ $0.socket(cookie: cookie) }) else { return }
        let due = socket.isUnheld ? now : now + EndBounds.endMicroseconds
        noteEnd(of: socket.number, due: due)
    }

    /// A socket is gone; certain is what the kernel has said.
    func noteEnd(of socket: SocketNumber, due: Int64, isCertain: Bool = true) {
        ends.ended.append((socket, due, isCertain))
        ends.nextEnded = min(ends.nextEnded ?? due, due)
    }

    /// Listens as long as a socket is tracked. Called before the descriptors that came with this
    /// round's requests are let go, so that no end is missed.
    func listenForEnds(at time: Instant) {
        let isNeeded = coordinator.reading { !$0.sockets.isEmpty }
        if isNeeded {
            ends.idleSince = nil
            if !ends.isListening { listen(true) }
        } else if ends.isListening {
            let since = ends.idleSince ?? time.bootMicroseconds
            ends.idleSince = since
            if time.bootMicroseconds - since >= EndBounds.idleMicroseconds { listen(false) }
        }
    }

    private func listen(_ listens: Bool) {
        do throws(Errno) {
            try ends.words?.listen(listens)
        } catch {
            noteUnheard()
            configuration.logger.error("cannot listen for the ends of sockets: \(error)")
        }
        ends.isListening = listens
    }

    // MARK: - What follows

    /// When there is something to do here again.
    var nextEnds: Int64? {
        var next = ends.nextEnded
        func consider(_ time: Int64) { next = min(next ?? time, time) }
        if ends.diagnosis != nil, coordinator.reading({ $0.unixSockets }) > 0 {
            consider(ends.nextUnix)
        }
        if let since = ends.idleSince, ends.isListening {
            consider(since + EndBounds.idleMicroseconds)
        }
        return next
    }

    func noteEnds(at time: Instant) {
        listenForEnds(at: time)
        if let next = ends.nextEnded, time.bootMicroseconds >= next { writeEnded(at: time) }
        if ends.diagnosis != nil, time.bootMicroseconds >= ends.nextUnix,
            coordinator.reading({ $0.unixSockets }) > 0
        {
            ends.nextUnix = time.bootMicroseconds + EndBounds.unixMicroseconds
            askForUnixSockets(at: time.bootMicroseconds)
        }
    }

    /// A socket that has ended waits while Baton has a handoff of it open, and while the exit of
    /// one of its holders is not worked off: that says more of the close.
    private func writeEnded(at time: Instant) {
        let now = time.bootMicroseconds
        let due = ends.ended.lazy.filter { $0.due <= now }.map(\.socket)
        let portion = Set(due.prefix(EndBounds.endsPerRound))
        let holders = coordinator.reading { $0.holders(of: portion) }
        for (index, end) in ends.ended.enumerated() where portion.contains(end.socket) {
            let closed = holders[end.socket] ?? []
            ends.ended[index].due = now + EndBounds.endMicroseconds
            guard !mustWait(end.socket, closed) else { continue }
            guard end.isCertain else {
                ends.wantedReason = ends.wantedReason ?? .start
                ends.ended[index].due = .min
                continue
            }
            let closings = Command.Closings(
                socket: end.socket, closed: closed, released: .kernel)
            coordinator.perform(.closings(closings), at: time)
        }
        ends.ended.removeAll { end in
            end.due == .min
                || portion.contains(end.socket)
                    && coordinator.reading { $0.sockets[end.socket] == nil }
        }
        ends.nextEnded = ends.ended.lazy.map(\.due).min()
    }

    private func mustWait(_ socket: SocketNumber, _ holders: [Command.Holder]) -> Bool {
        coordinator.reading { registry in
            registry.sockets[socket].map { $0.openHandoffs > 0 } ?? false
                || holders.contains { registry.processes[$0.process]?.hasExited != false }
        }
    }

    /// Nobody tells of the end of a Unix socket, so the kernel is asked for those that are not in
    /// escrow, in turn.
    private func askForUnixSockets(at now: Int64) {
        if ends.unixTurn.isEmpty { ends.unixTurn = unixSockets() }
        let asked = ends.unixTurn.suffix(EndBounds.unixPerRound)
        ends.unixTurn.removeLast(asked.count)
        let known = Set(ends.ended.lazy.map(\.socket))
        for number in asked.reversed() where !known.contains(number) {
            let socket = coordinator.reading { $0.sockets[number] }
            guard let socket, socket.openHandoffs == 0,
                hasUnixSocket(inode: socket.identity.inode, cookie: socket.identity.cookie)
                    == false
            else { continue }
            noteEnd(of: socket.identity.cookie, at: now)
        }
    }

    /// Those whose end the kernel shows, the oldest last.
    private func unixSockets() -> [SocketNumber] {
        coordinator.reading { registry in
            registry.sockets.values.lazy.filter {
                $0.identity.isUnix && registry.rules.ends?.include($0.identity) == true
            }.map(\.number).sorted(by: >)
        }
    }

    private func hasUnixSocket(inode: UInt64, cookie: UInt64) -> Bool? {
        do throws(Errno) {
            return try ends.diagnosis?.hasUnixSocket(inode: inode, cookie: cookie)
        } catch {
            configuration.logger.warning("cannot ask for a Unix socket: \(error)")
            return nil
        }
    }
}

extension EventLoop {
    /// For `baton status`: of which sockets the kernel tells the end.
    var endsTold: String {
        let kinds =
            (features.socketDestroyed ? ["internet"] : [])
            + (features.unixDiagnosis ? ["unix"] : [])
        return kinds.isEmpty ? "none" : kinds.joined(separator: ",")
    }
}
