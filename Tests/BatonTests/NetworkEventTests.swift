import Testing
import Winsock

@testable import Baton
@testable import Transport

/// The network events of sockets that no other process has: no coordinator is there.
@Suite(.timeLimit(.minutes(1))) struct NetworkEventTests {
    private let client = Client(socketPath: "/nowhere/at/all", retryLimitMilliseconds: 0)

    @Test
    func `what holds already comes at once, then what happens, and the end after the data`()
        async throws
    {
        let (number, peer) = try TCP.pair()
        let socket = Socket(owning: number)
        let events = try client.networkEvents(
            of: socket, selecting: [.read, .write, .connect, .close])
        var next = events.makeAsyncIterator()
        #expect(await next.next() == NetworkEvent(event: .write, error: nil))
        #expect(await next.next() == NetworkEvent(event: .connect, error: nil))
        try peer.send([1, 2, 3])
        #expect(await next.next() == NetworkEvent(event: .read, error: nil))
        #expect(try socket.receive(2) == [1, 2])
        // There is something left to read.
        #expect(await next.next() == NetworkEvent(event: .read, error: nil))
        peer.close()
        #expect(try socket.receive(2) == [3])
        #expect(await next.next() == NetworkEvent(event: .close, error: nil))
        #expect(events.end == nil)
    }

    @Test
    func `a listener tells of connections as long as one waits`() async throws {
        let listener = try TCP.listener()
        let events = try client.networkEvents(of: listener, selecting: [.accept, .read])
        var next = events.makeAsyncIterator()
        let first = try TCP.connect(to: listener)
        #expect(await next.next() == NetworkEvent(event: .accept, error: nil))
        let second = try TCP.connect(to: listener)
        // Nothing was accepted, so it holds still.
        #expect(await next.next() == NetworkEvent(event: .accept, error: nil))
        first.close()
        second.close()
    }

    @Test(arguments: [true, false])
    func `a connect that is made after the selection tells what came of it`(_ isAnswered: Bool)
        async throws
    {
        let listener = TCP.Peer(try Sockets.listen("127.0.0.1:0"))
        let port = try listener.port
        if !isAnswered { listener.close() }
        let socket = Socket(owning: try Sockets.unbound(.stream).release())
        let events = try client.networkEvents(of: socket, selecting: [.connect, .write, .close])
        var next = events.makeAsyncIterator()
        try TCP.beginConnecting(socket, to: port)
        if isAnswered {
            #expect(await next.next() == NetworkEvent(event: .write, error: nil))
            #expect(await next.next() == NetworkEvent(event: .connect, error: nil))
            listener.close()
        } else {
            #expect(
                await next.next() == NetworkEvent(event: .connect, error: .connectionRefused))
        }
    }

    @Test
    func `a connection that is reset ends with that error`() async throws {
        let (number, peer) = try TCP.pair()
        let socket = Socket(owning: number)
        let events = try client.networkEvents(of: socket, selecting: .close)
        var next = events.makeAsyncIterator()
        try peer.reset()
        #expect(await next.next() == NetworkEvent(event: .close, error: .connectionReset))
    }

    @Test
    func `room to send is told at the beginning, and after a send that found none`() async throws {
        let (number, peer) = try TCP.pair()
        let socket = Socket(owning: number)
        let events = try client.networkEvents(of: socket, selecting: .write)
        var next = events.makeAsyncIterator()
        #expect(await next.next() == NetworkEvent(event: .write, error: nil))
        let count = try socket.fill()
        events.noteSendWouldBlock()
        try peer.drain(count)
        #expect(await next.next() == NetworkEvent(event: .write, error: nil))
    }

    @Test
    func `data out of band is an event of its own`() async throws {
        let (number, peer) = try TCP.pair()
        let socket = Socket(owning: number)
        let events = try client.networkEvents(of: socket, selecting: [.outOfBand, .close])
        var next = events.makeAsyncIterator()
        try peer.sendUrgent(7)
        #expect(await next.next() == NetworkEvent(event: .outOfBand, error: nil))
    }

    @Test
    func `each message of datagrams is told until it is received`() async throws {
        let pair = try Sockets.pair(.datagram)
        let peer = TCP.Peer(try pair.second.duplicate())
        let socket = Socket(owning: pair.takeFirst().release())
        let events = try client.networkEvents(of: socket, selecting: [.read])
        var next = events.makeAsyncIterator()
        try peer.send([1])
        try peer.send([2])
        #expect(await next.next() == NetworkEvent(event: .read, error: nil))
        #expect(try socket.receive(9) == [1])
        #expect(await next.next() == NetworkEvent(event: .read, error: nil))
        #expect(try socket.receive(9) == [2])
    }

    // MARK: - The end

    @Test
    func `another registration of the socket takes over, through whatever descriptor`()
        async throws
    {
        let (number, peer) = try TCP.pair()
        let socket = Socket(owning: number)
        let first = try client.networkEvents(of: socket, selecting: [.read])
        let other = try socket.duplicated()
        let second = try client.networkEvents(of: other, selecting: [.read])
        try peer.send([1])
        var ended = first.makeAsyncIterator()
        #expect(await ended.next() == nil)
        #expect(first.end == .takenOver)
        var next = second.makeAsyncIterator()
        #expect(await next.next() == NetworkEvent(event: .read, error: nil))
        #expect(second.end == nil)
    }

    @Test
    func `closing the socket ends them, and tells nothing of the end`() async throws {
        let (number, _) = try TCP.pair()
        let socket = Socket(owning: number)
        let events = try client.networkEvents(of: socket, selecting: [.read, .close])
        client.close(socket)
        var next = events.makeAsyncIterator()
        #expect(await next.next() == nil)
        #expect(events.end == .closed)
    }

    @Test
    func `a task that is cancelled while it waits ends them`() async throws {
        let (number, _) = try TCP.pair()
        let socket = Socket(owning: number)
        let events = try client.networkEvents(of: socket, selecting: [.read])
        let task = Task {
            var next = events.makeAsyncIterator()
            return await next.next()
        }
        task.cancel()
        #expect(await task.value == nil)
        #expect(events.end == .cancelled)
        #expect(!socket.withDescriptor { Notifier.isRegistered($0) })
    }

    @Test
    func `a sequence that nobody has any more watches nothing`() throws {
        let (number, _) = try TCP.pair()
        let socket = Socket(owning: number)
        do {
            let events = try client.networkEvents(of: socket, selecting: [.read])
            #expect(events.end == nil)
            #expect(socket.withDescriptor { Notifier.isRegistered($0) })
        }
        #expect(!socket.withDescriptor { Notifier.isRegistered($0) })
    }

    @Test
    func `a child made by fork has none of its parent's registrations`() async {
        await #expect(processExitsWith: .success) {
            let client = Client(socketPath: "/nowhere/at/all", retryLimitMilliseconds: 0)
            let (number, peer) = try TCP.pair()
            let socket = Socket(owning: number)
            let events = try client.networkEvents(of: socket, selecting: [.read])
            let child = try TestingFork.run {
                socket.withDescriptor { Notifier.isRegistered($0) } ? 1 : 0
            }
            #expect(ExitStatus(rawStatus: try TestingFork.wait(child)) == .code(0))
            try peer.send([1])
            var next = events.makeAsyncIterator()
            #expect(await next.next() == NetworkEvent(event: .read, error: nil))
        }
    }

    // MARK: - Refusals

    @Test
    func `no events, unknown ones and what is no socket are refused`() throws {
        let (number, _) = try TCP.pair()
        let socket = Socket(owning: number)
        for mask in [0, 0x400] as [UInt32] {
            let error = #expect(throws: BatonError.self) {
                try client.networkEvents(of: socket, selecting: NetworkEvents(rawValue: mask))
            }
            #expect(error?.code == .invalidArgument)
        }
        let pipe = Socket(owning: try Poller().withNumber { try BorrowedDescriptor($0).copied() })
        let error = #expect(throws: BatonError.self) {
            try client.networkEvents(of: pipe, selecting: .read)
        }
        #expect(error?.code == .notASocket)
    }
}

extension BorrowedDescriptor {
    /// The number of another descriptor of the same, for the caller to close.
    func copied() throws -> Int32 {
        try withNumber { try Syscalls.duplicate($0).release() }
    }
}
