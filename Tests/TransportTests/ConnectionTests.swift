import Glibc
import Testing

@testable import Transport

struct ConnectionTests {
    @Test func `messages keep their boundaries, and a descriptor stays with its own`() throws {
        let pair = try Connection.pair()
        let passed = try Sockets.pair(.stream)
        let cookie = try Sockets.cookie(of: passed.first)
        try pair.first.send([1, 2, 3].span, wait: true)
        try pair.first.send([4].span, passing: passed.first, wait: true)
        try pair.first.send([5, 6].span, wait: true)

        let plain = try receiveMessage(pair.second)
        #expect(plain.summary.bytes == [1, 2, 3])
        #expect(plain.descriptorCount == 0)
        var laden = try receiveMessage(pair.second)
        #expect(laden.summary.bytes == [4])
        let arrived = try required(laden.first.take())
        #expect(try Sockets.cookie(of: arrived) == cookie)
        #expect(try arrived.isCloseOnExec())
        #expect(try receiveMessage(pair.second).summary.bytes == [5, 6])
    }

    @Test func `two descriptors arrive in the order they were sent`() throws {
        let pair = try Connection.pair()
        let passed = try Sockets.pair(.stream)
        try pair.first.send([0].span, passing: passed.second, passed.first, wait: true)
        var received = try receiveMessage(pair.second)
        let first = try required(received.first.take())
        let second = try required(received.second.take())
        #expect(try Sockets.cookie(of: first) == Sockets.cookie(of: passed.second))
        #expect(try Sockets.cookie(of: second) == Sockets.cookie(of: passed.first))
    }

    @Test(arguments: [1, 2, 3, 5, 253])
    func `of many descriptors two are delivered and the rest is closed`(count: Int) async {
        await #expect(processExitsWith: .success) { [count = count as Int] in
            let pair = try Connection.pair()
            let passed = try Sockets.pair(.stream)
            let closer = Closer()
            let before = try openDescriptors().count
            try pair.first.send([7].span, passing: passed.first, repeated: count, wait: true)
            do {
                let received = try receiveMessage(pair.second, closer: closer)
                #expect(received.summary.surplus == max(0, count - 2))
                #expect(received.descriptorCount == count)
                #expect(!received.summary.isControlTruncated)
            }
            closer.finish()
            #expect(try openDescriptors().count == before)
        }
    }

    /// A message 7 with so many, and a message 8.
    private static func send(
        _ descriptor: borrowing Descriptor, repeated count: Int,
        over connection: borrowing Connection
    ) throws {
        if count == 0 {
            try connection.send([7].span, wait: true)
        } else {
            try connection.send([7].span, passing: descriptor, repeated: count, wait: true)
        }
        try connection.send([8].span, wait: true)
    }

    @Test(arguments: [0, 1, 2, 3, 5, 253])
    func `more than two descriptors stay in the queue with their message`(count: Int) async {
        await #expect(processExitsWith: .success) { [count = count as Int] in
            let passed = try Sockets.pair(.stream)
            let closer = Closer()
            let before = try openDescriptors().count
            do {
                let pair = try Connection.pair()
                try pair.second.nameSenders()
                try Self.send(passed.first, repeated: count, over: pair.first)
                let open = try openDescriptors().count
                for isNext in [false, count <= 2] {
                    let received = try receiveAtMostTwoDescriptors(pair.second, closer: closer)
                    #expect(received.summary.bytes == (isNext ? [8] : [7]))
                    #expect(received.summary.isLeft == (count > 2))
                    #expect(received.summary.isLeft == (received.summary.surplus > 0))
                    #expect(!received.summary.isControlTruncated && !received.summary.isTruncated)
                    #expect(received.summary.credentials?.pid == HostFacts.ownPID())
                    let more = isNext ? 0 : min(count, 2)
                    #expect(try openDescriptors().count == open + more)
                }
            }
            closer.finish()
            #expect(try openDescriptors().count == before)
        }
    }

    @Test(arguments: [0, 1, 2, 3, 5, 253])
    func `without a look a message is taken, with two of its descriptors`(count: Int) async {
        await #expect(processExitsWith: .success) { [count = count as Int] in
            let passed = try Sockets.pair(.stream)
            let before = try openDescriptors().count
            do {
                let pair = try Connection.pair()
                try pair.second.nameSenders()
                let open = try openDescriptors().count
                try Self.send(passed.first, repeated: count, over: pair.first)
                do {
                    let received = try receiveAtMostTwoDescriptors(
                        pair.second, lookingFirst: false)
                    #expect(received.summary.bytes == [7])
                    #expect(!received.summary.isLeft)
                    #expect(received.summary.surplus == (count > 2 ? 1 : 0))
                    #expect(!received.summary.isControlTruncated && !received.summary.isTruncated)
                    #expect(received.summary.credentials?.pid == HostFacts.ownPID())
                    #expect(try openDescriptors().count == open + min(count, 2))
                }
                let next = try receiveAtMostTwoDescriptors(pair.second, lookingFirst: false)
                #expect(next.summary.bytes == [8] && next.summary.surplus == 0)
            }
            #expect(try openDescriptors().count == before)
        }
    }

    @Test func `a message is taken whose sender has closed, and the end after it`() async {
        await #expect(processExitsWith: .success) {
            let passed = try Sockets.pair(.stream)
            let server = try Connection.pair().take { (server, client) throws(Errno) in
                try server.nameSenders()
                try server.send([1].span, wait: true)
                let none: [UInt8] = []
                try client.send(none.span, wait: true)
                try client.send([2].span, passing: passed.first, wait: true)
                return server
            }
            // It has not read what it was sent.
            #expect(throws: Errno.connectionReset) {
                _ = try receiveAtMostTwoDescriptors(server)
            }
            let empty = try receiveAtMostTwoDescriptors(server)
            #expect(empty.summary.bytes.isEmpty && empty.descriptorCount == 0)
            let last = try receiveAtMostTwoDescriptors(server)
            #expect(last.summary.bytes == [2] && last.descriptorCount == 1)
            let buffer = MessageBuffer(byteCapacity: 16)
            guard
                case .endOfFile = try server.receiveAtMostTwoDescriptors(
                    into: buffer, lookingFirst: true)
            else {
                Issue.record("The end of file must follow.")
                return
            }
        }
    }

    @Test func `more than 253 descriptors are refused at the sender`() throws {
        let pair = try Connection.pair()
        let passed = try Sockets.pair(.stream)
        #expect(throws: Errno.invalidArgument) {
            try pair.first.send([7].span, passing: passed.first, repeated: 254, wait: true)
        }
    }

    @Test func `descriptors beyond the limit are lost and the receiver knows`() async {
        await #expect(processExitsWith: .success) {
            let pair = try Connection.pair()
            let passed = try Sockets.pair(.stream)
            try pair.first.send([7].span, passing: passed.first, repeated: 8, wait: true)
            // In a child, which has none of the threads that make descriptors of their own.
            let child = try TestingFork.run {
                do {
                    let before = try HostFacts.openDescriptors()
                    try leaveRoom(for: 3, beside: before)
                    let buffer = MessageBuffer(byteCapacity: 16)
                    do {
                        guard
                            case .message(let message) = try pair.second.receive(
                                into: buffer, wait: true)
                        else { return 1 }
                        guard message.isControlTruncated, message.byteCount == 1 else { return 2 }
                        guard message.surplus == 1, message.second != nil else { return 3 }
                    }
                    buffer.closer.finish()
                    try HostFacts.setDescriptorLimit(1024)
                    return try HostFacts.openDescriptors() == before ? 0 : 4
                } catch {
                    return 5
                }
            }
            #expect(try ExitStatus(rawStatus: TestingFork.wait(child)) == .code(0))
        }
    }

    @Test func `a message longer than the buffer is marked`() throws {
        let pair = try Connection.pair()
        try pair.first.send([1, 2, 3, 4].span, wait: true)
        try pair.first.send([5].span, wait: true)
        let long = try receiveMessage(pair.second, byteCapacity: 3)
        #expect(long.summary.isTruncated)
        #expect(long.summary.bytes == [1, 2, 3])
        let short = try receiveMessage(pair.second, byteCapacity: 3)
        #expect(!short.summary.isTruncated)
        #expect(short.summary.bytes == [5])
    }

    @Test func `an empty queue, an empty message and the end are three things`() throws {
        let pair = try Connection.pair()
        try pair.second.nameSenders()
        let buffer = MessageBuffer(byteCapacity: 16)
        func look() throws -> String {
            switch try pair.second.receive(into: buffer, wait: false) {
            case .nothing: "nothing"
            case .endOfFile: "end of file"
            case .message(let message): "message of \(message.byteCount)"
            }
        }
        #expect(try look() == "nothing")
        let none: [UInt8] = []
        try pair.first.send(none.span, wait: true)
        #expect(try look() == "message of 0")
        try pair.first.withNumber { (fd) throws(Errno) in
            try Syscalls.done { shutdown(fd, CInt(SHUT_WR)) }
        }
        #expect(try look() == "end of file")
    }

    @Test func `after a reset the queued answer can still be read`() async {
        await #expect(processExitsWith: .success) {
            let passed = try Sockets.pair(.stream)
            let client = try Connection.pair().take { (server, client) throws(Errno) in
                try client.send([1].span, wait: true)
                try server.send([2].span, passing: passed.first, wait: true)
                return client
            }
            let buffer = MessageBuffer(byteCapacity: 16)
            var isReset = false
            do throws(Errno) {
                _ = try client.receive(into: buffer, wait: false)
            } catch {
                isReset = error == .connectionReset
            }
            #expect(isReset)
            var answer = try receiveMessage(client)
            #expect(answer.summary.bytes == [2])
            let arrived = try required(answer.first.take())
            #expect(try Sockets.cookie(of: arrived) == Sockets.cookie(of: passed.first))
            guard case .endOfFile = try client.receive(into: buffer, wait: false) else {
                Issue.record("The end of file must follow.")
                return
            }
        }
    }

    @Test func `a full queue is again without waiting, and a gone peer is seen`() async {
        // In a process of its own: a child of another test could hold the closed end a bit longer.
        await #expect(processExitsWith: .success) {
            var pair = try Connection.pair()
            let bytes = [UInt8](repeating: 0, count: 4096)
            var failure: Errno?
            for _ in 0..<10_000 where failure == nil {
                do throws(Errno) {
                    try pair.first.send(bytes.span, wait: false)
                } catch {
                    failure = error
                }
            }
            #expect(failure == .again)
            pair.second = try Connection.pair().takeFirst()
            // It went with messages unread, which is said once.
            #expect(throws: Errno.connectionReset) { try pair.first.send(bytes.span, wait: false) }
            #expect(throws: Errno.brokenPipe) { try pair.first.send(bytes.span, wait: false) }
        }
    }

    @Test func `a waiting receive ends at its timeout`() throws {
        let pair = try Connection.pair()
        try pair.first.setReceiveTimeout(milliseconds: 20)
        let start = Clock.monotonicNanoseconds()
        guard
            case .nothing = try pair.first.receive(into: MessageBuffer(byteCapacity: 1), wait: true)
        else {
            Issue.record("Nobody has sent anything.")
            return
        }
        #expect(Clock.monotonicNanoseconds() - start >= 15_000_000)
    }

    @Test func `a connection that refuses descriptors takes plain messages`() throws {
        let pair = try Connection.pair()
        try #require(KernelFeatures.probe().passRights == pair.second.refuseDescriptors())
        guard KernelFeatures.probe().passRights else { return }
        #expect(throws: Errno.notPermitted) {
            try pair.first.send([1].span, passing: pair.first, wait: true)
        }
        try pair.first.send([2].span, wait: true)
        #expect(try receiveMessage(pair.second).summary.bytes == [2])
    }

    @Test func `a child's message is its own although the connection is its parent's`() async {
        await #expect(processExitsWith: .success) {
            let directory = try TemporaryDirectory()
            let listener = try Listener.bind(path: directory.file("socket"), mode: 0o600)
            let client = try Connection.connect(path: directory.file("socket"))
            let accepted = try required(try listener.accept())
            let own = getpid()
            #expect(accepted.peer.pid == own)
            let server = accepted.takeConnection()
            let byte: [UInt8] = [1]
            let child = try TestingFork.run {
                do throws(Errno) {
                    try client.send(byte.span, wait: true)
                    return 0
                } catch {
                    return error.rawValue
                }
            }
            #expect(try TestingFork.wait(child) == 0)
            let received = try receiveMessage(server)
            #expect(try server.peer().pid == own)
            #expect(received.summary.credentials?.pid == child)
            #expect(received.summary.credentials?.uid == getuid())
            #expect(try server.peerProcess().pid() == own)
            try directory.remove("socket")
        }
    }

    @Test func `a receiver without credentials gets none`() throws {
        let pair = try Connection.pair()
        try pair.first.send([1].span, wait: true)
        #expect(try receiveMessage(pair.second).summary.credentials == nil)
        try pair.second.nameSenders()
        try pair.first.send([1].span, wait: true)
        let expected = Peer(pid: getpid(), uid: getuid(), gid: getgid())
        #expect(try receiveMessage(pair.second).summary.credentials == expected)
    }
}

/// Lowers the limit, which bounds numbers, so that the kernel finds so many free ones below it.
private func leaveRoom(for count: Int, beside taken: [Int32]) throws {
    var limit = 0
    var free = 0
    while free < count {
        if !taken.contains(Int32(limit)) { free += 1 }
        limit += 1
    }
    try HostFacts.setDescriptorLimit(UInt64(limit))
}
