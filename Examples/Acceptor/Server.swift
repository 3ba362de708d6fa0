import Baton
import Glibc

/// What a worker says to the acceptor: one byte in each message.
enum Word: UInt8 {
    /// It is connected to the coordinator.
    case ready = 1
    /// It has served the oldest connection that it was handed.
    case served = 2
    /// It could not open the oldest connection that it was handed.
    case notOpened = 3
}

/// A worker: opens each connection it is handed, answers one line, closes.
struct Server {
    private let client = Client()
    private let channel: Int32 = 0
    private static let lineByteCount = 1024
    /// How long a client may be silent before the next one has its turn.
    private static let patienceSeconds = 10

    func run() throws(BatonError) {
        try client.connect()
        say(.ready)
        // An empty message is the end of the acceptor, and of this worker.
        while let record = Kernel.receive(channel, atMost: 628), !record.isEmpty {
            do throws(BatonError) {
                let socket = try client.open(record: record)
                socket.withDescriptor { serve($0) }
                client.close(socket)
            } catch {
                Kernel.print("worker: \(error)", to: 2)
                say(.notOpened)
            }
        }
    }

    /// The line stays in the socket until the answer is out and the acceptor knows: a worker that
    /// takes over from a dead one finds it there. A client can get its line twice, but never not.
    private func serve(_ socket: Int32) {
        Kernel.setPatience(socket, seconds: Self.patienceSeconds)
        if let line = awaitLine(socket) {
            _ = Kernel.send(socket, Array("worker \(getpid()): ".utf8) + line)
        }
        say(.served)
        // A socket that is closed with something unread resets the connection.
        _ = Kernel.receive(socket, atMost: Self.lineByteCount, MSG_DONTWAIT)
    }

    /// The first line, left unread; nil when the client ends it, falls silent, or says too much.
    private func awaitLine(_ socket: Int32) -> [UInt8]? {
        var known = 0
        while known < Self.lineByteCount {
            let more = Kernel.receive(socket, atMost: known + 1, MSG_PEEK | MSG_WAITALL)
            guard let more, more.count > known else { return nil }
            let all = Kernel.receive(socket, atMost: Self.lineByteCount, MSG_PEEK) ?? []
            if let end = all.firstIndex(of: UInt8(ascii: "\n")) { return Array(all[...end]) }
            known = all.count
        }
        return nil
    }

    private func say(_ word: Word) { _ = Kernel.send(channel, [word.rawValue]) }
}
