import Glibc
import Testing

@testable import Transport

/// SO_PASSPIDFD, which older headers lack: unix(7).
private let passSenderOption: CInt = 76

struct ListenerTests {
    @Test func `a listener takes connections without waiting`() throws {
        let directory = try TemporaryDirectory()
        let listener = try Listener.bind(path: directory.file("socket"), mode: 0o600)
        #expect(isAbsent(try listener.accept()))
        let client = try Connection.connect(path: directory.file("socket"))
        let accepted = try required(try listener.accept())
        let peer = accepted.peer
        #expect(peer.pid == HostFacts.ownPID())
        #expect(peer.uid == HostFacts.effectiveUID())
        let server = accepted.takeConnection()
        try client.send([1, 2].span, wait: true)
        let received = try receiveMessage(server)
        #expect(received.summary.bytes == [1, 2])
        // SO_PASSCRED was inherited from the listener.
        #expect(received.summary.credentials?.pid == HostFacts.ownPID())
        try directory.remove("socket")
    }

    @Test(.enabled(if: KernelFeatures.probe().messagePidfd, "SO_PASSPIDFD is needed"))
    func `what a listener was made to pass beside takes no room of descriptors`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("socket")
        let made = try Listener.bind(path: path, mode: 0o600)
        try made.withNumber { (fd) throws(Errno) in
            try Syscalls.setOption(fd, level: SOL_SOCKET, passSenderOption, 1)
        }
        let listener = try Listener(adopting: try made.duplicate())
        let client = try Connection.connect(path: path)
        let server = try required(try listener.accept()).takeConnection()
        let passed = try Sockets.pair(.stream)
        try client.send([1].span, passing: passed.first, passed.second, wait: true)
        let received = try receiveAtMostTwoDescriptors(server)
        #expect(received.descriptorCount == 2)
        #expect(!received.summary.isLeft && !received.summary.isControlTruncated)
        #expect(received.summary.credentials?.pid == HostFacts.ownPID())
        try directory.remove("socket")
    }

    @Test(arguments: [0o600, 0o660, 0o666, 0o777] as [UInt32])
    func `the file has exactly the mode that was asked for`(mode: UInt32) throws {
        let directory = try TemporaryDirectory()
        _ = try Listener.bind(
            path: directory.file("socket"), mode: mode, group: HostFacts.effectiveGID())
        let facts = try #require(try SystemFiles.facts(of: directory.file("socket")))
        #expect(facts.mode == mode)
        #expect(facts.isSocket)
        try directory.remove("socket")
    }

    @Test func `a stale socket file is replaced`() async {
        await #expect(processExitsWith: .success) {
            let directory = try TemporaryDirectory()
            let path = directory.file("socket")
            _ = try Listener.bind(path: path, mode: 0o600)
            let second = try Listener.bind(path: path, mode: 0o600)
            let client = try Connection.connect(path: path)
            let accepted = try required(try second.accept()).takeConnection()
            try client.send([1].span, wait: true)
            #expect(try receiveMessage(accepted).summary.bytes == [1])
            try directory.remove("socket")
        }
    }

    @Test func `a path that is answered is in use`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("socket")
        let live = try Listener.bind(path: path, mode: 0o600)
        expect(.inUse, path: path)
        // The attempt above made a connection, which shows that the file still leads here.
        try required(try live.accept()).takeConnection().takeDescriptor().close()
        try directory.remove("socket")
    }

    @Test func `a path with a full queue is in use, and asking does not wait`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("socket")
        let live = try Listener.bind(path: path, mode: 0o600, backlog: 0)
        let waiting = try Connection.connect(path: path)
        expect(.inUse, path: path)
        expect(.inUse, path: path)
        waiting.takeDescriptor().close()
        try live.withNumber { (number) throws(Errno) in try Syscalls.listen(number, backlog: 1) }
        try directory.remove("socket")
    }

    @Test func `a live socket of another type is in use`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("socket")
        let live = try Sockets.listen("unix:\(path)")
        expect(.inUse, path: path)
        live.close()
        try directory.remove("socket")
    }

    @Test func `a file that is no socket is left alone`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("file")
        try SystemFiles.writeFileExclusively(path, [1, 2, 3], mode: 0o600)
        expect(.notASocket, path: path)
        #expect(try SystemFiles.readFile(path, limit: 10) == [1, 2, 3])
        expect(.notASocket, path: directory.path)
        try directory.remove("file")
    }

    @Test func `a path has at most 107 bytes`() throws {
        let directory = try TemporaryDirectory()
        let room = 107 - directory.path.utf8.count - 1
        expect(
            .pathTooLong(limit: 107), path: directory.file(String(repeating: "a", count: room + 1)))
        let longest = String(repeating: "a", count: room)
        _ = try Listener.bind(path: directory.file(longest), mode: 0o600)
        #expect(try SystemFiles.facts(of: directory.file(longest))?.isSocket == true)
        try directory.remove(longest)
    }

    @Test(arguments: ["", "/tmp/with\0nul"])
    func `a path of no bytes or with a NUL is refused`(path: String) {
        expect(.failed(.invalidArgument), path: path)
    }

    @Test func `a directory that is not there is said`() {
        expect(.failed(.noEntry), path: "/tmp/there-is-no-such-directory/socket")
    }

    @Test func `only a listening socket of packets can be adopted`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("socket")
        let made = try Listener.bind(path: path, mode: 0o600)
        let copy = try made.withNumber { (number) throws(Errno) in try Syscalls.duplicate(number) }
        let adopted = try Listener(adopting: copy)
        let client = try Connection.connect(path: path)
        #expect(try required(try adopted.accept()).peer.pid == HostFacts.ownPID())
        client.takeDescriptor().close()
        #expect(throws: Errno.wrongProtocolType) {
            _ = try Listener(adopting: Sockets.listen("127.0.0.1:0"))
        }
        #expect(throws: Errno.invalidArgument) {
            _ = try Listener(adopting: Sockets.pair(.sequencedPacket).takeFirst())
        }
        #expect(throws: Errno.notASocket) {
            _ = try Listener(adopting: Poller().duplicateForTest())
        }
        try directory.remove("socket")
    }

    private func expect(
        _ expected: ListenError, path: String, location: SourceLocation = #_sourceLocation
    ) {
        #expect(throws: expected, sourceLocation: location) {
            _ = try Listener.bind(path: path, mode: 0o600)
        }
    }
}

extension Poller {
    fileprivate borrowing func duplicateForTest() throws(Errno) -> Descriptor {
        try withNumber { (number) throws(Errno) in try Syscalls.duplicate(number) }
    }
}
