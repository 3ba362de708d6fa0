import Coordinator
import Journal
import Logging
import Registry
import Transport

/// A listener, and whether the file on which it listens is ours to remove: a service manager's
/// stays, so that clients can connect while no coordinator runs.
struct Listening: ~Copyable {
    let listener: Listener
    let ownsFile: Bool
}

/// What happens before the first request: one step after the other, each with its own refusal.
enum Startup {
    static func features(_ configuration: DaemonConfiguration) throws(DaemonError) -> KernelFeatures
    {
        var features = KernelFeatures.probe()
        for name in configuration.withheldFeatures {
            guard let reduced = features.without(name) else {
                throw .system(message: "there is no kernel feature \(name)")
            }
            features = reduced
        }
        let needed = [
            ("socketCookie", features.socketCookie), ("deliveryKept", features.deliveryKept),
            ("messageCredentials", features.messageCredentials),
            ("pidfdOpen", features.pidfdOpen),
        ]
        let missing = needed.filter { !$0.1 }.map(\.0)
        guard missing.isEmpty else { throw .kernelUnusable(missing: missing) }
        let grade = IdentityGrade(features.grade)
        guard grade.rank >= configuration.minimumGrade.rank else {
            throw .identityTooWeak(found: grade, demanded: configuration.minimumGrade)
        }
        return features
    }

    // MARK: - Locks

    /// The kernel follows no more links than these.
    ///
    /// path_resolution(7)
    private static let linksMaximum = 40

    /// The database itself where the path is a link: by that name it is locked, and its keys stand
    /// beside it, so that two names of one database are not taken for two.
    static func resolve(_ path: String) -> String {
        var path = path
        for _ in 0..<linksMaximum {
            do throws(Errno) {
                let target = try SystemFiles.target(ofLink: path)
                let directory = path.lastIndex(of: "/").map { path[...$0] } ?? ""
                path = target.hasPrefix("/") ? target : directory + target
            } catch {
                // Not a link, or not there: whoever opens it says what is wrong with it.
                return path
            }
        }
        return path
    }

    static func lockDatabase(_ configuration: DaemonConfiguration) throws(DaemonError) -> LockFile {
        let path = configuration.databasePath
        do throws(Errno) {
            try makeDirectory(of: path, mode: 0o750)
            if let lock = try LockFile.acquire(path: path + ".lock") { return lock }
        } catch {
            throw .database(
                message: "cannot open the database \(path): \(error)",
                advice: "check that the path exists and that this user may read and write it",
                isDamage: false)
        }
        throw .databaseInUse(path: path)
    }

    static func lockSocket(_ configuration: DaemonConfiguration) throws(DaemonError) -> LockFile {
        let path = configuration.socketPath
        do throws(Errno) {
            let isRoot = HostFacts.effectiveUID() == 0
            try makeDirectory(of: path, mode: isRoot ? 0o755 : 0o700)
            if let lock = try LockFile.acquire(path: path + ".lock") { return lock }
        } catch {
            throw .socketUnusable(path: path, detail: error.description)
        }
        throw .socketInUse(path: path)
    }

    private static func makeDirectory(of path: String, mode: UInt32) throws(Errno) {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
        try SystemFiles.makeDirectories(String(path[..<slash]), mode: mode)
    }

    static func listen(
        _ configuration: DaemonConfiguration, _ keeper: KeeperLink?, _ inherited: Inheritance
    ) throws(DaemonError) -> Listening {
        let path = configuration.socketPath
        if let keeper, let kept = try keptListener(keeper, path: path) { return kept }
        if let inherited = inherited.listener {
            do throws(Errno) {
                let listener = try Listener(adopting: inherited.descriptor.duplicate())
                return Listening(listener: listener, ownsFile: false)
            } catch {
                throw .socketUnusable(
                    path: "the inherited socket",
                    detail: "it must be a listening SOCK_SEQPACKET Unix socket (\(error))")
            }
        }
        do throws(ListenError) {
            let listener = try Listener.bind(
                path: path, mode: configuration.socketMode, group: configuration.socketGroup,
                backlog: 512)
            if let keeper { try keep(listener, keeper, path: path) }
            return Listening(listener: listener, ownsFile: true)
        } catch {
            throw DaemonError(error, path: path)
        }
    }

    // MARK: - Database

    static func openJournal(_ configuration: DaemonConfiguration) throws(DaemonError) -> Journal {
        let path = configuration.databasePath
        do throws(Errno) {
            // Made with its mode before SQLite opens it; its -wal and -shm get the same.
            if try SystemFiles.facts(of: path) == nil {
                try SystemFiles.writeFileExclusively(path, [], mode: 0o640)
            }
        } catch {
            throw .database(
                message: "cannot open the database \(path): \(error)",
                advice: "check that the path exists and that this user may read and write it",
                isDamage: false)
        }
        do throws(JournalError) {
            let journal = try Journal(
                path: path, program: Program.name, now: Clock.wallMicroseconds())
            if journal.isNew {
                let id = Hexadecimal.text(Journal.randomID())
                try journal.name(id: id, origin: "baton/\(HostFacts.hostName())/\(id)")
            }
            return journal
        } catch {
            throw DaemonError(error)
        }
    }

    private static let keyAdvice =
        "restore it, or move it away: tickets that were issued then become worthless"

    /// The key stands beside the database, never in it.
    static func ticketKey(
        _ configuration: DaemonConfiguration, _ journal: Journal
    ) throws(DaemonError) -> TicketKey {
        let path = configuration.databasePath + ".key"
        let bytes: [UInt8]
        let facts: FileFacts
        do throws(Errno) {
            if try SystemFiles.facts(of: path) == nil {
                try SystemFiles.writeFileExclusively(path, TicketKey.random(), mode: 0o600)
            }
            (bytes, facts) = try SystemFiles.readFileWithFacts(path, limit: TicketKey.byteCount)
        } catch {
            throw .database(
                message: "cannot read the ticket key \(path): \(error)",
                advice: keyAdvice,
                isDamage: false)
        }
        try KeyFile.check(
            path, facts, what: "the ticket key",
            risk: "who has read it can make tickets, and without the file a new key is made")
        guard bytes.count == TicketKey.byteCount else {
            throw .database(
                message: "the ticket key \(path) does not have \(TicketKey.byteCount) bytes",
                advice: keyAdvice,
                isDamage: true)
        }
        return TicketKey(bytes, log: journal.logID)
    }

    // MARK: - Recovery

    /// Reads the state back, writes the start, and ends what did not survive.
    static func recover(
        _ configuration: inout DaemonConfiguration, _ features: KernelFeatures, _ host: HostSight,
        _ journal: Journal, _ processes: ProcessTable, _ search: inout EscrowSearch,
        continuing predecessor: Predecessor?
    ) throws(DaemonError) -> Coordinator {
        let registry: Registry
        do throws(JournalError) {
            registry = try journal.restore()
        } catch {
            throw DaemonError(error)
        }
        let hasRebooted = registry.boot.map { $0.id != host.bootID } ?? false
        let survivors: Survivors
        do throws(Errno) {
            survivors = hasRebooted ? Survivors() : try Survivors(registry, features, processes)
        } catch {
            throw DaemonError("cannot look at the processes that the log knows", error)
        }
        if configuration.keepsRecordedRules { configuration.takeRecorded(registry.rules) }
        var coordinator = Coordinator(
            registry: registry, pid: HostFacts.ownPID(), uid: HostFacts.effectiveUID(),
            limits: configuration.admission)
        let isFirst = registry.nextSequence == 0
        if isFirst {
            coordinator.perform(
                .openLog(
                    Event.LogIdentity(
                        origin: journal.origin, program: Program.name,
                        schema: Journal.schemaVersion,
                        previousOrigin: predecessor?.origin,
                        previousSize: predecessor?.size, previousRoot: predecessor?.root)),
                at: now())
        }
        let epoch = registry.epoch + 1
        coordinator.perform(.observeBoot(boot(features, host)), at: now())
        configure(&coordinator, rules(configuration, features, host.unmapped))
        coordinator.perform(.start(pid: HostFacts.ownPID(), epoch: epoch), at: now())
        if !isFirst {
            try recover(
                &coordinator, registry, features, epoch: epoch, survivors, processes, &search)
            releaseUntold(&coordinator, hasRebooted: hasRebooted)
        }
        do throws(JournalError) {
            // One transaction, however much it is: a start that is interrupted has not happened.
            try journal.append(coordinator.events, state: coordinator.registry)
        } catch {
            throw DaemonError(error)
        }
        _ = coordinator.takeBatch()
        search.settle(for: coordinator.registry)
        return coordinator
    }

    private static func recover(
        _ coordinator: inout Coordinator, _ registry: Registry, _ features: KernelFeatures,
        epoch: UInt64, _ survivors: Survivors, _ processes: ProcessTable,
        _ search: inout EscrowSearch
    ) throws(DaemonError) {
        let living = survivors.living
        func watched(_ number: ProcessNumber) -> WatchedProcess? {
            guard living.contains(number), let known = registry.processes[number] else {
                return nil
            }
            return processes[known.identity.instance]
        }
        do throws(Errno) {
            try search.find(for: coordinator, features: features, in: watched)
        } catch {
            throw DaemonError("cannot take over what is in escrow", error)
        }
        coordinator.recover(
            search.plan.findings(pid: HostFacts.ownPID(), epoch: epoch), living: living,
            statuses: survivors.statuses, at: now())
    }

    /// Sockets of which nobody will tell the end any more: those of an earlier boot, and those that
    /// another kernel or another network namespace told of.
    private static func releaseUntold(_ coordinator: inout Coordinator, hasRebooted: Bool) {
        let unheld = coordinator.reading { registry in
            registry.sockets.values.filter { $0.isUnheld }.sorted { $0.number < $1.number }
        }
        let ends = coordinator.reading { $0.rules.ends }
        for socket in unheld {
            guard hasRebooted || ends?.include(socket.identity) != true && socket.quality == nil
            else { continue }
            coordinator.perform(
                .closings(
                    Command.Closings(
                        socket: socket.number, closed: [],
                        released: hasRebooted ? .observed : .counted)),
                at: now())
        }
    }

    private static func boot(_ features: KernelFeatures, _ host: HostSight) -> Event.Boot {
        Event.Boot(
            id: host.bootID, kernel: HostFacts.kernelRelease(), features: features.names,
            grade: Grade(features.grade))
    }

    /// What a coordinator and its keeper need for themselves and for messages on their way, and as
    /// much again: one that could not be opened would cost what is in escrow.
    private static let ownDescriptors = 64

    /// The rules of this configuration, within what the descriptor limit allows.
    static func rules(
        _ configuration: DaemonConfiguration, _ features: KernelFeatures, _ unmapped: UnmappedIDs
    ) -> Rules {
        var rules = configuration.rules
        rules.admission = configuration.admission
        rules.ends = Ends(features)
        rules.policy.unmapped = unmapped
        rules.keepsEvidence = configuration.keepsEvidence
        rules.isStrict = configuration.isStrict
        rules.minimumGrade = configuration.minimumGrade.recorded
        rules.minimumFreeBytes = configuration.minimumFreeBytes
        if let maximum = configuration.maximumHandoffs { rules.limits.handoffs = maximum }
        do throws(Errno) {
            let limit = Int(clamping: try HostFacts.raiseDescriptorLimit())
            share(max(8, limit - ownDescriptors), among: &rules)
        } catch {
            configuration.logger.warning("cannot raise the descriptor limit: \(error)")
        }
        // Whoever says so may give one user all of them.
        if let maximum = configuration.maximumHandoffsPerUser {
            rules.limits.handoffsPerUser = maximum
        }
        return rules
    }

    /// Lowers what costs descriptors to what so many allow. No user may have all of anything,
    /// or it could lock the others out.
    private static func share(_ descriptors: Int, among rules: inout Rules) {
        // A request has up to two, and as many again wait to be closed.
        let requests = min(rules.admission.requestsInFlight, max(2, descriptors / 32))
        rules.admission.requestsInFlight = requests
        rules.admission.requestsInFlightPerUser = min(
            rules.admission.requestsInFlightPerUser, max(1, requests / 2))
        // Of the rest three quarters are for escrow, an eighth for watched processes, one for
        // connections.
        let rest = max(8, descriptors - 4 * requests)
        let handoffs = max(1, rest / 4 * 3)
        rules.limits.handoffs = min(rules.limits.handoffs, handoffs)
        // A single user may be all there is; what it leaves is for any other.
        rules.limits.handoffsPerUser = min(
            rules.limits.handoffsPerUser, max(1, handoffs / 8 * 7))
        let processes = min(rules.limits.processes, max(2, rest / 8))
        rules.limits.processes = processes
        rules.limits.processesPerUser = min(rules.limits.processesPerUser, processes / 2)
        // Each costs one, and one more for its process while that is in no handoff.
        let connections = min(rules.admission.connections, max(2, rest / 16))
        rules.admission.connections = connections
        rules.admission.connectionsPerUser = min(
            rules.admission.connectionsPerUser, max(1, connections / 2))
    }

    private static func configure(_ coordinator: inout Coordinator, _ rules: Rules) {
        guard coordinator.registry.rules != rules || coordinator.registry.epoch == 0 else { return }
        let text = rules.text
        coordinator.perform(
            .configure(digest: Journal.digest(of: text), content: text), at: now())
    }

    private static func now() -> Instant {
        Instant(
            wallMicroseconds: Clock.wallMicroseconds(),
            bootMicroseconds: Clock.bootMicroseconds())
    }
}
