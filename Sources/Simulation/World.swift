import Coordinator
import Registry
import Wire

/// Everything outside of the rules: processes, sockets, connections, clocks, the disk, and the
/// shell that stands in for the daemon. The rules themselves are the real ones.
///
/// Nothing here is left to chance: all chance is in the actions.
final class World {
    /// All bounds of the world, in one place. They are small, so that each is reached.
    enum Bounds {
        /// Answers that wait for a client that does not read; the next one finds the queue full.
        static let queue = 6
        /// Refused requests of one user that are written in one second.
        static let refusals = 12
        static let handoffs = 10
        static let handoffsPerUser = 8
        static let sockets = 18
        /// How often a ticket is granted while nothing can be written.
        static let attemptsWithoutSpace: UInt32 = 2
        /// Sockets that nobody is known to have, and whose end is waited for.
        static let unheldSockets = 10
        /// Sockets that a service manager keeps over a stop.
        static let stored = 2
        /// One answer in so many rounds is compared with the log replayed.
        static let roundsPerReplay = 64
        /// Events between two snapshots on the simulated disk.
        static let eventsPerSnapshot = 200
        /// Rounds after which whatever can come to an end has done so.
        static let settlingRounds = 12
        /// How often, and for how long, the ends of sockets are waited for.
        static let endSettlings = 4
        static let endSettling: Int64 = 300_000
        /// The wall clock is ahead of the boot clock by this much at first.
        static let wallOffset: Int64 = 1_700_000_000_000_000
        /// A change of that offset by more than this is written down, as in the daemon.
        static let clockStep: Int64 = 100_000
    }

    let mutant: Mutant?
    var auditor = Auditor()

    var processes: [Int: SimulatedProcess] = [:]
    /// In the order of their starts.
    var order: [Int] = []
    var living: [Int32: Int] = [:]
    var sockets: [Int: Action.SocketKind] = [:] {
        didSet { auditor.kinds = sockets }
    }
    /// Those of which there is a descriptor anywhere.
    var extant: Set<Int> = []
    /// Connections with grants that nobody has received yet.
    var carrying: Set<Int> = []
    var requests: [Int: SimulatedRequest] = [:]
    var labels: [RequestKey: Int] = [:]
    var connections: [SimulatedConnection] = []
    var inbox: [Message] = []

    /// CLOCK_BOOTTIME, in microseconds.
    var boot: Int64 = 1_000_000
    var wallOffset = Bounds.wallOffset

    var disk: Disk
    var shell: Shell?
    /// What is kept while no coordinator runs.
    var kept: [KeptSocket] = []
    /// Handoffs whose descriptor was not kept by whoever should have.
    var unkept: Set<HandoffNumber> = []
    var isKeeperLost = false
    var rounds = 0
    /// Clients whose queue was full, and batches that could not be written.
    var dropped = 0
    var discarded = 0

    init(mutant: Mutant?) {
        self.mutant = mutant
        disk = Disk(mutant)
    }

    func perform(_ action: Action) {
        act(action)
        noticeEnds()
    }

    private func act(_ action: Action) {
        switch action {
        case .process(let id, let pid, let user): start(id, pid: pid, user: user)
        case .exit(let id): exit(id)
        case .exec(let id): exec(id)
        case .fork(let id, let child, let pid): fork(id, child: child, pid: pid)
        case .socket(let socket, let id, let kind): makeSocket(socket, of: id, kind)
        case .connect(let id): connect(id)
        case .duplicate(let label, let id, let socket, let pid, let lifetime):
            ask(label, by: id, .duplicate(socket: socket, pid: pid, lifetime: lifetime))
        case .redeem(let label, let id, let record, let tampering):
            ask(label, by: id, .redeem(record: record, tampering))
        case .revoke(let label, let id, let record): ask(label, by: id, .revoke(record: record))
        case .again(let label): askAgain(label)
        case .stray(let id, let parent, let record): stray(id, over: parent, record: record)
        case .misconfirm(let id, let record): misconfirm(id, record: record)
        case .close(let id, let socket): close(id, socket: socket)
        case .drop(let id, let socket): processes[id]?.descriptors[socket] = nil
        case .reconcile(let label, let id): ask(label, by: id, .reconcile)
        case .receive(let id, let reception): receive(id, reception)
        case .serve(let end): serve(end)
        case .start(let how, let end): startCoordinator(how, end)
        case .stop: stopCoordinator()
        case .keeperLost(let loss): loseKeeper(loss)
        case .overflow: overflow()
        case .space: shell?.isStoreFull = false
        case .wait(let milliseconds): boot += milliseconds * 1000
        case .step(let milliseconds): wallOffset += milliseconds * 1000
        case .settle: settle()
        }
    }

    /// What the next round can come to: for each message an answer and the end of an escrow, which
    /// each open handoff can have as well.
    var effectsMaximum: Int {
        2 * inbox.count + auditor.open.count + (shell?.coordinator.effects.count ?? 0)
    }

    /// One for what was kept, and one for each handoff whose socket is found elsewhere.
    var recoveryStepsMaximum: Int { kept.count + auditor.open.count }

    var pids: [Int32] { order.compactMap { processes[$0]?.pid } }

    // MARK: - Processes and sockets

    private func start(_ id: Int, pid: Int32, user: UInt32) {
        guard processes[id] == nil, living[pid] == nil, id > 0, pid > 0 else { return }
        processes[id] = SimulatedProcess(id: id, pid: pid, user: user)
        order.append(id)
        living[pid] = id
    }

    func exit(_ id: Int) {
        guard let process = processes[id], process.isAlive else { return }
        processes[id]?.isAlive = false
        processes[id]?.descriptors = [:]
        living[process.pid] = nil
        leaveConnections(id)
        shell?.exits.append(id)
    }

    private func exec(_ id: Int) {
        guard let process = processes[id], process.isAlive else { return }
        processes[id]?.descriptors = [:]
        leaveConnections(id)
        processes[id]?.image += 1
        processes[id]?.client = SimulatedClient(nonce: nonce(of: id, image: process.image + 1))
    }

    private func fork(_ id: Int, child: Int, pid: Int32) {
        guard let parent = processes[id], parent.isAlive else { return }
        start(child, pid: pid, user: parent.user)
        guard processes[child] != nil, child != id, processes[child]?.descriptors.isEmpty == true
        else { return }
        processes[child]?.descriptors = parent.descriptors
        processes[child]?.own = Set(parent.descriptors.keys)
        processes[child]?.parent = id
        if let connection = parent.client.connection {
            connections[connection].holders.append(child)
        }
    }

    private func leaveConnections(_ id: Int) {
        for index in connections.indices where connections[index].holders.contains(id) {
            connections[index].holders.removeAll { $0 == id }
        }
        processes[id]?.client.connection = nil
    }

    private func makeSocket(_ socket: Int, of id: Int, _ kind: Action.SocketKind) {
        guard processes[id]?.isAlive == true, sockets[socket] == nil, socket > 0 else { return }
        sockets[socket] = kind
        extant.insert(socket)
        processes[id]?.descriptors[socket] = 1
        processes[id]?.own.insert(socket)
    }

    /// Of one library instance: an exec and a fork draw another.
    func nonce(of id: Int, image: Int) -> UInt64 {
        SeededGenerator.mix(UInt64(id) << 16 | UInt64(image)) | 1
    }

    /// `SO_COOKIE` of a socket.
    static func cookie(of socket: Int) -> UInt64 { 90_000 + UInt64(socket) }

    /// What ends with it is looked for by the cookie.
    static func socket(of cookie: UInt64) -> Int { Int(cookie) - 90_000 }

    static func kind(
        of cookie: UInt64, _ kinds: [Int: Action.SocketKind]
    ) -> Action.SocketKind {
        kinds[socket(of: cookie)] ?? .told
    }

    func secret(of handoff: HandoffNumber) -> UInt64 { SeededGenerator.mix(handoff) }
}

/// A descriptor that no process has: the keeper's, of a handoff, or a service manager's.
struct KeptSocket {
    let handoff: HandoffNumber?
    let socket: Int
}

struct SimulatedProcess {
    /// Never used again, unlike the pid.
    let id: Int
    let pid: Int32
    let user: UInt32
    /// Whether the coordinator may look at its descriptors: it is of the same user, 1000.
    var isReadable: Bool { user == 1000 }
    /// Root, and the coordinator's own user.
    var isAdministrator: Bool { user == 0 || user == 1000 }
    var isAlive = true
    /// How many descriptors of each socket.
    var descriptors: [Int: Int] = [:]
    /// Sockets that it made, or that came with a fork: nobody is told of that.
    var own: Set<Int> = []
    /// Who forked it.
    var parent: Int?
    /// Counts its execs.
    var image = 0
    var client: SimulatedClient

    init(id: Int, pid: Int32, user: UInt32) {
        self.id = id
        self.pid = pid
        self.user = user
        client = SimulatedClient(nonce: SeededGenerator.mix(UInt64(id) << 16) | 1)
    }
}

/// The library in one process image.
struct SimulatedClient {
    let nonce: UInt64
    var counter: UInt64 = 0
    var connection: Int?
    /// The labels of the requests without an answer, oldest first.
    var outstanding: [Int] = []
    /// Confirms that are not acknowledged, oldest first.
    var confirms: [SimulatedConfirm] = []
    /// Frames without an answer that were sent on this connection.
    var unanswered: UInt64 = 0
    /// Deliveries of which it has the descriptor.
    var delivered: Set<HandoffNumber> = []

    init(nonce: UInt64) { self.nonce = nonce }
}

struct SimulatedConfirm {
    let handoff: HandoffNumber
    let attempt: UInt32
    let cookie: UInt64
    /// Its place among the connection's frames without an answer; 0 while it is unsent.
    var place: UInt64 = 0
}

struct RequestKey: Hashable {
    var nonce: UInt64
    var counter: UInt64
}

struct SimulatedRequest {
    enum What {
        case duplicate(socket: Int, pid: Int32, lifetime: Int64?)
        case redeem(record: Int, Action.Tampering)
        case revoke(record: Int)
        case reconcile
    }

    let label: Int
    let process: Int
    let nonce: UInt64
    let counter: UInt64
    let what: What
    /// What the presented record names.
    var handoff: HandoffNumber?
    /// What the answer to a duplicate names.
    var record: HandoffNumber?
    var isAnswered = false
}

/// A request on its way.
struct Message {
    let connection: Int
    let sender: Int
    let request: Request
    let socket: Int?
}

/// An answer on its way; a grant carries a descriptor.
struct Delivery {
    let answer: Answer
    let socket: Int?
}

struct SimulatedConnection {
    /// Who made it.
    let process: Int
    /// Who has it; a fork shares it.
    var holders: [Int]
    let session: SessionID
    /// Of the library instance that made it.
    let nonce: UInt64
    var isServed = true
    var answers: [Delivery] = []
}
