import Registry
import Synchronization
import Transport

/// All that is tracked at one moment, to be compared with what is there.
struct Tracked: Sendable {
    struct Socket: Sendable {
        var number: SocketNumber
        var identity: SocketIdentity
        /// Baton has it in escrow, so it is there.
        var isInEscrow: Bool
        /// It can have ended without a word of the kernel that was heard.
        var mayHaveEndedUnheard: Bool
        var holders: [Command.Holder]
    }

    struct Process: Sendable {
        var pid: Int32
        var instance: UInt64
    }

    var sockets: [Socket]
    var processes: [ProcessNumber: Process]
    var features: KernelFeatures
    var ends: Ends?
    /// Whether all processes of the host can be looked at.
    var seesAll: Bool
}

/// What a look at the processes and sockets of the host found.
struct Findings: Sendable {
    /// What of it goes into the log, socket by socket.
    var closings: [Command.Closings] = []
    var sockets = 0
    var descriptors = 0
    var closed = 0
    var released = 0
    /// Sockets of other network namespaces, or of kinds that the kernel does not list.
    var unseen = 0
    /// Processes whose descriptors we may not look at.
    var unreadable = 0
    /// Why there is nothing more.
    var failure: String?

    var text: String {
        var words = [
            "sockets=\(sockets)", "descriptors=\(descriptors)", "closed=\(closed)",
            "released=\(released)", "unseen=\(unseen)", "unreadable=\(unreadable)",
        ]
        if let failure { words.append("failure=\(failure)") }
        return words.joined(separator: " ")
    }
}

/// Looks at the host on a thread of its own: that can take seconds, and nobody shall wait for it.
enum Reconciler {
    /// Where the thread leaves what it found.
    final class Mailbox: Sendable {
        let event: EventDescriptor
        private let findings = Mutex<Findings?>(nil)

        init() throws(Errno) { event = try EventDescriptor() }

        func put(_ found: Findings) {
            findings.withLock { $0 = found }
            event.signal()
        }

        func take() -> Findings? {
            event.drain()
            return findings.withLock { found in
                defer { found = nil }
                return found
            }
        }
    }

    static func start(_ tracked: Tracked, _ mailbox: Mailbox) throws(Errno) {
        try Threads.start { mailbox.put(find(tracked)) }
    }

    static func find(_ tracked: Tracked) -> Findings {
        var found = Findings()
        found.sockets = tracked.sockets.count
        found.descriptors = tracked.sockets.reduce(0) { count, socket in
            count + socket.holders.reduce(0) { $0 + $1.handoffs.count }
        }
        do throws(Errno) {
            let existing = try Existing(tracked)
            // After the sockets: one that is handed on meanwhile is found here.
            let scan = try HolderScan(inodes: Set(tracked.sockets.map(\.identity.inode)))
            found.unreadable = scan.unreadable.count
            for socket in tracked.sockets { compare(socket, tracked, existing, scan, &found) }
        } catch {
            found.failure = error.name
        }
        return found
    }

    private static func compare(
        _ socket: Tracked.Socket, _ tracked: Tracked, _ existing: Existing, _ scan: HolderScan,
        _ found: inout Findings
    ) {
        let identity = socket.identity
        let isSeen = tracked.ends?.networkNamespace == identity.networkNamespace
        if !isSeen || !(identity.isUnix || identity.isTCPOrUDP) { found.unseen += 1 }
        let having = Set((scan.holders[identity.inode] ?? []).map(\.pid))
        let holders = socket.holders.map {
            (holder: $0, state: state(of: $0, having, tracked, scan))
        }
        var released: ReleaseProof?
        if isSeen, existing.lists(socket) == false {
            if identity.isUnix {
                released = .kernel
            } else if having.isEmpty, !holders.contains(where: { $0.state == .mayHave }) {
                released = proofOfUnlisted(socket, tracked, scan)
            }
        }
        let closed = holders.filter { released != nil || $0.state == .closed }.map(\.holder)
        guard released != nil || !closed.isEmpty else { return }
        found.closed += closed.reduce(0) { $0 + $1.handoffs.count }
        found.released += released == nil ? 0 : 1
        found.closings.append(
            Command.Closings(socket: socket.number, closed: closed, released: released))
    }

    /// TCP and UDP sockets that are neither bound nor connected are in no list, and one on its way
    /// in a message is among no process's descriptors. So the kernel's word of the end is waited
    /// for where it will be heard; only where it may have been missed must this do.
    private static func proofOfUnlisted(
        _ socket: Tracked.Socket, _ tracked: Tracked, _ scan: HolderScan
    ) -> ReleaseProof? {
        guard socket.mayHaveEndedUnheard else { return nil }
        return tracked.seesAll && scan.unreadable.isEmpty ? .observed : .counted
    }

    private enum HolderState {
        /// It lives, and has no descriptor of the socket.
        case closed
        /// Its exit is told otherwise, and says more.
        case ended
        case mayHave
    }

    private static func state(
        of holder: Command.Holder, _ having: Set<Int32>, _ tracked: Tracked, _ scan: HolderScan
    ) -> HolderState {
        guard let process = tracked.processes[holder.process] else { return .ended }
        guard !having.contains(process.pid) else { return .mayHave }
        do throws(Errno) {
            // Whether the number is still that of the process: what its descriptors showed was its
            // own.
            let handle = try ProcessHandle(pid: process.pid)
            guard try handle.instance(features: tracked.features) == process.instance,
                !handle.hasExited()
            else { return .ended }
        } catch .noSuchProcess {
            return .ended
        } catch {
            return .mayHave
        }
        return scan.readable.contains(process.pid) ? .closed : .mayHave
    }
}

/// Which of the tracked sockets the kernel lists.
private struct Existing {
    private var internet: Set<UInt64> = []
    private var goneUnix: Set<UInt64> = []
    private let isAsked: Bool

    init(_ tracked: Tracked) throws(Errno) {
        isAsked = tracked.features.unixDiagnosis
        guard isAsked else { return }
        let diagnosis = try SocketDiagnosis()
        let own = tracked.sockets.filter {
            $0.identity.networkNamespace == tracked.ends?.networkNamespace && !$0.isInEscrow
        }.map(\.identity)
        let wanted = Set(own.filter(\.isTCPOrUDP).map(\.cookie))
        if !wanted.isEmpty {
            for (family, protocolNumber): (Int32, Int32) in [(2, 6), (10, 6), (2, 17), (10, 17)] {
                var found: Set<UInt64> = []
                try diagnosis.internetSockets(family: family, protocolNumber: protocolNumber) {
                    if wanted.contains($0.cookie) { found.insert($0.cookie) }
                }
                internet.formUnion(found)
            }
        }
        for socket in own where socket.isUnix {
            if try !diagnosis.hasUnixSocket(inode: socket.inode, cookie: socket.cookie) {
                goneUnix.insert(socket.cookie)
            }
        }
    }

    /// Nil where the kernel does not tell, or was not asked.
    func lists(_ socket: Tracked.Socket) -> Bool? {
        let identity = socket.identity
        guard isAsked, !socket.isInEscrow else { return nil }
        if identity.isUnix { return !goneUnix.contains(identity.cookie) }
        return identity.isTCPOrUDP ? internet.contains(identity.cookie) : nil
    }
}
