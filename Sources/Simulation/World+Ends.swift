import Coordinator
import Registry

// How sockets end, and how a coordinator learns of it. What follows from it is the daemon's own:
// `PendingEnds`, `Looks` and `Findings`.

extension World {
    enum EndBounds {
        /// As in the daemon, in microseconds.
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
            if sockets[socket] == .told { shell?.words.append(cookie) }
        }
    }

    func overflow() {
        guard let shell, !shell.words.isEmpty else { return }
        for cookie in shell.words { auditor.unheard.insert(cookie) }
        shell.words.removeAll()
        shell.looks.want(.overflow)
    }

    // MARK: - What the coordinator learns

    func takeWords(_ shell: Shell) {
        for cookie in shell.words {
            shell.pendingEnds.note(cookie, in: shell.coordinator, at: boot)
        }
        shell.words.removeAll(keepingCapacity: true)
        guard boot >= shell.nextUnix else { return }
        shell.nextUnix = boot + EndBounds.unixInterval
        let known = shell.pendingEnds.sockets
        let asked = shell.coordinator.reading { registry in
            registry.sockets.values.filter {
                $0.identity.isUnix && $0.openHandoffs == 0 && !known.contains($0.number)
            }.map(\.identity.cookie)
        }
        for cookie in asked.sorted() where !extant.contains(Self.socket(of: cookie)) {
            shell.pendingEnds.note(cookie, in: shell.coordinator, at: boot)
        }
    }

    func writeEnds(_ shell: Shell) {
        if mutant == .releaseWhenCounted { releaseUnheld(shell) }
        if shell.pendingEnds.write(to: &shell.coordinator, at: now) { shell.looks.want(.start) }
    }

    /// After a batch that could not be written.
    func takeBackEnds(_ discarded: [Event], _ shell: Shell) {
        shell.pendingEnds.takeBack(
            mutant == .forgetUnwrittenEnds ? [] : discarded, in: shell.coordinator, due: boot)
        shell.looks.takeBack(discarded)
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
        shell.looks.write(
            EndBounds.findingsPerRound, to: &shell.coordinator, &shell.pendingEnds, at: now)
        guard shell.looks.begin(at: now.bootMicroseconds) else { return }
        let provesByAbsence = mutant == .absenceProves
        let tracked = Tracked(
            by: shell.coordinator,
            Tracked.Circumstances(
                escrow: Array(shell.escrow.keys), unheardBelow: provesByAbsence ? .max : 0,
                ends: shell.coordinator.reading { $0.rules.ends }, seesAll: provesByAbsence))
        var found = Findings(of: tracked)
        found.compare(tracked, with: SeenWorld(world: self, provesByAbsence: provesByAbsence))
        shell.looks.take(found, to: &shell.coordinator, at: now)
    }
}

/// What a coordinator that runs as user 1000 can see.
private struct SeenWorld: HostView {
    let world: World
    let provesByAbsence: Bool

    /// That no list has an internet socket proves nothing: those that are not bound are in none,
    /// and one can be on its way from a process to another.
    func lists(_ socket: SocketIdentity) -> Bool? {
        guard socket.isUnix else { return provesByAbsence ? false : nil }
        return world.extant.contains(World.socket(of: socket.cookie))
    }

    func pids(having socket: SocketIdentity) -> Set<Int32> {
        let number = World.socket(of: socket.cookie)
        return Set(
            world.living.values.compactMap { world.processes[$0] }
                .filter { $0.isReadable && $0.descriptors[number] != nil }.map(\.pid))
    }

    func sight(of process: Tracked.Process) -> Sight {
        guard let id = world.living[process.pid], let found = world.processes[id],
            world.instance(of: found) == process.instance
        else { return .ended }
        return found.isReadable || provesByAbsence ? .seen : .unseen
    }

    var unreadableCount: Int {
        provesByAbsence
            ? 0 : world.living.values.count { world.processes[$0]?.isReadable == false }
    }
}
