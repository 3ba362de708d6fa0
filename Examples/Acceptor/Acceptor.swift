import Baton
import Glibc
import Winsock

/// An echo service whose connections are accepted by one process and served by others, any of which
/// may be killed at any moment without a client losing its connection.
///
///     baton serve --socket /tmp/b.sock --database /tmp/b.db &
///     export BATON_SOCKET=/tmp/b.sock
///     acceptor 7000 3                         # a port, 0 for a free one, and how many workers
///     echo hello | nc 127.0.0.1 7000          # worker 4711: hello
///
/// The acceptor hands each connection to a worker through the coordinator, and keeps its own
/// descriptor until the worker says that it has served. When a worker ends before that, its
/// handoffs are void, and the acceptor hands the same connections to the others.
@main
struct Acceptor {
    private let client = Client()
    private let listener: Int32
    private var workers: [Worker] = []
    /// Accepted connections that are in no worker's hands.
    private var waiting: [Int32] = []

    /// How many connections a worker has in hand at most: it serves one after the other.
    private static let connectionsPerWorker = 16
    /// How soon the coordinator is asked again after it refused.
    private static let retryMilliseconds: Int32 = 100

    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        if arguments == ["worker"] { return try Server().run() }
        guard let port = arguments.first.flatMap({ UInt16($0) }),
            let count = arguments.count > 1 ? Int(arguments[2]) : 2, count > 0
        else { Kernel.fail("usage: acceptor PORT [WORKERS]") }
        var acceptor = Acceptor(port: port)
        try acceptor.run(workerCount: count)
    }

    private init(port: UInt16) { listener = Kernel.listen(port: port) }

    private mutating func run(workerCount: Int) throws(BatonError) {
        try client.connect()
        for _ in 0..<workerCount { workers.append(Worker()) }
        Kernel.print("listening on port \(Kernel.port(of: listener))")
        while true {
            handOn()
            // What waits for a worker comes first; the kernel's queue holds the rest.
            let isAccepting = waiting.isEmpty
            let ready = Kernel.wait(
                for: workers.map(\.channel) + (isAccepting ? [listener] : []),
                milliseconds: isAccepting ? -1 : Self.retryMilliseconds)
            for worker in workers where ready.contains(worker.channel) { hear(worker) }
            if ready.contains(listener), let connection = Kernel.accept(listener) {
                waiting.append(connection)
            }
        }
    }

    /// Gives what waits to the workers with the least in hand, as far as they take more.
    private mutating func handOn() {
        while let connection = waiting.first, let worker = idlest() {
            do throws(BatonError) {
                let info = try client.duplicate(descriptor: connection, for: .process(worker.pid))
                if Kernel.send(worker.channel, info.encoded(as: .wide)) {
                    worker.inHand.append(waiting.removeFirst())
                    continue
                }
            } catch  where error.reason != "target exited" && error.reason != "no such process" {
                // Not this worker's fault: no coordinator, or one that is full.
                return Kernel.print("acceptor: \(error)", to: 2)
            } catch {
                // It has just ended, as below.
            }
            // Its end will be heard on its channel; until then it gets nothing more.
            worker.isReady = false
        }
    }

    private func idlest() -> Worker? {
        workers.filter { $0.isReady && $0.inHand.count < Self.connectionsPerWorker }
            .min { $0.inHand.count < $1.inHand.count }
    }

    /// Takes what a worker has said, and notices its end.
    private mutating func hear(_ worker: Worker) {
        while let words = Kernel.receive(worker.channel, atMost: 1, MSG_DONTWAIT) {
            switch words.first.flatMap(Word.init) {
            case .ready: (worker.isReady, worker.wasReady) = (true, true)
            case .served: close(worker.inHand.removeFirst())
            // The coordinator was restarted and had to give up the ticket.
            case .notOpened: waiting.append(worker.inHand.removeFirst())
            case nil: return replace(worker)
            }
        }
    }

    private func close(_ connection: Int32) {
        let cookie = Baton.Socket(owning: connection).cookie
        client.reportClosed(cookie: cookie)
    }

    private mutating func replace(_ worker: Worker) {
        guard worker.wasReady else { Kernel.fail("acceptor: a worker cannot start") }
        Kernel.reap(worker.pid)
        Kernel.print("worker \(worker.pid) has ended with \(worker.inHand.count) connections")
        waiting = worker.inHand + waiting
        workers.removeAll { $0 === worker }
        workers.append(Worker())
    }
}

/// A worker as the acceptor sees it.
private final class Worker {
    /// It stays a child until it is reaped, so its number cannot become another process's.
    let pid: Int32
    /// Our end of a SEQPACKET pair: protocol infos go out, words come in, in the same order.
    let channel: Int32
    var isReady = false
    var wasReady = false
    var inHand: [Int32] = []

    init() { (pid, channel) = Kernel.spawn(["/proc/self/exe", "worker"]) }

    deinit { Glibc.close(channel) }
}
