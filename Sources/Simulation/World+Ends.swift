import Coordinator
import Registry

// How sockets end, and how a coordinator learns of it, as the daemon does.

/// What a running coordinator knows of the ends of sockets and has not yet written.
struct PendingEnds {
    /// By the cookie: the number of a socket is another's once its event was not written.
    struct End {
        let cookie: UInt64
        var due: Int64
    }

    /// The kernel's words that wait to be read.
    var words: [UInt64] = []
    /// Sockets that have ended, oldest first.
    var noted: [End] = []
    private var inBatch: [End] = []
    /// When Unix sockets are asked for next.
    var nextUnix: Int64 = 0
    /// Whether all that is tracked is to be looked at.
    var wantsLook = false
    /// What the last look found and is not yet written, and its event.
    var findings: [Command.Closings]?
    var findingsCause: UInt64 = 0
    /// Who waits for the end of the next look, with the counter of the request; and of this one.
    private(set) var asking: [SessionID: UInt64] = [:]
    private var answering: [SessionID: UInt64] = [:]

    var isQuiet: Bool { words.isEmpty && !wantsLook && findings == nil }

    mutating func ask(_ counter: UInt64, from session: SessionID) {
        asking[session] = counter
        wantsLook = true
    }

    mutating func begin(_ found: [Command.Closings], cause: UInt64) {
        wantsLook = false
        answering = asking
        asking = [:]
        findings = found
        findingsCause = cause
    }

    mutating func takeAnswering() -> [(session: SessionID, counter: UInt64)] {
        findings = nil
        defer { answering = [:] }
        return answering.keys.sorted { $0.index < $1.index }.map { ($0, answering[$0] ?? 0) }
    }

    /// Of a socket whose end is in the batch.
    mutating func wrote(_ cookie: UInt64) {
        inBatch += noted.filter { $0.cookie == cookie }
        noted.removeAll { $0.cookie == cookie }
    }

    /// The batch is durable.
    mutating func settle() { inBatch.removeAll(keepingCapacity: true) }

    /// The batch did not happen. The kernel says nothing twice, and what was looked at has numbers
    /// that are others' now.
    mutating func revert(_ mutant: Mutant?) {
        if mutant != .forgetUnwrittenEnds { noted += inBatch }
        inBatch.removeAll(keepingCapacity: true)
        findings = nil
        for (session, counter) in answering where asking[session] == nil {
            asking[session] = counter
        }
        answering = [:]
        wantsLook = true
    }
}

extension World {
    enum EndBounds {
        /// As in the daemon, in microseconds.
        static let grace: Int64 = 100_000
        static let unixInterval: Int64 = 250_000
        /// So few that a look takes several rounds.
        static let findingsPerRound = 2
    }

    // MARK: - The truth

    /// A socket ends with its last descriptor, wherever that was. Of some the kernel tells whoever
    /// listens.
    func noticeEnds() {
        guard !extant.isEmpty else { return }
        var gone = extant
        for id in living.values {
            for socket in processes[id]?.descriptors.keys ?? [:].keys { gone.remove(socket) }
        }
        for one in kept { gone.remove(one.socket) }
        if let shell {
            for socket in shell.escrow.values { gone.remove(socket) }
            for issued in shell.issued.values { gone.remove(issued.socket) }
        }
        for message in inbox { if let socket = message.socket { gone.remove(socket) } }
        for index in carrying {
            // What nobody can receive any more is gone.
            let sockets =
                connections[index].holders.isEmpty
                ? [] : connections[index].answers.compactMap(\.socket)
            if sockets.isEmpty { carrying.remove(index) }
            for socket in sockets { gone.remove(socket) }
        }
        guard !gone.isEmpty else { return }
        extant.subtract(gone)
        for socket in gone.sorted() {
            let cookie = Self.cookie(of: socket)
            let isHeard = sockets[socket] == .unix || sockets[socket] == .told && shell != nil
            auditor.ended(cookie, isHeard: isHeard)
            if sockets[socket] == .told { shell?.ends.words.append(cookie) }
        }
    }

    func overflow() {
        guard let shell, !shell.ends.words.isEmpty else { return }
        for cookie in shell.ends.words { auditor.unheard.insert(cookie) }
        shell.ends.words.removeAll()
        shell.ends.wantsLook = true
    }

    // MARK: - What the coordinator learns

    func takeWords(_ shell: Shell) {
        for cookie in shell.ends.words { noteEnd(of: cookie, shell) }
        shell.ends.words.removeAll(keepingCapacity: true)
        guard boot >= shell.ends.nextUnix else { return }
        shell.ends.nextUnix = boot + EndBounds.unixInterval
        let asked = shell.coordinator.reading { registry in
            registry.sockets.values.filter { $0.identity.isUnix && $0.openHandoffs == 0 }
                .map(\.identity.cookie)
        }
        for cookie in asked.sorted() where !extant.contains(Self.socket(of: cookie)) {
            noteEnd(of: cookie, shell)
        }
    }

    private func noteEnd(of cookie: UInt64, _ shell: Shell) {
        guard let socket = shell.coordinator.reading({ $0.socket(cookie: cookie) }),
            !shell.ends.noted.contains(where: { $0.cookie == cookie })
        else { return }
        shell.ends.noted.append(
            PendingEnds.End(cookie: cookie, due: socket.isUnheld ? boot : boot + EndBounds.grace))
    }

    /// One waits while Baton has a handoff of it open, and while the exit of one of its holders is
    /// not worked off: that says more of the close.
    func writeEnds(_ shell: Shell) {
        if mutant == .releaseWhenCounted { releaseUnheld(shell) }
        guard !shell.ends.noted.isEmpty else { return }
        for (index, end) in shell.ends.noted.enumerated().reversed() where end.due <= boot {
            guard let socket = shell.coordinator.reading({ $0.socket(cookie: end.cookie) }) else {
                shell.ends.noted.remove(at: index)
                continue
            }
            let (holders, mustWait) = shell.coordinator.reading { registry in
                let holders = registry.holders(of: [socket.number])[socket.number] ?? []
                let isExiting = holders.contains {
                    registry.processes[$0.process]?.hasExited != false
                }
                return (holders, socket.openHandoffs > 0 || isExiting)
            }
            guard !mustWait else {
                shell.ends.noted[index].due = boot + EndBounds.grace
                continue
            }
            shell.coordinator.perform(
                .closings(
                    Command.Closings(
                        socket: socket.number, closed: holders, released: .kernel)),
                at: now)
            shell.ends.wrote(end.cookie)
        }
    }

    private func releaseUnheld(_ shell: Shell) {
        let unheld = shell.coordinator.reading { registry in
            registry.sockets.values.filter(\.isUnheld).map(\.number).sorted()
        }
        for number in unheld {
            shell.coordinator.perform(
                .closings(Command.Closings(socket: number, closed: [], released: .counted)),
                at: now)
        }
    }

    // MARK: - The look at everything

    /// Writes what the last look found, then takes the next: what happens between the two has
    /// changed what was seen.
    func reconcile(_ shell: Shell) {
        if shell.ends.findings != nil { return writeFindings(shell) }
        guard shell.ends.wantsLook else { return }
        let found = look(shell)
        if found.isEmpty, shell.ends.asking.isEmpty { return shell.ends.wantsLook = false }
        let cause = shell.coordinator.reading { $0.nextSequence }
        shell.coordinator.perform(.reconcile(found: "sockets=\(found.count)"), at: now)
        shell.ends.begin(found, cause: cause)
    }

    /// That no list has an internet socket proves nothing: those that are not bound are in none,
    /// and one can be on its way from a process to another. So what is found of them is only which
    /// processes have no descriptor any more, of those that may be looked at.
    private func look(_ shell: Shell) -> [Command.Closings] {
        let (tracked, holders) = shell.coordinator.reading { registry in
            (
                registry.sockets.values.filter { $0.openHandoffs == 0 }
                    .sorted { $0.number < $1.number },
                registry.holders(of: Set(registry.sockets.keys))
            )
        }
        return tracked.compactMap { known in
            let socket = Self.socket(of: known.identity.cookie)
            let holders = holders[known.number] ?? []
            let isGone = known.identity.isUnix && !extant.contains(socket)
            let isNowhere = !living.values.contains {
                processes[$0]?.isReadable == true && processes[$0]?.descriptors[socket] != nil
            }
            let released: ReleaseProof? =
                isGone ? .kernel : mutant == .absenceProves && isNowhere ? .observed : nil
            let closed = holders.filter { holder in
                released != nil || lacks(holder.process, socket, shell)
            }
            guard released != nil || !closed.isEmpty else { return nil }
            return Command.Closings(socket: known.number, closed: closed, released: released)
        }
    }

    private func lacks(_ number: ProcessNumber, _ socket: Int, _ shell: Shell) -> Bool {
        let id = shell.coordinator.reading { $0.processes[number].map { Int($0.identity.start) } }
        guard let process = id.flatMap({ processes[$0] }), process.isAlive else { return false }
        return process.isReadable && process.descriptors[socket] == nil
    }

    private func writeFindings(_ shell: Shell) {
        guard let findings = shell.ends.findings else { return }
        for var closings in findings.prefix(EndBounds.findingsPerRound) {
            closings.cause = shell.ends.findingsCause
            let (isAsBefore, isOpen) = shell.coordinator.reading { registry in
                let socket = registry.sockets[closings.socket]
                let count = closings.closed.reduce(0) { $0 + $1.handoffs.count }
                return (socket?.descriptors == count, socket.map { $0.openHandoffs > 0 } ?? false)
            }
            if closings.released != nil, !isAsBefore || isOpen { continue }
            shell.coordinator.perform(.closings(closings), at: now)
        }
        let rest = Array(findings.dropFirst(EndBounds.findingsPerRound))
        shell.ends.findings = rest
        guard rest.isEmpty else { return }
        for (session, counter) in shell.ends.takeAnswering() {
            shell.coordinator.answerReconcile(
                counter, to: session, "event=\(shell.ends.findingsCause)\nsockets=0")
        }
    }
}
