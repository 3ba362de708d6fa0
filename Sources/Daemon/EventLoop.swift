import Coordinator
import Journal
import Logging
import Registry
import Transport
import Winsock
import Wire

/// Owns the coordinator's state; one thread leads it at a time, see `Succession`.
///
/// A round: wait; receive all that is ready; decide, apply and write each message; look again until
/// nothing more has come; one commit; then the answers and descriptors. What arrives during the
/// commit is the next round, so a busy coordinator commits in groups without a timer.
final class EventLoop {
    /// All bounds of the loop, in one place.
    enum Bounds {
        /// Messages of one round, and events that wait for their commit.
        static let messagesPerRound = 1024
        /// What one wait tells of: as many as there are connections by default, so that whoever has
        /// many of them hides nobody.
        static let eventsPerWait = 4096
        /// Messages of one connection before the next one has its turn.
        static let messagesPerConnection = 64
        /// How often a round that has fewer requests than the last one had answers looks for more
        /// before its commit: some 40 µs, a fraction of what a commit costs.
        static let looksPerRound = 32
        /// Connections accepted in one go.
        static let acceptsPerRound = 64
        /// How long what nobody waits for (confirms and closes) may wait for a commit with others.
        static let lazyMilliseconds: Int64 = 5
        /// How long what is to be closed may wait for more of it, and how much of it: to wake the
        /// closer's thread costs as much as to answer a message, and each wake-up serves twenty
        /// handoffs so under load.
        static let closeMicroseconds: Int64 = 4_000
        static let closesPerWakeUp = 64
        /// How long an exit waits for its status: a parent usually reaps at once, and only then
        /// does the kernel tell.
        static let exitStatusMicroseconds: Int64 = 20_000
        /// How often the free space is looked at: others may use it up as well.
        static let spaceCheckMicroseconds: Int64 = 100_000
        /// How often it is tried again to write, where that failed or there is no space.
        static let storeRetryMicroseconds: Int64 = 1_000_000
        /// After so many events it is looked at sooner, and sooner still as it runs short: each can
        /// touch so many bytes of pages, which the WAL then has once more.
        static let eventsPerSpaceCheck: UInt64 = 4096
        static let bytesPerEvent: UInt64 = 65_536
        /// How often a ticket is granted while there is too little space: each attempt that fails
        /// is two events.
        static let attemptsWithoutSpace: UInt32 = 8
        /// A wall clock that moved this much against the boot clock has been stepped: well above
        /// what adjtime(3) slews between two rounds.
        static let clockStepMicroseconds: Int64 = 500_000
    }

    var configuration: DaemonConfiguration
    var policyNeeds: PolicyNeeds
    var roundLimits: RoundLimits
    /// What of other users' processes cannot be seen.
    let unseen: [String]
    let features: KernelFeatures
    let journal: Journal
    let key: TicketKey
    let startedMicroseconds: Int64
    let poller: Poller
    let listener: Listener
    let ownsSocketFile: Bool
    let stop: SharedStop
    let signals: SignalDescriptor?
    let keeper: KeeperLink?
    let closer = Closer.shared

    var coordinator: Coordinator
    let processes: ProcessTable
    var escrow: [HandoffNumber: Escrow] = [:]
    /// What the service manager kept over the last stop.
    var storedCookies: [UInt64] = []
    /// Sockets that only wait for the manager's store to be emptied, and when that is tried again.
    var storedSockets: [SharedDescriptor] = []
    var nextStoreTry: Int64 = 0
    var connections: [UInt32: ClientConnection] = [:]
    var tokens = TokenTable()
    let listenerToken: Poller.Token
    let stopToken: Poller.Token
    let signalToken: Poller.Token
    let exitToken: Poller.Token
    let keeperToken: Poller.Token
    let endsToken: Poller.Token
    let reconcileToken: Poller.Token
    let deliveryToken: Poller.Token
    let namesToken: Poller.Token
    let ends: EndsWatch
    let deliveries: DeliveryWatch
    let namer: SocketNamer
    let succession: Succession

    /// When connections are accepted again, if not now.
    var acceptsAgain: Int64?
    /// Connections that end once what they sent last is answered.
    var ending: [ClientConnection] = []
    /// A process could not be looked at for want of one, for the message that is decided now.
    var lacksDescriptors = false
    /// Given up to accept and drop a connection when no descriptor is left.
    var spare: Descriptor?
    var droppedNoticed: Int64?
    /// The name of the socket on which clients connect.
    let ownName: String?
    var users: [UInt32: UserShare] = [:]
    var unread: UnreadGrants
    /// Counts the batches whose effects were run.
    var batch: UInt64 = 1
    /// There was no room for all in the last round, so that they take turns in this one.
    var isCrowded = false
    /// Users who wait for their turn, and the last turn.
    var readyUsers: [UserShare] = []
    var turn: UInt64 = 0
    /// Counts how often all that was received has been decided.
    var inboundRound: UInt64 = 1
    var inbound: [Inbound] = []
    /// Those of them whose sockets are still to be asked for their names.
    var unasked: [Int] = []
    /// The one whose socket is being asked.
    var asking: NamesCall?
    /// Whether the paths of executables named them when they were looked at in this round.
    var executablesOfRound: [Executable: Bool] = [:]
    /// Connections that ended in this round.
    var closing: [ClientConnection] = []
    var exits: [WatchedProcess] = []
    /// Those whose exit is in the batch.
    var ended: [WatchedProcess] = []
    /// After a batch that could not be written: when what happens by itself is tried again.
    var retriesAt: Int64 = 0
    /// What is to be closed, and since when.
    var released: [SharedDescriptor] = []
    private var releasedSince: Int64?
    var isStopping = false
    /// Nobody can send any more; the end of what was sent is not the end of a connection, which is
    /// still answered.
    var isHearingOut = false
    /// Whether this process goes on as a keeper once the coordinator has stopped.
    var replacesKeeper = false
    var commitCount: UInt64 = 0
    /// How many clients the last commit answered.
    var answeredCount = 0
    var isStoreFull = false { didSet { coordinator.isStoreFull = isStoreFull } }
    /// Whether the log says, or will say, that there is too little space.
    var isSpaceShort = false
    var nextSpaceCheck: Int64 = 0
    /// With this event the free space is looked at, however early it comes.
    var nextSpaceCheckSequence: UInt64 = 0
    var lazySince: Int64?
    var evidence = EvidenceDuties()
    var clockOffset: Int64?
    var outgoing: [UInt8] = []
    let events = EventBuffer(capacity: Bounds.eventsPerWait)
    /// A thread that is kept in a receive has the one of then.
    var buffer = EventLoop.messageBuffer()
    var reception: Reception
    /// The place of the connection that was received from last.
    var receivingFrom: UInt32 = 0

    init(
        configuration: DaemonConfiguration, features: KernelFeatures, unseen: [String],
        journal: Journal, key: TicketKey, coordinator: consuming Coordinator,
        processes: ProcessTable,
        listening: consuming Listening, stop: SharedStop, signals: consuming SignalDescriptor?,
        keeper: KeeperLink?
    ) throws(Errno) {
        self.configuration = configuration
        self.features = features
        self.unseen = unseen
        self.journal = journal
        self.key = key
        let rules = coordinator.reading { $0.rules }
        policyNeeds = PolicyNeeds(rules.policy)
        roundLimits = RoundLimits(rules.admission)
        self.coordinator = coordinator
        startedMicroseconds = Clock.bootMicroseconds()
        poller = try Poller()
        ownsSocketFile = listening.ownsFile
        listener = listening.listener
        ownName = try Sockets.facts(of: listener, quality: false).local
        self.stop = stop
        self.signals = signals
        self.keeper = keeper
        self.processes = processes
        listenerToken = tokens.make()
        stopToken = tokens.make()
        signalToken = tokens.make()
        exitToken = tokens.make()
        keeperToken = tokens.make()
        endsToken = tokens.make()
        reconcileToken = tokens.make()
        deliveryToken = tokens.make()
        namesToken = tokens.make()
        ends = try EndsWatch(
            features: features, bufferByteCount: configuration.endsBufferByteCount)
        deliveries = try DeliveryWatch()
        namer = try SocketNamer()
        reception = Reception(late: LateMessages(with: namer.answers))
        succession = try Succession()
        unread = UnreadGrants(descriptorLimit: try HostFacts.raiseDescriptorLimit())
        spare = try Descriptor.spare()
        try poller.add(self.listener, token: listenerToken, interest: .readable)
        try poller.add(stop.event, token: stopToken, interest: .readable)
        try poller.add(self.processes.poller, token: exitToken, interest: .readable)
        if self.signals != nil { try addSignals() }
        try addKeeper()
        try addEnds()
        try addReconciler()
        try poller.add(deliveries.answer.event, token: deliveryToken, interest: .readable)
        try poller.add(namer.answers.event, token: namesToken, interest: .readable)
    }

    private func addSignals() throws(Errno) {
        switch signals {
        case .some(let signals):
            try poller.add(signals, token: signalToken, interest: .readable)
        case nil: break
        }
    }

    /// Room for one byte more than a frame has, so that a longer message is told from one.
    static func messageBuffer() -> MessageBuffer {
        MessageBuffer(byteCapacity: Frame.byteCountMaximum + 1)
    }

    /// The time of what is decided now, by both clocks.
    func now() -> Instant {
        Instant(
            wallMicroseconds: Clock.wallMicroseconds(),
            bootMicroseconds: Clock.bootMicroseconds())
    }

    // MARK: - The round

    /// False where another thread has taken the loop over, and with it the rest of this round.
    func round(timeout: Int32) throws(DaemonError) -> Bool {
        var timeout = timeout
        var time: Instant
        var decided = 0
        var waiting = 0
        var looks = 0
        // What arrives while the first messages are decided shares their commit. Those who were
        // just answered mostly ask again within microseconds: a few more looks are cheaper than a
        // commit without them.
        repeat {
            do throws(Errno) {
                guard try receive(timeout: timeout) else { return false }
            } catch {
                throw DaemonError("cannot wait for messages", error)
            }
            guard askNames() else { return false }
            timeout = 0
            time = now()
            noteClock(time)
            checkSpace(time)
            lookForKey(time)
            decided += inbound.count
            waiting += inbound.count { $0.counter != 0 }
            if inbound.isEmpty {
                guard waiting > 0, waiting < answeredCount, looks < Bounds.looksPerRound else {
                    break
                }
                looks += 1
                continue
            }
            decideInbound()
            try stage()
            releaseDescriptors(at: time)
        } while decided < Bounds.messagesPerRound
        // Later than all that was decided: the boot clock of the events does not go back.
        time = now()
        if time.bootMicroseconds >= retriesAt {
            endExited(at: time)
            lookForDeliveries(at: time)
            coordinator.tick(at: time)
            if coordinator.hasExits { coordinator.drain(at: time) }
            noteEnds(at: time)
            reconcile(at: time)
        }
        try commitIfDue(time)
        try tendEvidence(time)
        forgetClosed()
        closeRead(at: time)
        emptyStoreIfDue(at: time)
        return true
    }

    func timeoutMilliseconds() -> Int32 {
        let now = Clock.bootMicroseconds()
        let isRetrying = now < retriesAt
        if coordinator.hasExits, !isRetrying { return 0 }
        var next = isRetrying ? retriesAt : coordinator.nextTick
        func consider(_ time: Int64) { next = min(next ?? time, time) }
        // Running the effects of a commit can add an event for the next one: a grant not sent.
        if !coordinator.events.isEmpty, !isRetrying || !coordinator.isRetold {
            consider((lazySince ?? now) + Bounds.lazyMilliseconds * 1000)
        }
        if let releasedSince { consider(releasedSince + Bounds.closeMicroseconds) }
        if let acceptsAgain { consider(acceptsAgain) }
        if isStoreFull { consider(nextSpaceCheck) }
        if let next = unread.nextLook { consider(next) }
        if let next = namer.nextStep { consider(next) }
        if let next = reception.nextStep { consider(next) }
        if let next = nextEvidenceMicroseconds { consider(next) }
        if let nextEnds, !isRetrying { consider(nextEnds) }
        if let next = ends.looks.next, !isRetrying { consider(next) }
        if let next = deliveries.nextStep, !isRetrying { consider(next) }
        if !exits.isEmpty, !isRetrying { consider(now + 2000) }
        if !storedCookies.isEmpty { consider(nextStoreTry) }
        guard let next else { return -1 }
        // Rounded up: waking too early would only mean waiting again.
        return Int32(clamping: max(0, (next - now + 999) / 1000))
    }

    /// Commits when somebody waits for it, or when what nobody waits for has waited long enough.
    private func commitIfDue(_ time: Instant) throws(DaemonError) {
        // Nobody waits for facts that could not be written: another try waits for its time.
        let isRetold = coordinator.isRetold && time.bootMicroseconds < retriesAt
        guard !coordinator.events.isEmpty || !coordinator.effects.isEmpty, !isRetold else {
            lazySince = nil
            return releaseDescriptors(at: time)
        }
        if !coordinator.isAwaited, !isStopping, !coordinator.hasExits {
            let since = lazySince ?? time.bootMicroseconds
            lazySince = since
            if time.bootMicroseconds - since < Bounds.lazyMilliseconds * 1000,
                coordinator.events.count < Bounds.messagesPerRound
            {
                return
            }
        }
        lazySince = nil
        try commit()
        releaseDescriptors(at: time)
    }

    /// Closes what is not needed any more, on the closer's thread: of what requests brought, before
    /// as much again is received.
    private func releaseDescriptors(at time: Instant) {
        guard !released.isEmpty else { return }
        let since = releasedSince ?? time.bootMicroseconds
        let isDue =
            released.count >= min(Bounds.closesPerWakeUp, roundLimits.requestsInFlight)
            || isStopping
            || time.bootMicroseconds - since >= Bounds.closeMicroseconds
        releasedSince = isDue ? nil : since
        guard isDue else { return }
        closer.close(&released)
    }

    private func noteClock(_ time: Instant) {
        let offset = time.wallMicroseconds - time.bootMicroseconds
        defer { clockOffset = offset }
        guard let clockOffset, abs(offset - clockOffset) > Bounds.clockStepMicroseconds else {
            return
        }
        coordinator.perform(.stepClock(by: offset - clockOffset), at: time)
    }
}
