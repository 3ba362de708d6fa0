import Glibc
import Transport
import Winsock
import Wire

/// A process that takes as much as it can get, in one of the ways of those who mean harm, until its
/// input ends. On its output it says `ready` once it has been at it for a while, and in the end how
/// often it asked and how often it was turned away.
final class Flood {
    enum Kind: String {
        /// Many connections at once, closed and made again.
        case connections
        /// Requests as fast as they are answered.
        case requests
        /// Tickets that nobody issued: each is a refusal.
        case forged
        /// Requests whose answers are not read.
        case unread
        /// Connections that say nothing, as many as there may be.
        case idle
        /// More connections than there may be, each with a message that nobody will read.
        case laden
        /// What nobody answers, each with two descriptors that it should not have.
        case burdened
        /// The same with as many as one message takes, on many connections at once.
        case surplus
    }

    /// Of one round, whatever the kind.
    private static let requestsPerRound = 64
    private static let connectionsPerRound = 64
    private static let overloadedConnections = 8
    private static let overloadsPerRound = 4
    /// SCM_MAX_FD
    private static let descriptorsPerMessage = 253
    /// Rounds after which it is at it; one that fills places does so until there are none.
    private static let roundsUntilReady = 8
    /// For a refused connection to be closed by the other end.
    private static let patienceMilliseconds: Int32 = 5

    private let path: String
    private let kind: Kind
    private let forged: [UInt8]
    private let buffer = MessageBuffer(byteCapacity: Frame.byteCountMaximum)
    private var held: [HeldConnection] = []
    private var counter: UInt64 = 1
    private var asked = 0
    private var turnedAway = 0

    init(path: String, kind: Kind) {
        self.path = path
        self.kind = kind
        var info = Catalog.entries[0].info
        info.ticket = Ticket(handoff: 1, secret: 0x1234_5678_9abc_def0)
        forged = info.encoded(as: .wide)
    }

    static func run(path: String, kind: String?) throws {
        guard let kind = kind.flatMap(Kind.init) else { throw Misuse.unknownRequest }
        let flood = Flood(path: path, kind: kind)
        var rounds = 0
        var isReady = false
        while !Load.hasEnded(0) {
            flood.round()
            rounds += 1
            if !isReady, rounds >= roundsUntilReady, flood.kind != .idle || flood.turnedAway > 0 {
                isReady = true
                try StandardStream.output.write(Array("ready\n".utf8))
            }
        }
        let tally = "asked \(flood.asked), turned away \(flood.turnedAway)\n"
        try StandardStream.output.write(Array(tally.utf8))
    }

    private func round() {
        do throws(Errno) {
            switch kind {
            case .connections: try reconnect()
            case .idle: try fill()
            case .laden: try load()
            case .requests, .forged: try ask(readsAnswers: true)
            case .unread: try ask(readsAnswers: false)
            case .burdened: try burden()
            case .surplus: try overload()
            }
        } catch {
            // Dropped, or not let in: what a flood is for is to go on.
            turnedAway += 1
            held.removeAll()
        }
    }

    private func reconnect() throws(Errno) {
        held.removeAll()
        for _ in 0..<Self.connectionsPerRound {
            asked += 1
            try held.append(started())
        }
    }

    private func fill() throws(Errno) {
        asked += 1
        let connection = HeldConnection(try Connection.connect(path: path))
        if try connection.hasInput(within: Self.patienceMilliseconds) {
            turnedAway += 1
        } else {
            held.append(connection)
        }
        // The other end of some may have been closed later than we looked.
        var open: [HeldConnection] = []
        for one in held where try !one.hasInput(within: 0) { open.append(one) }
        held = open
    }

    /// The first stay open, so that the others are beyond what there may be.
    private func load() throws(Errno) {
        while held.count < Self.connectionsPerRound { held.append(try started()) }
        for _ in 0..<Self.connectionsPerRound {
            asked += 1
            do throws(Errno) {
                _ = try started()
            } catch .brokenPipe, .connectionReset {
                turnedAway += 1
            }
        }
    }

    private func ask(readsAnswers: Bool) throws(Errno) {
        if held.isEmpty { try held.append(started()) }
        let connection = held[0]
        for _ in 0..<Self.requestsPerRound {
            counter += 1
            asked += 1
            var frame: [UInt8] = []
            if kind == .forged {
                Request.encodeRedeem(
                    counter: counter, watermark: counter - 1,
                    flags: SocketFlags.overlapped.rawValue, record: forged, program: nil,
                    into: &frame)
            } else {
                Request.encodeStatus(counter: counter, into: &frame)
            }
            try connection.connection.send(frame.span, wait: true)
        }
        guard readsAnswers else { return }
        for _ in 0..<Self.requestsPerRound { try receive(from: connection) }
    }

    private func burden() throws(Errno) {
        if held.isEmpty { try held.append(started()) }
        var frame: [UInt8] = []
        Request.encodeConfirm(handoff: 1, attempt: 1, cookie: 1, into: &frame)
        for _ in 0..<Self.requestsPerRound {
            asked += 1
            try held[0].connection.send(
                frame.span, passing: StandardStream.output, StandardStream.output, wait: true)
        }
    }

    /// Whether or not the other end has dropped one, the others are sent as much as they take.
    private func overload() throws(Errno) {
        while held.count < Self.overloadedConnections {
            try held.append(HeldConnection(Connection.connect(path: path)))
        }
        let passed = try SystemFiles.nullDevice()
        var frame: [UInt8] = []
        Request.encodeConfirm(handoff: 1, attempt: 1, cookie: 1, into: &frame)
        var open: [HeldConnection] = []
        for connection in held {
            asked += 1
            do throws(Errno) {
                for _ in 0..<Self.overloadsPerRound {
                    try connection.connection.send(
                        frame.span, passing: passed, repeated: Self.descriptorsPerMessage,
                        wait: false)
                }
                open.append(connection)
            } catch .again, .tooManyReferences {
                // Its queue is full, or the kernel passes no more of this user's descriptors.
                open.append(connection)
            } catch .brokenPipe, .connectionReset {
                turnedAway += 1
            }
        }
        held = open
    }

    private func receive(from held: HeldConnection) throws(Errno) {
        switch try held.connection.receive(into: buffer, wait: true) {
        case .message: break
        case .nothing: throw .again
        case .endOfFile: throw .connectionReset
        }
    }

    private func started() throws(Errno) -> HeldConnection {
        let held = HeldConnection(try Connection.connect(path: path))
        var frame: [UInt8] = []
        Request.encode(
            Request.Startup(
                counter: 1, nonce: .random(in: 1 ... .max), role: .peer, versions: 1...1),
            into: &frame)
        try held.connection.send(frame.span, wait: true)
        if kind != .connections, kind != .laden { try receive(from: held) }
        return held
    }
}

/// Keeps a noncopyable connection in an array.
private final class HeldConnection {
    let connection: Connection

    init(_ connection: consuming Connection) { self.connection = connection }

    /// Whether there is something to read, if only that the other end is gone.
    func hasInput(within milliseconds: Int32) throws(Errno) -> Bool {
        try connection.withNumber { (number) throws(Errno) in
            var requests = [PollRequest(number: number, events: Int16(POLLIN))]
            return try SocketCalls.poll(&requests, nanoseconds: Int64(milliseconds) * 1_000_000) > 0
        }
    }
}
