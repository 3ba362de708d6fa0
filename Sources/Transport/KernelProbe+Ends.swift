internal import Glibc

extension KernelFeatures {
    /// A socket that is made and closed shows whether its end is told.
    mutating func probeEnds() {
        socketDestroyed = KernelFeatures.tellsEnds()
        unixDiagnosis = KernelFeatures.findsUnixSockets()
    }

    /// Milliseconds that a word may take: the kernel sends it from a queue of its own, which a busy
    /// host serves late, and after many others. Only a kernel that never
    /// tells is waited for so long.
    private static let wordMilliseconds: Int64 = 2_000

    private static func tellsEnds() -> Bool {
        guard NetworkNamespace.own != nil else { return false }
        do throws(Errno) {
            let words = try DestroyedSockets()
            try words.listen(true)
            let socket = try Sockets.unbound(.datagram)
            let cookie = try Sockets.cookie(of: socket)
            socket.close()
            var isTold = false
            let end = Clock.bootMicroseconds() + wordMilliseconds * 1000
            while !isTold {
                let left = Int32(clamping: (end - Clock.bootMicroseconds() + 999) / 1000)
                guard left > 0 else { return false }
                let events = try words.withNumber { (fd) throws(Errno) in
                    try Syscalls.poll(fd, events: POLLIN, timeoutMilliseconds: left)
                }
                guard events != 0 else { return false }
                // Others can end meanwhile.
                _ = try words.receive(limit: 64) { word in
                    if word == .destroyed(cookie: cookie) { isTold = true }
                }
            }
            return isTold
        } catch {
            return false
        }
    }

    private static func findsUnixSockets() -> Bool {
        guard NetworkNamespace.own != nil else { return false }
        do throws(Errno) {
            let diagnosis = try SocketDiagnosis()
            let pair = try Sockets.pair(.stream)
            let facts = try Sockets.facts(of: pair.first, quality: false)
            guard try diagnosis.hasUnixSocket(inode: facts.inode, cookie: facts.cookie) else {
                return false
            }
            return try !diagnosis.hasUnixSocket(inode: facts.inode, cookie: facts.cookie ^ 1)
        } catch {
            return false
        }
    }
}
