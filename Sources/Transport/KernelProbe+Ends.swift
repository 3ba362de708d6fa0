internal import Glibc

extension KernelFeatures {
    /// A socket that is made and closed shows whether its end is told.
    mutating func probeEnds() {
        socketDestroyed = KernelFeatures.tellsEnds()
        unixDiagnosis = KernelFeatures.findsUnixSockets()
    }

    /// How long a word may take: the kernel sends it from a queue of its own.
    private static let wordMilliseconds: Int32 = 100
    /// On a busy host the word can come after many others.
    private static let looks = 64

    private static func tellsEnds() -> Bool {
        guard NetworkNamespace.own != nil else { return false }
        do throws(Errno) {
            let words = try DestroyedSockets()
            try words.listen(true)
            let socket = try Sockets.unbound(.datagram)
            let cookie = try Sockets.cookie(of: socket)
            socket.close()
            var isTold = false
            for _ in 0..<looks where !isTold {
                let events = try words.withNumber { (fd) throws(Errno) in
                    try Syscalls.poll(fd, events: POLLIN, timeoutMilliseconds: wordMilliseconds)
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
