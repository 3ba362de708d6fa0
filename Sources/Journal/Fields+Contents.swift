import Registry
import Winsock

// The keys of each kind of event, in the order of their bytes.
extension Fields {
    mutating func write(_ content: Event.Content) {
        switch content {
        case .handoffIssued(let issued): write(issued)
        case .handoffReserved(let reserved): write(reserved)
        case .handoffDelivered(let handoff, let how):
            put(.handoff, handoff)
            put(.how, how.rawValue)
        case .descriptorClosed(let process, let socket, let how):
            put(.how, how.rawValue)
            put(.process, process)
            put(.socket, socket)
        case .logOpened(let identity), .logClosed(let identity): write(identity)
        case .bootObserved(let boot): write(boot)
        case .clockStepped(let by): put(.by, by)
        case .coordinatorStarted(let pid, let epoch), .coordinatorStopped(let pid, let epoch):
            put(.epoch, epoch)
            put(.pid, pid)
        case .coordinatorRecovered(let found): write(found)
        case .configurationChanged(let digest, let content):
            put(.content, content)
            put(.digest, digest)
        case .processSeen(let identity): write(identity)
        case .processExited(let process, let status):
            put(.process, process)
            put(.status, status)
        case .socketSeen(let identity): write(identity)
        case .socketMarked(let socket, let actor, let quality):
            put(.actor, actor)
            put(.qos, quality)
            put(.socket, socket)
        case .handoffRefused(let refused): write(refused)
        case .redemptionRefused(let refused): write(refused)
        case .deliveryFailed(let handoff, let reason):
            put(.handoff, handoff)
            put(.reason, reason.rawValue)
        case .handoffRevoked(let revoked): write(revoked)
        case .handoffExpired(let handoff): put(.handoff, handoff)
        case .handoffVoided(let handoff, let reason):
            put(.handoff, handoff)
            put(.reason, reason.rawValue)
        case .socketReleased(let socket, let how):
            put(.how, how.rawValue)
            put(.socket, socket)
        case .requestRefused(let refused): write(refused)
        case .requestsSuppressed(let suppressed): write(suppressed)
        default: writeRare(content)
        }
    }

    private mutating func writeRare(_ content: Event.Content) {
        switch content {
        case .notificationSelected(let actor, let socket, let mask):
            put(.actor, actor)
            put(.mask, mask)
            put(.socket, socket)
        case .notificationCancelled(let actor, let socket, let mask, let by):
            put(.actor, actor)
            put(.by, by)
            put(.mask, mask)
            put(.socket, socket)
        case .reconcileFound(let found), .keeperLost(let found), .storeFull(let found):
            put(.found, found)
        case .keyRotated(let key): put(.key, key)
        case .retentionPruned(let from, let to, let root):
            put(.from, from)
            put(.root, root)
            put(.to, to)
        case .redactionApplied(let of, let field):
            put(.field, field)
            put(.of, of)
        default: preconditionFailure("every kind of event has its keys")
        }
    }

    private mutating func write(_ issued: Event.Issued) {
        put(.actor, issued.actor)
        put(.catalog, issued.catalog)
        put(.family, issued.family)
        put(.flags, issued.flags)
        put(.form, issued.form.letter)
        put(.protocol, issued.protocolNumber)
        put(.request, issued.request)
        put(.services, issued.services)
        put(.socket, issued.socket)
        put(.target, issued.target)
        put(.ttl, issued.lifetime)
        put(.type, issued.type)
    }

    private mutating func write(_ reserved: Event.Reserved) {
        put(.actor, reserved.actor)
        put(.attempt, reserved.attempt)
        put(.flags, reserved.flags)
        put(.handoff, reserved.handoff)
        put(.program, reserved.program)
        put(.request, reserved.request)
    }

    private mutating func write(_ identity: Event.LogIdentity) {
        put(.origin, identity.origin)
        put(.previousOrigin, identity.previousOrigin)
        put(.previousRoot, identity.previousRoot)
        put(.previousSize, identity.previousSize)
        put(.program, identity.program)
        put(.schema, identity.schema)
    }

    private mutating func write(_ boot: Event.Boot) {
        put(.boot, boot.id)
        put(.features, boot.features)
        put(.grade, boot.grade.rawValue)
        put(.kernel, boot.kernel)
    }

    private mutating func write(_ found: Event.Recovered) {
        put(.epoch, found.epoch)
        put(.held, found.held)
        put(.lost, found.lost)
        put(.matched, found.matched)
        put(.pid, found.pid)
    }

    private mutating func write(_ identity: ProcessIdentity) {
        put(text: .cgroup, hex: .cgroupHex, identity.controlGroup, isHex: false)
        put(text: .cgroup, hex: .cgroupHex, identity.controlGroup, isHex: true)
        if identity.effectiveGID != identity.gid { put(.egid, identity.effectiveGID) }
        put(.euid, identity.effectiveUID)
        put(text: .exe, hex: .exeHex, identity.executable, isHex: false)
        put(.exeDevice, identifier: identity.executableDevice)
        put(text: .exe, hex: .exeHex, identity.executable, isHex: true)
        put(.exeInode, identifier: identity.executableInode)
        put(.gid, identity.gid)
        put(.grade, identity.grade.rawValue)
        put(.instance, identifier: identity.instance)
        put(.loginuid, identity.loginUID)
        put(.pid, identity.pid)
        put(.pidNamespace, identifier: identity.pidNamespace)
        put(.start, identifier: identity.start)
        put(.uid, identity.uid)
    }

    private mutating func write(_ identity: SocketIdentity) {
        put(.cookie, identifier: identity.cookie)
        put(.family, identity.family)
        put(.inode, identifier: identity.inode)
        if identity.isListening { put(.listening, true) }
        put(.local, identity.local)
        put(.networkNamespace, identifier: identity.networkNamespace)
        put(.protocol, identity.protocolNumber)
        put(.remote, identity.remote)
        put(.type, identity.type)
    }

    private mutating func write(_ refused: Event.RefusedHandoff) {
        put(.actor, refused.actor)
        put(.code, refused.reason.code.rawValue)
        put(.flags, refused.asked.flags)
        put(.form, refused.asked.form.letter)
        // As the caller named it: text, because it may exceed 2^53.
        put(.pid, "\(refused.asked.pid)")
        put(.reason, refused.reason.name)
        put(.request, refused.request)
        put(.rule, refused.rule)
        put(.socket, refused.asked.socket)
        put(.target, refused.asked.target)
        put(.ttl, identifier: refused.asked.lifetime)
    }

    private mutating func write(_ refused: Event.RefusedRedemption) {
        put(.actor, refused.actor)
        put(.code, refused.reason.code.rawValue)
        put(.genuine, refused.genuine)
        put(.handoff, refused.handoff)
        put(.reason, refused.reason.name)
        put(.request, refused.request)
        put(.rule, refused.rule)
    }

    private mutating func write(_ revoked: Event.Revoked) {
        put(.actor, revoked.actor)
        put(.handoff, revoked.handoff)
        put(.request, revoked.request)
        put(.text, revoked.text)
    }

    private mutating func write(_ refused: Event.RefusedRequest) {
        put(.actor, refused.actor)
        put(.code, refused.reason.code.rawValue)
        // As the client named it: an identifier, because it may exceed 2^53.
        put(.handoff, identifier: refused.handoff)
        put(.pid, refused.pid)
        put(.reason, refused.reason.name)
        put(.request, refused.request)
        put(.uid, refused.uid)
        put(.what, refused.what.rawValue)
    }

    private mutating func write(_ suppressed: Event.Suppressed) {
        put(.count, suppressed.count)
        put(.first, suppressed.first)
        put(.last, suppressed.last)
        put(.reason, suppressed.reason.name)
        put(.uid, suppressed.uid)
    }
}
