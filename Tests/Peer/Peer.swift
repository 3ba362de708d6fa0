import Baton
import Glibc
import Transport
import Winsock

/// A process for tests to script: one request a line on standard input, one answer a line on
/// standard output. An answer begins with `ok`, with `refused` and the rule and the Winsock code,
/// or with `failed`. Sockets are kept under names that the requests give them. The one argument is
/// the path of the coordinator's socket. It ends with its input.
@main
struct Peer: ~Copyable {
    let client: Client
    let notifications: NotificationLink
    var slots: [String: Slot] = [:]
    var posted: [String: PostedSocket] = [:]
    var raw: Connection?
    /// Connections that never say anything.
    var silent: [SharedDescriptor] = []
    var flying: Flying?
    /// To a child that does what it is told.
    var child: SharedDescriptor?

    static func main() throws {
        let arguments = CommandLine.arguments
        if arguments.count > 2 {
            switch arguments[2] {
            case "load": return try Load.source(path: arguments[1])
            case "load-target": return try Load.target(path: arguments[1])
            case "flood":
                let kind = arguments.dropFirst(3).first
                return try Flood.run(path: arguments[1], kind: kind)
            default: break
            }
        }
        var peer = Peer(path: CommandLine.arguments.dropFirst().first)
        // The answer to `exec`, from the new program.
        if CommandLine.arguments.count > 2 { try StandardStream.output.write(Array("ok\n".utf8)) }
        while let line = readLine() {
            if line == "abandon" { try goOnInAnotherThread() }
            try peer.serve(line)
        }
    }

    /// Ends the first thread, as a `main` does that calls pthread_exit(3). The other one knows
    /// nothing of what was done so far, and has the same descriptors.
    private static func goOnInAnotherThread() throws -> Never {
        try Threads.start {
            do {
                var peer = Peer(path: CommandLine.arguments.dropFirst().first)
                while let line = readLine() { try peer.serve(line) }
            } catch {
                fatalError("\(error)")
            }
            exit(0)
        }
        try StandardStream.output.write(Array("ok\n".utf8))
        pthread_exit(nil)
    }

    init(path: String?) {
        // Patient enough for a coordinator that starts on a busy machine.
        let path = path ?? Client.defaultSocketPath()
        client = Client(socketPath: path, retryLimitMilliseconds: 15_000)
        notifications = NotificationLink(socketPath: path, retryLimitMilliseconds: 15_000)
    }

    private mutating func serve(_ line: String) throws {
        let words = line.split(separator: " ").map(String.init)
        let answer: String
        do {
            guard let text = try perform(words) else { return }
            answer = text.isEmpty ? "ok" : "ok \(text)"
        } catch let error as BatonError {
            let reason = error.reason.isEmpty ? "\(error.kind)" : error.reason
            answer = "refused \(reason), \(error.code.rawValue)"
        } catch {
            answer = "failed \(error)"
        }
        try StandardStream.output.write(Array("\(answer)\n".utf8))
    }

    /// The answer, or nil when a child has given it.
    private mutating func perform(_ words: [String]) throws -> String? {
        guard let verb = words.first else { throw Misuse.unknownRequest }
        let rest = Array(words.dropFirst())
        if let text = try performSocket(verb, rest) { return text }
        if let text = try performHandoff(verb, rest) { return text }
        if let text = try performNotification(verb, rest) { return text }
        switch verb {
        case "raw": return try performRaw(rest)
        case "pid": return "\(HostFacts.ownPID())"
        case "starve":
            // The lowest free number is the first that is not allowed.
            let lowest = try SystemFiles.nullDevice().withNumber { $0 }
            try HostFacts.setDescriptorLimit(UInt64(lowest))
            return ""
        case "fly":
            // So many times a hundred descriptors are in flight until `land`.
            let pair = try Connection.pair()
            let null = try SystemFiles.nullDevice()
            let byte: [UInt8] = [1]
            for _ in 0..<(try Words(rest).number(0)) {
                try pair.first.send(byte.span, passing: null, repeated: 100, wait: true)
            }
            flying = Flying(pair)
            return ""
        case "land":
            flying = nil
            return ""
        case "feed":
            _ = try HostFacts.raiseDescriptorLimit()
            return ""
        case "exec":
            let path = try Words(rest).word(0)
            let arguments = [path, client.socketPath, "executed"]
            try Programs.execute(path: path, arguments: arguments)
        case "fork":
            let line = rest.joined(separator: " ")
            let child = try TestingFork.run {
                do {
                    try serve(line)
                    return 0
                } catch {
                    return 1
                }
            }
            _ = try TestingFork.wait(child)
            return nil
        case "leave": return "\(try leaveChild())"
        case "breed": return "\(try breed())"
        case "tell":
            // The child answers.
            try child?.descriptor.write(Array("\(rest.joined(separator: " "))".utf8))
            return nil
        case "become":
            // Real and effective user id; the saved one becomes as the effective one.
            let words = Words(rest)
            let (real, effective) = (uid_t(try words.number(0)), uid_t(try words.number(1)))
            guard setreuid(real, effective) == 0 else { throw Errno(rawValue: errno) }
            return ""
        case "exit": exit(Int32(try Words(rest).number(0)))
        default: throw Misuse.unknownRequest
        }
    }
}

extension Peer {
    /// A child that has all descriptors of this process and does nothing until it is killed, for a
    /// minute at the most.
    /// A child that has all that this process has, and does what it is told.
    private mutating func breed() throws -> Int32 {
        let orders = try Sockets.pair(.sequencedPacket).take { first, second in
            child = SharedDescriptor(first)
            return SharedDescriptor(second)
        }
        return try TestingFork.run {
            do {
                // It ends with its parent, which has the other end alone.
                child = nil
                while true {
                    let line = try Sockets.read(orders.descriptor, atMost: 65_536)
                    guard !line.isEmpty else { return 0 }
                    try serve(String(decoding: line, as: UTF8.self))
                }
            } catch {
                return 1
            }
        }
    }

    private func leaveChild() throws -> Int32 {
        try TestingFork.run {
            Clock.sleep(milliseconds: 60_000)
            return 0
        }
    }
}

/// Two ends, and what was sent from one to the other and nobody receives.
final class Flying {
    private let pair: ConnectionPair

    init(_ pair: consuming ConnectionPair) { self.pair = pair }
}

/// Keeps a noncopyable socket in a dictionary.
final class Slot {
    var socket: Baton.Socket?
    /// Of the message that brought it.
    let byteCount: Int?

    init(_ socket: consuming Baton.Socket?, byteCount: Int? = nil) {
        self.socket = socket
        self.byteCount = byteCount
    }

    func withSocket<R>(_ body: (borrowing Baton.Socket) throws -> R) throws -> R {
        switch socket {
        case .some(let socket): return try body(socket)
        case nil: throw Misuse.noSuchSocket
        }
    }

    func take() throws -> Baton.Socket {
        guard let socket = socket.take() else { throw Misuse.noSuchSocket }
        return socket
    }

    /// Lends the socket as a descriptor that Transport understands.
    func withDescriptor<R: ~Copyable>(_ body: (borrowing Descriptor) throws -> R) throws -> R {
        switch socket {
        case .some(let socket):
            return try socket.withDescriptor { number in
                let copy = try Descriptor.duplicate(ofInherited: number)
                return try body(copy)
            }
        case nil: throw Misuse.noSuchSocket
        }
    }
}

enum Misuse: Error {
    case unknownRequest, missingWord, noNumber, noSuchSocket, notConnected
}

/// The words of a request: some by their place, others as `key=value`.
struct Words {
    private var places: [String] = []
    private var options: [String: String] = [:]

    init(_ words: [String]) {
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2 { options[parts[0]] = parts[1] } else { places.append(word) }
        }
    }

    func word(_ place: Int) throws -> String {
        guard place < places.count else { throw Misuse.missingWord }
        return places[place]
    }

    func words(from place: Int) -> [String] { Array(places.dropFirst(place)) }

    func number(_ place: Int) throws -> Int {
        guard let number = Int(try word(place)) else { throw Misuse.noNumber }
        return number
    }

    func option(_ key: String) -> String? { options[key] }

    func numberOption(_ key: String) throws -> Int? {
        guard let text = options[key] else { return nil }
        guard let number = Int(text) else { throw Misuse.noNumber }
        return number
    }
}
