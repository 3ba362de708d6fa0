import Registry
import Transport

/// A process that a connection or the log knows, watched through its pidfd until it ends.
final class WatchedProcess {
    let handle: ProcessHandle
    let instance: UInt64
    /// In our PID namespace; 0 outside of it.
    let pid: Int32
    let token: Poller.Token
    /// Whether the numbers that it gives name the same processes here; looked at when it gives one.
    private(set) lazy var sharesOurNumbers = handle.sharesOurNumbers()
    /// Connections that this process made and that are open.
    var connections = 0
    /// The last look at it that found it as the log has it.
    var lastLook: CompleteLook?
    /// The last one at the first request of a connection.
    var lastConnectionLook: ConnectionLook?
    /// When its exit was noticed, in CLOCK_BOOTTIME microseconds.
    var exitNoticed: Int64?

    init(handle: consuming ProcessHandle, instance: UInt64, pid: Int32, token: Poller.Token) {
        self.handle = handle
        self.instance = instance
        self.pid = pid
        self.token = token
    }
}

/// What was seen of a process, its executable included.
struct ConnectionLook {
    let mark: ProcessMark
    let identity: Boxed<ProcessIdentity>
}

/// A look at all that there is to know of a process.
struct CompleteLook {
    /// Taken before: what changed while it was looked at makes another mark.
    let mark: ProcessMark
    /// As the log had it then: the same object, unless the process was seen anew.
    let identity: Boxed<ProcessIdentity>
    /// Whether its executable counted only where it was proved.
    let provesExecutable: Bool
}

extension ProcessIdentity {
    init(_ facts: ProcessFacts, grade: KernelFeatures.Grade) {
        self.init(
            pid: facts.pid, instance: facts.instance, start: facts.startTicks, uid: facts.uid,
            gid: facts.gid, effectiveUID: facts.effectiveUID, effectiveGID: facts.effectiveGID,
            loginUID: facts.loginUID, executable: facts.executable,
            executableDevice: facts.executableDevice, executableInode: facts.executableInode,
            controlGroup: facts.controlGroup, pidNamespace: facts.pidNamespace, grade: Grade(grade))
    }
}

extension Grade {
    init(_ grade: KernelFeatures.Grade) {
        switch grade {
        case .instance: self = .instance
        case .held: self = .held
        case .number: self = .number
        }
    }
}

extension IdentityGrade {
    init(_ grade: KernelFeatures.Grade) {
        switch grade {
        case .instance: self = .instance
        case .held: self = .held
        case .number: self = .number
        }
    }
}

extension SocketIdentity {
    init(_ facts: SocketFacts) {
        self.init(
            cookie: facts.cookie, inode: facts.inode, networkNamespace: facts.networkNamespace,
            family: facts.family, type: facts.type, protocolNumber: facts.protocolNumber,
            local: facts.local, remote: facts.remote, isListening: facts.isListening)
    }
}
