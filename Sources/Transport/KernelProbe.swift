internal import CLinux
internal import Glibc

extension KernelFeatures {
    /// Tries everything once, in under 20 ms where the kernel tells the ends of sockets. Leaves no
    /// descriptor and no child behind, and the host program gets no SIGCHLD from it.
    package static func probe() -> KernelFeatures {
        var features = KernelFeatures()
        features.probeProcesses()
        features.probeSockets()
        features.probeEnds()
        return features
    }

    private static func succeeds(_ attempt: () throws(Errno) -> Bool) -> Bool {
        do throws(Errno) {
            return try attempt()
        } catch {
            return false
        }
    }

    private mutating func probeProcesses() {
        let pid = getpid()
        pidfdOpen = KernelFeatures.succeeds { () throws(Errno) in
            let own = try ProcessHandle(pid: pid)
            return !own.hasExited()
        }
        guard pidfdOpen else { return }
        pidfdInfo = KernelFeatures.succeeds { () throws(Errno) in
            let own = try ProcessHandle(pid: pid)
            return try own.withNumber { (fd) throws(Errno) in
                let mask = CLINUX_PROCESS_INFO_PID | CLINUX_PROCESS_INFO_CREDENTIALS
                let information = try Syscalls.processInformation(fd, mask: mask)
                return information.mask & mask == mask
                    && information.pid == UInt32(bitPattern: pid)
                    && information.effective_uid == geteuid()
            }
        }
        pidfdGetfd = KernelFeatures.succeeds { () throws(Errno) in
            let own = try ProcessHandle(pid: pid)
            return try own.withNumber { (fd) throws(Errno) in
                let copy = try own.descriptor(fd)
                return try copy.withNumber { (copy) throws(Errno) in
                    try Syscalls.inode(fd) == Syscalls.inode(copy)
                }
            }
        }
        probeChild()
    }

    /// A child that ends at once shows whether inodes rise and whether exits are remembered.
    private mutating func probeChild() {
        let endingCode: Int32 = 3
        let pid = clinux_spawn_ending_child(endingCode)
        guard pid > 0 else { return }
        // Opened before it is reaped, so that the number is still its own.
        let opened = KernelFeatures.handle(pid)
        let status = KernelFeatures.reap(pid)
        guard let child = opened, let status, clinux_exit_code(status) == endingCode else { return }
        pidfdExitInfo = child.exitStatus() == status
        pidfdInode = KernelFeatures.succeeds { () throws(Errno) in
            let own = try ProcessHandle(pid: getpid())
            return try own.withNumber { (own) throws(Errno) in
                try child.withNumber { (child) throws(Errno) in
                    guard try Syscalls.isPidfs(own), try Syscalls.isPidfs(child) else {
                        return false
                    }
                    return try Syscalls.inode(own) < Syscalls.inode(child)
                }
            }
        }
    }

    private static func reap(_ pid: Int32) -> Int32? {
        do throws(Errno) {
            return try Syscalls.reap(pid)
        } catch {
            return nil
        }
    }

    private static func handle(_ pid: Int32) -> ProcessHandle? {
        do throws(Errno) {
            return try ProcessHandle(pid: pid)
        } catch {
            return nil
        }
    }
}

extension KernelFeatures {
    private mutating func probeSockets() {
        socketCookie = KernelFeatures.succeeds { () throws(Errno) in
            let pair = try Sockets.pair(.stream)
            let cookie = try Sockets.cookie(of: pair.first)
            let copy = try Sockets.cookie(of: pair.first.duplicate())
            let other = try Sockets.cookie(of: pair.second)
            return cookie == copy && cookie != other
        }
        peerPidfd = KernelFeatures.succeeds { () throws(Errno) in
            let pair = try Sockets.pair(.sequencedPacket)
            let peer = try pair.first.withNumber { (fd) throws(Errno) in
                try Syscalls.descriptor { clinux_peer_pidfd(fd) }
            }
            return try ProcessHandle(proven: peer).pid() == getpid()
        }
        passRights = KernelFeatures.succeeds { () throws(Errno) in
            let pair = try Connection.pair()
            guard pair.second.refuseDescriptors() else { return false }
            do throws(Errno) {
                try pair.first.send([0].span, passing: pair.first, wait: false)
                return false
            } catch .notPermitted {
                return true
            }
        }
        messageCredentials = KernelFeatures.succeeds(KernelFeatures.namesSenders)
        messagePidfd = KernelFeatures.succeeds(KernelFeatures.handsOverSenders)
        deliveryKept = KernelFeatures.succeeds(KernelFeatures.keepsDelivery)
    }

    private static func namesSenders() throws(Errno) -> Bool {
        let pair = try Connection.pair()
        try pair.second.nameSenders()
        try pair.first.send([0].span, wait: false)
        let buffer = MessageBuffer(byteCapacity: 16)
        guard case .message(let message) = try pair.second.receive(into: buffer, wait: false) else {
            return false
        }
        return message.credentials?.pid == getpid()
    }

    private static func handsOverSenders() throws(Errno) -> Bool {
        let pair = try Connection.pair()
        return try pair.second.withNumber { (fd) throws(Errno) in
            try Syscalls.done { clinux_set_pass_pidfd(fd, 1) }
            try pair.first.send([0].span, wait: false)
            let buffer = MessageBuffer(byteCapacity: 16)
            var facts = clinux_received()
            let count = try Syscalls.receive(fd, into: buffer, wait: false, facts: &facts)
            guard count == 1, facts.process_descriptor >= 0 else { return false }
            let sender = Descriptor(owning: facts.process_descriptor)
            return try ProcessHandle(proven: sender).pid() == getpid()
        }
    }

    /// A message without a descriptor and one with it must not become one.
    private static func keepsDelivery() throws(Errno) -> Bool {
        let pair = try Connection.pair()
        let passed = try Sockets.pair(.stream)
        try pair.first.send([1].span, wait: false)
        try pair.first.send([2, 3].span, passing: passed.first, wait: false)
        let buffer = MessageBuffer(byteCapacity: 16)
        guard
            case .message(let plain) = try pair.second.receive(into: buffer, wait: false),
            case .message(var laden) = try pair.second.receive(into: buffer, wait: false),
            plain.byteCount == 1, laden.byteCount == 2, !laden.isControlTruncated
        else { return false }
        let isPlain = plain.first == nil
        guard isPlain, let arrived = laden.first.take() else { return false }
        guard try arrived.isCloseOnExec() else { return false }
        return try Sockets.cookie(of: arrived) == Sockets.cookie(of: passed.first)
    }
}
