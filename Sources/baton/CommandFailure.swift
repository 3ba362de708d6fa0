import Baton
import Journal
import Registry
import Replay
import Transport
import Winsock

/// What the exit status says.
enum EndStatus: Int32, CaseIterable {
    /// Done; also when nothing was found.
    case success = 0
    /// The answer is no.
    case refused = 1
    case usage = 2
    /// Something could not be reached or opened.
    case unreachable = 3
    /// What is stored contradicts itself.
    case damaged = 4
    /// The log was rolled back, or there are two of it.
    case forked = 5
    case incomplete = 6
    /// The coordinator cannot write its log now: no room, or another program holds its lock.
    case full = 7

    /// The word in `{"error":{"code":…}}`.
    var word: String { "\(self)" }
}

/// Why a verb did not do what it was asked, for a person and for a program.
struct CommandFailure: Error, Equatable {
    var status: EndStatus
    /// The Winsock code, where there is one.
    var code: WSAError?
    /// The name of the rule that said no, where one did.
    var reason: String?
    var message: String
    /// What to do next.
    var hint: String?

    static func usage(_ message: String, hint: String? = nil) -> CommandFailure {
        CommandFailure(status: .usage, message: message, hint: hint)
    }

    static func unreachable(_ message: String, hint: String? = nil) -> CommandFailure {
        CommandFailure(status: .unreachable, message: message, hint: hint)
    }

    /// A rule that this program itself applied, in the rule's words or in closer ones.
    init(refusal: Refusal, message: String? = nil) {
        self.init(
            status: .refused, code: refusal.code, reason: refusal.name,
            message: message ?? refusal.explanation, hint: refusal.advice)
    }

    init(
        status: EndStatus, code: WSAError? = nil, reason: String? = nil, message: String,
        hint: String? = nil
    ) {
        self.status = status
        self.code = code
        self.reason = reason
        self.message = message
        self.hint = hint
    }

    init(_ error: JournalError) {
        self.init(
            status: error.isDamage ? .damaged : .unreachable, message: error.description,
            hint: error.advice)
    }

    init(_ error: BatonError) {
        self.init(
            status: Self.status(error.kind), code: error.code,
            reason: error.reason.isEmpty ? nil : error.reason, message: error.explanation,
            hint: error.advice.isEmpty ? nil : error.advice)
    }

    private static func status(_ kind: BatonError.Kind) -> EndStatus {
        switch kind {
        case .refused, .invalidArgument, .noDescriptorLeft: .refused
        case .noCoordinator, .protocolViolation, .systemFailure, .cancelled: .unreachable
        }
    }

    /// Any error that a verb can end with.
    init(_ error: any Error) {
        switch error {
        case let error as CommandFailure: self = error
        case let error as JournalError: self.init(error)
        case let error as BatonError: self.init(error)
        case let error as PointError: self.init(error)
        case let refusal as Refusal: self.init(refusal: refusal)
        case let error as EndpointError: self = .unreachable(error.description)
        case let error as Errno: self = .unreachable(error.description)
        default: self = .unreachable("\(error)")
        }
    }

    /// For a person: the sentence, the rule with its Winsock code, and what to do.
    var text: String {
        var text = "error: \(PrintableText.escaped(message))"
        let codeText = code.map { "\($0.name) \($0.rawValue)" }
        switch (reason, codeText) {
        case (let reason?, let code?): text += "\nrefused: \(reason) (\(code))"
        case (nil, let code?): text += "\ncode: \(code)"
        case (let reason?, nil): text += "\nrefused: \(reason)"
        case (nil, nil): break
        }
        if let hint { text += "\nhint: \(PrintableText.escaped(hint))" }
        return text
    }

    /// For a line of a log: what happened, and what to do.
    var sentence: String { hint.map { "\(message); \($0)" } ?? message }

    var json: JSONValue {
        var error = JSONObject()
        error["code"] = .text(status.word)
        error["wsa"] = code.map { .integer(Int64($0.rawValue)) }
        error["reason"] = reason.map { .text($0) }
        error["message"] = .text(message)
        error["hint"] = hint.map { .text($0) }
        return .object(JSONObject([("error", .object(error))]))
    }
}
