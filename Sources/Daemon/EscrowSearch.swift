import Coordinator
import Registry
import Transport

/// What is still there of a predecessor's escrow, and where it was found.
///
/// Nothing is taken from the keeper before the new coordinator cannot fail any more: until then
/// the next one must find it again.
struct EscrowSearch {
    enum Found {
        /// In the table that the keeper shares.
        case kept(KeptDescriptors.Entry)
        /// Copied from a process that has it.
        case fetched(SharedDescriptor)
    }

    let keeper: KeeperLink?
    private(set) var found: [HandoffNumber: Found] = [:]
    /// What the keeper has and nothing needs.
    private(set) var unclaimed: [KeptDescriptors.Entry] = []

    /// What a service manager kept over a stop.
    private let stored: [Inheritance.Stored]

    init(_ keeper: KeeperLink?, stored: [Inheritance.Stored]) {
        self.keeper = keeper
        self.stored = stored
        unclaimed = keeper?.kept.entries.filter { $0.kind.isForeign } ?? []
    }

    var handoffs: Set<HandoffNumber> { Set(found.keys) }

    /// Compares what the keeper has with the open handoffs. The kernel's cookie decides, not what
    /// the table says.
    mutating func matchKept(_ registry: Registry) {
        guard let keeper else { return }
        var rest: [KeptDescriptors.Entry] = []
        for entry in unclaimed {
            if entry.kind == .escrow, found[entry.label] == nil,
                let handoff = registry.handoffs[entry.label],
                let socket = registry.sockets[handoff.socket],
                keeper.kept.cookie(of: entry) == socket.identity.cookie
            {
                found[entry.label] = .kept(entry)
            } else {
                rest.append(entry)
            }
        }
        unclaimed = rest
    }

    /// Compares what a service manager kept, one descriptor for each socket.
    mutating func matchStored(_ registry: Registry) {
        var sockets: [UInt64: SharedDescriptor] = [:]
        do throws(Errno) {
            for stored in stored {
                sockets[try Sockets.cookie(of: stored.socket.descriptor)] = stored.socket
            }
            for entry in unclaimed where entry.kind == .stored {
                guard let keeper, let cookie = keeper.kept.cookie(of: entry) else { continue }
                sockets[cookie] = SharedDescriptor(try keeper.kept.duplicate(of: entry))
            }
        } catch {
            // A name that somebody else gave to something that is no socket, or no descriptors
            // left: what is not found is void, as the log will say.
        }
        guard !sockets.isEmpty else { return }
        var handoffs: [UInt64: [HandoffNumber]] = [:]
        for handoff in registry.handoffs.values where found[handoff.number] == nil {
            guard let cookie = registry.sockets[handoff.socket]?.identity.cookie else { continue }
            handoffs[cookie, default: []].append(handoff.number)
        }
        for (cookie, socket) in sockets { add(socket, for: handoffs[cookie] ?? []) }
    }

    /// The cookies in the names of the service manager's store, which is to be emptied.
    var storedCookies: [UInt64] {
        stored.map(\.cookie) + unclaimed.filter { $0.kind == .stored }.map(\.label)
    }

    /// Which of the unconfirmed deliveries arrived: the target has the socket. Each target is
    /// looked at once, however many there are.
    func observe(
        _ questions: [Coordinator.DeliveryQuestion], _ registry: Registry,
        in process: (ProcessNumber) -> WatchedProcess?
    ) -> Set<HandoffNumber> {
        var reserved: [ProcessNumber: [HandoffNumber: SocketIdentity]] = [:]
        for question in questions {
            guard let socket = registry.sockets[question.socket] else { continue }
            reserved[question.target, default: [:]][question.handoff] = socket.identity
        }
        var observed: Set<HandoffNumber> = []
        for (target, handoffs) in reserved {
            guard let process = process(target) else { continue }
            observed.formUnion(DeliveryTarget.present(handoffs, in: process.handle))
        }
        return observed
    }

    /// Copies the sockets of open handoffs, of which nobody kept a descriptor, from their sources
    /// where those live, still have them and let themselves be looked at.
    mutating func fetch(
        _ registry: Registry, except delivered: Set<HandoffNumber>,
        from process: (ProcessNumber) -> WatchedProcess?
    ) {
        var lost: [ProcessNumber: [SocketNumber: [HandoffNumber]]] = [:]
        for handoff in registry.handoffs.values
        where found[handoff.number] == nil && !delivered.contains(handoff.number) {
            lost[handoff.source, default: [:]][handoff.socket, default: []].append(handoff.number)
        }
        for (source, sockets) in lost {
            guard let process = process(source) else { continue }
            var wanted: [UInt64: UInt64] = [:]
            var handoffs: [UInt64: [HandoffNumber]] = [:]
            for (number, ofSocket) in sockets {
                guard let identity = registry.sockets[number]?.identity else { continue }
                wanted[identity.inode] = identity.cookie
                handoffs[identity.cookie] = ofSocket
            }
            for (cookie, socket) in process.handle.sockets(wanted) {
                add(socket, for: handoffs[cookie] ?? [])
            }
        }
    }

    /// One descriptor for each: they are dropped one by one.
    private mutating func add(_ socket: SharedDescriptor, for handoffs: [HandoffNumber]) {
        for (index, handoff) in handoffs.enumerated() {
            do throws(Errno) {
                let own =
                    index == 0 ? socket : SharedDescriptor(try socket.descriptor.duplicate())
                found[handoff] = .fetched(own)
            } catch {
                // Without a descriptor the handoff is void, as the log will say.
                continue
            }
        }
    }

    /// Keeps of all that only what recovery has left open.
    mutating func settle(for registry: Registry) {
        for (handoff, found) in found where registry.handoffs[handoff] == nil {
            self.found[handoff] = nil
            if case .kept(let entry) = found { unclaimed.append(entry) }
        }
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
