/// One thing that happens in the world; one line of a scenario.
///
/// An action names all that it decides, so that it means the same in a shorter scenario. One that
/// makes no sense there (its process never started) does nothing.
package enum Action: Sendable, Equatable {
    case process(Int, pid: Int32, user: UInt32)
    case exit(Int)
    /// A new program image: descriptors, connection and the library's memory are gone.
    case exec(Int)
    /// The child inherits the descriptors, and the connection to send on.
    case fork(Int, child: Int, pid: Int32)
    case socket(Int, of: Int, SocketKind)
    /// Reads the old connection to its end, connects again, and sends again what was not
    /// acknowledged.
    case connect(Int)
    /// `lifetime` in milliseconds.
    case duplicate(Int, by: Int, socket: Int, pid: Int32, lifetime: Int64?)
    case redeem(Int, by: Int, record: Int, Tampering)
    case revoke(Int, by: Int, record: Int)
    /// The same request again, with the same id.
    case again(Int)
    /// A forked child redeems on the connection of its parent.
    case stray(Int, over: Int, record: Int)
    /// A confirm for something else than what was granted.
    case misconfirm(Int, record: Int)
    case close(Int, socket: Int)
    /// Closes all descriptors of the socket without a word.
    case drop(Int, socket: Int)
    /// Asks the coordinator to look at all that it tracks.
    case reconcile(Int, by: Int)
    case receive(Int, Reception)
    case serve(RoundEnd)
    case start(Start, StartEnd = .whole)
    /// In order; a service manager keeps some of the escrow.
    case stop
    case keeperLost(KeeperLoss)
    /// There was no room for the kernel's words of ended sockets that wait.
    case overflow
    case space
    /// Milliseconds; both clocks advance.
    case wait(Int64)
    /// Milliseconds; only the wall clock moves.
    case step(Int64)
    /// The faults cease: everybody connects, asks again, is served, and in the end exits.
    case settle

    package enum Tampering: String, Sendable, CaseIterable {
        case genuine, forged, altered, malformed, plain
    }

    package enum Reception: String, Sendable, CaseIterable {
        case whole
        /// The descriptor is lost on the way (`MSG_CTRUNC`).
        case truncated
    }

    /// How a round of the coordinator ends.
    package enum RoundEnd: Sendable, Equatable {
        case whole
        /// Nobody waits, so the commit waits for the next round.
        case later
        /// Nothing can be written.
        case full
        case crashBeforeCommit
        /// The commit reports an error, and the steps are in the log all the same, or are not.
        case unknown(isPresent: Bool)
        case crashAfter(effects: Int)
    }

    package enum SocketKind: String, Sendable, CaseIterable {
        /// The kernel tells its end, once, to whoever listens.
        case told
        /// The kernel answers when it is asked for it.
        case unix
        /// Of another network namespace: the coordinator learns nothing of it.
        case foreign
    }

    /// What a coordinator does that has lost its keeper.
    package enum KeeperLoss: String, Sendable, CaseIterable {
        /// Goes on: the escrow ends with it.
        case continued
        /// Stops in order, and the escrow ends.
        case stop
        /// Stops in order and is executed anew, with the escrow.
        case replace
    }

    package enum Start: String, Sendable, CaseIterable {
        /// The keeper lives: escrow is kept.
        case kept
        case lost
        /// The escrow is lost, but what living sources have is copied from them.
        case fetched
        /// From a snapshot and the rest of the log.
        case snapshot
    }
}

extension Action {
    /// How far the next coordinator comes.
    package enum StartEnd: Sendable, Equatable {
        case whole
        case crashBeforeCommit
        /// Of taking over what was found.
        case crashAfter(steps: Int)
    }
}

extension Action {
    package var text: String {
        switch self {
        case .process(let id, let pid, let user): "process \(id) pid \(pid) user \(user)"
        case .exit(let id): "exit \(id)"
        case .exec(let id): "exec \(id)"
        case .fork(let id, let child, let pid): "fork \(id) child \(child) pid \(pid)"
        case .socket(let socket, let id, let kind):
            "socket \(socket) of \(id)" + (kind == .told ? "" : " \(kind.rawValue)")
        case .connect(let id): "connect \(id)"
        case .duplicate(let request, let id, let socket, let pid, let lifetime):
            "duplicate \(request) by \(id) socket \(socket) pid \(pid)"
                + (lifetime.map { " lifetime \($0)" } ?? "")
        case .redeem(let request, let id, let record, let tampering):
            "redeem \(request) by \(id) record \(record)"
                + (tampering == .genuine ? "" : " \(tampering.rawValue)")
        case .revoke(let request, let id, let record):
            "revoke \(request) by \(id) record \(record)"
        case .again(let request): "again \(request)"
        case .stray(let id, let parent, let record):
            "stray \(id) over \(parent) record \(record)"
        case .misconfirm(let id, let record): "misconfirm \(id) record \(record)"
        case .close(let id, let socket): "close \(id) socket \(socket)"
        case .drop(let id, let socket): "drop \(id) socket \(socket)"
        case .reconcile(let request, let id): "reconcile \(request) by \(id)"
        case .receive(let id, let reception):
            "receive \(id)" + (reception == .whole ? "" : " \(reception.rawValue)")
        case .serve(let end): "serve" + end.text
        case .start(let start, let end): "start \(start.rawValue)" + end.text
        case .stop: "stop"
        case .keeperLost(let loss):
            "keeper lost" + (loss == .continued ? "" : " \(loss.rawValue)")
        case .overflow: "overflow"
        case .space: "space"
        case .wait(let time): "wait \(time)"
        case .step(let time): "step \(time)"
        case .settle: "settle"
        }
    }

    /// Nil for a line that is not of the language.
    package init?(text: some StringProtocol) {
        var words = Words(text)
        guard let verb = words.next(), let action = Self.read(verb, &words), words.isEmpty else {
            return nil
        }
        self = action
    }

    private static func read(_ verb: String, _ words: inout Words) -> Action? {
        switch verb {
        case "space": return .space
        case "overflow": return .overflow
        case "keeper":
            guard words.next() == "lost" else { return nil }
            return KeeperLoss(rawValue: words.next() ?? "continued").map { .keeperLost($0) }
        case "settle": return .settle
        case "serve": return RoundEnd(&words).map { .serve($0) }
        case "start":
            guard let start = Start(rawValue: words.next() ?? "") else { return nil }
            return StartEnd(&words).map { .start(start, $0) }
        case "stop": return .stop
        case "wait": return words.number().map { .wait(max(0, $0)) }
        case "step": return words.number().map { .step($0) }
        case "again": return words.number().map { .again($0) }
        case "duplicate", "redeem", "revoke", "reconcile": return readRequest(verb, &words)
        default: break
        }
        guard let id: Int = words.number() else { return nil }
        switch verb {
        case "exit": return .exit(id)
        case "exec": return .exec(id)
        case "connect": return .connect(id)
        case "process":
            guard let pid: Int32 = words.number(after: "pid"),
                let user: UInt32 = words.number(after: "user")
            else { return nil }
            return .process(id, pid: pid, user: user)
        case "fork":
            guard let child: Int = words.number(after: "child"),
                let pid: Int32 = words.number(after: "pid")
            else { return nil }
            return .fork(id, child: child, pid: pid)
        case "socket":
            guard let owner: Int = words.number(after: "of") else { return nil }
            return SocketKind(rawValue: words.next() ?? "told").map { .socket(id, of: owner, $0) }
        case "stray":
            guard let parent: Int = words.number(after: "over"),
                let record: Int = words.number(after: "record")
            else { return nil }
            return .stray(id, over: parent, record: record)
        case "misconfirm": return words.number(after: "record").map { .misconfirm(id, record: $0) }
        case "close": return words.number(after: "socket").map { .close(id, socket: $0) }
        case "drop": return words.number(after: "socket").map { .drop(id, socket: $0) }
        case "receive":
            return Reception(rawValue: words.next() ?? "whole").map { .receive(id, $0) }
        default: return nil
        }
    }

    private static func readRequest(_ verb: String, _ words: inout Words) -> Action? {
        guard let request: Int = words.number(), let id: Int = words.number(after: "by") else {
            return nil
        }
        if verb == "reconcile" { return .reconcile(request, by: id) }
        if verb == "duplicate" {
            guard let socket: Int = words.number(after: "socket"),
                let pid: Int32 = words.number(after: "pid")
            else { return nil }
            let lifetime: Int64? = words.isEmpty ? nil : words.number(after: "lifetime")
            return .duplicate(request, by: id, socket: socket, pid: pid, lifetime: lifetime)
        }
        guard let record: Int = words.number(after: "record") else { return nil }
        if verb == "revoke" { return .revoke(request, by: id, record: record) }
        return Tampering(rawValue: words.next() ?? "genuine").map {
            .redeem(request, by: id, record: record, $0)
        }
    }
}

extension Action.RoundEnd {
    fileprivate var text: String {
        switch self {
        case .whole: ""
        case .later: " later"
        case .full: " full"
        case .crashBeforeCommit: " crash before commit"
        case .unknown(let isPresent): isPresent ? " unknown present" : " unknown absent"
        case .crashAfter(let effects): " crash after \(effects)"
        }
    }

    fileprivate init?(_ words: inout Words) {
        switch words.next() {
        case nil: self = .whole
        case "later": self = .later
        case "full": self = .full
        case "unknown":
            switch words.next() {
            case "present": self = .unknown(isPresent: true)
            case "absent": self = .unknown(isPresent: false)
            default: return nil
            }
        case "crash":
            switch words.next() {
            case "before":
                guard words.next() == "commit" else { return nil }
                self = .crashBeforeCommit
            case "after":
                guard let effects: Int = words.number(), effects >= 0 else { return nil }
                self = .crashAfter(effects: effects)
            default: return nil
            }
        default: return nil
        }
    }
}

extension Action.StartEnd {
    fileprivate var text: String {
        switch self {
        case .whole: ""
        case .crashBeforeCommit: " crash before commit"
        case .crashAfter(let steps): " crash after \(steps)"
        }
    }

    fileprivate init?(_ words: inout Words) {
        switch Action.RoundEnd(&words) {
        case .whole: self = .whole
        case .crashBeforeCommit: self = .crashBeforeCommit
        case .crashAfter(let count): self = .crashAfter(steps: count)
        default: return nil
        }
    }
}

/// The words of one line.
private struct Words {
    private var rest: [String]

    init(_ text: some StringProtocol) {
        rest = text.split(separator: " ").map { String($0) }
        rest.reverse()
    }

    var isEmpty: Bool { rest.isEmpty }

    mutating func next() -> String? { rest.popLast() }

    mutating func number<T: FixedWidthInteger>(_ type: T.Type = T.self) -> T? {
        next().flatMap { T($0) }
    }

    mutating func number<T: FixedWidthInteger>(after word: String) -> T? {
        next() == word ? number() : nil
    }
}
