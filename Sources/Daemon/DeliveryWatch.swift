import Coordinator
import Registry
import Synchronization
import Transport

/// Deliveries for which their targets are to be looked at, and the look that is under way.
final class DeliveryWatch {
    let answer: DeliveryAnswer
    /// Those that wait for the next look.
    var waiting: [Coordinator.DeliveryQuestion] = []
    /// Those of the present one; empty while there is none.
    var asked: [Coordinator.DeliveryQuestion] = []
    /// What it found.
    var found: Set<HandoffNumber>?
    /// When the next one may begin, in CLOCK_BOOTTIME microseconds.
    var nextLook: Int64 = 0

    init() throws(Errno) { answer = try DeliveryAnswer() }

    /// When there is something to do here again.
    var nextStep: Int64? {
        if found != nil { return 0 }
        return asked.isEmpty && !waiting.isEmpty ? nextLook : nil
    }
}

/// Where the thread that looks leaves what it found.
final class DeliveryAnswer: Sendable {
    let event: EventDescriptor
    private let found = Mutex<Set<HandoffNumber>?>(nil)

    init() throws(Errno) { event = try EventDescriptor() }

    func put(_ handoffs: Set<HandoffNumber>) {
        found.withLock { $0 = handoffs }
        event.signal()
    }

    func take() -> Set<HandoffNumber>? {
        event.drain()
        return found.withLock { found in
            defer { found = nil }
            return found
        }
    }
}

/// One target, and what it was granted.
struct DeliveryTarget: Sendable {
    struct Granted: Sendable {
        let question: Coordinator.DeliveryQuestion
        let socket: SocketIdentity
    }

    let pid: Int32
    let instance: UInt64
    var granted: [Granted] = []

    /// Which of it the process has, and from nowhere else: none where it has ended, or where we may
    /// or can not look.
    func look(_ features: KernelFeatures) -> Set<HandoffNumber> {
        do throws(Errno) {
            let handle = try ProcessHandle(pid: pid)
            guard try handle.instance(features: features) == instance else { return [] }
            let present = try present(in: handle)
            guard !present.isEmpty else { return [] }
            let ancestors = handle.ancestors(features: features)
            return Set(
                present.filter { $0.isProvable(ancestors: ancestors) }.map(\.handoff))
        } catch {
            return []
        }
    }

    /// The cookie proves it: that of what the process really has.
    private func present(
        in process: borrowing ProcessHandle
    ) throws(Errno) -> [Coordinator.DeliveryQuestion] {
        let wanted = Dictionary(
            granted.map { ($0.socket.inode, $0.socket.cookie) }, uniquingKeysWith: { $1 })
        let present = try process.cookies(ofSockets: wanted)
        return granted.filter { present.contains($0.socket.cookie) }.map(\.question)
    }
}
