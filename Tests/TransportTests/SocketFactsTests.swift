import Glibc
import Testing

@testable import Transport

struct SocketFactsTests {
    @Test(arguments: [("127.0.0.1", AF_INET, "127.0.0.1"), ("[::1]", AF_INET6, "[::1]")])
    func `a connection has both addresses`(host: String, family: Int32, text: String) throws {
        let listener = try Sockets.listen("\(host):0")
        let port = try Sockets.localPort(listener)
        let client = try Sockets.connect("\(host):\(port)")
        let server = try Sockets.accept(listener)
        let listening = try Sockets.facts(of: listener, quality: false)
        #expect(listening.isListening)
        #expect(listening.local == "\(text):\(port)")
        #expect(listening.remote == nil)
        #expect(listening.family == family)
        #expect(listening.type == 1)
        #expect(listening.protocolNumber == 6)
        let clientFacts = try Sockets.facts(of: client, quality: false)
        let serverFacts = try Sockets.facts(of: server, quality: false)
        #expect(!clientFacts.isListening)
        #expect(clientFacts.remote == "\(text):\(port)")
        #expect(clientFacts.local == serverFacts.remote)
        #expect(serverFacts.local == clientFacts.remote)
        #expect(Set([listening.cookie, clientFacts.cookie, serverFacts.cookie]).count == 3)
        #expect(Set([listening.inode, clientFacts.inode, serverFacts.inode]).count == 3)
        #expect(clientFacts.priority == nil && clientFacts.trafficClass == nil)
    }

    @Test func `a datagram socket has its address once it is bound`() throws {
        let bound = try Sockets.listen("127.0.0.1:0", kind: .datagram)
        let facts = try Sockets.facts(of: bound, quality: false)
        #expect(facts.local == "127.0.0.1:\(try Sockets.localPort(bound))")
        #expect(facts.remote == nil)
        #expect(facts.type == 2)
        #expect(facts.protocolNumber == 17)
        #expect(!facts.isListening)
        let unbound = try Syscalls.socket(family: AF_INET6, type: Sockets.Kind.datagram.number)
        #expect(try Sockets.facts(of: unbound, quality: false).local == nil)
    }

    @Test func `a path and an abstract name are told apart`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a b\\ü")
        let onPath = try Sockets.listen("unix:\(path)")
        let pathFacts = try Sockets.facts(of: onPath, quality: true)
        #expect(pathFacts.family == AF_UNIX)
        #expect(pathFacts.local == "\(directory.path)/a b\\x5c\\xc3\\xbc")
        #expect(pathFacts.trafficClass == nil)
        let name = "transport-\(randomUInt64())"
        let abstract = try Sockets.listen("unix:@\(name)")
        #expect(try Sockets.facts(of: abstract, quality: false).local == "@\(name)")
        let client = try Sockets.connect("unix:@\(name)")
        #expect(try Sockets.facts(of: client, quality: false).remote == "@\(name)")
        #expect(try Sockets.facts(of: client, quality: false).local == nil)
        try directory.remove("a b\\ü")
    }

    @Test func `a pair has no addresses and two cookies`() throws {
        let pair = try Sockets.pair(.sequencedPacket)
        let first = try Sockets.facts(of: pair.first, quality: false)
        let second = try Sockets.facts(of: pair.second, quality: false)
        #expect(first.local == nil && first.remote == nil)
        #expect(first.type == 5)
        #expect(first.cookie != second.cookie)
        #expect(try Sockets.facts(of: pair.first.duplicate(), quality: false) == first)
    }

    @Test func `the network namespace is this one, or not told`() throws {
        var namespace = stat()
        #expect(stat("/proc/self/ns/net", &namespace) == 0)
        let facts = try Sockets.facts(of: Sockets.pair(.stream).takeFirst(), quality: false)
        // Only with CAP_NET_ADMIN.
        let expected = geteuid() == 0 ? UInt64(namespace.st_ino) : facts.networkNamespace
        #expect(facts.networkNamespace == expected)
    }

    @Test func `marks of quality are read back`() throws {
        let socket = try Sockets.listen("127.0.0.1:0", kind: .datagram)
        let plain = try Sockets.facts(of: socket, quality: true)
        #expect(plain.priority == 0)
        #expect(plain.trafficClass == 0)
        #expect(plain.maximumPacingRate == nil)
        try socket.withNumber { (fd) throws(Errno) in
            try Syscalls.setOption(fd, level: CInt(IPPROTO_IP), IP_TOS, 0xB8)
            try Syscalls.setOption(fd, level: SOL_SOCKET, SO_PRIORITY, 3)
            try Syscalls.setOption(fd, level: SOL_SOCKET, 47, 125_000)
        }
        let marked = try Sockets.facts(of: socket, quality: true)
        #expect(marked.trafficClass == 0xB8)
        #expect(marked.priority == 3)
        #expect(marked.maximumPacingRate == 125_000)
    }

    @Test(arguments: [
        ("127.0.0.1:0", QualityOfService.priority(5), "SO_PRIORITY 5"),
        // One to which IP_TOS adds no priority.
        ("127.0.0.1:0", .codePoint(8), "DSCP 8"), ("[::1]:0", .codePoint(46), "DSCP 46"),
        ("127.0.0.1:0", .pacingRate(125_000), "SO_MAX_PACING_RATE 125000"),
        ("127.0.0.1:0", .pacingRate(5_000_000_000), "SO_MAX_PACING_RATE 5000000000"),
    ])
    func `a mark that is set is told, and its text says it`(
        _ endpoint: String, _ quality: QualityOfService, _ text: String
    ) throws {
        let socket = try Sockets.listen(endpoint, kind: .datagram)
        #expect(QualityOfService(try Sockets.facts(of: socket, quality: true)) == nil)
        try quality.set(on: socket)
        #expect(QualityOfService(try Sockets.facts(of: socket, quality: true)) == quality)
        #expect(quality.text == text)
        #expect(QualityOfService(text: text) == quality)
    }

    @Test(arguments: [
        "", "guaranteed", "SO_PRIORITY", "SO_PRIORITY 0", "SO_PRIORITY 05", "SO_PRIORITY  5",
        "SO_PRIORITY 2147483648", "DSCP 0", "DSCP 64", "DSCP -1", "DSCP 8 ",
        "SO_MAX_PACING_RATE -1", "SO_MAX_PACING_RATE 18446744073709551615", "IP_TOS 8",
    ])
    func `any other text is no mark of the kernel's`(_ text: String) {
        #expect(QualityOfService(text: text) == nil)
    }

    @Test func `what is no socket is refused, and O_PATH differently`() throws {
        let file = try Syscalls.open("/etc/passwd", flags: O_RDONLY)
        #expect(throws: Errno.notASocket) { try Sockets.facts(of: file, quality: false) }
        var pipe = try Pipe()
        let reader = try required(pipe.reader.take())
        #expect(throws: Errno.notASocket) { try Sockets.facts(of: reader, quality: false) }
        #expect(throws: Errno.notASocket) { try Sockets.cookie(of: reader) }
        let path = try Syscalls.open("/etc/passwd", flags: openPathOnly)
        #expect(throws: Errno.badDescriptor) { try Sockets.facts(of: path, quality: false) }
    }

    @Test(
        arguments: [
            ([2, 0, 0, 80, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], "127.0.0.1:80"),
            ([2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], nil),
            ([2, 0, 0, 80, 127], nil),
            (internet6(scope: 2), "[fe80::1%2]:443"),
            (internet6(scope: 0), "[fe80::1]:443"),
            ([1, 0], nil),
            ([1, 0] + Array("/run/x".utf8) + [0], "/run/x"),
            ([1, 0] + Array("/run/x".utf8), "/run/x"),
            ([1, 0, 0] + Array("a".utf8) + [0, 255], "@a\\x00\\xff"),
            ([1, 0] + Array("@x\n".utf8) + [0], "\\x40x\\x0a"),
            ([16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], nil),
            ([], nil),
        ] as [([UInt8], String?)])
    func `a raw address becomes text`(bytes: [UInt8], text: String?) {
        #expect(SocketAddressText.text(bytes.span) == text)
    }

    @Test(arguments: [
        "80", ":80", "host", "host:", "host:65536", "host:-1", "::1:80", "[::1]", "[]:80",
        "unix:", "host:http",
    ])
    func `a malformed endpoint is refused before anything is tried`(text: String) {
        #expect(throws: EndpointError.malformed(text)) { _ = try Sockets.connect(text) }
    }

    @Test func `nobody listening is refused, and names are looked up`() throws {
        let listener = try Sockets.listen("localhost:0")
        let port = try Sockets.localPort(listener)
        let client = try Sockets.connect("localhost:\(port)")
        let server = try Sockets.accept(listener)
        try Sockets.write(client, [1, 2, 3])
        #expect(try Sockets.read(server, atMost: 10) == [1, 2, 3])
        #expect(throws: EndpointError.failed(.noEntry)) {
            _ = try Sockets.connect("unix:/tmp/there-is-no-such-directory/socket")
        }
        #expect(throws: EndpointError.self) { _ = try Sockets.connect("no-such-host.invalid:1") }
    }
}

private func internet6(scope: UInt8) -> [UInt8] {
    var bytes: [UInt8] = [10, 0, 1, 187, 0, 0, 0, 0]
    bytes += [0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    return bytes + [scope, 0, 0, 0]
}
