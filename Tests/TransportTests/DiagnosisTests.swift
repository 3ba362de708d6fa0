import Glibc
import Testing

@testable import Transport

/// What the kernel says of sockets, and what somebody else could write in its place.
struct DiagnosisTests {
    // MARK: - Bytes

    /// struct nlmsghdr before a body.
    private func message(kind: UInt16, _ body: [UInt8], length: UInt32? = nil) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(native: length ?? UInt32(16 + body.count))
        bytes.append(native: kind)
        bytes.append(native: UInt16(0))
        bytes.append(native: UInt64(0))
        return bytes + body
    }

    /// A struct inet_diag_msg: 127.0.0.1:80 to 10.0.0.1:443, cookie 0x1122334455667788.
    private var internetBody: [UInt8] {
        var body: [UInt8] = [2, 1, 0, 0, 0, 80, 1, 187]
        body += [127, 0, 0, 1] + [UInt8](repeating: 0, count: 12)
        body += [10, 0, 0, 1] + [UInt8](repeating: 0, count: 12)
        body.append(native: UInt32(0))
        body.append(native: UInt64(0x1122_3344_5566_7788))
        body += [UInt8](repeating: 0, count: 12)
        body.append(native: UInt32(1000))
        body.append(native: UInt32(4711))
        return body
    }

    /// A struct unix_diag_msg with the name `/run/x` and the peer 9.
    private var unixBody: [UInt8] {
        var body: [UInt8] = [1, 1, 10, 0]
        body.append(native: UInt32(77))
        body.append(native: UInt64(88))
        body += [10, 0, 0, 0] + Array("/run/x".utf8) + [0, 0]
        body += [8, 0, 2, 0, 9, 0, 0, 0]
        return body
    }

    private func messages(_ bytes: [UInt8]) throws -> [DiagnosisReader.Message] {
        var reader = DiagnosisReader(bytes)
        var messages: [DiagnosisReader.Message] = []
        while let message = try reader.next() { messages.append(message) }
        return messages
    }

    @Test func `messages of every kind are read, one after the other`() throws {
        let bytes =
            message(kind: 20, internetBody) + message(kind: 20, unixBody)
            + message(kind: 20, [16, 0, 0, 0]) + message(kind: 1, [])
            + message(kind: 2, [0xFE, 0xFF, 0xFF, 0xFF]) + message(kind: 3, [])
        #expect(
            try messages(bytes) == [
                .internet(
                    InternetSocket(
                        family: 2, state: 1, cookie: 0x1122_3344_5566_7788, inode: 4711,
                        uid: 1000, local: "127.0.0.1:80", remote: "10.0.0.1:443")),
                .unix(
                    UnixSocket(
                        type: 1, state: 10, cookie: 88, inode: 77, local: "/run/x", peer: 9)),
                .other, .other, .failed(.noEntry), .done,
            ])
        var reader = DiagnosisReader(bytes)
        #expect(try reader.nextCookie() == 0x1122_3344_5566_7788)
        #expect(try reader.nextCookie() == nil)
    }

    @Test func `lengths that do not fit are errors`() {
        let hostile: [[UInt8]] = [
            [1], message(kind: 20, [], length: 15), message(kind: 20, [], length: 17),
            message(kind: 20, [], length: .max), message(kind: 20, []),
            message(kind: 20, Array(internetBody.dropLast())),
            message(kind: 20, Array(unixBody.prefix(15))), message(kind: 2, [1, 2, 3]),
            // Attributes that are shorter than their head, longer than the rest, cut off.
            message(kind: 20, unixBody.prefix(16) + [3, 0, 0, 0]),
            message(kind: 20, unixBody.prefix(16) + [9, 0, 0, 0, 1, 2, 3, 4]),
            message(kind: 20, unixBody.prefix(16) + [4, 0, 0]),
        ]
        for bytes in hostile {
            #expect(throws: DiagnosisError.self, "\(bytes)") { try messages(bytes) }
        }
    }

    @Test(arguments: [0x8000_0000, 1] as [UInt32])
    func `an error number that is none is an invalid argument`(code: UInt32) throws {
        var body: [UInt8] = []
        body.append(native: code)
        #expect(try messages(message(kind: 2, body)) == [.failed(.invalidArgument)])
        #expect(try messages(message(kind: 2, [0, 0, 0, 0])) == [.other])
    }

    @Test func `whatever the bytes are, reading them ends`() {
        var seed: UInt64 = 20_261_123
        func random(_ bound: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((seed >> 33) % UInt64(bound))
        }
        let whole =
            message(kind: 20, internetBody) + message(kind: 20, unixBody)
            + message(kind: 2, [0, 0, 0, 0]) + message(kind: 3, [])
        var (failures, reads) = (0, 0)
        for _ in 0..<100_000 {
            var bytes = whole
            for _ in 0...random(6) { bytes[random(bytes.count)] = UInt8(random(256)) }
            if random(4) == 0 { bytes.removeLast(random(bytes.count)) }
            do {
                // Each message takes at least its head, so there cannot be more of them.
                #expect(try messages(bytes).count <= bytes.count / 16 + 1)
                reads += 1
            } catch {
                failures += 1
            }
            var reader = DiagnosisReader(bytes)
            var count = 0
            do {
                while try reader.nextCookie() != nil { count += 1 }
            } catch {
                count += 1
            }
            #expect(count <= bytes.count / 16 + 1)
        }
        #expect(failures > 1000 && reads > 1000)
    }

    // MARK: - The kernel

    @Test func `the kernel lists what is bound, with the cookie and inode that it has`() throws {
        let diagnosis = try SocketDiagnosis()
        for (host, family): (String, Int32) in [("127.0.0.1", AF_INET), ("[::1]", AF_INET6)] {
            for (kind, number): (Sockets.Kind, Int32) in [(.stream, 6), (.datagram, 17)] {
                let socket = try Sockets.listen("\(host):0", kind: kind)
                let facts = try Sockets.facts(of: socket, quality: false)
                var found: [InternetSocket] = []
                try diagnosis.internetSockets(family: family, protocolNumber: number) {
                    if $0.cookie == facts.cookie { found.append($0) }
                }
                #expect(found.map(\.local) == [facts.local])
                #expect(found.map(\.inode) == [facts.inode])
                #expect(found.map(\.uid) == [HostFacts.effectiveUID()])
            }
        }
    }

    @Test func `a Unix socket is there until its last descriptor is closed`() throws {
        let diagnosis = try SocketDiagnosis()
        let pair = try Sockets.pair(.stream)
        let facts = try Sockets.facts(of: pair.first, quality: false)
        func isThere() throws -> Bool {
            try diagnosis.hasUnixSocket(inode: facts.inode, cookie: facts.cookie)
        }
        #expect(try isThere())
        #expect(try !diagnosis.hasUnixSocket(inode: facts.inode, cookie: facts.cookie ^ 1))
        var holders = [SharedDescriptor(try pair.first.duplicate())]
        holders.append(SharedDescriptor(pair.takeFirst()))
        holders.removeFirst()
        #expect(try isThere())
        holders.removeFirst()
        #expect(try !isThere())
    }

    @Test(.enabled(if: KernelFeatures.probe().socketDestroyed, "no words of ended sockets here"))
    func `the end of a socket is told once, after its last descriptor`() throws {
        let words = try DestroyedSockets()
        try words.listen(true)
        let socket = try Sockets.listen("127.0.0.1:0")
        let cookie = try Sockets.cookie(of: socket)
        let copy = try socket.duplicate()
        socket.close()
        let other = try Sockets.unbound(.datagram)
        let otherCookie = try Sockets.cookie(of: other)
        other.close()
        var told: [UInt64] = []
        func hear(until last: UInt64) throws {
            while !told.contains(last) {
                let events = try words.withNumber { (fd) throws(Errno) in
                    try Syscalls.poll(fd, events: POLLIN, timeoutMilliseconds: 20_000)
                }
                try #require(events != 0)
                _ = try words.receive(limit: 64) { word in
                    if case .destroyed(let cookie) = word { told.append(cookie) }
                }
            }
        }
        try hear(until: otherCookie)
        #expect(!told.contains(cookie))
        copy.close()
        try hear(until: cookie)
        #expect(told.count { $0 == cookie } == 1)
    }

    @Test func `a process that has a socket is found, with its numbers`() throws {
        let pair = try Sockets.pair(.stream)
        let facts = try Sockets.facts(of: pair.first, quality: false)
        let copy = try pair.first.duplicate()
        let numbers = [pair.first.withNumber { $0 }, copy.withNumber { $0 }].sorted()
        let scan = try HolderScan(inodes: [facts.inode])
        let pid = HostFacts.ownPID()
        #expect(scan.readable.contains(pid))
        let own = try #require(scan.holders[facts.inode]?.first { $0.pid == pid })
        #expect(own.descriptors == numbers)
        let features = KernelFeatures.probe()
        let holder = try #require(
            scan.holders(inode: facts.inode, cookie: facts.cookie, features: features)
                .first { $0.pid == pid })
        #expect(holder.isProved && holder.uid == HostFacts.effectiveUID())
        #expect(holder.parent == HostFacts.parentPID())
        // A descriptor whose number was right and whose socket is another one.
        #expect(
            scan.holders(inode: facts.inode, cookie: facts.cookie ^ 1, features: features)
                .isEmpty)
    }

    @Test(
        arguments: [
            ("socket:[4711]", 4711), ("socket:[0]", 0), ("socket:[]", nil), ("socket:[47", nil),
            ("pipe:[4711]", nil), ("/tmp/socket:[1]", nil), ("socket:[18446744073709551616]", nil),
            ("", nil),
        ] as [(String, UInt64?)])
    func `only the link of a socket names an inode`(text: String, inode: UInt64?) {
        #expect(HolderScan.socketInode(Array(text.utf8)) == inode)
    }

    @Test func `nothing of it leaves a descriptor behind`() async {
        await #expect(processExitsWith: .success) {
            try expectNoLeak("diagnosis", repetitions: 20) {
                let diagnosis = try SocketDiagnosis()
                try diagnosis.unixSockets { _ in }
                let words = try DestroyedSockets()
                try words.listen(true)
                _ = try HolderScan(inodes: [1])
            }
        }
    }
}
