import Coordinator
import Registry
import Transport

/// Finds for the recovery plan what is still there of a predecessor's escrow.
///
/// Nothing is taken from the keeper before the new coordinator cannot fail any more: until then
/// the next one must find it again.
struct EscrowSearch {
    let keeper: KeeperLink?
    private(set) var plan: RecoveryPlan
    /// For handoffs of which the keeper has no descriptor of their own.
    private(set) var copies: [HandoffNumber: SharedDescriptor] = [:]

    /// What the keeper has; the places of the plan are the places here, then those in `stored`.
    private let entries: [KeptDescriptors.Entry]
    /// What a service manager kept over a stop.
    private let stored: [Inheritance.Stored]

    init(_ keeper: KeeperLink?, stored: [Inheritance.Stored]) {
        self.keeper = keeper
        self.stored = stored
        entries = keeper?.kept.entries.filter { $0.kind.isForeign } ?? []
        plan = RecoveryPlan(closing: Array(entries.indices))
    }

    /// The cookies in the names of the service manager's store, which is to be emptied.
    var storedCookies: [UInt64] {
        stored.map(\.cookie) + entries.filter { $0.kind == .stored }.map(\.label)
    }

    /// The keeper's descriptor in a place of the plan; nil for what a service manager handed to
    /// this process, which ends with this search where nobody takes it.
    func entry(at place: Int) -> KeptDescriptors.Entry? {
        entries.indices.contains(place) ? entries[place] : nil
    }

    /// What a service manager handed to this process.
    func socket(at place: Int) -> SharedDescriptor { stored[place - entries.count].socket }

    /// Finds what the open handoffs need: what was kept, what has arrived in their targets, and
    /// what their sources still have, where those live and let themselves be looked at.
    ///
    /// Throws for want of descriptors: what could be had with more of them must not be void.
    mutating func find(
        for coordinator: borrowing Coordinator, features: KernelFeatures,
        in process: (ProcessNumber) -> WatchedProcess?
    ) throws(Errno) {
        plan = RecoveryPlan(kept(), for: coordinator)
        for copy in plan.copies {
            guard let place = copy.place else { continue }
            copies[copy.handoff] = try duplicate(at: place)
        }
        for look in plan.deliveryLooks {
            guard let process = process(look.process) else { continue }
            let found = try process.handle.cookies(ofSockets: look.wanted)
            guard !found.isEmpty else { continue }
            plan.saw(
                found, in: look.process, ancestors: process.handle.ancestors(features: features))
        }
        for look in plan.sourceLooks {
            guard let process = process(look.process) else { continue }
            let found = try process.handle.sockets(look.wanted)
            var unused = found
            for copy in plan.took(Set(found.keys), from: look.process) {
                if let socket = unused.removeValue(forKey: copy.cookie) {
                    copies[copy.handoff] = socket
                } else if let socket = found[copy.cookie] {
                    copies[copy.handoff] = try duplicate(of: socket)
                }
            }
        }
    }

    mutating func settle(for registry: borrowing Registry) { plan.settle(for: registry) }

    private func kept() -> [RecoveryPlan.Kept] {
        let offered = entries.enumerated().map { place, entry in
            let label: RecoveryPlan.Kept.Label =
                switch entry.kind {
                case .escrow: .escrow(entry.label)
                case .stored: .stored
                default: .surplus
                }
            return RecoveryPlan.Kept(
                place: place, label: label,
                cookie: label == .surplus ? nil : keeper?.kept.cookie(of: entry))
        }
        return offered
            + stored.enumerated().map { index, stored in
                RecoveryPlan.Kept(
                    place: entries.count + index, label: .stored, cookie: cookie(of: stored))
            }
    }

    /// Nil where somebody else gave such a name to something that is no socket.
    private func cookie(of stored: Inheritance.Stored) -> UInt64? {
        do throws(Errno) {
            return try Sockets.cookie(of: stored.socket.descriptor)
        } catch {
            return nil
        }
    }

    private func duplicate(at place: Int) throws(Errno) -> SharedDescriptor {
        guard let keeper, let entry = entry(at: place) else {
            return try duplicate(of: socket(at: place))
        }
        return SharedDescriptor(try keeper.kept.duplicate(of: entry))
    }

    private func duplicate(of socket: SharedDescriptor) throws(Errno) -> SharedDescriptor {
        SharedDescriptor(try socket.descriptor.duplicate())
    }
}

extension RecoveryPlan.Look {
    /// The cookie for each inode.
    fileprivate var wanted: [UInt64: UInt64] {
        Dictionary(sockets.map { ($0.inode, $0.cookie) }, uniquingKeysWith: { $1 })
    }
}

extension KeptDescriptors.Kind {
    /// A client's, and not the coordinator's own.
    fileprivate var isForeign: Bool {
        switch self {
        case .escrow, .stored, .lingering: true
        case .listener, .inheritedListener, .inherited: false
        }
    }
}
