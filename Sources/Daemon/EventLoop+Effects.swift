import Coordinator
import Evidence
import Journal
import Logging
import Registry
import Transport
import Winsock
import Wire

extension EventLoop {
    /// Makes the batch durable, then runs its effects. When nothing could be written, those who
    /// wait are told so, and the state is read back. When the outcome of the commit is unknown,
    /// nobody is told anything: the error ends the loop.
    func commit() throws(DaemonError) {
        do throws(JournalError) {
            try coordinator.reading { (registry) throws(JournalError) in
                try journal.append(coordinator.events, state: registry)
            }
        } catch {
            return try discardBatch(because: error)
        }
        if !coordinator.events.isEmpty {
            commitCount += 1
            noteKeeperLossTold()
        }
        forgetEnded()
        run(coordinator.takeBatch().effects)
    }

    /// Writes what has been decided so far, so that what arrives meanwhile shares its commit.
    func stage() throws(DaemonError) {
        do throws(JournalError) {
            try journal.stage(
                coordinator.events, boot: coordinator.reading { $0.boot?.id ?? "" })
        } catch {
            try discardBatch(because: error)
        }
    }

    func discardBatch(because error: JournalError) throws(DaemonError) {
        guard case .notWritten(let code, let message) = error else { throw DaemonError(error) }
        configuration.logger.error("nothing written: \(message) (SQLite \(code))")
        isStoreFull = true
        nextSpaceCheck = Clock.bootMicroseconds() + Bounds.storeRetryMicroseconds
        let restored: Registry
        do throws(JournalError) {
            restored = try journal.restore()
        } catch {
            throw DaemonError(error)
        }
        // Nobody would tell of these exits again.
        exits += ended
        ended.removeAll(keepingCapacity: true)
        retriesAt = nextSpaceCheck
        let discarded = coordinator.events.map(\.event)
        let effects = coordinator.discardBatch(restored: restored)
        takeBackFindings(of: discarded)
        adopt(restored.rules)
        for handoff in escrow.keys where restored.handoffs[handoff] == nil {
            dropEscrow(of: handoff)
        }
        run(effects)
    }

    private func run(_ effects: [Effect]) {
        answeredCount = effects.count { $0.isAwaited }
        defer { batch += 1 }
        // All who ask in one batch are told the same: it is made once for them.
        var report: String?
        for effect in effects {
            switch effect {
            case .answer(let id, let answer), .push(let id, let answer): send(answer, to: id)
            case .record(let id, let record): send(record, to: id)
            case .grant(let id, let answer, let handoff):
                grant(answer, handoff: handoff, to: id)
            case .report(let id, let counter, let acknowledged):
                let text = report ?? status()
                report = text
                send(
                    Answer(
                        counter: counter, acknowledged: acknowledged, content: .report(text)),
                    to: id)
            case .dropEscrow(let handoff): dropEscrow(of: handoff)
            case .disconnect(let id): if let client = client(id) { disconnect(client) }
            }
        }
    }

    func client(_ id: SessionID) -> ClientConnection? {
        guard let client = connections[UInt32(id.index)], client.id == id, !client.isClosed else {
            return nil
        }
        return client
    }

    /// A client that does not read what it asked for is dropped: it asks again by its request id.
    private func send(_ answer: Answer, to id: SessionID) {
        guard let client = client(id) else { return }
        answer.encode(into: &outgoing)
        let frame = outgoing
        do throws(Errno) {
            try client.connection.send(frame.span, wait: false)
        } catch {
            disconnect(client)
        }
    }

    private func send(_ record: RecordAnswer, to id: SessionID) {
        let handoff = record.handoff
        guard let entry = Catalog.entry(id: handoff.catalog) else {
            preconditionFailure("a handoff is issued for an entry of the catalog")
        }
        let secret = escrow[handoff.number]?.secret ?? key.secret(of: handoff.number)
        let ticket = Ticket(handoff: handoff.number, secret: secret)
        let bytes =
            entry.info.socketType == SocketType.raw.rawValue
            ? entry.record(with: ticket, as: handoff.form, protocolNumber: record.protocolNumber)
            : entry.record(with: ticket, as: handoff.form)
        send(
            Answer(
                counter: record.counter, acknowledged: record.acknowledged,
                content: .record(
                    handoff: handoff.number, isRepeated: record.isRepeated, bytes: bytes)),
            to: id)
    }

    // MARK: - Exits

    /// Writes the exits, with their status where the kernel tells it soon enough.
    func endExited(at time: Instant) {
        guard !exits.isEmpty else { return }
        var waiting: [WatchedProcess] = []
        for process in exits {
            endConnections(of: process)
            guard let known = number(of: process) else {
                if process.connections == 0 { forgetIfUnused(process) }
                continue
            }
            let status = process.handle.exitStatus() ?? process.handle.zombieStatus()
            let waited = time.bootMicroseconds - (process.exitNoticed ?? 0)
            if status == nil, waited < Bounds.exitStatusMicroseconds, !isStopping {
                waiting.append(process)
                continue
            }
            // Whatever it sent before its end comes first; of much the rest in the next round.
            let isHeard = hearOut(process)
            decideInbound()
            guard isHeard else {
                waiting.append(process)
                continue
            }
            coordinator.perform(.exit(process: known, status: status), at: time)
            ended.append(process)
        }
        exits = waiting
    }

    /// Receives what an ended process has sent, as much as a round has room for. Whether that is
    /// all: nobody can add to it.
    private func hearOut(_ process: WatchedProcess) -> Bool {
        var isAll = true
        for client in connections.values where client.process === process {
            var rest = Bounds.messagesPerConnection
            // After a look: another thread is not to take over in the middle of an exit.
            while rest > 0, let count = receive(from: client, lookingFirst: true), count > 0 {
                rest -= count
                parkUnasked()
            }
            if rest <= 0 || client.isParked || !hasRoom(for: client.user) { isAll = false }
        }
        return isAll
    }

    /// What it sent before its end can still be received. Its end of a connection may be in
    /// anybody's hands by now, and would keep the connection open for as long as they like.
    private func endConnections(of process: WatchedProcess) {
        guard process.connections > 0 else { return }
        for client in connections.values where client.process === process && !client.isClosed {
            shutDown(client)
        }
    }

    private func forgetEnded() {
        guard !ended.isEmpty else { return }
        for process in ended { forgetIfUnused(process) }
        ended.removeAll(keepingCapacity: true)
    }

    // MARK: - Space

    /// Looks at the free space ten times a second, or sooner when much was written, and says so
    /// once when there is too little.
    func checkSpace(_ time: Instant) {
        let sequence = coordinator.reading { $0.nextSequence }
        guard time.bootMicroseconds >= nextSpaceCheck || sequence >= nextSpaceCheckSequence else {
            return
        }
        let pause = isStoreFull ? Bounds.storeRetryMicroseconds : Bounds.spaceCheckMicroseconds
        nextSpaceCheck = time.bootMicroseconds + pause
        nextSpaceCheckSequence = sequence + Bounds.eventsPerSpaceCheck
        guard let free = freeBytes() else { return }
        let isFull = free < configuration.minimumFreeBytes
        if !isFull {
            let events = (free - configuration.minimumFreeBytes) / Bounds.bytesPerEvent
            nextSpaceCheckSequence = sequence + min(events, Bounds.eventsPerSpaceCheck)
        }
        if isFull, !isSpaceShort {
            configuration.logger.error(
                "too little space: new handoffs are refused", metadata: ["free": "\(free)"])
            coordinator.perform(.storeFull(found: "\(free) bytes free"), at: time)
        } else if !isFull, isStoreFull {
            // What could not be written for another reason, such as a lock, is only tried again.
            configuration.logger.notice(
                isSpaceShort
                    ? "space again: new handoffs are taken" : "new handoffs are tried again")
        }
        isStoreFull = isFull
        isSpaceShort = isFull
    }

    /// What is left once the database has grown by what it still has in its WAL; nil where that
    /// cannot be seen.
    private func freeBytes() -> UInt64? {
        do {
            let free = try SystemFiles.freeBytes(at: journal.path)
            let size = try SystemFiles.facts(of: journal.path)?.byteCount ?? 0
            let growth = max(0, try journal.byteCount() - size)
            return free - min(free, UInt64(growth))
        } catch {
            configuration.logger.warning("cannot look at the free space: \(error)")
            return nil
        }
    }

    // MARK: - Status

    /// One key=value a line, for `baton status`.
    func status() -> String {
        let registry = coordinator.registry
        var databaseBytes: Int64 = 0
        for suffix in ["", "-wal"] {
            do throws(Errno) {
                let facts = try SystemFiles.facts(of: journal.path + suffix)
                databaseBytes += facts?.byteCount ?? 0
            } catch {
                configuration.logger.warning("cannot look at the database file: \(error)")
            }
        }
        return """
            socket=\(configuration.socketPath)
            database=\(journal.path)
            log=\(journal.logID)
            pid=\(HostFacts.ownPID())
            epoch=\(registry.epoch)
            version=\(Program.version)
            grade=\(features.grade.rawValue)
            features=\(features.names.joined(separator: ","))
            unseen=\((unseen + HostFacts.unseenOfOtherNamespaces()).joined(separator: ","))
            keeper=\(keeperText)
            keeper_restarts=\(keeper?.kept[.restarts] ?? 0)
            kept=\(keeper?.isLost == false ? escrow.count : 0)
            held=\(escrow.count)
            reserved=\(registry.reservedHandoffs)
            connections=\(connections.count)
            processes=\(registry.processes.count)
            sockets=\(registry.sockets.count)
            unheld_sockets=\(registry.unheldSockets)
            ends_told=\(endsTold)
            end_overflows=\(ends.overflowCount)
            reconciles=\(ends.looks.count)
            registrations=\(registry.registrations.count)
            events=\(registry.nextSequence)
            covered=\(journal.latestCheckpoint?.checkpoint.size ?? 0)
            commits=\(commitCount)
            database_bytes=\(databaseBytes)
            uptime_us=\(Clock.bootMicroseconds() - startedMicroseconds)
            store_full=\(isStoreFull)

            """
    }
}
