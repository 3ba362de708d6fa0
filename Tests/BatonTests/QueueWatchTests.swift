import Testing
import Winsock

@testable import Baton
@testable import Transport

/// What shows that somebody else has received, or accepted, with real sockets.
struct QueueWatchTests {
    private func queue(of socket: borrowing Socket) throws -> ReceiveQueue {
        try socket.withDescriptor { try SocketCalls.receiveQueue(of: $0) }
    }

    private func awaitData(_ socket: borrowing Socket) throws {
        let events = try socket.withDescriptor {
            try Syscalls.poll($0, events: 1, timeoutMilliseconds: 20_000)
        }
        #expect(events != 0)
    }

    @Test
    func `bytes of TCP are counted exactly, whatever arrives in between`() throws {
        let (number, peer) = try TCP.pair()
        let socket = Socket(owning: number)
        try peer.send([1, 2, 3])
        try awaitData(socket)
        var watch = QueueWatch(try queue(of: socket))
        #expect(watch.look(at: try queue(of: socket), isNews: true) == .nobody)
        try peer.send([4])
        #expect(watch.look(at: try queue(of: socket), isNews: true) == .nobody)
        #expect(watch.isLevel(with: try queue(of: socket)))
        #expect(try socket.receive(1) == [1])
        #expect(watch.look(at: try queue(of: socket), isNews: false) == .somebody)
        #expect(!watch.isLevel(with: try queue(of: socket)))
    }

    @Test
    func `the end of the stream is no byte that was received`() throws {
        let (number, peer) = try TCP.pair()
        let socket = Socket(owning: number)
        try peer.send([1])
        try awaitData(socket)
        var watch = QueueWatch(try queue(of: socket))
        peer.close()
        // Room for the end of the stream to arrive: it shows as what may be read.
        _ = try socket.withDescriptor {
            try Syscalls.poll($0, events: 0x2000, timeoutMilliseconds: 20_000)
        }
        #expect(watch.look(at: try queue(of: socket), isNews: true) == .nobody)
        #expect(try socket.receive(1) == [1])
        #expect(watch.look(at: try queue(of: socket), isNews: false) == .somebody)
    }

    @Test
    func `fewer connections that wait were accepted, and as many leave a doubt`() throws {
        let listener = try Sockets.listen("127.0.0.1:0")
        let address = "127.0.0.1:\(try Sockets.localPort(listener))"
        func look(_ watch: inout QueueWatch, isNews: Bool) throws -> QueueWatch.Finding {
            watch.look(
                at: try listener.withNumber { try SocketCalls.receiveQueue(of: $0) },
                isNews: isNews)
        }
        let first = try Sockets.connect(address)
        let second = try Sockets.connect(address)
        var queue = try listener.withNumber { try SocketCalls.receiveQueue(of: $0) }
        #expect(queue.level == 2)
        var watch = QueueWatch(queue)
        #expect(try look(&watch, isNews: false) == .nobody)
        _ = try Sockets.accept(listener)
        #expect(try look(&watch, isNews: false) == .somebody)
        queue.level = 1
        watch = QueueWatch(queue)
        _ = try Sockets.accept(listener)
        let third = try Sockets.connect(address)
        #expect(try look(&watch, isNews: true) == .unknown)
        _ = (first.withNumber { $0 }, second.withNumber { $0 }, third.withNumber { $0 })
    }

    @Test(arguments: ["127.0.0.1", "[::1]"])
    func `of UDP every receive shows, though messages of one length wait`(_ host: String) throws {
        let socket = Socket(owning: try Sockets.listen("\(host):0", kind: .datagram).release())
        let peer = TCP.Peer(try Sockets.connect("\(host):\(try socket.port)", kind: .datagram))
        let diagnosis = try QueueDiagnosis()
        func queue() throws -> ReceiveQueue {
            try socket.withDescriptor {
                try SocketCalls.receiveQueue(of: $0, diagnosis: diagnosis)
            }
        }
        for _ in 0..<4 { try peer.send([7]) }
        for _ in 0..<3 {
            var watch = QueueWatch(try queue())
            #expect(watch.look(at: try queue(), isNews: false) == .nobody)
            #expect(try socket.receive(9) == [7])
            #expect(watch.look(at: try queue(), isNews: false) == .somebody)
        }
        var watch = QueueWatch(try queue())
        try peer.send([7])
        #expect(watch.look(at: try queue(), isNews: true) == .unknown)
    }

    @Test(arguments: [([1, 2], [3, 4]), ([1], [3, 4])] as [([UInt8], [UInt8])])
    func `of datagrams it is known, or in doubt, never denied`(
        _ messages: (first: [UInt8], second: [UInt8])
    ) throws {
        let pair = try Sockets.pair(.datagram)
        let peer = TCP.Peer(try pair.second.duplicate())
        let socket = Socket(owning: pair.takeFirst().release())
        try peer.send(messages.first)
        try peer.send(messages.second)
        var watch = QueueWatch(try queue(of: socket))
        #expect(watch.look(at: try queue(of: socket), isNews: false) == .unknown)
        #expect(try socket.receive(9) == messages.first)
        let isTold = messages.first.count != messages.second.count
        #expect(
            watch.look(at: try queue(of: socket), isNews: false)
                == (isTold ? .somebody : .unknown))
    }

    // MARK: - When to look

    @Test
    func `looks come ever more rarely, up to a pause that stays`() {
        var looks = LookSchedule()
        var now: Int64 = 5_000
        looks.begin(7, at: now)
        var pauses: [Int64] = []
        for _ in 0..<10 {
            #expect(looks.take(at: now).isEmpty)
            pauses.append((looks.due(of: 7) ?? 0) - now)
            now = looks.next ?? 0
            #expect(looks.take(at: now) == [7])
            #expect(looks.isPatienceOver(7) == (pauses.last == LookSchedule.longestPause))
            looks.postpone(7, at: now)
        }
        #expect(pauses.first == LookSchedule.shortestPause)
        #expect(
            zip(pauses, pauses.dropFirst()).allSatisfy {
                $1 == min($0 * 2, LookSchedule.longestPause)
            })
        #expect(pauses.last == LookSchedule.longestPause)
        looks.end(7)
        #expect(looks.next == nil)
    }

    @Test
    func `many sockets are looked at in portions with rests, those due longest first`() {
        var looks = LookSchedule()
        let maximum = LookSchedule.lookCountMaximum
        for cookie in 1...150 as ClosedRange<UInt64> { looks.begin(cookie, at: 0) }
        looks.begin(999, at: -1)
        var now = looks.next ?? 0
        var seen: [UInt64] = []
        var portions: [Int] = []
        while seen.count < 151 {
            let taken = looks.take(at: now)
            for cookie in taken { looks.postpone(cookie, at: now) }
            seen += taken
            portions.append(taken.count)
            guard let next = looks.next, !taken.isEmpty, portions.count < 10 else { break }
            #expect(next - now >= LookSchedule.restAfterLook * Int64(taken.count))
            #expect(looks.take(at: now + 1).isEmpty)
            now = next
        }
        #expect(portions.first == 1)
        #expect(portions.dropFirst().prefix(2).allSatisfy { $0 == maximum })
        #expect(Set(seen).isSuperset(of: [999, 1, 150]))
        #expect(seen.first == 999)
    }
}
