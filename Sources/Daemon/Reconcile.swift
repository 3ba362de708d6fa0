import Coordinator
import Registry
import Synchronization
import Transport

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

    static func start(
        _ tracked: Tracked, _ features: KernelFeatures, _ mailbox: Mailbox
    ) throws(Errno) {
        try Threads.start { mailbox.put(find(tracked, features)) }
    }

    private static func find(_ tracked: Tracked, _ features: KernelFeatures) -> Findings {
        var found = Findings(of: tracked)
        do throws(Errno) {
            let existing = try Existing(tracked, features)
            // After the sockets: one that is handed on meanwhile is found here.
            let scan = try HolderScan(inodes: Set(tracked.sockets.map(\.identity.inode)))
            found.compare(
                tracked, with: SeenHost(existing: existing, scan: scan, features: features))
        } catch {
            found.failure = error.name
        }
        return found
    }
}

/// What the kernel showed of the host.
private struct SeenHost: HostView {
    let existing: Existing
    let scan: HolderScan
    let features: KernelFeatures

    var unreadableCount: Int { scan.unreadable.count }

    func lists(_ socket: SocketIdentity) -> Bool? { existing.lists(socket) }

    func pids(having socket: SocketIdentity) -> Set<Int32> {
        Set((scan.holders[socket.inode] ?? []).map(\.pid))
    }

    func sight(of process: Tracked.Process) -> Sight {
        do throws(Errno) {
            // Whether the number is still that of the process: what its descriptors showed was its
            // own.
            let handle = try ProcessHandle(pid: process.pid)
            guard try handle.instance(features: features) == process.instance,
                !handle.hasExited()
            else { return .ended }
        } catch .noSuchProcess {
            return .ended
        } catch {
            return .unseen
        }
        return scan.readable.contains(process.pid) ? .seen : .unseen
    }
}

/// Which of the tracked sockets the kernel lists.
private struct Existing {
    private var internet: Set<UInt64> = []
    private var goneUnix: Set<UInt64> = []
    private let isAsked: Bool

    init(_ tracked: Tracked, _ features: KernelFeatures) throws(Errno) {
        isAsked = features.unixDiagnosis
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
    func lists(_ socket: SocketIdentity) -> Bool? {
        guard isAsked else { return nil }
        if socket.isUnix { return !goneUnix.contains(socket.cookie) }
        return socket.isTCPOrUDP ? internet.contains(socket.cookie) : nil
    }
}
