import Coordinator
import Logging
import Registry
import Transport

extension EventLoop {
    enum EndBounds {
        /// Words of the kernel that are taken in one go, of all sockets of the host.
        static let wordsPerRound = 1024
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
            ends.pending.note(cookie, in: coordinator, at: now)
        case .overflow:
            ends.overflowCount += 1
            noteUnheard()
            ends.looks.want(.overflow)
            configuration.logger.warning("the kernel's words of ended sockets overflowed")
        case .malformed:
            noteUnheard()
            configuration.logger.error("a word of an ended socket cannot be read")
        }
    }

    /// Of the sockets that are tracked, some can have ended without a word that was heard.
    func noteUnheard() { ends.unheardBelow = coordinator.reading { $0.nextSequence } }

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
        var next = ends.pending.next
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
        if ends.pending.write(to: &coordinator, at: time) { ends.looks.want(.start) }
        if ends.diagnosis != nil, time.bootMicroseconds >= ends.nextUnix,
            coordinator.reading({ $0.unixSockets }) > 0
        {
            ends.nextUnix = time.bootMicroseconds + EndBounds.unixMicroseconds
            askForUnixSockets(at: time.bootMicroseconds)
        }
    }

    /// Nobody tells of the end of a Unix socket, so the kernel is asked for those that are not in
    /// escrow, in turn.
    private func askForUnixSockets(at now: Int64) {
        if ends.unixTurn.isEmpty { ends.unixTurn = unixSockets() }
        let asked = ends.unixTurn.suffix(EndBounds.unixPerRound)
        ends.unixTurn.removeLast(asked.count)
        let known = ends.pending.sockets
        for number in asked.reversed() where !known.contains(number) {
            let socket = coordinator.reading { $0.sockets[number] }
            guard let socket, socket.openHandoffs == 0,
                hasUnixSocket(inode: socket.identity.inode, cookie: socket.identity.cookie)
                    == false
            else { continue }
            ends.pending.note(socket.identity.cookie, in: coordinator, at: now)
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
