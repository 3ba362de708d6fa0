import Registry
import Winsock

// The keys of each kind of event, as `Fields+Contents` writes them.
extension FieldReader {
    func content(of kind: EventKind) throws(BodyError) -> Event.Content {
        switch kind {
        case .logOpened: .logOpened(try logIdentity())
        case .logClosed: .logClosed(try logIdentity())
        case .bootObserved: .bootObserved(try boot())
        case .clockStepped: .clockStepped(by: try integer(.by))
        case .coordinatorStarted:
            .coordinatorStarted(pid: try integer(.pid), epoch: try integer(.epoch))
        case .coordinatorStopped:
            .coordinatorStopped(pid: try integer(.pid), epoch: try integer(.epoch))
        case .coordinatorRecovered: .coordinatorRecovered(try recovered())
        case .configurationChanged:
            .configurationChanged(digest: try text(.digest), content: try text(.content))
        case .processSeen: .processSeen(try processIdentity())
        case .processExited:
            .processExited(process: try integer(.process), status: try optionalInteger(.status))
        case .socketSeen: .socketSeen(try socketIdentity())
        case .socketMarked:
            .socketMarked(
                socket: try integer(.socket), actor: try integer(.actor),
                quality: try text(.qos))
        case .handoffIssued: .handoffIssued(try issued())
        case .handoffRefused: .handoffRefused(try refusedHandoff())
        case .handoffReserved: .handoffReserved(try reserved())
        case .redemptionRefused: .redemptionRefused(try refusedRedemption())
        case .handoffDelivered:
            .handoffDelivered(handoff: try integer(.handoff), how: try word(.how))
        case .deliveryFailed:
            .deliveryFailed(handoff: try integer(.handoff), reason: try word(.reason))
        case .handoffRevoked: .handoffRevoked(try revoked())
        case .handoffExpired: .handoffExpired(handoff: try integer(.handoff))
        case .handoffVoided:
            .handoffVoided(handoff: try integer(.handoff), reason: try word(.reason))
        case .descriptorClosed:
            .descriptorClosed(
                process: try integer(.process), socket: try integer(.socket),
                how: try word(.how))
        case .socketReleased:
            .socketReleased(socket: try integer(.socket), how: try word(.how))
        case .requestRefused: .requestRefused(try refusedRequest())
        case .requestsSuppressed: .requestsSuppressed(try suppressed())
        default: try rareContent(of: kind)
        }
    }

    private func rareContent(of kind: EventKind) throws(BodyError) -> Event.Content {
        switch kind {
        case .notificationSelected:
            .notificationSelected(
                actor: try integer(.actor), socket: try integer(.socket),
                mask: try integer(.mask))
        case .notificationCancelled:
            .notificationCancelled(
                actor: try integer(.actor), socket: try integer(.socket),
                mask: try integer(.mask), by: try integer(.by))
        case .reconcileFound: .reconcileFound(found: try text(.found))
        case .keeperLost: .keeperLost(found: try text(.found))
        case .storeFull: .storeFull(found: try text(.found))
        case .keyRotated: .keyRotated(key: try text(.key))
        case .retentionPruned:
            .retentionPruned(
                from: try integer(.from), to: try integer(.to), root: try text(.root))
        case .redactionApplied:
            .redactionApplied(of: try integer(.of), field: try text(.field))
        default: preconditionFailure("every kind of event has its keys")
        }
    }

    private func logIdentity() throws(BodyError) -> Event.LogIdentity {
        Event.LogIdentity(
            origin: try text(.origin), program: try text(.program), schema: try integer(.schema),
            previousOrigin: try optionalText(.previousOrigin),
            previousSize: try optionalInteger(.previousSize),
            previousRoot: try optionalText(.previousRoot))
    }

    private func boot() throws(BodyError) -> Event.Boot {
        Event.Boot(
            id: try text(.boot), kernel: try text(.kernel), features: try texts(.features),
            grade: try word(.grade))
    }

    private func recovered() throws(BodyError) -> Event.Recovered {
        Event.Recovered(
            pid: try integer(.pid), epoch: try integer(.epoch), held: try integer(.held),
            matched: try integer(.matched), lost: try integer(.lost))
    }

    private func processIdentity() throws(BodyError) -> ProcessIdentity {
        ProcessIdentity(
            pid: try integer(.pid), instance: try identifier(.instance),
            start: try identifier(.start), uid: try integer(.uid), gid: try integer(.gid),
            effectiveUID: try integer(.euid), effectiveGID: try optionalInteger(.egid),
            loginUID: try optionalInteger(.loginuid),
            executable: try bytes(text: .exe, hex: .exeHex),
            executableDevice: try optionalIdentifier(.exeDevice),
            executableInode: try optionalIdentifier(.exeInode),
            controlGroup: try bytes(text: .cgroup, hex: .cgroupHex),
            pidNamespace: try optionalIdentifier(.pidNamespace), grade: try word(.grade))
    }

    private func socketIdentity() throws(BodyError) -> SocketIdentity {
        SocketIdentity(
            cookie: try identifier(.cookie), inode: try identifier(.inode),
            networkNamespace: try optionalIdentifier(.networkNamespace),
            family: try integer(.family), type: try integer(.type),
            protocolNumber: try integer(.protocol), local: try optionalText(.local),
            remote: try optionalText(.remote), isListening: try flag(.listening))
    }

    private func issued() throws(BodyError) -> Event.Issued {
        Event.Issued(
            actor: try integer(.actor), target: try integer(.target),
            socket: try integer(.socket), form: try form(), catalog: try integer(.catalog),
            family: try integer(.family), type: try integer(.type),
            protocolNumber: try integer(.protocol), services: try integer(.services),
            flags: try integer(.flags), lifetime: try optionalInteger(.ttl),
            request: try request())
    }

    private func refusedHandoff() throws(BodyError) -> Event.RefusedHandoff {
        let pid = try text(.pid)
        guard let number = Int64(pid), "\(number)" == pid else { throw .unknownValue(.pid, pid) }
        return Event.RefusedHandoff(
            actor: try integer(.actor),
            asked: Event.AskedHandoff(
                pid: number, target: try optionalInteger(.target),
                socket: try optionalInteger(.socket), form: try form(),
                flags: try integer(.flags), lifetime: try optionalIdentifier(.ttl)),
            reason: try refusal(), rule: try optionalText(.rule), request: try request())
    }

    private func reserved() throws(BodyError) -> Event.Reserved {
        Event.Reserved(
            actor: try integer(.actor), handoff: try integer(.handoff),
            attempt: try integer(.attempt), flags: try integer(.flags),
            program: try optionalText(.program), request: try request())
    }

    private func refusedRedemption() throws(BodyError) -> Event.RefusedRedemption {
        Event.RefusedRedemption(
            actor: try integer(.actor), handoff: try optionalInteger(.handoff),
            genuine: try bool(.genuine), reason: try refusal(), rule: try optionalText(.rule),
            request: try request())
    }

    private func revoked() throws(BodyError) -> Event.Revoked {
        Event.Revoked(
            handoff: try integer(.handoff), actor: try integer(.actor),
            text: try optionalText(.text), request: try request())
    }

    private func refusedRequest() throws(BodyError) -> Event.RefusedRequest {
        Event.RefusedRequest(
            actor: try optionalInteger(.actor), what: try word(.what),
            handoff: try optionalIdentifier(.handoff), pid: try optionalInteger(.pid),
            uid: try optionalInteger(.uid), reason: try refusal(),
            request: try optionalRequest())
    }

    private func suppressed() throws(BodyError) -> Event.Suppressed {
        Event.Suppressed(
            uid: try integer(.uid), count: try integer(.count), first: try integer(.first),
            last: try integer(.last), reason: try refusal())
    }
}
