package import Registry

/// The input of a step, made again from the events that followed from it.
package enum RecordedInput: Sendable {
    /// All that the rules look at is in the log.
    case exact(Command)
    /// Some of it is not in the log: what is missing stands where it decides as it did.
    case likely(Command, missing: String)
    /// The shell said so itself: there was nothing to decide, or the log does not have it.
    case asRecorded(String)
}

// The log of outcomes is the log of inputs: the first event of a step carries its input. What a
// refusal does not carry is inferred from its reason, which is what the input led to; by other
// rules such an input could lead elsewhere, and `missing` says so.

extension Registry {
    /// The input of a step, of which these are the events; `self` is the state before it.
    package func input(of step: some RandomAccessCollection<Event>) -> RecordedInput {
        guard let first = step.first else { return .asRecorded("no events") }
        switch first.content {
        case .logOpened(let log): return .exact(.openLog(log))
        case .bootObserved(let boot): return .exact(.observeBoot(boot))
        case .clockStepped(let by): return .exact(.stepClock(by: by))
        case .coordinatorStarted(let pid, let epoch): return .exact(.start(pid: pid, epoch: epoch))
        case .coordinatorStopped(let pid, let epoch): return .exact(.stop(pid: pid, epoch: epoch))
        case .coordinatorRecovered(let found): return recovery(found, step)
        case .configurationChanged(let digest, let content):
            return .exact(.configure(digest: digest, content: content))
        case .processSeen(let identity): return .exact(.observeProcess(identity))
        case .processExited(let process, let status):
            return .exact(.exit(process: process, status: status))
        case .socketSeen(let identity): return .exact(.observeSocket(identity))
        case .handoffIssued(let issued): return .exact(.duplicate(duplicate(issued)))
        case .handoffRefused(let refused): return duplicate(refused)
        case .handoffReserved(let reserved): return .exact(.redeem(redeem(reserved)))
        case .redemptionRefused(let refused): return redeem(refused)
        case .handoffDelivered(let number, let how): return confirm(number, how)
        case .deliveryFailed(let number, let reason):
            // Only the coordinator itself cannot send; the other failures are the target's word.
            let actor = reason == .unsent || reason == .inFlight ? nil : handoffs[number]?.target
            return .exact(.deliveryFailed(handoff: number, actor: actor, reason: reason))
        case .handoffRevoked(let revoked):
            return .exact(
                .revoke(
                    Command.Revoke(
                        actor: revoked.actor, handoff: revoked.handoff, text: revoked.text,
                        request: revoked.request)))
        case .handoffExpired(let number), .handoffVoided(let number, .unconfirmed):
            return .exact(.expire(handoff: number))
        case .descriptorClosed(_, let socket, .observed): return closings(of: socket, step)
        case .descriptorClosed(let process, let socket, let how):
            guard let cookie = sockets[socket]?.identity.cookie else {
                return .asRecorded("a close of a socket that is not known")
            }
            return .exact(.close(Command.Close(actor: process, cookie: cookie, how: how)))
        case .requestRefused(let refused): return request(refused)
        case .requestsSuppressed(let suppressed): return .exact(.suppress(suppressed))
        case .storeFull(let found): return .exact(.storeFull(found: found))
        default: return rareInput(of: step, first.content)
        }
    }

    private func rareInput(
        of step: some RandomAccessCollection<Event>, _ content: Event.Content
    ) -> RecordedInput {
        switch content {
        case .socketMarked(let socket, let actor, let quality):
            let known = "whether the program or the kernel said so, and the request"
            if sockets[socket]?.quality == quality {
                let mark = Command.Mark(
                    actor: actor, socket: .socket(socket), quality: quality,
                    request: newRequest(of: actor))
                return .likely(.mark(mark), missing: known)
            }
            return .likely(
                .observeQuality(socket: socket, actor: actor, quality: quality), missing: known)
        case .notificationSelected(let actor, let socket, let mask):
            return select(actor, socket, mask)
        case .notificationCancelled(_, let socket, _, let by):
            if step.count > 1, let second = step.dropFirst().first,
                case .notificationSelected(let actor, _, let mask) = second.content
            {
                return select(actor, socket, mask)
            }
            return select(by, socket, 0)
        case .socketReleased(let socket, .kernel), .socketReleased(let socket, .observed):
            return closings(of: socket, step)
        case .socketReleased(let socket, .counted):
            // A repeated request that was answered from memory, with a socket that was seen anew.
            return .likely(
                .select(
                    Command.Select(
                        actor: 0, socket: .socket(socket), mask: 0, request: newRequest(of: 0))),
                missing: "the repeated request, which writes nothing itself")
        default: return .asRecorded("\(content.kindWord) is a fact, not a decision")
        }
    }

    /// That a socket had ended; a portion that leaves some of its descriptors is one of several.
    private func closings(
        of socket: SocketNumber, _ step: some RandomAccessCollection<Event>
    ) -> RecordedInput {
        var closed: [Command.Holder] = []
        var released = ReleaseProof.kernel
        for event in step {
            switch event.content {
            case .descriptorClosed(let process, _, _) where closed.last?.process != process:
                let key = DescriptorKey(process: process, socket: socket)
                closed.append(
                    Command.Holder(process: process, handoffs: descriptors[key] ?? []))
            case .socketReleased(_, let how): released = how
            default: break
            }
        }
        return .exact(
            .closings(
                Command.Closings(socket: socket, closed: closed, released: released)))
    }

    private func select(
        _ actor: ProcessNumber, _ socket: SocketNumber, _ mask: UInt32
    ) -> RecordedInput {
        .likely(
            .select(
                Command.Select(
                    actor: actor, socket: .socket(socket), mask: mask,
                    request: newRequest(of: actor))), missing: "the request's id")
    }

    /// One that this process has not made: the log does not have the real one.
    private func newRequest(of actor: ProcessNumber) -> RequestID {
        RequestID(
            nonce: processes[actor]?.clients.first ?? 0, counter: .max, watermark: 0)
    }

    // MARK: - Handoffs

    private func duplicate(_ issued: Event.Issued) -> Command.Duplicate {
        Command.Duplicate(
            actor: issued.actor, socket: .socket(issued.socket), target: .process(issued.target),
            pid: processes[issued.target].map { Int64($0.identity.pid) } ?? 0, form: issued.form,
            flags: issued.flags, lifetime: issued.lifetime, request: issued.request)
    }

    private func duplicate(_ refused: Event.RefusedHandoff) -> RecordedInput {
        let asked = refused.asked
        let socket: SocketFact =
            asked.socket.map { .socket($0) }
            ?? {
                switch refused.reason {
                case .descriptorLimit: .lost
                case .coordinatorsOwn: .coordinatorsOwn
                case .queuedDescriptors: .carriesDescriptors
                case .tooManySockets: .untracked
                case .socketOccupied: .occupied
                default: .notASocket
                }
            }()
        let target: TargetFact? =
            asked.target.map { .process($0) }
            ?? {
                switch refused.reason {
                case .invalidProcessID: .invalid
                case .noSuchProcess: .missing
                case .targetExited: .exited
                case .foreignProcess: .foreign
                case .identityUnproved: .unproved
                case .tooManyProcesses: .untracked
                case .notPermitted, .deniedByPolicy: .denied(refused.reason, rule: refused.rule)
                default: nil
                }
            }()
        let command = Command.duplicate(
            Command.Duplicate(
                actor: refused.actor, socket: socket, target: target ?? .missing, pid: asked.pid,
                form: asked.form, flags: asked.flags, lifetime: asked.lifetime,
                request: refused.request))
        return target == nil
            ? .likely(command, missing: "what the named process was") : .exact(command)
    }

    private func redeem(_ reserved: Event.Reserved) -> Command.Redeem {
        Command.Redeem(
            actor: reserved.actor,
            record: .ticket(handoff: reserved.handoff, genuine: true, altered: false),
            isHeld: true, flags: reserved.flags, program: reserved.program,
            request: reserved.request)
    }

    private func redeem(_ refused: Event.RefusedRedemption) -> RecordedInput {
        let record: RecordFact =
            switch refused.reason {
            case .malformedRecord: .malformed
            case .plainRecord: .plain
            default:
                .ticket(
                    handoff: refused.handoff ?? 0, genuine: refused.genuine,
                    altered: refused.reason == .alteredRecord)
            }
        // Of the flags only those two refusals tell something.
        let asIssued = refused.handoff.flatMap { handoffs[$0]?.flags } ?? 0
        let flags: UInt32 =
            switch refused.reason {
            case .overlappedMissing: asIssued & ~1
            case .flagsDiffer: asIssued ^ 0x80
            default: asIssued
            }
        return .likely(
            .redeem(
                Command.Redeem(
                    actor: refused.actor, record: record,
                    isHeld: refused.reason != .escrowLost, flags: flags, program: nil,
                    request: refused.request)), missing: "the flags and the program")
    }

    private func confirm(_ number: HandoffNumber, _ how: DeliveryProof) -> RecordedInput {
        guard how == .confirmed else { return .exact(.observeDelivery(handoff: number)) }
        guard let handoff = handoffs[number],
            let cookie = sockets[handoff.socket]?.identity.cookie
        else { return .asRecorded("a confirm of a handoff that is not known") }
        return .exact(
            .confirm(Command.Confirm(actor: handoff.target, handoff: number, cookie: cookie)))
    }

    // MARK: - Recovery and other refusals

    private func recovery(
        _ found: Event.Recovered, _ step: some RandomAccessCollection<Event>
    ) -> RecordedInput {
        var observed: Set<HandoffNumber> = []
        var ended: Set<HandoffNumber> = []
        for event in step {
            switch event.content {
            case .handoffDelivered(let number, _): observed.insert(number)
            case .handoffVoided(let number, _): ended.insert(number)
            default: break
            }
        }
        let rest = handoffs.values.filter {
            !observed.contains($0.number) && !ended.contains($0.number)
        }
        // Issued ones without their descriptor would have ended; of the reserved ones only is it
        // known how many were kept.
        var kept = Set(rest.filter { !$0.isReserved }.map(\.number))
        let matched = Int(clamping: found.matched) - observed.count - kept.count
        let reserved = rest.filter(\.isReserved).map(\.number).sorted()
        kept.formUnion(reserved.prefix(max(0, matched)))
        let command = Command.recover(
            Command.Recovery(pid: found.pid, epoch: found.epoch, kept: kept, observed: observed))
        return reserved.isEmpty
            ? .exact(command)
            : .likely(command, missing: "which of the reserved handoffs had their descriptor")
    }

    private func request(_ refused: Event.RefusedRequest) -> RecordedInput {
        let asRecorded = RecordedInput.asRecorded(
            "\(refused.what.rawValue) was refused before it was looked at")
        guard let actor = refused.actor, let number = refused.handoff,
            ![.foreignSender, .requestDiffers, .requestStale, .tooManyClients]
                .contains(refused.reason)
        else { return asRecorded }
        switch refused.what {
        case .confirm:
            let cookie = handoffs[number].flatMap { sockets[$0.socket]?.identity.cookie } ?? 0
            let isOther = refused.reason == .cookieDiffers
            return .likely(
                .confirm(
                    Command.Confirm(
                        actor: actor, handoff: number, cookie: isOther ? cookie ^ 1 : cookie)),
                missing: "the cookie")
        case .decline:
            return .likely(
                .deliveryFailed(handoff: number, actor: actor, reason: .truncated),
                missing: "the attempt and the reason")
        case .revoke:
            guard let request = refused.request else { return asRecorded }
            return .likely(
                .revoke(
                    Command.Revoke(actor: actor, handoff: number, text: nil, request: request)),
                missing: "the text")
        default: return asRecorded
        }
    }
}

extension Event.Content {
    /// The name of the case alone.
    fileprivate var kindWord: String { String("\(self)".prefix { $0.isLetter }) }
}

extension Event {
    /// Whether this begins a step that a look at the host led to.
    var isFinding: Bool {
        switch content {
        case .descriptorClosed(_, _, .observed), .socketReleased:
            true
        default: false
        }
    }
}
